"""Segmenters side by side: IoU by class, time, and a picture of what each finds.

usage: python -m benchmarks.masks.segmenters DATA MODEL.onnx... [--list NAMES] [--picture PATH.jpg] [--markdown]

DATA: as for ``python -m training segmenter``, which makes the models; with --finest 32, 16 and 8 and nothing else
changed, the columns show what each skip is worth. NAMES: the pictures to judge by, a line each. IoU is counted over the
pixels of all pictures together; the time is of a frame of 1080p, on all cores.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from benchmarks.tables import print_circumstances, print_table
from detectors import InputError
from detectors.base import Image
from detectors.segmenter import Segmenter
from training.commands.options import read_list
from training.data.segmentation import SegmentedImage, load_segmentation
from training.evaluation.contact_sheet import write_contact_sheet
from training.evaluation.mask_sheet import chosen, draw_mask_sheet, of_classes
from training.evaluation.mean_iou import evaluate

FRAME = (1080, 1920)
ROUNDS = 9
SHOWN = 5  # pictures


def milliseconds(segmenter: Segmenter) -> float:
    """The median time of a frame."""
    noise = np.random.default_rng(0).integers(0, 256, (*FRAME, 3), dtype=np.uint8)
    frame = np.asarray(cv2.GaussianBlur(noise, (0, 0), 9), dtype=np.uint8)
    spent = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        segmenter(frame)
        spent.append(1000 * (time.perf_counter() - start))
    return float(np.median(spent))


def draw(images: Sequence[SegmentedImage], segmenters: dict[str, Segmenter], path: Path) -> None:
    """Some pictures: as labelled, and as each of them sees it."""

    def show(picture: Image, image: SegmentedImage) -> list[tuple[Image, str]]:
        found = [(of_classes(picture, segment(picture)), name) for name, segment in segmenters.items()]
        return [(of_classes(picture, image.classes()), "labelled"), *found]

    write_contact_sheet(draw_mask_sheet(chosen(images, SHOWN), show), path)


def main(arguments: Sequence[str]) -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.masks.segmenters", description="Segmenters compared.")
    parser.add_argument("data", type=Path, metavar="DATA")
    parser.add_argument("models", type=Path, nargs="+", metavar="MODEL.onnx")
    parser.add_argument("--list", type=Path, metavar="NAMES", help="pictures to judge by, a line each")
    parser.add_argument("--picture", type=Path, metavar="PATH.jpg", help="draw some")
    parser.add_argument("--markdown", action="store_true", help="a table to paste")
    options = parser.parse_args(arguments)
    dataset = load_segmentation(options.data)
    images = (dataset.only(read_list(options.list)) if options.list else dataset).images
    segmenters = {model.stem: Segmenter(model) for model in options.models}
    print_circumstances()
    found = {name: evaluate(segment, images, dataset.class_names) for name, segment in segmenters.items()}
    names = next(iter(found.values()))
    rows = [[name, *(f"{ious[name]:.3f}" for ious in found.values())] for name in names]
    rows.append(["ms, a frame of 1080p", *(f"{milliseconds(each):.1f}" for each in segmenters.values())])
    print_table(f"IoU in {len(images)} pictures", ("class", *segmenters), [rows], options.markdown)
    if options.picture:
        draw(images, segmenters, options.picture)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except InputError as error:
        sys.exit(f"error: {error}")
