"""How large a detector should search frames of each size: average precision and time by the size of source and search.

usage: python -m benchmarks.detection.source_sizes SEQUENCE... [--detector sliding] [--frames N] [--sources 320,640,...]

SEQUENCE: a folder as of MOTChallenge, with pictures and people's boxes. Its frames are scaled down to each source size;
for a size twice its own, four of them make one, so that people are as small as they are in a frame of 4K. The size that
the detector chooses by itself is marked *.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from benchmarks.detection.comparison import judged
from benchmarks.tables import print_table
from detectors import Detections, Detector, InputError, load_detector
from detectors.base import Floats, Image
from detectors.sliding import SlidingDetector
from tracker.evaluation.ground_truth import load_sequence
from training.data.dataset import Dataset, LabelledImage, pictures_in
from training.evaluation.evaluate import WEAKEST, evaluate

SOURCES = (320, 640, 1280, 1920, 3840)
SEARCHES = (256, 320, 448, 512, 640, 800, 960, 1280, 1920)
READABLE = 12  # pixels: whoever is lower in the source counts neither as found nor as missed


class Scene:
    """Frames of one size with the people in them."""

    def __init__(self, longer: int) -> None:
        self.longer = longer
        self.pictures: dict[Path, Image] = {}
        self.images: list[LabelledImage] = []

    def add(self, name: str, picture: Image, boxes: Floats, counts: np.ndarray) -> None:
        """A frame with boxes ``(N, 4)`` xyxy; those that do not count are neither hits nor misses."""
        height, width = picture.shape[:2]
        small = boxes[:, 3] - boxes[:, 1] < READABLE
        path, zeros = Path(f"{self.longer}-{name}"), np.zeros(len(boxes), dtype=np.int64)
        self.pictures[path] = picture
        self.images.append(LabelledImage(path, width, height, boxes, zeros, ~counts | small, np.ones(1, dtype=bool)))

    def precision(self, detector: Detector) -> tuple[float, float]:
        """AP50 of people, and median milliseconds a frame."""
        spent = []
        detect = judged(detector, dataset := Dataset(("person",), tuple(self.images)))

        def timed(picture: Image) -> Detections:
            start = time.perf_counter()
            found = detect(picture)
            spent.append(1000 * (time.perf_counter() - start))
            return found

        found = evaluate(timed, lambda image: self.pictures[image.path], dataset)
        return found["person"].ap50, float(np.median(spent))


def frames_of(folder: Path, count: int) -> Iterator[tuple[str, Image, Floats, np.ndarray]]:
    """`count` frames of a sequence, evenly spread: name, picture, boxes and which of them count."""
    truth = load_sequence(folder, folder.resolve().name)
    files = pictures_in(folder / "img1")
    for at in np.linspace(0, truth.length - 1, count).round().astype(int).tolist():
        picture = cv2.imread(str(files[at]), cv2.IMREAD_COLOR_BGR)
        if picture is None:
            raise InputError(files[at], "is not a picture that can be read", "check the sequence")
        rows = slice(truth.bounds[at], truth.bounds[at + 1])
        name = f"{folder.name}-{at + 1}"
        yield name, np.asarray(picture, dtype=np.uint8), truth.boxes[rows], truth.considered[rows]


def scene_of(folders: Sequence[Path], longer: int, count: int) -> Scene:
    """The frames of the sequences whose own size is at least `longer`, scaled to it; fours of those half as large."""
    scene = Scene(longer)
    for folder in folders:
        frames = list(frames_of(folder, count))
        own = max(frames[0][1].shape[:2])
        if own >= longer:
            for name, picture, boxes, counts in frames:
                scale = longer / own
                smaller = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
                scene.add(name, np.asarray(smaller, dtype=np.uint8), boxes * scale, counts)
        elif 2 * own >= longer:
            for four in zip(*[iter(frames)] * 4, strict=False):
                scene.add(*_in_one(four))
    return scene


def _in_one(four: Sequence[tuple[str, Image, Floats, np.ndarray]]) -> tuple[str, Image, Floats, np.ndarray]:
    pictures = [picture for _, picture, _, _ in four]
    height, width = pictures[0].shape[:2]
    shifts = [np.array([x, y, x, y]) for y in (0, height) for x in (0, width)]
    whole = np.vstack([np.hstack(pictures[:2]), np.hstack(pictures[2:])])
    boxes = np.concatenate([boxes + shift for (_, _, boxes, _), shift in zip(four, shifts, strict=True)])
    return four[0][0], whole, boxes, np.concatenate([counts for _, _, _, counts in four])


def own_choice(detector: Detector, scene: Scene) -> int | None:
    """The size that the detector searches these frames at by itself, where it has a rule."""
    picture = next(iter(scene.pictures.values()))
    return detector.search_size(*picture.shape[:2]) if isinstance(detector, SlidingDetector) else None


def main() -> None:
    """Print a row a source size: AP50 and milliseconds by search size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sequences", nargs="+", type=Path, metavar="SEQUENCE")
    parser.add_argument("--detector", default="sliding")
    parser.add_argument("--frames", type=int, default=20, help="of each sequence")
    parser.add_argument("--sources", default=",".join(map(str, SOURCES)), help="longer sides in pixels")
    arguments = parser.parse_args()
    try:
        usual = load_detector(arguments.detector, conf=WEAKEST)
        rows = []
        for longer in map(int, arguments.sources.split(",")):
            scene = scene_of(arguments.sequences, longer, arguments.frames)
            if scene.images:
                rows.append(_row(scene, arguments.detector, own_choice(usual, scene)))
    except (InputError, ValueError) as error:
        sys.exit(f"error: {error}")
    head = ["source", "frames", "chosen", "AP50, ms", *(str(size) for size in SEARCHES)]
    print_table(f"{arguments.detector}: AP50 of people, milliseconds a frame", head, [rows], markdown=True)


def _row(scene: Scene, name: str, chosen: int | None) -> list[str]:
    def cell(size: int | None) -> str:
        ap50, milliseconds = scene.precision(load_detector(name, conf=WEAKEST, imgsz=size))
        return f"{ap50:.3f}, {milliseconds:.0f}"

    tried = [cell(size) if size <= scene.longer else "" for size in SEARCHES]
    return [str(scene.longer), str(len(scene.images)), str(chosen or ""), cell(None), *tried]


if __name__ == "__main__":
    main()
