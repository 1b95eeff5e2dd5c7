"""The frames of a video as pictures to train on, under the names that the annotations give them."""

from __future__ import annotations

from pathlib import Path

import cv2

from detectors.errors import InputError
from tracker.annotations.document import Annotations
from tracker.sources import open_source


def stem_of(name: str, frame: int) -> str:
    """What the files of frame `frame`, from 1, of the video `name` are called, without a suffix."""
    plain = name.replace("/", "_").replace("\\", "_")  # a name out of a file leads to no other folder
    return f"{plain}_{frame:06d}"


def extract(annotations: Annotations, video: Path, folder: Path, every: int = 1) -> None:
    """Write frame 1 and each `every`-th after it into `folder` as ``NAME_000001.jpg``.

    Raises InputError when the video cannot be read or a picture cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for frame in open_source(video).frames:
        if (frame.index - 1) % every == 0:
            picture = folder / f"{stem_of(annotations.name, frame.index)}.jpg"
            if not cv2.imwrite(str(picture), frame.image):
                raise InputError(picture, "cannot be written", "check the folder and the space on its disk")
