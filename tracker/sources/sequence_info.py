"""seqinfo.ini, which makes a folder a MOTChallenge sequence."""

from __future__ import annotations

import configparser
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from detectors.errors import InputError
from tracker.durations import frame_rate

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


def read_info(folder: Path) -> SequenceInfo:
    """What seqinfo.ini in a folder says. Raises InputError when it cannot be understood."""
    try:
        return _parse(folder / INFO)
    except (configparser.Error, KeyError, ValueError, UnicodeDecodeError) as error:
        remedy = "[Sequence] needs frameRate and seqLength"
        raise InputError(folder / INFO, f"cannot be understood: {error}", remedy) from None


def _parse(path: Path) -> SequenceInfo:
    """Raises several kinds of errors for a file that cannot be understood."""
    parser = configparser.ConfigParser(interpolation=None)  # a folder's name may hold a %
    parser.read(path, encoding="utf-8")
    section = parser["Sequence"]
    rate, length = frame_rate(section["frameRate"]), int(section["seqLength"])
    width, height = int(section.get("imWidth", "0")), int(section.get("imHeight", "0"))
    if length <= 0:
        raise ValueError("seqLength must be above 0")
    return SequenceInfo(rate, length, width, height, section.get("imDir", "img1"))
