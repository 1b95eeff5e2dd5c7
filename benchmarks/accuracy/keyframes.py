"""How few boxes are written, and what they keep when read back.

usage: python -m benchmarks.accuracy.keyframes SEQUENCE...
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.tables import print_circumstances, print_table
from tracker.annotations import cvat
from tracker.annotations.document import Annotations
from tracker.annotations.keyframes import IOU, track_overlaps, with_keyframes
from tracker.batch.run_annotations import annotations_of
from tracker.run.options import Options
from tracker.run.run import Run


def main() -> int:
    """Measure and print; returns the exit status, 1 if a box has lost more than it may."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy.keyframes", description=__doc__)
    parser.add_argument("sequences", metavar="SEQUENCE", nargs="+", type=Path)
    parser.add_argument("--detections", default="det/det.txt", help="file in each sequence folder")
    parser.add_argument("--iou", type=float, default=IOU)
    parser.add_argument("--markdown", action="store_true")
    arguments = parser.parse_args()
    rows, least = [], 1.0
    totals = np.zeros(4, dtype=np.int64)
    for sequence in arguments.sequences:
        annotations = _tracked(sequence, sequence / arguments.detections)
        counts, worst = _measure(annotations, arguments.iou)
        totals += counts
        least = min(least, worst)
        rows.append(_row(sequence.name, counts, worst))
    print_circumstances()
    headings = ["", "tracks", "boxes", "keyframes", "share", "of its own boxes", "lowest IoU"]
    title = f"keyframes at an IoU of {arguments.iou:g}, {arguments.detections}"
    print_table(title, headings, [rows, [_row("all", totals, least)]], arguments.markdown)
    return 0 if least >= arguments.iou else 1


def _row(name: str, counts: np.ndarray[tuple[int, ...], np.dtype[np.int64]], worst: float) -> list[str]:
    tracks, boxes, free, own = counts.tolist()
    return [name, str(tracks), str(boxes), str(free), f"{free / boxes:.3f}", f"{own / boxes:.3f}", f"{worst:.4f}"]


def _tracked(sequence: Path, detections: Path) -> Annotations:
    options = Options(offline=True, detections=detections, rescale_scores=True)
    with Run(sequence, options, pictures=False) as run:
        for _ in run.look_ahead():
            pass
        return annotations_of(run, sequence.name)


def _measure(annotations: Annotations, iou: float) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.int64]], float]:
    """Tracks, boxes, keyframes and keyframes that are boxes of the track; the lowest IoU after writing and reading."""
    own = sum(int(track.keyframes.sum()) for track in with_keyframes(annotations, iou, free=False).tracks)
    sparse = with_keyframes(annotations, iou)
    with tempfile.TemporaryDirectory() as folder:
        cvat.write(sparse, Path(folder) / "a.xml")
        (read,) = cvat.read(Path(folder) / "a.xml")
    pairs = zip(annotations.tracks, read.tracks, strict=True)
    worst = min(float(track_overlaps(before, after).min()) for before, after in pairs)
    boxes = sum(len(track) for track in annotations.tracks)
    kept = sum(int(track.keyframes.sum()) for track in read.tracks)
    return np.array([len(annotations.tracks), boxes, kept, own]), worst


if __name__ == "__main__":
    raise SystemExit(main())
