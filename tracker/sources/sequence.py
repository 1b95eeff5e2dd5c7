"""MOTChallenge sequence folders: seqinfo.ini, and the images in img1/ where there are any."""

from __future__ import annotations

import configparser
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from detectors.base import Frame
from detectors.errors import InputError
from tracker.sources.base import Source

INFO = "seqinfo.ini"


def is_sequence(folder: Path) -> bool:
    """Whether a folder is a MOTChallenge sequence."""
    return (folder / INFO).is_file()


def open_sequence(folder: Path) -> Source:
    """The frames of a sequence; without images each picture is ``(0, 0, 3)``.

    Raises InputError when seqinfo.ini cannot be understood, or an image is not readable.
    """
    parser = configparser.ConfigParser()
    try:
        parser.read(folder / INFO, encoding="utf-8")
        info = parser["Sequence"]
        rate = Fraction(info["frameRate"])
        length = int(info["seqLength"])
        width, height = int(info.get("imWidth", "0")), int(info.get("imHeight", "0"))
        if rate <= 0 or length <= 0:
            raise ValueError("frameRate and seqLength must be above 0")
    except (configparser.Error, KeyError, ValueError, ZeroDivisionError, UnicodeDecodeError) as error:
        raise InputError(
            folder / INFO, f"cannot be understood: {error}", "[Sequence] needs frameRate and seqLength"
        ) from None
    images = folder / info.get("imDir", "img1")
    if images.is_dir():
        from tracker.sources.images import open_folder  # OpenCV is for pictures only

        return replace(open_folder(images, rate), name=folder.resolve().name, path=folder)
    return Source(
        frames=_blank_frames(length, rate),
        name=folder.resolve().name,
        width=width,
        height=height,
        frame_rate=rate,
        frame_count=length,
        duration=float(length / rate),
        path=folder,
        has_images=False,
    )


def _blank_frames(length: int, rate: Fraction) -> Iterator[Frame]:
    nothing = np.empty((0, 0, 3), dtype=np.uint8)
    for index in range(1, length + 1):
        yield Frame(nothing, index, float((index - 1) / rate))
