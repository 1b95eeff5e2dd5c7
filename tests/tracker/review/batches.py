"""Records of videos, as a batch leaves them, for the report's tests."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tracker.annotations.document import AnnotatedTrack, Annotations
from tracker.drawing.colours import colour_of
from tracker.review.summary import summarise
from tracker.review.summary_file import read_summary, write_summary

MARKUP = "<script>alert(1)</script><img src=x onerror=alert(2)>"


def walk(
    track_id: int, stretches: Sequence[tuple[int, int]], score: float = 0.95, label: str = "person"
) -> AnnotatedTrack:
    """Steps to the right through stretches of frames, first to last."""
    frames = np.concatenate([np.arange(first, last + 1) for first, last in stretches])
    boxes = np.array([[2.0 * f, 50 * track_id, 2.0 * f + 20, 50 * track_id + 40] for f in frames])
    return AnnotatedTrack(track_id, label, frames, boxes, np.full(len(frames), score))


def video(name: str, tracks: Sequence[AnnotatedTrack], frames: int = 100) -> Annotations:
    """A video of ten frames a second."""
    labels = sorted({track.label for track in tracks})
    return Annotations(name, f"{name}.mp4", 640, 360, Fraction(10), frames, labels, tracks)


@lru_cache
def view(track_id: int) -> bytes:
    """A JPEG of a number's colour."""
    picture = np.full((96, 96, 3), 90, dtype=np.uint8)
    cv2.circle(picture, (48, 30), 14, colour_of(track_id), -1)
    cv2.rectangle(picture, (30, 48), (66, 96), colour_of(track_id), -1)
    return bytes(cv2.imencode(".jpg", picture)[1].tobytes())


def record(folder: Path, annotations: Annotations, advice: str = "") -> dict[str, Any]:
    """The record of a video, written and read back. advice: where little was found."""
    folder.mkdir(parents=True, exist_ok=True)
    views = {track.track_id: view(track.track_id) for track in annotations.tracks}
    write_summary(folder / "summary.json", annotations, summarise(annotations), views, advice)
    return read_summary(folder / "summary.json")


def embedded(track_id: int) -> str:
    """A view as it stands in the page."""
    return base64.b64encode(view(track_id)).decode()
