"""Masks as COCO has them: run lengths of the frame, or polygons along the edges of pixels. Both lose nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from detectors import limits
from detectors.columns import MASKS, Columns
from detectors.masks import Mask
from detectors.run_lengths import decode, encode
from tracker.annotations.document import AnnotatedTrack
from tracker.annotations.mask_budget import MaskBudget
from tracker.annotations.mask_polygons import filled_polygons, polygons_of

Entry = dict[str, Any]
Size = tuple[int, int]


def mask_entry(track: AnnotatedTrack, row: int, size: Size, polygons: bool = False) -> Entry:
    """What the annotation of a box says of its mask; nothing where none is known. size: height and width of a frame.

    polygons: for programs that read no run lengths.
    """
    mask = track.columns[MASKS][row] if MASKS in track.columns else None
    if mask is None or not all(size):
        return {}
    inside = mask.within(*size)
    outlines = [polygon.ravel().tolist() for polygon in polygons_of(inside)] if polygons else []
    return {"segmentation": outlines if polygons else encode(mask, *size), "area": inside.area}


def read_mask(entry: Entry, image: Entry, budget: MaskBudget) -> Mask | None:
    """The mask of an annotation, None where it has none. image: the entry of its picture, which may tell its size.

    Raises ValueError for a mask that is none, or is of a picture of another size.
    """
    value = entry.get("segmentation")
    if value is None or value == []:
        return None
    height, width = image.get("height"), image.get("width")
    told = all(type(side) is int and 0 < side <= limits.PIXELS for side in (height, width))
    known = (int(height), int(width)) if told and height and width else None
    if isinstance(value, dict):
        return budget.spend(decode(value, known), len(value["counts"]))
    return budget.spend(filled_polygons(value, known), sum(map(len, value)))


def masks_column(rows: Sequence[Entry]) -> Columns:
    """The column of a track's boxes, of which `read_mask` has read the masks; no column where none has one."""
    found = [row[MASKS] for row in rows]
    return {} if all(mask is None for mask in found) else {MASKS: found}
