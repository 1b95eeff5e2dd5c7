"""Training pictures out of segmented ones: scaled, cut out, mirrored and recoloured together with their classes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np
import torch

from detectors.base import Floats, Image
from detectors.sliding import GREY
from training.data.augment import Augmentation, recoloured
from training.data.prefetch import prefetch
from training.data.segmentation import Classes, Segmentation, read_picture
from training.losses.masks import IGNORED

RARE = 0.3  # a class that fewer of the pictures show is drawn more often
AIMED = 0.7  # of the cuts hold some pixel of an object for sure


class SegmentedBatch(NamedTuple):
    """pictures ``(N, 3, side, side)`` float BGR in [0, 255]; classes ``(N, side, side)`` uint8."""

    pictures: torch.Tensor
    classes: torch.Tensor


class SegmentationFeed:
    """Endless batches of a data set; batch n of a seed is always the same.

    how: sizes and colours; mosaics and zooming are a detector's. Pictures and classes are kept in memory once read.
    """

    def __init__(self, dataset: Segmentation, seed: int, size: int, how: Augmentation) -> None:
        self._images, self.seed, self.size, self.how = dataset.images, seed, size, how
        self._kept: dict[int, tuple[Image, Classes]] = {}
        chances = repeat_factors(dataset)
        self._chances = np.cumsum(chances) / chances.sum()

    def batches(self, first: int) -> Iterator[SegmentedBatch]:
        """Batches from number `first` on, made ahead of time in a thread."""
        return prefetch(self.batch, first, "segments")

    def batch(self, number: int) -> SegmentedBatch:
        """Batch `number`."""
        numbers = range(number * self.size, (number + 1) * self.size)
        pictures, classes = zip(*(self.sample(each) for each in numbers), strict=True)
        stack = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float()
        return SegmentedBatch(stack.contiguous(memory_format=torch.channels_last), torch.from_numpy(np.stack(classes)))

    def sample(self, number: int) -> tuple[Image, Classes]:
        """Sample `number`: a square of a picture, and its classes."""
        rng = np.random.default_rng((self.seed, number))
        at = int(np.searchsorted(self._chances, rng.random(), side="right"))
        picture, classes = cut(*self._read(at), self.how, rng)
        if rng.random() < self.how.mirror:
            picture, classes = picture[:, ::-1], classes[:, ::-1]
        return recoloured(np.ascontiguousarray(picture), self.how, rng), np.ascontiguousarray(classes)

    def _read(self, at: int) -> tuple[Image, Classes]:
        if at not in self._kept:
            image = self._images[at]
            self._kept[at] = read_picture(image.path, (image.height, image.width)), image.classes()
        return self._kept[at]


def cut(picture: Image, classes: Classes, how: Augmentation, rng: np.random.Generator) -> tuple[Image, Classes]:
    """A square of `how.side` out of a picture, scaled, and its classes; nobody knows what is beyond the border."""
    height, width = classes.shape
    scale = how.long_side / max(height, width) * np.exp(rng.uniform(-how.spread, how.spread))
    stretch = np.exp(rng.uniform(-how.stretch, how.stretch))
    scales = np.array([scale * stretch, scale / stretch])
    size = np.array([width, height]) * scales
    room = np.minimum(0, size - how.side), np.maximum(0, size - how.side)
    corner = rng.uniform(*room)
    objects = np.flatnonzero((classes != 0) & (classes != IGNORED)) if rng.random() < AIMED else np.zeros(0, np.int64)
    if len(objects):
        y, x = divmod(int(rng.choice(objects)), width)
        corner = np.clip(np.array([x, y]) * scales - rng.uniform(0.2, 0.8, 2) * how.side, *room)
    shift = (scales - 1) / 2 - corner  # OpenCV counts from the middle of the first pixel
    matrix, square = np.array([[scales[0], 0, shift[0]], [0, scales[1], shift[1]]]), (how.side, how.side)
    seen = cv2.warpAffine(picture, matrix, square, flags=cv2.INTER_LINEAR, borderValue=(GREY, GREY, GREY))
    known = cv2.warpAffine(classes, matrix, square, flags=cv2.INTER_NEAREST, borderValue=(IGNORED,))
    return np.asarray(seen, dtype=np.uint8), np.asarray(known, dtype=np.uint8)


def repeat_factors(dataset: Segmentation, share: float = RARE) -> Floats:
    """Factors ``(N,)`` from 1 up for pictures of rare classes, as `training.data.sampling.repeat_factors`."""
    shown = np.zeros((len(dataset.images), len(dataset.class_names) + 1), bool)
    for row, image in zip(shown, dataset.images, strict=True):
        classes = image.class_ids[~image.crowd] + 1 if image.index is None else np.unique(image.classes())
        row[classes[classes < len(row)]] = True
    factors = np.maximum(1.0, np.sqrt(share / np.maximum(shown.mean(axis=0), 1e-9)))
    factors[0] = 1.0
    return np.asarray((factors * shown).max(axis=1, initial=1.0))
