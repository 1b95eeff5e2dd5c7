"""Pictures to count in by eye: what detectors find in the same frames of clips, each box with its class and score.

usage: python -m benchmarks.detection.by_eye CLIP... -o FOLDER [--detectors A,B] [--frames N] [--conf SCORE]

Writes FOLDER/CLIP-FRAME.DETECTOR.png and prints how many boxes there are. A box is false where nothing of that class
stands, or where a better one already shows it; which of them are, a person counts. Boxes are suppressed as in a run.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2

from benchmarks.tables import print_circumstances, print_table
from detectors import Detections, Frame, InputError, load_detector
from detectors.base import Image
from detectors.errors import refusing
from tracker.drawing.annotator import draw_box
from tracker.drawing.colours import colour_of
from tracker.drawing.labels import line_width, make_tag, paste, text_size
from tracker.run.detection import DetectionStage
from tracker.run.measurements import Measurements
from tracker.sources import open_source


def spread_frames(clip: Path, count: int) -> list[Frame]:
    """So many frames of a clip, evenly spaced. Raises InputError where it does not tell how long it is."""
    source = open_source(clip)
    length = source.frame_count or 0
    if length < count:
        raise InputError(clip, f"has {length} frames", f"give a video file of {count} or more")
    wanted = {1 + round((at + 0.5) * length / count - 0.5) for at in range(count)}
    return [frame for frame in source.frames if frame.index in wanted]


def drawn(frame: Frame, found: Detections, names: Sequence[str]) -> Image:
    """The frame's picture with its detections, the best on top."""
    picture: Image = frame.image.copy()
    line = line_width(picture)
    for row in found.scores.argsort():
        colour = colour_of(int(found.class_ids[row]))
        draw_box(picture, found.boxes[row], colour, line)
        tag = make_tag((names[row], f"{found.scores[row]:.2f}"), colour, text_size(picture))
        left, top = (int(edge) for edge in found.boxes[row, :2])
        paste(picture, tag, left, top - tag.shape[0])
    return picture


def look(name: str, clips: Sequence[tuple[Path, list[Frame]]], conf: float, folder: Path) -> list[str]:
    """Draw what a detector finds; returns its row of the table: boxes by clip, and all."""
    detector = load_detector(name, conf=conf)
    stage, boxes = DetectionStage(detector), list[int]()
    for clip, frames in clips:
        boxes.append(0)
        for frame in frames:
            found = stage.detect(frame, Measurements())
            boxes[-1] += len(found)
            names = [detector.class_names.get(int(class_id), "") for class_id in found.class_ids]
            target = folder / f"{clip.stem}-{frame.index}.{Path(name).stem}.png"
            cv2.imwrite(str(target), drawn(frame, found, names))
    return [Path(name).stem, *map(str, boxes), str(sum(boxes))]


def main(argv: Sequence[str] | None = None) -> None:
    """Write the pictures and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path, nargs="+", metavar="CLIP")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--detectors", default="sliding", metavar="A,B", help="names or paths: sliding if left out")
    parser.add_argument("--frames", type=int, default=5, metavar="N", help="of each clip")
    parser.add_argument("--conf", type=float, default=0.25, metavar="SCORE", help="boxes scored below it are left out")
    arguments = parser.parse_args(argv)
    try:
        with refusing(arguments.output, "cannot be made", "choose another folder"):
            arguments.output.mkdir(parents=True, exist_ok=True)
        clips = [(clip, spread_frames(clip, arguments.frames)) for clip in arguments.clips]
        rows = [look(name, clips, arguments.conf, arguments.output) for name in arguments.detectors.split(",")]
    except InputError as error:
        sys.exit(f"error: {error}")
    print_circumstances()
    print_table("Boxes", ["detector", *(clip.stem for clip, _ in clips), "all"], [rows], markdown=False)


if __name__ == "__main__":
    main()
