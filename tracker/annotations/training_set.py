"""Annotations and the pictures they belong to, as ``python -m training`` and others read them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from detectors.errors import InputError
from tracker.annotations import coco, mot_sequence, yolo
from tracker.annotations.document import Annotations
from tracker.annotations.frame_extraction import extract_frames

COCO, IMAGES = "annotations.json", "images"


def write_coco_set(
    annotated: Iterable[tuple[Annotations, Path]], folder: Path, every: int = 1, partial: bool = False
) -> None:
    """Write annotations.json and images/ of all videos, each given with its file; boxes are clipped to the picture.

    every, partial: as in `extract_frames`. Raises InputError.
    """
    (folder / IMAGES).mkdir(parents=True)
    videos = (_pictured(video, file, folder / IMAGES, every, partial) for video, file in annotated)
    coco.write_many(videos, folder / COCO, every, clipped=True)


def _pictured(video: Annotations, file: Path, images: Path, every: int, partial: bool) -> Annotations:
    """The video, as long as its file is, with its pictures written."""
    seen = extract_frames(video, file, images, every, partial=partial)
    return replace(video, frame_count=seen, times=None if video.times is None else video.times[:seen])


def write_yolo_set(video: Annotations, file: Path, folder: Path, every: int = 1, partial: bool = False) -> None:
    """Write a YOLO folder of one video with images/ in it, as `write_coco_set` does."""
    yolo.write(video, folder, every)
    extract_frames(video, file, folder / IMAGES, every, partial=partial)


def write_sequence_set(video: Annotations, file: Path, folder: Path, every: int = 1, partial: bool = False) -> None:
    """Write a MOTChallenge sequence with its pictures, all of them, in img1/. Raises InputError."""
    if every > 1:
        raise InputError(f"--every {every}", "would tear a sequence", "leave it out, or choose coco or yolo")
    mot_sequence.write_sequence(video, folder)
    extract_frames(video, file, folder / "img1", name=lambda frame: f"{frame:06d}", partial=partial)
