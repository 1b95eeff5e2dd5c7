"""Checks of values that were read from a file of somebody else: they return the value, or raise ValueError."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from detectors import limits
from detectors.base import Floats
from detectors.errors import InputError
from detectors.number_rows import encoding_of
from detectors.scores import ROUNDING
from tracker import durations
from tracker.annotations.document import AnnotatedTrack, Annotations

HEAD = 4096  # bytes that are read to recognise a file
MALFORMED = (OSError, ValueError, KeyError, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError)


class DrawnBoxes:
    """Counts the boxes that are drawn from the few shapes of a file, which may be meant to fill all memory."""

    def __init__(self) -> None:
        self._left = limits.DRAWN

    def take(self, shapes: int, boxes: int) -> None:
        """Count the boxes of a track before they are drawn from its shapes. Raises ValueError for too many."""
        self._left += limits.DRAWN_A_SHAPE * shapes - boxes
        if self._left < 0:
            raise ValueError(
                f"makes it more boxes than can be, {limits.DRAWN:,} and {limits.DRAWN_A_SHAPE} for each one written"
            )


def load_json(path: Path) -> Any:
    """The JSON in `path`, in UTF-8 or UTF-16; NaN and infinity, which are not part of JSON, are refused."""
    return json.loads(path.read_bytes(), parse_constant=_no_number)


def json_or_none(path: Path) -> Any:
    """The same; None for what is no JSON."""
    try:
        return load_json(path)
    except MALFORMED:
        return None


def json_head(path: Path) -> str:
    """The beginning of a file that is called .json, without the spaces before it; "" for any other."""
    try:
        if path.suffix.lower() != ".json" or not path.is_file():
            return ""
        with path.open("rb") as file:
            head = file.read(HEAD)
        return head.decode(encoding_of(head), "ignore").lstrip()
    except (OSError, ValueError):
        return ""


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def integer(value: object, name: str, least: int = 0, most: int = 2**53) -> int:
    """An integer, also one that is written as 3.0."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"{name} is {value!r}, no whole number")
    if value % 1 or not least <= value <= most:
        raise ValueError(f"{name} is {value}, not a whole number from {least} to {most}")
    return int(value)


def number(value: object, name: str, least: float, most: float) -> float:
    """A number within limits."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
        raise ValueError(f"{name} is {value!r}, no number from {least} to {most}")
    return float(value)


def score(value: object, name: str = "score") -> float:
    """A score, from 0 to 1; what only rounding has put outside is put back."""
    return float(np.clip(number(value, name, -ROUNDING, 1 + ROUNDING), 0, 1))


def text(value: object, name: str) -> str:
    """A string of at least one character, without line ends."""
    if not isinstance(value, str) or not value or len(value.splitlines()) > 1:
        raise ValueError(f"{name} is {value!r}, no text")
    return value


def distinct_texts(value: object, name: str) -> tuple[str, ...]:
    """A list of different strings."""
    if not isinstance(value, list):
        raise ValueError(f"{name} is no list")
    names = tuple(text(entry, name) for entry in value)
    if len(set(names)) < len(names):
        raise ValueError(f"{name} has the same twice")
    return names


def frame_rate(value: object) -> Fraction:
    """Frames a second, as a number or as text like 30000/1001; 0 is unknown."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError(f"frame_rate is {value!r}, no number")
    exact = _exact(value)
    if exact and not Fraction(1, 10_000) <= exact <= 10_000:
        raise ValueError(f"frame_rate is {value}, not from 0.0001 to 10000")
    return exact


def _exact(value: str | float) -> Fraction:
    if not isinstance(value, str):
        return Fraction(value)
    return Fraction(0) if value.strip() == "0" else durations.frame_rate(value)


def frame_times(value: object, count: int) -> Floats | None:
    """The times ``(count,)`` of all frames, or None."""
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != count:
        raise ValueError(f"times is no list of {count} numbers")
    times = np.array([number(entry, "time", -1e9, 1e9) for entry in value], dtype=np.float64)
    if (np.diff(times) < 0).any():
        raise ValueError("times go backwards")
    return times


def boxes_of_xywh(rows: Sequence[Sequence[object]], name: str = "bbox") -> Floats:
    """Boxes ``(N, 4)`` x, y, width, height as xyxy; no side is negative."""
    for row in rows:
        if len(row) != 4:
            raise ValueError(f"{name} has {len(row)} numbers, not x, y, width, height")
    least = [-limits.PIXELS, -limits.PIXELS, 0, 0]
    table = [[number(v, name, low, limits.PIXELS) for v, low in zip(row, least, strict=True)] for row in rows]
    boxes = np.array(table, dtype=np.float64).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    return boxes


def require_size(annotations: Annotations) -> None:
    """Raise InputError for a video without a size, which formats with shares of the picture need."""
    if not (annotations.width and annotations.height):
        why = "has no known size, which shares of the picture need"
        raise InputError(annotations.name, why, "add --size, such as --size 1280x720, or --video")


def require_frame_rate(annotations: Annotations) -> None:
    """Raise InputError for a video without a frame rate, which formats with times need."""
    if not annotations.frame_rate:
        raise InputError(annotations.name, "has no known frame rate", "add --fps, such as --fps 25, or --video")


def consistent(annotations: Annotations) -> Annotations:
    """The same annotations; ValueError when their tracks do not fit them or each other."""
    last: set[int] = set()
    for track in annotations.tracks:
        if track.track_id in last:
            raise ValueError(f"track {track.track_id} is there twice")
        last.add(track.track_id)
        _check_track(track, annotations)
    return annotations


def _check_track(track: AnnotatedTrack, annotations: Annotations) -> None:
    if track.frames[-1] > annotations.frame_count:
        raise ValueError(f"track {track.track_id} is in frame {track.frames[-1]} of {annotations.frame_count}")
    if (track.boxes[:, 2:] < track.boxes[:, :2]).any():
        raise ValueError(f"track {track.track_id} has a box of negative size")
    if (track.scores < 0).any() or (track.scores > 1).any():
        raise ValueError(f"track {track.track_id} has a score that is not from 0 to 1")
    if track.label not in annotations.labels:
        raise ValueError(f"track {track.track_id} is a {track.label!r}, which the labels do not name")
