"""Reconnection: a stream drops again and again; does it come back, and do the objects keep their numbers?"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from benchmarks.live.frame_stamps import read_stamp, stamp
from benchmarks.live.server_process import KINDS, kinds
from benchmarks.live.synthetic_scene import LANES, box, goes_right, lane_of, pictures
from benchmarks.speed.measurement import Measurement, ResultTable, Setting
from detectors import Detections, Frame
from detectors.base import Image
from tracker.association.engine import Tracker
from tracker.association.tracks import Tracks
from tracker.motion.cuts import mark_cuts
from tracker.run.detection import DetectionStage
from tracker.run.pipeline import track_frames
from tracker.run.tracking import TrackingStage
from tracker.sources import open_source
from tracker.sources.frame_dropping import LatestFrames

RATE = 25  # frames a second
LENGTHS = (1.0, 5.0, 1.1, 4.0, 1.2, 3.0, 1.3, 2.0, 1.4, 1.5)  # seconds of the drops
BETWEEN = 5.0  # seconds of the stream before each of them
GAP = 0.5  # seconds without a frame that count as one
SHORT = 2.0  # seconds of a gap over which numbers have to be kept
JITTER, MISSED = 0.02, 0.05  # of the detections: share of the size, and of the objects


class ShownObjects(NamedTuple):
    """A frame. scene: seconds of the scene that it shows. numbers: lane -> the number of its object."""

    time: float
    scene: float
    numbers: dict[int, int]


class KeptIdentities(NamedTuple):
    """Objects with the same number before and after a gap, and all that were there."""

    kept: int
    there: int


class Gap(NamedTuple):
    """Between two frames. lasted: seconds. went_on: objects that did not turn round meanwhile. turned: that did."""

    lasted: float
    went_on: KeptIdentities
    turned: KeptIdentities


class GroundTruthDetector:
    """Finds the objects of a picture that tells its own number, about as well as a good detector does."""

    name = "truth"
    class_names: Mapping[int, str] = {0: "object"}  # as the protocol has it
    suppressed, concurrent = True, False

    def __init__(self) -> None:
        self._rng = np.random.default_rng(0)

    def __call__(self, frame: Frame) -> Detections:
        """Where they are, a little off, but for those that are missed."""
        number = read_stamp(frame.image)
        if number is None:
            return Detections.empty()
        boxes = np.array([box(lane, number / RATE) for lane in LANES])
        sizes = np.tile(boxes[:, 2:] - boxes[:, :2], 2)
        boxes = boxes + self._rng.normal(0, JITTER, boxes.shape) * sizes
        found = Detections(boxes, self._rng.uniform(0.5, 0.9, len(boxes)))
        return found[self._rng.random(len(boxes)) > MISSED]


def numbered() -> Iterator[Image]:
    """The pictures of `lanes`, each with its number on it."""
    for number, picture in enumerate(pictures(RATE)):
        yield stamp(picture, number)


def measure(setting: Setting) -> Measurement:
    """Each kind of stream, one after the other."""
    there, skipped = kinds()
    lengths = LENGTHS[:1] if setting.smoke else LENGTHS
    rows, figures = [], {}
    for kind in there[:1] if setting.smoke else there:
        gaps = gaps_in(list(follow(kind, lengths)))
        figures[kind] = {"drops": lengths, "gaps": gaps}
        short = [gap for gap in gaps if gap.lasted < SHORT]
        longer = np.median([gap.lasted - length for gap, length in zip(gaps, lengths, strict=True)])
        cells = [total(gap.went_on for gap in short), total(gap.went_on for gap in gaps)]
        cells += [total(gap.turned for gap in gaps)]
        rows.append([kind, f"{len(gaps)} of {len(lengths)}", f"{longer:.2f} s", str(len(short)), *cells])
    title = f"{len(lengths)} drops of 1 to 5 s in one run, nobody listening meanwhile"
    headings = [
        "stream",
        "came back",
        "longer by",
        f"gaps under {SHORT:g} s",
        "ids kept there",
        "in all gaps",
        "turned",
    ]
    note = f"{len(LANES)} objects that go to and fro; those that turned round during the gap are counted apart. "
    note += "A gap is that between two frames, longer than the drop (median)."
    return Measurement([ResultTable(title, headings, rows, note)], figures, skipped)


def follow(kind: str, lengths: Sequence[float]) -> Iterator[ShownObjects]:
    """The frames of a stream that breaks off for `lengths` seconds in turn."""
    left = list(lengths)
    with KINDS[kind](numbered, RATE) as server:
        source = open_source(server.url)
        assert source.live is not None
        with LatestFrames(source.frames, source.live) as newest:
            due, last = BETWEEN, 0.0
            stages = DetectionStage(GroundTruthDetector()), TrackingStage(Tracker(frame_rate=RATE))
            for frame, tracks in track_frames(mark_cuts(newest), *stages):
                yield seen(frame, tracks)
                if frame.time - last > GAP:
                    due = frame.time + BETWEEN
                last = frame.time
                if frame.time < due:
                    continue
                if not left:
                    return
                due = float("inf")  # until it is back
                server.refuse()
                server.drop()
                threading.Timer(left.pop(0), server.accept).start()


def seen(frame: Frame, tracks: Tracks) -> ShownObjects:
    """Who is in a frame."""
    numbers = zip(map(lane_of, tracks.boxes), tracks.track_ids.tolist(), strict=True)
    scene = (read_stamp(frame.image) or 0) / RATE
    return ShownObjects(frame.time, scene, {lane: number for lane, number in numbers if lane is not None})


def gaps_in(frames: Sequence[ShownObjects]) -> list[Gap]:
    """The gaps, with who was there in the second before and in the second after."""
    found = []
    for before, after in itertools.pairwise(frames):
        if after.time - before.time <= GAP:
            continue
        old, new = most(frames, before.time - 1.0, before.time), most(frames, after.time, after.time + 1.0)
        same: dict[bool, list[bool]] = {False: [], True: []}
        for lane, number in old.items():
            turned = goes_right(LANES[lane], before.scene) != goes_right(LANES[lane], after.scene)
            same[turned].append(new.get(lane) == number)
        found.append(Gap(after.time - before.time, *(KeptIdentities(sum(one), len(one)) for one in same.values())))
    return found


def total(counts: Iterable[KeptIdentities]) -> str:
    """All of them together."""
    kept, there = np.sum([*counts, KeptIdentities(0, 0)], axis=0)
    return f"{kept} of {there}"


def most(frames: Sequence[ShownObjects], start: float, end: float) -> dict[int, int]:
    """Lane -> the number that its object had most of the time."""
    numbers = [frame.numbers for frame in frames if start <= frame.time <= end]
    by_lane = {lane: [one[lane] for one in numbers if lane in one] for lane in range(len(LANES))}
    return {lane: max(set(had), key=had.count) for lane, had in by_lane.items() if had}
