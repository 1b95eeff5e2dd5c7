"""Tiles: a large frame is searched as a whole and in overlapping parts, so that small objects are not shrunk away.

As in slicing aided hyper inference (Akyon et al., 2022), with fragments put together at the seams.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from detectors.base import Bools, Detections, Detector, Floats, Frame, Ints, how_read, notes, search_size
from detectors.boxes import areas, nms, overlap_areas
from detectors.columns import MASKS, concatenate_columns, move_positions, select_rows
from detectors.masks import union

OVERLAP = 0.2  # of a tile's side: what is smaller than that is whole in at least one of them
LEAST_SHRINK = 0.4  # of a tile's size, up to which `auto` lets a detector shrink it
MOST_TILES = 8  # along each side
EDGE = 2.0  # pixels from a tile's inner edge up to which a box counts as cut off
COVERED = 0.6  # share of a fragment inside another box from which it is a part of that object
ALIGNED = 0.6  # IoU of two fragments' sides along a seam from which they are parts of one object
SHARED = 0.2  # share of the smaller fragment that both tiles see


class Tile(NamedTuple):
    """A part of a frame, in its pixels: columns ``left:right``, rows ``top:bottom``."""

    left: int
    top: int
    right: int
    bottom: int


class TiledDetector:
    """Searches a frame as a whole with `whole`, and `count` x `count` tiles of it with `close`.

    count: None for as many as `tiles_needed` tells. iou: overlap up to which two detections of a class are two objects.
    The two detectors know the same classes; they are one where there is no better way to look at a part.
    """

    suppressed = True

    def __init__(self, whole: Detector, close: Detector, count: int | None = None, iou: float = 0.7) -> None:
        self._whole, self._close, self._count, self._iou = whole, close, count, iou
        self.name, self.class_names, self.concurrent = whole.name, whole.class_names, whole.concurrent
        self.notes, self.how_read = notes(whole), how_read(whole)

    def search_size(self, height: int, width: int) -> int | None:
        """The longer side in pixels that the whole frame is scaled to, None if its detector does not tell."""
        return search_size(self._whole, height, width)

    def count(self, height: int, width: int) -> int:
        """How many tiles a frame of that size has along each side; 1 for none."""
        return self._count or tiles_needed(self._close, height, width)

    def __call__(self, frame: Frame) -> Detections:
        """The detections in pixels of the frame, each object once."""
        height, width = frame.image.shape[:2]
        found = [self._suppressed(self._whole, frame)]
        cut = [np.zeros(len(found[0]), dtype=bool)]
        count = self.count(height, width)
        if count == 1:
            return found[0]
        for tile in tiles(height, width, count):
            part = frame.image[tile.top : tile.bottom, tile.left : tile.right]
            inside = self._suppressed(self._close, Frame(part, frame.index, frame.time, frame.cut))
            inside = _moved(inside, np.array([tile.left, tile.top]))
            found.append(inside)
            cut.append(is_cut(inside.boxes, tile, height, width))
        return merge(concatenated(found), np.concatenate(cut), self._iou)

    def _suppressed(self, detector: Detector, frame: Frame) -> Detections:
        found = detector(frame)
        return found if detector.suppressed else found[nms(found.boxes, found.scores, self._iou, found.class_ids)]


def tiles(height: int, width: int, count: int) -> Iterator[Tile]:
    """`count` x `count` tiles that cover a frame and overlap by `OVERLAP`, row by row."""
    rows, columns = _spans(height, count), _spans(width, count)
    for top, bottom in rows:
        for left, right in columns:
            yield Tile(left, top, right, bottom)


def _spans(side: int, count: int) -> list[tuple[int, int]]:
    length = min(side, int(np.ceil(side / (count - (count - 1) * OVERLAP))))
    return [(start, start + length) for start in np.linspace(0, side - length, count).round().astype(int).tolist()]


def tiles_needed(detector: Detector, height: int, width: int) -> int:
    """The fewest tiles along each side of which none is shrunk to less than `LEAST_SHRINK` of its size.

    1 where the detector does not tell at what size it searches.
    """
    for count in range(1, MOST_TILES):
        tile = next(tiles(height, width, count))
        high, wide = tile.bottom - tile.top, tile.right - tile.left
        size = search_size(detector, high, wide)
        if size is None or size >= LEAST_SHRINK * max(high, wide):
            return count
    return MOST_TILES


def is_cut(boxes: Floats, tile: Tile, height: int, width: int) -> Bools:
    """Which boxes ``(N, 4)``, in pixels of the frame, reach an edge of their tile that is none of the frame's."""
    return np.asarray(
        ((boxes[:, 0] <= tile.left + EDGE) & (tile.left > 0))
        | ((boxes[:, 1] <= tile.top + EDGE) & (tile.top > 0))
        | ((boxes[:, 2] >= tile.right - EDGE) & (tile.right < width))
        | ((boxes[:, 3] >= tile.bottom - EDGE) & (tile.bottom < height))
    )


