"""Polygons in CVAT's tracks: the outlines of masks."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np

from detectors import limits
from detectors.base import Floats
from detectors.columns import masks_in
from detectors.masks import Mask
from tracker.annotations import validate
from tracker.annotations.document import AnnotatedTrack
from tracker.annotations.mask_budget import MaskBudget
from tracker.annotations.mask_polygons import fill, outline_of


def outline_text(track: AnnotatedTrack, row: int) -> str:
    """The points of a row's mask, or of its box where it has none, as CVAT writes them."""
    mask = masks_in(track.columns, len(track))[row]
    points = np.empty((0, 2)) if mask is None else outline_of(mask)
    if not len(points):
        x1, y1, x2, y2 = track.boxes[row]
        points = np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]])
    return ";".join(f"{x:.2f},{y:.2f}" for x, y in points.tolist())


def read_outline(polygon: ET.Element) -> Floats:
    """The points ``(P, 2)``. Raises ValueError or KeyError for anything else."""
    pairs = [point.split(",") for point in polygon.attrib["points"].split(";")]
    if len(pairs) < 3 or any(len(pair) != 2 for pair in pairs):
        raise ValueError("fewer than three points")
    flat = [validate.number(float(value), "a point", -limits.PIXELS, limits.PIXELS) for pair in pairs for value in pair]
    return np.array(flat).reshape(-1, 2)


def box_around(points: Floats) -> list[float]:
    """xyxy of points ``(P, 2)``."""
    return [*points.min(axis=0).tolist(), *points.max(axis=0).tolist()]


def mask_inside(points: Floats, size: tuple[int, int], budget: MaskBudget) -> Mask:
    """The pixels inside an outline. size: height and width of a frame, 0 if unknown. Raises ValueError for too many."""
    return budget.spend(fill([points], size if all(size) else None), 2 * len(points))
