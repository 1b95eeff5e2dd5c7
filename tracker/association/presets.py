"""Trackers as data: which associations in which order, and the numbers of the life cycle."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from tracker.association.cues import Cues
from tracker.association.motion_models import CENTRE_AREA_RATIO, CENTRE_ASPECT_HEIGHT, CENTRE_SIZE, MotionModel
from tracker.association.recognition import Recognition
from tracker.association.revival import Revival
from tracker.association.stages import Stage
from tracker.association.tracks import CONFIRMED, LOST, TENTATIVE


@dataclass(frozen=True)
class Preset:
    """A tracker: its associations, and the numbers of the life cycle.

    stages: associations one after the other; or cues: one association of all tracks with all detections.
    low_threshold, high_threshold, birth_threshold: scores from which a detection counts at all, is of a high score, and
    may start a track.
    relative_thresholds: these three are shares of a typical object's score (`ScoreCalibration`) rather than scores.
    max_containment: low-score detections with more than this share of their area inside a better one are ignored.
    n_init: matches until a track is confirmed. confirm_first_frame: tracks of the first frame are confirmed at once.
    confirm_interval: seconds between frames from which all are: what passes by is not seen often enough to wait.
    max_age: seconds that a lost track is kept, and never less than `min_misses` updates, for low frame rates.
    revival: how lost tracks are found again among the detections that would start tracks; None does without.
    max_revival_age: seconds that a lost track of a known appearance is kept for revival, though all other associations
    end after `max_age`.
    memory: seconds since it was seen for which a track that has ended is remembered, so that it is recognised by place
    or by looks when it comes back; only where association is by cues. recognition: what that takes; None recognises
    nobody. across_cuts: whether those known by looks are remembered at a cut, too.
    birth_overlap: IoU with a track matched in this frame above which a detection starts none. persistence: seconds
    after which one that overlaps more and is still found does; infinite for never.
    adaptive_noise: adapt the process noise to the innovations (`NoiseCalibration`). adaptive_velocity: adapt how far
    velocities carry on where frames are far apart (`VelocityCalibration`).
    shared_motion: estimate a shift that all tracks share, and associate again after it.
    camera: use the camera's motion, where it can be estimated.
    appearance: how embeddings are remembered; "none" does without. max_cosine_distance: of embeddings that may match,
    for `stages`.
    filtered: report the filter's boxes instead of the matched detections'.
    """

    stages: tuple[Stage, ...] = ()
    cues: Cues | None = None
    motion: MotionModel = CENTRE_SIZE
    low_threshold: float = 0.1
    high_threshold: float = 0.5
    birth_threshold: float = 0.5
    relative_thresholds: bool = False
    max_containment: float = 1.0
    n_init: int = 2
    confirm_first_frame: bool = True
    confirm_interval: float = math.inf
    max_age: float = 1.0
    min_misses: int = 3
    revival: Revival | None = None
    max_revival_age: float = 0.0
    memory: float = 0.0
    recognition: Recognition | None = None
    across_cuts: bool = False
    birth_overlap: float = 1.0
    persistence: float = math.inf
    adaptive_noise: bool = False
    adaptive_velocity: bool = False
    shared_motion: bool = False
    camera: bool = False
    appearance: Literal["none", "average", "gallery"] = "none"
    max_cosine_distance: float = 0.25
    filtered: bool = False

    def __post_init__(self) -> None:
        if bool(self.stages) == (self.cues is not None):
            raise ValueError("a preset associates either in stages or by cues")

    def with_memory(self, seconds: float) -> Preset:
        """The same with ``--memory``: who asks for it wants to know, after a cut too, who has been here before."""
        return replace(self, memory=seconds, across_cuts=seconds > 0)


def byte_stages(max_cost: float) -> tuple[Stage, ...]:
    """High-score detections, then low-score ones for tracks seen in the last frame, then tentative tracks.

    max_cost: of the first stage.

    Zhang et al., "ByteTrack: Multi-object tracking by associating every detection box" (2022), algorithm 1.
    """
    return (
        Stage(states=(CONFIRMED, LOST), max_cost=max_cost),
        Stage(states=(CONFIRMED,), scores="low", max_cost=0.5),
        Stage(states=(TENTATIVE,), max_cost=0.7),
    )


PRESETS = {
    "keeptrack": Preset(
        cues=Cues(),
        low_threshold=0.15,
        high_threshold=0.55,
        birth_threshold=0.55,
        relative_thresholds=True,
        max_containment=0.9,
        confirm_interval=0.09,
        max_age=2.0,
        revival=Revival(),
        max_revival_age=8.0,
        memory=60.0,
        recognition=Recognition(),
        birth_overlap=0.4,
        persistence=0.3,
        adaptive_noise=True,
        adaptive_velocity=True,
        shared_motion=True,
        camera=True,
        appearance="average",
    ),
    "bytetrack": Preset(
        stages=byte_stages(max_cost=0.9),
        motion=CENTRE_ASPECT_HEIGHT,
        high_threshold=0.6,
        birth_threshold=0.7,
    ),
    # Bewley et al., "Simple online and realtime tracking" (2016): one association by IoU, and
    # no more. A track ends at its first miss (the paper's T_Lost = 1).
    "sort": Preset(
        stages=(Stage(states=(CONFIRMED, LOST, TENTATIVE), max_cost=0.7, gate_last=True),),
        motion=CENTRE_AREA_RATIO,
        low_threshold=0.25,
        high_threshold=0.25,
        birth_threshold=0.25,
        n_init=3,
        max_age=0.0,
        min_misses=1,
        filtered=True,
    ),
    # Wojke et al., "Simple online and realtime tracking with a deep association metric" (2017): the matching cascade,
    # then IoU for what is new or was missed no more than once. Detections below 0.3 are left out (section 3).
    "deepsort": Preset(
        stages=(
            Stage(states=(CONFIRMED, LOST), cost="deepsort", max_cost=9.4877, cascade=True),
            Stage(states=(CONFIRMED, TENTATIVE), max_cost=0.7),
        ),
        motion=CENTRE_ASPECT_HEIGHT,
        low_threshold=0.3,
        high_threshold=0.3,
        birth_threshold=0.3,
        n_init=3,
        confirm_first_frame=False,
        appearance="gallery",
        max_cosine_distance=0.2,
        filtered=True,
    ),
}
"""Every tracker by name; the first is the default."""

DEFAULT = "keeptrack"
