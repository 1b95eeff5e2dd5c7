"""Where frames come from: a file, a camera, a stream, images, a MOTChallenge sequence."""

from __future__ import annotations

import glob
from fractions import Fraction
from pathlib import Path

from detectors.errors import InputError
from tracker.sources.base import Source

__all__ = ["Source", "open_source"]


def open_source(source: str | int | Path, frame_rate: float | None = None) -> Source:
    """Open whatever `source` names.

    A number is a camera; ``scheme://`` is a stream; a folder with seqinfo.ini is a MOTChallenge sequence, any other a
    folder of images; a name with ``*``, ``?`` or ``[`` that is no file is a pattern of images; all else is a video.
    frame_rate: frames a second of images, which carry no times (30 if left out).

    Raises InputError when there is no such source or nothing in it can be read.
    """
    from tracker.sources import images

    rate = images.FRAME_RATE if frame_rate is None else Fraction(frame_rate).limit_denominator(10000)
    try:
        return _open(str(source), rate)
    except OSError as error:  # no permission, a name that is too long, a disk that does not answer
        raise InputError(source, f"cannot be read: {error.strerror}", "check the path and its permissions") from None


def _open(text: str, rate: Fraction) -> Source:
    from tracker.sources import images, sequence, video

    if text.isdecimal() and not Path(text).exists():
        return video.open_camera(int(text))
    if "://" in text:
        return video.open_stream(text)
    path = Path(text)
    if path.is_dir():
        return sequence.open_sequence(path) if sequence.is_sequence(path) else images.open_folder(path, rate)
    if glob.has_magic(text) and not path.exists():
        return images.open_glob(text, rate)
    return video.open_video(path)
