"""Annotations and the pictures they belong to, as ``python -m training`` and others read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from detectors.errors import InputError
from tracker.annotations import coco, mot_sequence, yolo
from tracker.annotations.document import Annotations
from tracker.annotations.frame_extraction import extract_frames

COCO, IMAGES = "annotations.json", "images"
JUDGED = 5  # of so many videos one is held back, to judge by
LEAST_SIDE = 5e-4  # pixels of a box that is written after it was cut off at the picture's border


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


def boxes_in_set(video: Annotations, every: int) -> int:
    """How many boxes of a video are in a set of its pictures: those of the frames taken, as far as they are inside."""
    border = [video.width, video.height] * 2
    inside = (track.boxes[(track.frames - 1) % every == 0].clip(0, border) for track in video.tracks)
    return sum(int(((boxes[:, 2:] - boxes[:, :2]).min(axis=1) > LEAST_SIDE).sum()) for boxes in inside)


def write_yolo_index(folder: Path, boxes: Mapping[str, int], labels: Sequence[str]) -> list[str]:
    """Write data.yaml over several YOLO sets in a folder; returns which of them are held back, to judge by.

    boxes: of each set, by its path from there. Whole videos are held back, since pictures of one are much alike: every
    fifth with boxes, by name, at least one. Of a single video all pictures are in both parts.
    """
    able = sorted(name for name, count in boxes.items() if count)
    step = min(len(able), JUDGED)
    held = able[step - 1 :: step] if len(able) > 1 else []
    train = [f"{name}/{IMAGES}" for name in sorted(boxes) if name not in held]
    val = [f"{name}/{IMAGES}" for name in held] or train
    yolo.write_data(folder / yolo.DATA, train, val, labels)
    return held


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
