"""Detectors side by side: average precision on labelled pictures, and the time that a frame of 1920 x 1080 takes.

usage: python -m benchmarks.detection DATA DETECTOR... [--list FILE] [--source NAME] [--rounds N]

DATA as for training. A DETECTOR is what --detector takes: sliding, or the path of a model; with @640 behind it, frames
are scaled to 640 pixels. One evaluator (pycocotools) and one non-maximum suppression for all; speeds are medians of
rounds in which the detectors take turns.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from detectors import Detections, Detector, Frame, InputError, load_detector
from detectors.base import Image
from detectors.boxes import nms
from training.data.dataset import Dataset, load_dataset
from training.data.feed import PictureReader
from training.evaluation.evaluate import IOU, MOST, WEAKEST, Precision, evaluate

FRAME_SIZE = (1080, 1920)


def judged(detector: Detector, dataset: Dataset) -> Callable[[Image], Detections]:
    """The detector as `evaluate` wants it: suppressed, in the data set's classes."""
    position = {name: index for index, name in enumerate(dataset.class_names)}
    known = {class_id: position[name] for class_id, name in detector.class_names.items() if name in position}

    def detect(image: Image) -> Detections:
        found = detector(Frame(image, 1, 0.0))
        found = found[np.isin(found.class_ids, list(known))]
        class_ids = np.array([known[int(class_id)] for class_id in found.class_ids], dtype=np.int64)
        found = Detections(found.boxes, found.scores, class_ids)
        return found[nms(found.boxes, found.scores, IOU, class_ids)[:MOST]]

    return detect


def time_side_by_side(detectors: dict[str, Detector], rounds: int) -> dict[str, float]:
    """Median milliseconds of a frame of 1920 x 1080 made of noise that is smooth, as pictures are."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (9, 16, 3)).astype(np.uint8)
    frame = Frame(coarse.repeat(FRAME_SIZE[0] // 9, axis=0).repeat(FRAME_SIZE[1] // 16, axis=1), 1, 0.0)
    spent: dict[str, list[float]] = {name: [] for name in detectors}
    for _ in range(rounds + 2):
        for name, detector in detectors.items():
            start = time.perf_counter()
            detector(frame)
            spent[name].append(1000 * (time.perf_counter() - start))
    return {name: float(np.median(times[2:])) for name, times in spent.items()}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="COCO .json file, or folder")
    parser.add_argument("detectors", nargs="+", metavar="DETECTOR[@IMGSZ]")
    parser.add_argument("--list", type=Path, help="judge only the pictures named in this file")
    parser.add_argument("--source", help="judge only pictures of this source")
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    try:
        dataset = load_dataset(arguments.data)
        if arguments.list:
            dataset = dataset.only(arguments.list.read_text(encoding="utf-8").split())
        kept = [image for image in dataset.images if arguments.source in (None, image.source)]
        dataset = Dataset(dataset.class_names, tuple(kept))
        weak, usual = ({name: _load(name, conf) for name in arguments.detectors} for conf in (WEAKEST, 0.1))
    except (InputError, OSError) as error:
        sys.exit(f"error: {error}")
    precisions = {name: evaluate(judged(weak[name], dataset), PictureReader(), dataset) for name in weak}
    show(precisions, time_side_by_side(usual, arguments.rounds), len(dataset.images))


def _load(name: str, conf: float) -> Detector:
    """``sliding@640`` -> that detector with frames scaled to 640 pixels."""
    path, _, size = name.partition("@")
    return load_detector(path, conf=conf, imgsz=int(size) if size else None)


def show(precisions: dict[str, dict[str, Precision]], milliseconds: dict[str, float], pictures: int) -> None:
    """Print AP50 by class, a row a detector, its AP over all classes, and its time, also against the first one."""
    classes = list(next(iter(precisions.values())))
    table = Table(title=f"AP50 on {pictures} pictures", title_justify="left", box=None, pad_edge=False)
    table.add_column("detector")
    for name in (*classes, "AP", "ms", "ms ratio"):
        table.add_column(name, justify="right")
    first = next(iter(milliseconds.values()))
    for name, of_class in precisions.items():
        row = [f"{of_class[each].ap50:.3f}" for each in classes]
        row += [f"{of_class['mean'].ap:.3f}", f"{milliseconds[name]:.1f}", f"{milliseconds[name] / first:.2f}"]
        table.add_row(Path(name).name, *row)
    boxes = [str(next(iter(precisions.values()))[each].boxes) for each in classes]
    table.add_row("objects", *boxes, style="dim")
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
