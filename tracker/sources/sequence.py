"""MOTChallenge sequence folders, with the images in img1/ where there are any."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from detectors.base import Frame
from tracker.sources.base import Source
from tracker.sources.sequence_info import read_info


def open_sequence(folder: Path) -> Source:
    """The frames of a sequence; without images each picture is ``(0, 0, 3)``.

    Raises InputError when seqinfo.ini cannot be understood, or an image is not readable.
    """
    info = read_info(folder)
    images = folder / info.images
    if images.is_dir():
        from tracker.sources.images import open_folder  # OpenCV is for pictures only

        return replace(open_folder(images, info.frame_rate), name=folder.resolve().name, path=folder)
    return Source(
        frames=_blank_frames(info.length, info.frame_rate),
        name=folder.resolve().name,
        width=info.width,
        height=info.height,
        frame_rate=info.frame_rate,
        frame_count=info.length,
        path=folder,
        has_images=False,
    )


def _blank_frames(length: int, rate: Fraction) -> Iterator[Frame]:
    nothing = np.empty((0, 0, 3), dtype=np.uint8)
    for index in range(1, length + 1):
        yield Frame(nothing, index, float((index - 1) / rate))
