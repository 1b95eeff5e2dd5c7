"""MOTChallenge sequence folders: seqinfo.ini, and the images in img1/ where there are any."""

from __future__ import annotations

import configparser
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np

from detectors.base import Frame
from detectors.errors import InputError
from tracker.durations import frame_rate
from tracker.sources.base import Source

INFO = "seqinfo.ini"


class SequenceInfo(NamedTuple):
    """What seqinfo.ini says. length: frames. width, height: pixels, 0 if unknown. images: name of their folder."""

    frame_rate: Fraction
    length: int
    width: int
    height: int
    images: str


def is_sequence(folder: Path) -> bool:
    """Whether a folder is a MOTChallenge sequence."""
    return (folder / INFO).is_file()


def open_sequence(folder: Path) -> Source:
    """The frames of a sequence; without images each picture is ``(0, 0, 3)``.

    Raises InputError when seqinfo.ini cannot be understood, or an image is not readable.
    """
    try:
        info = _read_info(folder / INFO)
    except (configparser.Error, KeyError, ValueError, UnicodeDecodeError) as error:
        remedy = "[Sequence] needs frameRate and seqLength"
        raise InputError(folder / INFO, f"cannot be understood: {error}", remedy) from None
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


def _read_info(path: Path) -> SequenceInfo:
    """Raises several kinds of errors for a file that cannot be understood."""
    parser = configparser.ConfigParser(interpolation=None)  # a folder's name may hold a %
    parser.read(path, encoding="utf-8")
    section = parser["Sequence"]
    rate, length = frame_rate(section["frameRate"]), int(section["seqLength"])
    width, height = int(section.get("imWidth", "0")), int(section.get("imHeight", "0"))
    if length <= 0:
        raise ValueError("seqLength must be above 0")
    return SequenceInfo(rate, length, width, height, section.get("imDir", "img1"))


def _blank_frames(length: int, rate: Fraction) -> Iterator[Frame]:
    nothing = np.empty((0, 0, 3), dtype=np.uint8)
    for index in range(1, length + 1):
        yield Frame(nothing, index, float((index - 1) / rate))
