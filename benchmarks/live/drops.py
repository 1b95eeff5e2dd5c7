"""A stream that breaks off again and again: does it come back, and do the objects keep their numbers?"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from benchmarks.live.lanes import LANES, box, lane_of, pictures
from benchmarks.live.servers import KINDS, kinds
from benchmarks.live.stamps import read_stamp, stamp
from benchmarks.parts import Found, Setting, Sheet
from detectors import Detections, Frame
from detectors.base import Image
from tracker.cuts import mark_cuts
from tracker.engine import Tracker
from tracker.pipeline import track_frames
from tracker.sources import open_source
from tracker.sources.newest import Newest
from tracker.tracks import Tracks

RATE = 25  # frames a second
LENGTHS = (1.0, 5.0, 1.1, 4.0, 1.2, 3.0, 1.3, 2.0, 1.4, 1.5)  # seconds of the drops
BETWEEN = 5.0  # seconds of the stream before each of them
GAP = 0.5  # seconds without a frame that count as one
SHORT = 2.0  # seconds of a gap over which numbers have to be kept
JITTER, MISSED = 0.02, 0.05  # of the detections: share of the size, and of the objects


class Seen(NamedTuple):
    """A frame. numbers: lane -> the number of its object."""

    time: float
    numbers: dict[int, int]


class Gap(NamedTuple):
    """Between two frames. lasted: seconds. kept, there: objects with the same number on both sides, and all of them."""

    lasted: float
    kept: int
    there: int


class Truth:
    """Finds the objects of a picture that tells its own number, about as well as a good detector does."""

    name = "truth"
    class_names = {0: "object"}  # noqa: RUF012  # as the protocol has it
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


def measure(setting: Setting) -> Found:
    """Each kind of stream, one after the other."""
    there, skipped = kinds()
    lengths = LENGTHS[:1] if setting.smoke else LENGTHS
    rows, figures = [], {}
    for kind in there[:1] if setting.smoke else there:
        gaps = gaps_in(list(follow(kind, lengths)))
        figures[kind] = {"drops": lengths, "gaps": gaps}
        short = [gap for gap in gaps if gap.lasted < SHORT]
        whole = sum(gap.kept == gap.there for gap in short)
        longer = np.median([gap.lasted - length for gap, length in zip(gaps, lengths, strict=True)])
        objects = f"{sum(gap.kept for gap in gaps)} of {sum(gap.there for gap in gaps)}"
        rows.append([kind, f"{len(gaps)} of {len(lengths)}", f"{longer:.2f} s", f"{whole} of {len(short)}", objects])
    title = f"{len(lengths)} drops of 1 to 5 s in one run, nobody listening meanwhile"
    headings = ["stream", "came back", "longer by", f"gaps under {SHORT:g} s, all ids kept", "ids kept, all gaps"]
    note = f"{len(LANES)} objects that go to and fro. A gap is that between two frames, longer than the drop (median)."
    return Found([Sheet(title, headings, rows, note)], figures, skipped)


def follow(kind: str, lengths: Sequence[float]) -> Iterator[Seen]:
    """The frames of a stream that breaks off for `lengths` seconds in turn."""
    left = list(lengths)
    with KINDS[kind](numbered, RATE) as server:
        source = open_source(server.url)
        with Newest(source) as newest:
            due, last = BETWEEN, 0.0
            for frame, tracks in track_frames(mark_cuts(newest), Truth(), Tracker(frame_rate=RATE)):
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


def seen(frame: Frame, tracks: Tracks) -> Seen:
    """Who is in a frame."""
    numbers = zip(map(lane_of, tracks.boxes), tracks.track_ids.tolist(), strict=True)
    return Seen(frame.time, {lane: number for lane, number in numbers if lane is not None})


def gaps_in(frames: Sequence[Seen]) -> list[Gap]:
    """The gaps, with who was there in the second before and in the second after."""
    times = np.array([frame.time for frame in frames])
    found = []
    for before in np.flatnonzero(np.diff(times) > GAP):
        start, end = times[before], times[before + 1]
        old, new = most(frames, start - 1.0, start), most(frames, end, end + 1.0)
        kept = sum(new.get(lane) == number for lane, number in old.items())
        found.append(Gap(float(end - start), kept, len(old)))
    return found


def most(frames: Sequence[Seen], start: float, end: float) -> dict[int, int]:
    """Lane -> the number that its object had most of the time."""
    numbers = [frame.numbers for frame in frames if start <= frame.time <= end]
    by_lane = {lane: [one[lane] for one in numbers if lane in one] for lane in range(len(LANES))}
    return {lane: max(set(had), key=had.count) for lane, had in by_lane.items() if had}
