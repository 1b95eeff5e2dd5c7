"""How well silhouettes out of boxes fit, and what they cost.

usage: python -m benchmarks.masks.boxes DATA [--list NAMES] [--model PATH.onnx] [--picture PATH.jpg] [--markdown]

DATA: as for ``python -m training box-masks``. NAMES: the pictures to look at, a line each. Mean IoU of each object's
mask inside the box that people drew, by class and by size; of the boxes themselves, which any network must beat; and
inside boxes of the package's detector that overlap an object by half or more. Milliseconds of the processor a box, one
thread: of crops, network and pasting together, in a frame of 1080p.
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
from detectors import Frame, InputError
from detectors.base import Floats, Image, Ints
from detectors.box_masks import EMBEDDED, BoxMasks
from detectors.boxes import iou_matrix, nms
from detectors.sliding import SlidingDetector
from training.commands.options import read_list
from training.data.segmentation import SegmentedImage, load_segmentation, read_picture
from training.evaluation.contact_sheet import write_contact_sheet
from training.evaluation.instance_masks import MaskBoxes, mask_ious, whole_boxes
from training.evaluation.mask_sheet import chosen, draw_mask_sheet, of_boxes

SIZES = {"up to 32 x 32 pixels": (0.0, 32.0**2), "to 96 x 96": (32.0**2, 96.0**2), "larger": (96.0**2, np.inf)}
FRAME = (1080, 1920)
BOX = (80.0, 220.0)  # pixels, of those that are timed
ROUNDS = 40


def measure(mask_boxes: MaskBoxes, images: Sequence[SegmentedImage]) -> Floats:
    """The IoU ``(N,)`` of every object, in the order of the pictures."""
    found = [
        mask_ious(mask_boxes, image, read_picture(image.path))[~image.crowd] for image in images if len(image.masks)
    ]
    return np.concatenate(found)


def in_detected_boxes(mask_boxes: MaskBoxes, images: Sequence[SegmentedImage]) -> tuple[Floats, Floats]:
    """IoU of masks, and of the boxes themselves, inside the detector's best box of each object that it found."""
    detector = SlidingDetector(conf=0.2)
    fits, boxes = [], []
    for image in images:
        picture = read_picture(image.path)
        found = detector(Frame(picture, 1, 0.0))
        found = found[nms(found.boxes, found.scores, 0.7, found.class_ids)]
        if not len(found) or not len(image.boxes):
            continue
        overlaps = iou_matrix(image.boxes, found.boxes)
        rows = np.flatnonzero((overlaps.max(axis=1) >= 0.5) & ~image.crowd)
        best = found.boxes[overlaps.argmax(axis=1)]
        fits.append(mask_ious(mask_boxes, image, picture, best)[rows])
        boxes.append(mask_ious(whole_boxes, image, picture, best)[rows])
    return np.concatenate(fits), np.concatenate(boxes)


def milliseconds(model: Path, count: int) -> tuple[float, float]:
    """Median and least milliseconds of the processor a box, of `count` in a frame of 1080p."""
    mask_boxes, rng = BoxMasks(model), np.random.default_rng(0)
    frame = cv2.GaussianBlur(rng.integers(0, 256, (*FRAME, 3), dtype=np.uint8), (0, 0), 5)
    corners = rng.uniform(0, 1, (count, 2)) * (np.array(FRAME[::-1]) - BOX)
    boxes = np.concatenate([corners, corners + BOX], axis=1)
    spent = []
    for _ in range(ROUNDS):
        start = time.process_time()
        mask_boxes(np.asarray(frame), boxes)
        spent.append(1000 * (time.process_time() - start) / count)
    return float(np.median(spent)), min(spent)


def rows_of(fits: Floats, boxes: Floats, images: Sequence[SegmentedImage], names: Sequence[str]) -> list[list[str]]:
    """Rows of the table: by class, by size, and of all."""
    class_ids: Ints = np.concatenate([image.class_ids[~image.crowd] for image in images])
    sides = np.concatenate([(image.boxes[:, 2:] - image.boxes[:, :2])[~image.crowd] for image in images])
    areas = sides.prod(axis=1)
    groups = {name: class_ids == number for number, name in enumerate(names)}
    groups |= {name: (areas >= low) & (areas < high) for name, (low, high) in SIZES.items()}
    groups["all"] = np.ones(len(fits), bool)
    return [
        [name, str(int(rows.sum())), f"{boxes[rows].mean():.3f}", f"{fits[rows].mean():.3f}"]
        for name, rows in groups.items()
        if rows.any()
    ]


def draw(images: Sequence[SegmentedImage], mask_boxes: MaskBoxes, path: Path) -> None:
    """Some pictures with what is found in their boxes."""

    def show(picture: Image, image: SegmentedImage) -> list[tuple[Image, str]]:
        drawn, fit = of_boxes(picture, image, mask_boxes)
        return [(picture, image.path.name), (drawn, f"IoU {fit:.2f}")]

    write_contact_sheet(draw_mask_sheet(chosen(images, 6), show), path)


def main(arguments: Sequence[str]) -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.masks.boxes", description="Silhouettes out of boxes.")
    parser.add_argument("data", type=Path, metavar="DATA")
    parser.add_argument("--list", type=Path, metavar="NAMES", help="pictures to look at, a line each")
    parser.add_argument("--model", type=Path, default=EMBEDDED, metavar="PATH.onnx", help="default: the package's")
    parser.add_argument("--picture", type=Path, metavar="PATH.jpg", help="draw some")
    parser.add_argument("--markdown", action="store_true", help="tables to paste")
    options = parser.parse_args(arguments)
    dataset = load_segmentation(options.data)
    images = (dataset.only(read_list(options.list)) if options.list else dataset).images
    mask_boxes = BoxMasks(options.model)
    print_circumstances()
    fits, boxes = measure(mask_boxes, images), measure(whole_boxes, images)
    headings = ("objects", "count", "their boxes", "masks")
    rows = rows_of(fits, boxes, images, dataset.class_names)
    found, theirs = in_detected_boxes(mask_boxes, images)
    rows.append(["in boxes of the detector", str(len(found)), f"{theirs.mean():.3f}", f"{found.mean():.3f}"])
    print_table(f"Mean IoU in {len(images)} pictures", headings, [rows], options.markdown)
    times = [[str(count), *(f"{each:.2f}" for each in milliseconds(options.model, count))] for count in (1, 4, 16)]
    size = options.model.stat().st_size / 2**20
    title = f"Milliseconds of the processor a box, one thread; {size:.2f} MB"
    print_table(title, ("boxes in the frame", "median", "least"), [times], options.markdown)
    if options.picture:
        draw(images, mask_boxes, options.picture)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except InputError as error:
        sys.exit(f"error: {error}")
