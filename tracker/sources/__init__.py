"""Where frames come from: a file, a camera, a stream, images, a MOTChallenge sequence."""

from __future__ import annotations

import glob
from fractions import Fraction
from pathlib import Path

from detectors.errors import InputError
from tracker.sources import sequence
from tracker.sources.base import FRAME_RATE, Source

__all__ = ["Source", "open_source"]


def open_source(source: str | int | Path, frame_rate: float | None = None) -> Source:
    """Open whatever `source` names.

    A number is a camera; ``scheme://`` is a stream; a folder with seqinfo.ini is a MOTChallenge sequence, any other a
    folder of images; a name with ``*``, ``?`` or ``[`` that is no file is a pattern of images; all else is a video.
    frame_rate: frames a second of images, which carry no times (30 if left out).

    Raises InputError when there is no such source or nothing in it can be read.
    """
    rate = FRAME_RATE if frame_rate is None else Fraction(frame_rate).limit_denominator(10000)
    try:
        return _open(str(source), rate)
    except OSError as error:  # no permission, a name that is too long, a disk that does not answer
        raise InputError(source, f"cannot be read: {error.strerror}", "check the path and its permissions") from None


def _open(text: str, rate: Fraction) -> Source:
    path, live = Path(text), "://" in text
    if not live and path.is_dir() and sequence.is_sequence(path):
        return sequence.open_sequence(path)
    if not live and (path.is_dir() or (glob.has_magic(text) and not path.exists())):
        from tracker.sources import images

        return images.open_folder(path, rate) if path.is_dir() else images.open_glob(text, rate)
    from tracker.sources import video

    if text.isdecimal() and not path.exists():
        return video.open_camera(int(text))
    return video.open_stream(text) if live else video.open_video(path)
