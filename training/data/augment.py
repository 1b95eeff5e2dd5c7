"""Training pictures out of labelled ones: cut out, scaled, mirrored, recoloured, now and then four in one.

A sample keeps the size of objects that the deployed network will see: pictures are scaled around the size it runs at,
and a square is cut out of them, so that each step costs the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from detectors.base import Bools, Floats, Image, Ints
from detectors.boxes import areas, clip
from detectors.sliding import GREY
from training.data.dataset import LabelledImage

VISIBLE = 0.3  # an object of which less is left inside a cut is neither a hit nor a miss
READABLE = 3.0  # pixels: smaller objects are neither a hit nor a miss
ENLARGED = 4.0  # at most: beyond it there is nothing left to see
CLOSE = (0.25, 1.0)  # of a cut's side: how long the object is that a sample is zoomed on


@dataclass(frozen=True)
class Augmentation:
    """How pictures are varied.

    side: pixels of the square that is cut out. long_side: what a picture's longer side is scaled to, before `spread`:
    a factor drawn from exp(-spread) to exp(spread). stretch: the same for width against height. mirror, mosaic, zoom,
    grey, blur: the share of samples that are mirrored, made of four pictures, scaled to one of their objects instead of
    to the picture, without colour, or blurred. colour: how far brightness, contrast, saturation and hue may go, 1 for
    as far as it is done.

    A kind of object that the pictures only show far away is seen from close, too, where samples are zoomed (large-scale
    jittering: Ghiasi et al., "Simple Copy-Paste", 2021, section 3; here around an object).
    """

    side: int = 320
    long_side: float = 512.0
    spread: float = 0.45
    stretch: float = 0.1
    mirror: float = 0.5
    mosaic: float = 0.2
    zoom: float = 0.0
    colour: float = 1.0
    grey: float = 0.03
    blur: float = 0.05


@dataclass(frozen=True, eq=False)
class Sample:
    """A training picture and its truth.

    image: ``(side, side, 3)`` uint8 BGR. boxes ``(G, 4)`` xyxy pixels, class_ids, difficult and scores ``(G,)`` as in
    `LabelledImage`. region_boxes ``(R, 4)``, region_labels ``(R, C)``: the classes looked for in each part.
    """

    image: Image
    boxes: Floats
    class_ids: Ints
    difficult: Bools
    scores: Floats
    region_boxes: Floats
    region_labels: Bools


def draw_sample(
    pick: Callable[[], LabelledImage],
    read: Callable[[LabelledImage], Image],
    how: Augmentation,
    rng: np.random.Generator,
) -> Sample:
    """One sample of pictures that `pick` chooses and `read` loads."""
    if rng.random() >= how.mosaic:
        sample = _cut(pick(), read, how, how.side, rng)
    else:
        half = how.side // 2
        sample = _in_one([_cut(pick(), read, how, half, rng) for _ in range(4)], half)
    if rng.random() < how.mirror:
        sample = _mirrored(sample)
    return Sample(recoloured(sample.image, how, rng), *_labels(sample))


def _cut(
    image: LabelledImage,
    read: Callable[[LabelledImage], Image],
    how: Augmentation,
    side: int,
    rng: np.random.Generator,
) -> Sample:
    """A square of `side` out of one picture, around one of its objects more often than not."""
    aim = image.boxes[rng.integers(len(image.boxes))] if len(image.boxes) else None
    close = aim is not None and bool(how.zoom) and rng.random() < how.zoom
    scale = _scale(image, aim if close else None, how, side, rng)
    stretch = np.exp(rng.uniform(-how.stretch, how.stretch))
    scales = np.array([scale * stretch, scale / stretch])
    size = np.array([image.width, image.height]) * scales
    corner = rng.uniform(np.minimum(0, size - side), np.maximum(0, size - side))
    if aim is not None and (close or rng.random() < 0.7):
        corner = (aim.reshape(2, 2) * scales).mean(axis=0) - rng.uniform(0.2, 0.8, 2) * side
        corner = np.clip(corner, np.minimum(0, size - side), np.maximum(0, size - side))
    shift = (scales - 1) / 2 - corner  # OpenCV counts from the middle of the first pixel
    matrix = np.array([[scales[0], 0, shift[0]], [0, scales[1], shift[1]]])
    softness = cv2.INTER_LINEAR if rng.random() < 0.5 else cv2.INTER_CUBIC  # cameras differ in sharpness too
    picture = cv2.warpAffine(read(image), matrix, (side, side), flags=softness, borderValue=(GREY, GREY, GREY))
    boxes = image.boxes * np.tile(scales, 2) - np.tile(corner, 2)
    inside = clip(boxes, side, side)
    seen = areas(inside) / np.maximum(areas(boxes), 1e-9)
    there = seen > 0.02
    small = (inside[:, 2:] - inside[:, :2]).min(axis=1, initial=np.inf) < READABLE
    return Sample(
        np.asarray(picture, dtype=np.uint8),
        inside[there],
        image.class_ids[there],
        (image.difficult | (seen < VISIBLE) | small)[there],
        image.scores[there],
        np.array([[0.0, 0.0, side, side]]),
        image.labelled[None],
    )


def _scale(image: LabelledImage, aim: Floats | None, how: Augmentation, side: int, rng: np.random.Generator) -> float:
    """Pixels of the cut for one of the picture: after the picture's size, or that of its object `aim` (4,)."""
    if aim is not None:
        length = max((aim[2:] - aim[:2]).max(), READABLE)
        return float(min(ENLARGED, side * np.exp(rng.uniform(*np.log(CLOSE))) / length))
    longer = how.long_side * side / how.side if side < how.side else how.long_side
    return float(longer / max(image.width, image.height) * np.exp(rng.uniform(-how.spread, how.spread)))


