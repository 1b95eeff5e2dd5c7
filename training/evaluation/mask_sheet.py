"""A picture of what a network makes of pictures: their pixels tinted, the labelled ones beside what it found."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from detectors.base import Bools, Image
from detectors.masks import box_crops
from training.data.segmentation import Classes, SegmentedImage, read_picture
from training.evaluation.contact_sheet import COLOURS, INK, PAPER
from training.evaluation.instance_masks import MaskBoxes, mask_iou
from training.losses.masks import IGNORED

HEIGHT, STRIP, MARGIN = 260, 30, 8  # pixels: of a row's pictures, of the caption below, around each
TINT = 0.55
FONT, TEXT_SCALE = cv2.FONT_HERSHEY_SIMPLEX, 0.48


def tinted(picture: Image, masks: Sequence[Bools], colours: Sequence[int]) -> Image:
    """The picture ``(H, W, 3)`` with masks ``(H, W)`` in the colours of these numbers, each with a clear outline."""
    canvas = picture.astype(np.float32)
    for mask, number in zip(masks, colours, strict=True):
        canvas[mask] += TINT * (np.array(COLOURS[number % len(COLOURS)]) - canvas[mask])
    done = np.ascontiguousarray(canvas.astype(np.uint8))
    for mask, number in zip(masks, colours, strict=True):
        outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        cv2.drawContours(done, outlines, -1, COLOURS[number % len(COLOURS)], 1, cv2.LINE_AA)
    return done


def of_classes(picture: Image, classes: Classes) -> Image:
    """The picture with the class of each pixel ``(H, W)`` in its colour; background and unknown stay as they are."""
    shown = [number for number in np.unique(classes).tolist() if number not in (0, IGNORED)]
    return tinted(picture, [classes == number for number in shown], [number - 1 for number in shown])


def of_boxes(picture: Image, image: SegmentedImage, mask_boxes: MaskBoxes) -> tuple[Image, float]:
    """The picture with what is found in each labelled box; and the mean IoU."""
    crops = box_crops(image.boxes, image.height, image.width)
    whole, fits = [], []
    for row, mask in enumerate(mask_boxes(picture, image.boxes)):
        x1, y1, x2, y2 = crops[row]
        whole.append(np.zeros((image.height, image.width), bool))
        whole[-1][y1:y2, x1:x2] = mask
        fits.append(mask_iou(mask, crops[row], image.silhouette(row)))
    return tinted(picture, whole, range(len(whole))), float(np.mean(fits)) if fits else 1.0


def draw_mask_sheet(
    images: Sequence[SegmentedImage], show: Callable[[Image, SegmentedImage], list[tuple[Image, str]]]
) -> Image:
    """Pictures in rows, one a picture. show: the pictures of a row, of the same size, with their captions."""
    rows = [_row(show(read_picture(image.path, (image.height, image.width)), image)) for image in images]
    width = max(row.shape[1] for row in rows)
    wide = [cv2.copyMakeBorder(row, 0, 0, 0, width - row.shape[1], cv2.BORDER_CONSTANT, value=PAPER) for row in rows]
    return np.asarray(np.vstack(wide), dtype=np.uint8)


def chosen(images: Sequence[SegmentedImage], count: int = 4) -> list[SegmentedImage]:
    """So many pictures that show something, from all over the list."""
    showing = [image for image in images if image.index or len(image.masks)] or list(images)
    places = np.unique(np.linspace(0, len(showing) - 1, count).round().astype(int))
    return [showing[place] for place in places]


def _row(cells: Sequence[tuple[Image, str]]) -> Image:
    scale = HEIGHT / cells[0][0].shape[0]
    drawn = []
    for picture, caption in cells:
        small = cv2.resize(picture, (max(1, round(picture.shape[1] * scale)), HEIGHT), interpolation=cv2.INTER_AREA)
        cell = cv2.copyMakeBorder(small, MARGIN, STRIP, MARGIN, MARGIN, cv2.BORDER_CONSTANT, value=PAPER)
        cv2.putText(cell, caption, (MARGIN, MARGIN + HEIGHT + 20), FONT, TEXT_SCALE, INK, 1, cv2.LINE_AA)
        drawn.append(cell)
    return np.asarray(np.hstack(drawn), dtype=np.uint8)
