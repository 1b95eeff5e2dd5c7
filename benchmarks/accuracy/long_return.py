"""Long returns: whether numbers come back after a minute, and never to somebody else, over looped and cut sequences.

usage: python -m benchmarks.accuracy.long_return ROOT[@DETECTIONS]... [--memory 0,2min] [--gap SECONDS] [--half {1,2}]
                                                [--sequences A,B] [--markdown]

Each sequence is played twice, or followed by the next one of its root:

- paused: its first half, a gap without detections, its second half. Who stood is where it was; who walked has got on
  by one frame, so no place tells it apart
- again: as a whole, the gap, as a whole
- cut: as a whole, a cut of the picture, as a whole
- strangers: every other object of it, the gap, the rest of them in the same scene: every number that comes back is
  wrong
- other, other cut: as a whole, the gap or a cut, another sequence: here, too

Objects are the identities of the ground truth that a number is on most of the time, in either part. Kept: of the
objects that had a number at the end of the first part and have one at the beginning of the second, those with the same
one; in "again" and "cut", of all objects that both parts have. Wrong: numbers that come back to another object, or to
what is none. Sequences with pictures are tracked with appearance too, whose embeddings are computed beforehand.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from benchmarks.accuracy.comparison import add_sequence_arguments, load_or_skip
from benchmarks.accuracy.lazy_embeddings import with_embeddings
from benchmarks.accuracy.sequences import LoadedSequence, with_camera
from benchmarks.tables import print_circumstances, print_table
from detectors import Detections, InputError
from detectors.base import Floats, Ints
from detectors.boxes import iou_matrix
from tracker.appearance.embedder import load_embedder
from tracker.association.engine import Tracker
from tracker.association.presets import DEFAULT, PRESETS, Preset
from tracker.association.tracks import Tracks
from tracker.durations import duration

FITS = 0.4  # IoU from which a box is that of an object
CLEAR = 0.2  # IoU with a second object up to which a detection is of the first one alone
NEAR = 1.0  # seconds before and after the gap within which "paused" asks who is there
STEP = 0.5  # seconds between the empty frames of a gap
NOBODY = ("", -1)
Object = tuple[str, int]
"""Name of the sequence and identity."""

HEADINGS = ("played", "memory", "objects", "kept", "wrong", "by place", "by looks", "remembered")


@dataclass
class Part:
    """What was found in one part. votes: number -> object -> frames; first, last: seconds of a number."""

    votes: dict[int, Counter[Object]] = field(default_factory=dict)
    first: dict[int, float] = field(default_factory=dict)
    last: dict[int, float] = field(default_factory=dict)

    def note(self, numbers: Sequence[int], objects: Sequence[Object], time: float) -> None:
        """Take in the tracks of one frame."""
        for number, one in zip(numbers, objects, strict=True):
            self.votes.setdefault(number, Counter())[one] += 1
            self.first.setdefault(number, time)
            self.last[number] = time

    def object_of(self, number: int) -> Object:
        """The object that a number was on most of the time."""
        return self.votes[number].most_common(1)[0][0]

    def numbers_of(self, chosen: Callable[[int], bool]) -> dict[Object, set[int]]:
        """Object -> its numbers, of those numbers that are chosen."""
        found: dict[Object, set[int]] = {}
        for number in filter(chosen, self.votes):
            found.setdefault(self.object_of(number), set()).add(number)
        found.pop(NOBODY, None)
        return found


@dataclass
class Outcome:
    """What became of the numbers."""

    objects: int = 0
    kept: int = 0
    wrong: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    remembered: int = 0

    def add(self, other: Outcome) -> None:
        """Sum up over sequences."""
        self.objects, self.kept = self.objects + other.objects, self.kept + other.kept
        self.wrong, self.remembered = self.wrong + other.wrong, max(self.remembered, other.remembered)
        self.reasons.update(other.reasons)


@dataclass(frozen=True)
class Scenario:
    """Two parts, one after the other. cut: whether the picture is cut between them. near: see `NEAR`."""

    first: LoadedSequence
    second: LoadedSequence
    frames: tuple[range, range]
    cut: bool = False
    near: bool = False


def scenarios(sequences: Sequence[LoadedSequence]) -> dict[str, list[Scenario]]:
    """All that is played, by the names of this module's text."""
    found: dict[str, list[Scenario]] = {}
    for one, other in zip(sequences, [*sequences[1:], *sequences[:1]], strict=True):
        length, middle = len(one.detections), len(one.detections) // 2
        whole, next_whole = range(length), range(len(other.detections))
        found.setdefault("paused", []).append(Scenario(one, one, (range(middle), range(middle, length)), near=True))
        found.setdefault("again", []).append(Scenario(one, one, (whole, whole)))
        found.setdefault("cut", []).append(Scenario(one, one, (whole, whole), cut=True))
        found.setdefault("strangers", []).append(Scenario(every_other(one, 0), every_other(one, 1), (whole, whole)))
        if other is not one:
            found.setdefault("other", []).append(Scenario(one, other, (whole, next_whole)))
            found.setdefault("other cut", []).append(Scenario(one, other, (whole, next_whole), cut=True))
    return found


def every_other(sequence: LoadedSequence, first: int) -> LoadedSequence:
    """The same with detections of every other object alone, clear of the rest. first: 0 or 1."""
    truth, kept = sequence.truth, []
    for frame, found in enumerate(sequence.detections):
        here = slice(*truth.bounds[frame : frame + 2])
        own = truth.ids[here] % 2 == first
        overlap = iou_matrix(found.boxes, truth.boxes[here])
        best, others = (overlap[:, which].max(axis=1, initial=0.0) for which in (own, ~own))
        kept.append(found[(best >= FITS) & (others < CLEAR)])
    return replace(sequence, detections=tuple(kept))


