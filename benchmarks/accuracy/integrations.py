"""Whether keeptrack inside other libraries finds what our own command finds, on the same detections.

usage: python -m benchmarks.accuracy.integrations ROOT[@DETECTIONS]... [--sequences A,B] [--markdown]

ROOT holds sequence folders with ground truth and images. Each way gets the same boxes and pictures; a library that is
not installed is left out. Scores are TrackEval's.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks.accuracy.comparison import add_sequence_arguments, load_or_skip
from benchmarks.accuracy.sequences import LoadedSequence
from benchmarks.tables import print_circumstances, print_table
from detectors import Frame
from detectors.base import Floats
from detectors.boxes import xyxy_to_tlwh
from tracker.evaluation.evaluate import evaluate
from tracker.integrations.boxmot import BoxmotTracker
from tracker.integrations.supervision import SupervisionTracker
from tracker.integrations.ultralytics import UltralyticsTracker
from tracker.run.track import track
from tracker.sources.sequence import open_sequence

HEADINGS = ("sequence", "called by", "HOTA", "DetA", "AssA", "IDSW", "boxes")
Boxes = tuple[Floats, Floats]  # track ids (M,), xyxy boxes (M, 4)
Update = Callable[[Floats, Frame], Boxes]  # rows (N, 6): x1, y1, x2, y2, score, class


def boxmot(rate: float) -> Update:
    """As BoxMOT's trackers are called."""
    tracker = BoxmotTracker(frame_rate=rate)

    def update(rows: Floats, frame: Frame) -> Boxes:
        found = tracker.update(rows, frame.image)
        return found[:, 4], found[:, :4]

    return update


def ultralytics(rate: float) -> Update:
    """As ultralytics' predictor calls its trackers."""
    tracker = UltralyticsTracker(frame_rate=rate)

    def update(rows: Floats, frame: Frame) -> Boxes:
        boxes = SimpleNamespace(xyxy=rows[:, :4], conf=rows[:, 4], cls=rows[:, 5])
        found = tracker.update(boxes, frame.image)
        return found[:, 4], found[:, :4]

    return update


def supervision(rate: float) -> Update:
    """With supervision's own detections."""
    library: Any = import_module("supervision")
    tracker = SupervisionTracker(frame_rate=rate)

    def update(rows: Floats, frame: Frame) -> Boxes:
        given = library.Detections(rows[:, :4], confidence=rows[:, 4], class_id=rows[:, 5].astype(int))
        found = tracker.update(given, frame.image)
        return found.tracker_id, found.xyxy

    return update


WAYS: Mapping[str, Callable[[float], Update]] = {
    "boxmot": boxmot,
    "ultralytics": ultralytics,
    "supervision": supervision,
}


def installed() -> list[str]:
    """The ways that can be tried here: only supervision's own detections need it."""
    return [way for way in WAYS if way != "supervision" or find_spec("supervision")]


def by_command(sequence: LoadedSequence, detections: str, rescale: bool) -> Iterator[Floats]:
    """Rows frame,id,x,y,w,h of each frame, as our own command has them."""
    assert sequence.folder is not None
    for frame, tracks in track(sequence.folder, detections=sequence.folder / detections, rescale_scores=rescale):
        yield rows_of(frame.index, tracks.track_ids, tracks.boxes)


def by_library(sequence: LoadedSequence, make: Callable[[float], Update]) -> Iterator[Floats]:
    """The same as a library has them."""
    assert sequence.folder is not None
    update = make(sequence.frame_rate)
    for frame, found in zip(open_sequence(sequence.folder).frames, sequence.detections, strict=True):
        rows = np.column_stack([found.boxes, found.scores, found.class_ids])
        yield rows_of(frame.index, *update(rows, frame))


def rows_of(index: int, track_ids: Any, boxes: Floats) -> Floats:
    """Rows frame,id,x,y,w,h ``(M, 6)`` of one frame."""
    return np.column_stack([np.full(len(boxes), index), track_ids, xyxy_to_tlwh(np.asarray(boxes, dtype=np.float64))])


def score(sequence: LoadedSequence, way: str, rows: Iterator[Floats]) -> list[str]:
    """A line of the table."""
    found = np.concatenate([np.empty((0, 6)), *rows])
    scores = evaluate([sequence.truth], {sequence.name: found}).combined
    figures = [f"{value:.2f}" for value in (scores.hota, scores.deta, scores.assa)]
    return [sequence.name, way, *figures, str(scores.idsw), str(len(found))]


def main() -> None:
    """Print the table; the exit status is 0 if there is anything in it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_sequence_arguments(parser)
    arguments, blocks = parser.parse_args(), list[list[list[str]]]()
    for sequences in arguments.sets:
        for sequence in load_or_skip(sequences, arguments):
            if sequence.folder is None:
                print(f"skipped: {sequence.name}: has no images")
                continue
            ours = by_command(sequence, sequences.detections, arguments.rescale_scores)
            lines = [score(sequence, "keeptrack SOURCE", ours)]
            blocks.append(lines + [score(sequence, way, by_library(sequence, WAYS[way])) for way in installed()])
    if not blocks:
        sys.exit(1)
    print_table("keeptrack inside other libraries", HEADINGS, blocks, arguments.markdown)
    print_circumstances()


if __name__ == "__main__":
    main()
