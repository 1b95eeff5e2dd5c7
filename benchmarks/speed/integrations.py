"""The default tracker called as by other libraries: milliseconds of a processor, a frame, motion only.

usage: python -m benchmarks.speed.integrations [--mot ROOT[@DETECTIONS]]... [--frames N] [--rounds N] [--markdown]

Each scene is given to `Tracker.update` as our own detections and as rows of numbers, and to the trackers for programs
of BoxMOT and supervision. Scenes are walkers, by their number, and the sequences below each ROOT. The figure is the
fastest round's, and the ways take turns: other programs disturb it little. A library that is not installed is left out.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from benchmarks.accuracy.sequences import SequenceSet, load_sequences
from benchmarks.speed.association import Scene, walkers
from benchmarks.speed.interleaved import interleaved
from benchmarks.tables import print_circumstances, print_table
from detectors.base import Detections, Floats
from tracker.association.engine import Tracker
from tracker.integrations.boxmot import BoxmotTracker
from tracker.integrations.supervision import SupervisionTracker

OBJECTS = (10, 25, 40, 100)
LIBRARY = "supervision"


def rows_of(found: Detections) -> Floats:
    """Rows ``(N, 6)`` x1, y1, x2, y2, score, class."""
    return np.column_stack([found.boxes, found.scores, found.class_ids])


def for_supervision(found: Detections) -> Any:
    """The same as supervision has it."""
    library: Any = import_module(LIBRARY)
    return library.Detections(found.boxes, confidence=found.scores, class_id=found.class_ids)


Way = tuple[Callable[[Detections], Any], Callable[[], Any]]
"""What makes the detections to give, and what makes the tracker."""

WAYS: Mapping[str, Way] = {
    "Detections": (lambda found: found, Tracker),
    "rows of numbers": (rows_of, Tracker),
    "BoxMOT": (rows_of, BoxmotTracker),
    LIBRARY: (for_supervision, SupervisionTracker),
}


def milliseconds(new_tracker: Callable[[], Any], frames: Sequence[Any]) -> float:
    """Mean milliseconds of the processor of one update over the frames."""
    update = new_tracker().update
    start = time.process_time()
    for found in frames:
        update(found)
    return 1000 * (time.process_time() - start) / len(frames)


def measure(scenes: Mapping[str, Scene], ways: Mapping[str, Way], rounds: int) -> list[list[str]]:
    """A row for each scene: its detections a frame, and the milliseconds of each way."""
    rows = []
    for name, scene in scenes.items():
        calls = {way: partial(milliseconds, new, [*map(make, scene)]) for way, (make, new) in ways.items()}
        found = interleaved(calls, rounds)
        rows.append([name, f"{np.mean([*map(len, scene)]):.0f}", *(f"{min(times):.3f}" for times in found.values())])
    return rows


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mot", action="append", type=SequenceSet.parse, default=[], metavar="ROOT[@DETECTIONS]")
    parser.add_argument("--frames", type=int, default=300, help="of a scene, at most")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--markdown", action="store_true", help="print the table in Markdown")
    arguments = parser.parse_args(argv)
    scenes: dict[str, Scene] = {f"{count} walkers": walkers(count, arguments.frames) for count in OBJECTS}
    for sequence_set in arguments.mot:
        scenes |= {one.name: one.detections[: arguments.frames] for one in load_sequences(sequence_set)}
    ways = {name: way for name, way in WAYS.items() if name != LIBRARY or find_spec(LIBRARY)}
    print_circumstances()
    title = "Milliseconds of a processor, a frame, by what the tracker is given"
    rows = measure(scenes, ways, arguments.rounds)
    print_table(title, ["scene", "detections", *ways], [rows], arguments.markdown)


if __name__ == "__main__":
    main()
