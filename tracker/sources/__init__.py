"""Where frames come from: a file, a camera, a stream, images, a MOTChallenge sequence."""

from __future__ import annotations

import glob
from fractions import Fraction
from pathlib import Path

from tracker.sources.base import Source

__all__ = ["Source", "open_source"]


def open_source(source: str | int | Path, frame_rate: float | None = None) -> Source:
    """Open whatever `source` names.

    A number is a camera; ``scheme://`` is a stream; a folder with seqinfo.ini is a MOTChallenge sequence, any other a
    folder of images; a name with ``*``, ``?`` or ``[`` that is no file is a pattern of images; all else is a video.
    frame_rate: frames a second of images, which carry no times (30 if left out).

    Raises InputError when there is no such source or nothing in it can be read.
    """
    from tracker.sources import images, sequence, video

    text = str(source)
    rate = images.FRAME_RATE if frame_rate is None else Fraction(frame_rate).limit_denominator(1001)
    if text.isdigit() and not Path(text).exists():
        return video.open_camera(int(text))
    if "://" in text:
        return video.open_stream(text)
    path = Path(text)
    if path.is_dir():
        return sequence.open_sequence(path) if sequence.is_sequence(path) else images.open_folder(path, rate)
    if glob.has_magic(text) and not path.exists():
        return images.open_glob(text, rate)
    return video.open_video(path)