def merge(found: Detections, cut: Bools, iou: float) -> Detections:
    """The detections of all tiles and of the whole frame as one set, each object once, best first.

    cut: ``(N,)``, whether a box is cut off by its tile. Whole boxes suppress each other as usual. A fragment goes where
    a whole box of its class covers it. Fragments that are left are joined across seams.
    """
    whole, fragments = found[~cut], found[cut]
    whole = whole[nms(whole.boxes, whole.scores, iou, whole.class_ids)]
    fragments = fragments[~_covered(fragments, whole)]
    fragments = _join(fragments)
    fragments = fragments[nms(fragments.boxes, fragments.scores, iou, fragments.class_ids)]
    merged = concatenated([whole, fragments])
    return merged[np.argsort(-merged.scores, kind="stable")]


def _moved(found: Detections, offset: Ints) -> Detections:
    """Detections in a tile as those in the frame. offset: ``(2,)``, where the tile begins."""
    columns = move_positions(found.columns, offset)
    return Detections(found.boxes + np.tile(offset, 2), found.scores, found.class_ids, columns=columns)


def concatenated(parts: Sequence[Detections]) -> Detections:
    """The rows of all parts, one after the other."""
    return Detections(
        np.concatenate([part.boxes for part in parts]),
        np.concatenate([part.scores for part in parts]),
        np.concatenate([part.class_ids for part in parts]),
        columns=concatenate_columns([part.columns for part in parts], [len(part) for part in parts]),
    )


def _covered(fragments: Detections, whole: Detections) -> Bools:
    """Which fragments lie mostly inside a whole box of their class."""
    if not len(fragments) or not len(whole):
        return np.zeros(len(fragments), dtype=bool)
    share = overlap_areas(fragments.boxes, whole.boxes) / np.maximum(areas(fragments.boxes), 1e-9)[:, None]
    same = fragments.class_ids[:, None] == whole.class_ids[None, :]
    return np.asarray(((share > COVERED) & same).any(axis=1))


def _join(fragments: Detections) -> Detections:
    """Fragments of one object put together: the box around them, with the best of their scores.

    Of the columns, those of the better one are kept; masks are put together like the boxes.
    """
    while len(fragments) > 1:
        rows, others = np.nonzero(np.triu(_same_object(fragments), 1))
        if not len(rows):
            break
        first, second = int(rows[0]), int(others[0])
        boxes, scores = fragments.boxes.copy(), fragments.scores.copy()
        boxes[first] = _around(boxes[[first, second]])
        scores[first] = scores[[first, second]].max()
        better = np.arange(len(fragments))
        better[first] = first if fragments.scores[first] >= fragments.scores[second] else second
        columns, kept = dict(select_rows(fragments.columns, better)), np.arange(len(fragments)) != second
        if MASKS in columns:
            masks = fragments.columns[MASKS]
            columns[MASKS] = [*columns[MASKS][:first], union(masks[first], masks[second]), *columns[MASKS][first + 1 :]]
        fragments = replace(fragments, boxes=boxes, scores=scores, columns=columns)[kept]
    return fragments


def _around(boxes: Floats) -> Floats:
    return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])


def _same_object(fragments: Detections) -> Bools:
    """Which pairs ``(N, N)`` of fragments continue each other: they share a strip, and their sides along it agree.

    Or one of them is a part of the other, as it is once the other has grown.
    """
    boxes, class_ids = fragments.boxes, fragments.class_ids
    area = areas(boxes)
    shared = overlap_areas(boxes, boxes) / np.maximum(np.minimum(area[:, None], area[None, :]), 1e-9)
    aligned = np.maximum(_span_iou(boxes[:, [0, 2]]), _span_iou(boxes[:, [1, 3]])) > ALIGNED
    return np.asarray((((shared > SHARED) & aligned) | (shared > COVERED)) & (class_ids[:, None] == class_ids[None, :]))


def _span_iou(spans: Floats) -> Floats:
    """IoU ``(N, N)`` of intervals ``(N, 2)``."""
    low, high = np.maximum(spans[:, None, 0], spans[None, :, 0]), np.minimum(spans[:, None, 1], spans[None, :, 1])
    shared = np.maximum(high - low, 0.0)
    length = spans[:, 1] - spans[:, 0]
    return np.asarray(shared / np.maximum(length[:, None] + length[None, :] - shared, 1e-9))
