"""Frames of a video as JPEG files to train on, under the names that the annotations give them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2

from detectors.errors import InputError
from tracker.annotations.document import Annotations
from tracker.sources import Source, open_source

REMEDY = "give the video that was annotated"


def image_stem(name: str, frame: int) -> str:
    """What the files of frame `frame`, from 1, of the video `name` are called, without a suffix."""
    plain = name.replace("/", "_").replace("\\", "_")  # a name out of a file leads to no other folder
    return f"{plain}_{frame:06d}"


def complete_from_video(annotations: Annotations, video: Path) -> Annotations:
    """The same with what the annotations lack, taken from the video: size, frame rate, and number of frames.

    Raises InputError when the video cannot be read, has no pictures, or they have another size.
    """
    source = _open(video)
    known, size = (annotations.width, annotations.height), _size(source)
    if all(known) and known != size:
        why = f"has pictures of {size[0]}x{size[1]}, the annotations are of {known[0]}x{known[1]}"
        raise InputError(video, why, REMEDY)
    count = annotations.frame_count if all(known) else max(annotations.frame_count, _length(source, video))
    rate = annotations.frame_rate or source.frame_rate
    return replace(annotations, width=size[0], height=size[1], frame_rate=rate, frame_count=count)


def picture_size(video: Path) -> tuple[int, int]:
    """Width and height of a video's pictures. Raises InputError when it cannot be read, or has none."""
    return _size(_open(video))


def _open(video: Path) -> Source:
    source = open_source(video)
    if not source.has_images:
        raise InputError(video, "has no pictures", "give the video, or the folder with its pictures")
    return source


def _length(source: Source, video: Path) -> int:
    """How many frames there are, by counting them where the file does not say."""
    return source.frame_count or sum(1 for _ in open_source(video).frames)


def _size(source: Source) -> tuple[int, int]:
    if source.width and source.height:
        return source.width, source.height
    first = next(iter(source.frames), None)
    return (0, 0) if first is None else (first.image.shape[1], first.image.shape[0])


def extract_frames(
    annotations: Annotations,
    video: Path,
    folder: Path,
    every: int = 1,
    name: Callable[[int], str] | None = None,
    partial: bool = False,
) -> int:
    """Write frame 1 and each `every`-th after it into `folder` as ``NAME_000001.jpg``; returns how many frames it has.

    name: what the picture of a frame is called, without a suffix, if not so. partial: the video may go on after the
    last frame of the annotations; no pictures are made of what follows. Raises InputError when the video cannot be
    read, or has another number of frames, and OSError when a picture cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = name or (lambda frame: image_stem(annotations.name, frame))
    source, seen = _open(video), 0
    for frame in source.frames:
        if frame.index > annotations.frame_count:
            if not partial:
                why = f"goes on after frame {annotations.frame_count}, the last one of the annotations"
                raise InputError(video, why, f"{REMEDY}; if only a part of it was, add --partial")
            break
        seen = frame.index
        if (seen - 1) % every == 0:
            done, data = cv2.imencode(".jpg", frame.image)
            if not done:
                raise InputError(video, f"frame {seen} makes no picture", REMEDY)
            (folder / f"{name(seen)}.jpg").write_bytes(data.tobytes())
    _check_length(annotations, video, seen, source.frame_count)
    return seen


def _check_length(annotations: Annotations, video: Path, seen: int, announced: int | None) -> None:
    """Files may announce a few frames more than they have, and annotations count those, too."""
    last = max((int(track.frames[-1]) for track in annotations.tracks), default=0)
    if seen < last or (seen < annotations.frame_count and announced != annotations.frame_count):
        raise InputError(video, f"has {seen} frames, the annotations {annotations.frame_count}", REMEDY)
