"""Trackers as data: which associations in which order, and the numbers of the life cycle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tracker.association.cues import Cues
from tracker.association.kalman import CENTRE_AREA_RATIO, CENTRE_ASPECT_HEIGHT, CENTRE_SIZE, MotionModel
from tracker.association.revival import Revival
from tracker.association.stages import Stage
from tracker.association.tracks import CONFIRMED, LOST, TENTATIVE


@dataclass(frozen=True)
class Preset:
    """A tracker.

    stages: associations one after the other; or cues: one association of all tracks with all detections.
    ignore, strong, birth: scores from which a detection exists, counts as strong, and may start a track.
    relative: these three are shares of a typical object's score (`ScoreScale`) rather than scores.
    partial: weak detections that lie inside a better one with more than this share of their area do not exist.
    n_init: matches until a track is confirmed. first_frame: tracks of the first frame are confirmed at once.
    max_age: seconds that a lost track is kept, and never less than `min_misses` updates, for low frame rates.
    revival: how lost tracks are found again among the detections that would start tracks; None does without.
    memory: seconds that a lost track is kept for revival where its look is known, though it is associated no more.
    birth_overlap: IoU with a track matched in this frame above which a detection starts none.
    adaptive_noise: let the process noise follow the innovations (`NoiseScale`).
    shared_motion: look for a shift that all tracks share, and associate again after it.
    camera: make use of the camera's motion, where it can be estimated.
    appearance: what is remembered; "none" does without. alike: largest cosine distance that counts as alike.
    filtered: report the filter's boxes instead of the matched detections'.
    """

    stages: tuple[Stage, ...] = ()
    cues: Cues | None = None
    motion: MotionModel = CENTRE_SIZE
    ignore: float = 0.1
    strong: float = 0.5
    birth: float = 0.5
    relative: bool = False
    partial: float = 1.0
    n_init: int = 2
    first_frame: bool = True
    max_age: float = 1.0
    min_misses: int = 3
    revival: Revival | None = None
    memory: float = 0.0
    birth_overlap: float = 1.0
    adaptive_noise: bool = False
    shared_motion: bool = False
    camera: bool = False
    appearance: Literal["none", "average", "gallery"] = "none"
    alike: float = 0.25
    filtered: bool = False

    def __post_init__(self) -> None:
        if bool(self.stages) == (self.cues is not None):
            raise ValueError("a preset associates either in stages or by cues")


def byte_stages(limit: float) -> tuple[Stage, ...]:
    """Strong detections, then weak ones for what was seen in the last frame, then new tracks; `limit` of the first.

    Zhang et al., "ByteTrack: Multi-object tracking by associating every detection box" (2022), algorithm 1.
    """
    return (
        Stage(states=(CONFIRMED, LOST), limit=limit),
        Stage(states=(CONFIRMED,), strength="weak", limit=0.5),
        Stage(states=(TENTATIVE,), limit=0.7),
    )


PRESETS = {
    "keeptrack": Preset(
        cues=Cues(),
        ignore=0.15,
        strong=0.55,
        birth=0.55,
        relative=True,
        partial=0.9,
        max_age=2.0,
        revival=Revival(),
        memory=8.0,
        birth_overlap=0.4,
        adaptive_noise=True,
        shared_motion=True,
        camera=True,
        appearance="average",
    ),
    "bytetrack": Preset(
        stages=byte_stages(limit=0.9),
        motion=CENTRE_ASPECT_HEIGHT,
        strong=0.6,
        birth=0.7,
    ),
    # Bewley et al., "Simple online and realtime tracking" (2016): one association by IoU, and
    # no more. A track ends at its first miss (the paper's T_Lost = 1).
    "sort": Preset(
        stages=(Stage(states=(CONFIRMED, LOST, TENTATIVE), limit=0.7, gate_last=True),),
        motion=CENTRE_AREA_RATIO,
        ignore=0.25,
        strong=0.25,
        birth=0.25,
        n_init=3,
        max_age=0.0,
        min_misses=1,
        filtered=True,
    ),
    # Wojke et al., "Simple online and realtime tracking with a deep association metric" (2017): the matching cascade,
    # then IoU for what is new or was missed no more than once. Detections below 0.3 are left out (section 3).
    "deepsort": Preset(
        stages=(
            Stage(states=(CONFIRMED, LOST), cost="deepsort", limit=9.4877, cascade=True),
            Stage(states=(CONFIRMED, TENTATIVE), limit=0.7),
        ),
        motion=CENTRE_ASPECT_HEIGHT,
        ignore=0.3,
        strong=0.3,
        birth=0.3,
        n_init=3,
        first_frame=False,
        appearance="gallery",
        alike=0.2,
        filtered=True,
    ),
}
"""Every tracker by name; the first is the default."""

DEFAULT = "keeptrack"