def play(scenario: Scenario, preset: Preset, gap: float) -> Outcome:
    """Track both parts with one tracker."""
    tracker, outcome = Tracker(preset, scenario.first.frame_rate), Outcome()
    parts, time = (Part(), Part()), 0.0
    for part, sequence, frames in zip(parts, (scenario.first, scenario.second), scenario.frames, strict=True):
        for frame in frames:
            camera = sequence.camera[frame] if sequence.camera and frame > frames[0] else None
            tracks = _update(tracker, sequence.detections[frame], time, camera)
            part.note(tracks.track_ids.tolist(), _objects(sequence, frame, tracks.boxes), time)
            outcome.reasons.update(each.by for each in tracks.returns if part is parts[1] and each.seconds > gap / 2)
            time += 1 / sequence.frame_rate
        if part is parts[0]:
            time = _pause(tracker, time, gap, scenario.cut)
            outcome.remembered = len(tracker.remembered)
    return _compare(scenario, parts, outcome)


def _update(tracker: Tracker, found: Detections, time: float, camera: Floats | None) -> Tracks:
    vectors = found.embeddings

    def embed(asked: Ints) -> Floats:
        assert vectors is not None
        return vectors[asked]

    bare = Detections(found.boxes, found.scores, found.class_ids)
    return tracker.update(bare, time, camera, None if vectors is None else embed)


def _pause(tracker: Tracker, time: float, gap: float, cut: bool) -> float:
    """Nothing for a while, or a cut; returns the time of the next frame."""
    if cut:
        tracker.restart()
        return time
    for step in range(int(gap / STEP)):
        tracker.update(Detections.empty(), time + step * STEP)
    return time + gap


def _objects(sequence: LoadedSequence, frame: int, boxes: Floats) -> list[Object]:
    """The object that each of the boxes is on."""
    truth = sequence.truth
    here = slice(*truth.bounds[frame : frame + 2])
    overlap = iou_matrix(boxes, truth.boxes[here])
    if not overlap.size:
        return [NOBODY] * len(boxes)
    ids = np.where(overlap.max(axis=1) >= FITS, truth.ids[here][overlap.argmax(axis=1)], -1)
    return [(sequence.name, identity) if identity >= 0 else NOBODY for identity in ids.tolist()]


def _compare(scenario: Scenario, parts: tuple[Part, Part], outcome: Outcome) -> Outcome:
    before, after = parts
    for number in before.votes.keys() & after.votes.keys():
        outcome.wrong += before.object_of(number) != after.object_of(number)
    end, start = max(before.last.values(), default=0.0), min(after.first.values(), default=0.0)
    near = scenario.near
    old = before.numbers_of(lambda number: not near or end - before.last[number] <= NEAR)
    new = after.numbers_of(lambda number: not near or after.first[number] - start <= NEAR)
    both = old.keys() & new.keys()
    outcome.objects = len(both)
    outcome.kept = sum(bool(old[one] & new[one]) for one in both)
    return outcome


def report(title: str, sequences: Sequence[LoadedSequence], presets: dict[str, Preset], gap: float, md: bool) -> None:
    """Print the table of one root."""
    rows = []
    for played, cases in scenarios(sequences).items():
        for memory, preset in presets.items():
            total = Outcome()
            for scenario in cases:
                total.add(play(scenario, preset, gap))
            same = not played.startswith(("other", "strangers"))
            objects, kept = (str(total.objects), str(total.kept)) if same else ("", "")
            reasons = (str(total.reasons[by]) for by in ("place", "looks"))
            rows.append([played, memory, objects, kept, str(total.wrong), *reasons, str(total.remembered)])
    print_table(title, HEADINGS, [rows], md)


def chosen_presets(text: str) -> dict[str, Preset]:
    """The default tracker by how long it remembers. Raises InputError."""
    return {each: PRESETS[DEFAULT].with_memory(duration("--memory", each, 0.0)) for each in text.split(",")}


def pictured(sequences: Sequence[LoadedSequence]) -> Iterator[LoadedSequence]:
    """Those with pictures, with the embedding of every detection."""
    embedder = load_embedder()
    assert embedder is not None
    for one in sequences:
        if one.folder is not None:
            yield with_embeddings(one, embedder)


def main(argv: Sequence[str] | None = None) -> None:
    """Print the tables; the exit status is 0 if there is at least one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_sequence_arguments(parser)
    parser.add_argument("--memory", default="0,2min", metavar="TIME,...", help="how long tracks are remembered")
    parser.add_argument("--gap", type=float, default=60.0, metavar="SECONDS", help="without detections")
    arguments = parser.parse_args(argv)
    print_circumstances()
    done = False
    try:
        presets = chosen_presets(arguments.memory)
        for sequence_set in arguments.sets:
            sequences = [with_camera(one) for one in load_or_skip(sequence_set, arguments)]
            if not sequences:
                continue
            report(f"{sequence_set.name}, motion only", sequences, presets, arguments.gap, arguments.markdown)
            if looks := list(pictured(sequences)):
                report(f"{sequence_set.name}, appearance", looks, presets, arguments.gap, arguments.markdown)
            done = True
    except InputError as error:
        sys.exit(f"error: {error}")
    if not done:
        sys.exit(1)


if __name__ == "__main__":
    main()