def _in_one(quarters: Sequence[Sample], half: int) -> Sample:
    """Four samples as the quarters of one picture (Bochkovskiy et al., "YOLOv4", 2020, section 3.3)."""
    image = np.empty((2 * half, 2 * half, 3), np.uint8)
    shifts = [np.array([x, y, x, y], dtype=np.float64) for y in (0, half) for x in (0, half)]
    for quarter, (x, y, _, _) in zip(quarters, shifts, strict=True):
        image[int(y) : int(y) + half, int(x) : int(x) + half] = quarter.image
    return Sample(
        image,
        np.concatenate([quarter.boxes + shift for quarter, shift in zip(quarters, shifts, strict=True)]),
        np.concatenate([quarter.class_ids for quarter in quarters]),
        np.concatenate([quarter.difficult for quarter in quarters]),
        np.concatenate([quarter.scores for quarter in quarters]),
        np.concatenate([quarter.region_boxes + shift for quarter, shift in zip(quarters, shifts, strict=True)]),
        np.concatenate([quarter.region_labels for quarter in quarters]),
    )


def _mirrored(sample: Sample) -> Sample:
    width = sample.image.shape[1]
    boxes, regions = (
        np.stack([width - b[:, 2], b[:, 1], width - b[:, 0], b[:, 3]], axis=1)
        for b in (sample.boxes, sample.region_boxes)
    )
    return Sample(
        np.ascontiguousarray(sample.image[:, ::-1]),
        boxes,
        sample.class_ids,
        sample.difficult,
        sample.scores,
        regions,
        sample.region_labels,
    )


def _labels(sample: Sample) -> tuple[Floats, Ints, Bools, Floats, Floats, Bools]:
    return sample.boxes, sample.class_ids, sample.difficult, sample.scores, sample.region_boxes, sample.region_labels


def recoloured(image: Image, how: Augmentation, rng: np.random.Generator) -> Image:
    """Another light, another camera."""
    picture: cv2.typing.MatLike = image
    contrast = np.exp(rng.uniform(-0.35, 0.35) * how.colour)
    brightness = rng.uniform(-40, 40) * how.colour
    middle = 128 * (1 - contrast)
    gains = np.exp(rng.uniform(-0.08, 0.08, 3) * how.colour)  # white balance
    table = np.clip(np.arange(256)[:, None] * contrast * gains + middle + brightness, 0, 255).astype(np.uint8)
    picture = cv2.LUT(picture, table[None])
    saturation = np.exp(rng.uniform(-0.5, 0.5) * how.colour) if rng.random() >= how.grey else 0.0
    grey = cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    picture = cv2.addWeighted(picture, saturation, grey, 1 - saturation, 0)
    if rng.random() < how.blur:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.5, 1.5))
    return np.asarray(picture, dtype=np.uint8)
