"""Crops around boxes, and which of their pixels belong to the object: what the box-to-mask network learns from.

Crops are cut as in use (`detectors.box_masks`), around boxes as a detector might have drawn them. Now and then another
object, cut out along its silhouette, stands in front (Ghiasi et al., "Simple Copy-Paste", 2021).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
import torch

from detectors.base import Floats, Image
from detectors.box_masks import SIDE, cut_square, region_of, round_region
from training.data.augment import Augmentation, recoloured
from training.data.prefetch import prefetch
from training.data.segmentation import SegmentedImage, read_picture

SURE = 255
CELL = 2  # pixels of the square for one of the network's answers
ROOM = 0.6  # of a box, on each side, that is kept of its picture: jittered boxes look further


Shades = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class CropVariation:
    """How crops are varied.

    shift, stretch: of a box, as shares of its sides and as a factor's logarithm. mirror, coarse, cover: the share of
    crops that are mirrored, seen from far away, or covered in part by another object. colour: see `Augmentation`.
    """

    shift: float = 0.06
    stretch: float = 0.12
    mirror: float = 0.5
    coarse: float = 0.15
    cover: float = 0.25
    colour: float = 0.8


class CropBatch(NamedTuple):
    """crops ``(N, 3, SIDE, SIDE)`` float BGR in [0, 255]; shares ``(N, SIDE / 2, SIDE / 2)`` of each cell that is the
    object's."""

    crops: torch.Tensor
    shares: torch.Tensor


@dataclass(frozen=True, eq=False)
class Instance:
    """An object with its surroundings: image ``(h, w, 3)``, box ``(4,)`` xyxy in it.

    mask: ``(h, w)`` uint8, from 0 to `SURE` for how sure it is that a pixel belongs to the object.
    """

    image: Image
    mask: Shades
    box: Floats


def read_instances(images: Sequence[SegmentedImage]) -> list[Instance]:
    """Every object of the pictures, crowds left out. Raises InputError for a picture that cannot be read."""
    found = []
    for image in images:
        picture = read_picture(image.path, (image.height, image.width))
        rows = np.flatnonzero(~image.crowd).tolist()
        found += [cut_instance(picture, image.silhouette(row) * np.uint8(SURE), image.boxes[row]) for row in rows]
    return found


def cut_instance(picture: Image, mask: Shades, box: Floats) -> Instance:
    """An object out of a picture ``(H, W, 3)``: its mask ``(H, W)`` and its box ``(4,)``."""
    room = ROOM * (box[2:] - box[:2]) + 2
    left, top = np.maximum(0, np.floor(box[:2] - room)).astype(int)
    right, bottom = np.ceil(box[2:] + room).astype(int)
    part = slice(top, bottom), slice(left, right)
    return Instance(picture[part].copy(), mask[part].copy(), box - [left, top, left, top])


class MaskCrops:
    """Endless batches of crops of instances; batch n of a seed is always the same."""

    def __init__(self, instances: Sequence[Instance], seed: int, size: int, how: CropVariation | None = None) -> None:
        self.instances, self.seed, self.size = instances, seed, size
        self.how = how or CropVariation()

    def batches(self, first: int) -> Iterator[CropBatch]:
        """Batches from number `first` on, made ahead of time in a thread."""
        return prefetch(self.batch, first, "crops")

    def batch(self, number: int) -> CropBatch:
        """Batch `number`: a part of a random order of all instances."""
        crops, shares = zip(*(self._draw(number * self.size + place) for place in range(self.size)), strict=True)
        stack = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).float()
        return CropBatch(stack.contiguous(memory_format=torch.channels_last), torch.from_numpy(np.stack(shares)))

    def _draw(self, number: int) -> tuple[Image, Floats]:
        turn, place = divmod(number, len(self.instances))
        order = np.random.default_rng((self.seed, turn)).permutation(len(self.instances))
        rng = np.random.default_rng((self.seed, turn, place))
        instance = self.instances[int(order[place])]
        if rng.random() < self.how.cover:
            instance = covered(instance, self.instances[int(rng.integers(len(self.instances)))], rng)
        box = jitter(instance.box, self.how, rng)
        crop, share = render(instance, box)
        if rng.random() < self.how.coarse:
            crop = seen_from_afar(crop, rng)
        if rng.random() < self.how.mirror:
            crop, share = crop[:, ::-1], share[:, ::-1]
        light = Augmentation(colour=self.how.colour, grey=0.05, blur=0.05)
        return recoloured(np.ascontiguousarray(crop), light, rng), np.ascontiguousarray(share)


def render(instance: Instance, box: Floats) -> tuple[Image, Floats]:
    """The square around a box of an instance, and the share of each cell that the object covers."""
    region = region_of(box)
    x1, y1, x2, y2 = round_region(region)
    height, width = instance.mask.shape
    inside = instance.mask[max(0, y1) : min(height, y2), max(0, x1) : min(width, x2)].astype(np.float32) / SURE
    sides = max(0, -y1), max(0, y2 - height), max(0, -x1), max(0, x2 - width)
    whole = cv2.copyMakeBorder(inside, *sides, cv2.BORDER_CONSTANT, value=0)
    cells = SIDE // CELL
    smaller = min(whole.shape) > cells
    share = cv2.resize(whole, (cells, cells), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
    return cut_square(instance.image, region), np.asarray(share)


def jitter(box: Floats, how: CropVariation, rng: np.random.Generator) -> Floats:
    """A box ``(4,)`` as a detector might have found it."""
    middle, size = (box[:2] + box[2:]) / 2, box[2:] - box[:2]
    middle = middle + rng.normal(0, how.shift / 2, 2).clip(-how.shift, how.shift) * size
    size = size * np.exp(rng.normal(how.stretch / 3, how.stretch / 2, 2).clip(-how.stretch, how.stretch))
    return np.concatenate([middle - size / 2, middle + size / 2])


def covered(instance: Instance, other: Instance, rng: np.random.Generator) -> Instance:
    """The instance with another one in front of a part of it."""
    size, theirs = instance.box[2:] - instance.box[:2], other.box[2:] - other.box[:2]
    scale = float(np.exp(rng.uniform(-0.4, 0.3)) * np.sqrt(size.prod() / theirs.prod()))
    shift = instance.box[:2] + rng.uniform(-0.1, 1.1, 2) * size - scale * (other.box[:2] + theirs / 2)
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    shape = instance.mask.shape[::-1]
    front = cv2.warpAffine(other.mask, matrix, shape, flags=cv2.INTER_NEAREST) > SURE // 2
    mask = np.where(front, np.uint8(0), instance.mask)
    left = mask > SURE // 2
    if left.sum() < 0.5 * (instance.mask > SURE // 2).sum() or not left.any():
        return instance
    image = np.where(front[..., None], cv2.warpAffine(other.image, matrix, shape), instance.image)
    rows, columns = np.flatnonzero(left.any(axis=1)), np.flatnonzero(left.any(axis=0))
    box = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], dtype=np.float64)
    return Instance(np.asarray(image, dtype=np.uint8), mask, box)


def seen_from_afar(crop: Image, rng: np.random.Generator) -> Image:
    """The crop as if it had fewer pixels."""
    side = int(rng.integers(SIDE // 5, SIDE * 2 // 3))
    small = cv2.resize(crop, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)
