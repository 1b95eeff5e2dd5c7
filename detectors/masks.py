"""Masks: which pixels of the frame an object covers. Each is a rectangle of the frame, a bit a pixel.

A full frame of booleans for each object would be two megabytes at 1080p; a person in it is 30,000 pixels, 4 kB.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from detectors import limits

Bits = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Mask:
    """The pixels of one object.

    x, y: the left column and the top row of its rectangle, in pixels of the frame; they may lie outside of it. height,
    width: of the rectangle, which may be empty. bits: its pixels row by row, eight in a byte, the first is the highest
    bit. Raises ValueError where `bits` has not that many.
    """

    x: int
    y: int
    height: int
    width: int
    bits: bytes

    def __post_init__(self) -> None:
        if min(self.height, self.width) < 0 or len(self.bits) != -(-self.height * self.width // 8):
            raise ValueError(f"{len(self.bits)} bytes are no {self.height} x {self.width} pixels")

    @classmethod
    def pack(cls, pixels: npt.NDArray[Any], x: int, y: int) -> Mask:
        """Of pixels ``(h, w)``, True on the object, whose top left corner is at column `x`, row `y` of the frame."""
        height, width = pixels.shape
        return cls(int(x), int(y), height, width, np.packbits(np.asarray(pixels, dtype=bool)).tobytes())

    @classmethod
    def of_frame(cls, pixels: npt.NDArray[Any], box: npt.ArrayLike | None = None) -> Mask:
        """Of a whole frame's pixels ``(H, W)``: cropped to an xyxy box ``(4,)``, or to what the object covers."""
        pixels = np.asarray(pixels, dtype=bool)
        if box is None:
            rows, columns = pixels.any(axis=1).nonzero()[0], pixels.any(axis=0).nonzero()[0]
            edges = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1) if len(rows) else (0, 0, 0, 0)
        else:
            edges = box_crops(np.asarray(box, dtype=np.float64)[None], *pixels.shape)[0]
        x1, y1, x2, y2 = (int(edge) for edge in edges)
        return cls.pack(pixels[y1:y2, x1:x2], x1, y1)

    def pixels(self) -> Bits:
        """Its pixels ``(height, width)``, True on the object."""
        count = self.height * self.width
        flat = np.unpackbits(np.frombuffer(self.bits, np.uint8), count=count)
        return flat.reshape(self.height, self.width).view(bool)

    def on_frame(self, height: int, width: int) -> Bits:
        """The whole frame's pixels ``(height, width)``; what lies outside of it is lost."""
        frame = np.zeros((height, width), dtype=bool)
        inside = self.within(height, width)
        frame[inside.y : inside.y + inside.height, inside.x : inside.x + inside.width] = inside.pixels()
        return frame

    def within(self, height: int, width: int) -> Mask:
        """The part of it that lies in a frame of that size."""
        x1, y1, x2, y2 = self.rectangle
        if x1 >= 0 and y1 >= 0 and x2 <= width and y2 <= height:
            return self
        left, right = (min(max(0, edge), width) for edge in (x1, x2))
        top, bottom = (min(max(0, edge), height) for edge in (y1, y2))
        return Mask.pack(self.pixels()[top - y1 : bottom - y1, left - x1 : right - x1], left, top)

    @property
    def rectangle(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom, the last two exclusive."""
        return self.x, self.y, self.x + self.width, self.y + self.height

    @property
    def area(self) -> int:
        """How many pixels it covers."""
        return int(self.pixels().sum())


def box_crops(boxes: npt.NDArray[Any], height: int, width: int) -> npt.NDArray[np.int64]:
    """The pixels that boxes ``(N, 4)`` touch, as left, top, right, bottom ``(N, 4)``, clipped to a frame of that size.

    All pixels between the rounded-down left and top and the rounded-up right and bottom edges; none of a box outside.
    """
    edges = np.concatenate([np.floor(boxes[:, :2]), np.ceil(boxes[:, 2:])], axis=1)
    return np.asarray(np.clip(edges, 0, [width, height, width, height]), dtype=np.int64)


def masks_of(values: Any, boxes: npt.NDArray[Any] | None = None) -> list[Mask | None]:
    """A column of masks out of masks, booleans ``(N, H, W)`` of whole frames, or None for what is not known.

    boxes: ``(N, 4)`` to crop booleans to; None crops them to what they cover. Raises ValueError for anything else.
    """
    around = [None] * len(values) if boxes is None else boxes
    return [None if value is None else _packed(value, box) for value, box in zip(values, around, strict=True)]


def _packed(value: Any, box: npt.NDArray[Any] | None) -> Mask:
    if isinstance(value, Mask):
        return value
    pixels = np.asarray(value)
    if pixels.ndim != 2 or pixels.dtype.kind not in "bui":
        kind = f"the shape {pixels.shape}" if pixels.ndim != 2 else f"the type {pixels.dtype}"
        raise ValueError(f"a mask has {kind}, and is neither a Mask nor booleans of a frame (H, W)")
    return Mask.of_frame(pixels, box)


def moved(mask: Mask | None, offset: Sequence[float] | npt.NDArray[Any]) -> Mask | None:
    """The mask of an object that lies `offset` ``(2,)`` pixels farther, in whole pixels."""
    if mask is None:
        return None
    return replace(mask, x=mask.x + round(float(offset[0])), y=mask.y + round(float(offset[1])))


def fitted(mask: Mask, before: npt.NDArray[Any], after: npt.NDArray[Any]) -> Mask:
    """The mask of an object whose box went from `before` to `after` ``(4,)``: shifted and scaled along.

    Boxes without a size are only followed; a mask that would be larger than any picture stays as it is.
    """
    size = before[2:] - before[:2]
    if (size <= 0).any() or not mask.height or not mask.width:
        return replace(
            mask, x=mask.x + round(float(after[0] - before[0])), y=mask.y + round(float(after[1] - before[1]))
        )
    scale = (after[2:] - after[:2]) / size
    corners = np.array([mask.rectangle[:2], mask.rectangle[2:]], dtype=np.float64)
    (x1, y1), (x2, y2) = np.rint((corners - before[:2]) * scale + after[:2]).astype(np.int64).tolist()
    if (x2 - x1) * (y2 - y1) > limits.PICTURE_PIXELS:
        return mask
    rows, columns = _nearest(y2 - y1, mask.height), _nearest(x2 - x1, mask.width)
    return Mask.pack(mask.pixels()[rows][:, columns], x1, y1)


def _nearest(count: int, of: int) -> npt.NDArray[np.int64]:
    """Which of `of` pixels in a row each of `count` shows, when they are stretched to these."""
    return np.asarray((np.arange(count) + 0.5) * of / max(count, 1), dtype=np.int64)


def union(first: Mask | None, second: Mask | None) -> Mask | None:
    """The pixels of both, such as of two parts of one object; None where neither is known."""
    if first is None or second is None:
        return first or second
    x1, y1 = min(first.x, second.x), min(first.y, second.y)
    x2, y2 = (max(first.rectangle[at], second.rectangle[at]) for at in (2, 3))
    pixels = np.zeros((y2 - y1, x2 - x1), dtype=bool)
    for each in (first, second):
        pixels[each.y - y1 : each.y - y1 + each.height, each.x - x1 : each.x - x1 + each.width] |= each.pixels()
    return Mask.pack(pixels, x1, y1)


def shared_pixels(first: Mask, second: Mask) -> int:
    """How many pixels both masks cover."""
    x1, y1 = max(first.x, second.x), max(first.y, second.y)
    x2, y2 = (min(first.rectangle[at], second.rectangle[at]) for at in (2, 3))
    if x2 <= x1 or y2 <= y1:
        return 0
    parts = (each.pixels()[y1 - each.y : y2 - each.y, x1 - each.x : x2 - each.x] for each in (first, second))
    return int(np.logical_and(*parts).sum())


def mask_iou(first: Mask, second: Mask) -> float:
    """Intersection over union of two masks, 0 where both are empty."""
    shared = shared_pixels(first, second)
    total = first.area + second.area - shared
    return shared / total if total else 0.0
