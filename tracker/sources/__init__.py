"""Where frames come from: a file, a camera, a stream, images, a MOTChallenge sequence."""

from __future__ import annotations

import glob
from fractions import Fraction
from pathlib import Path
from urllib.parse import unquote

from detectors.errors import InputError
from tracker.sources import sequence
from tracker.sources.base import FRAME_RATE, Source
from tracker.sources.sequence_info import is_sequence

__all__ = ["Source", "is_live", "open_source"]


def open_source(
    source: str | int | Path,
    frame_rate: float | None = None,
    size: str | None = None,
    rate: float | None = None,
    reconnect: bool | None = None,
) -> Source:
    """Open a source of any kind.

    A number is a camera, as is ``/dev/video0``; ``scheme://`` is a stream; a folder with seqinfo.ini is a MOTChallenge
    sequence, any other a folder of images; a name with ``*``, ``?`` or ``[`` that is no file is a pattern of images;
    all else is a video.
    frame_rate: frames a second of images, which carry no times (30 if left out). size, rate: ``WIDTHxHEIGHT`` and
    frames a second to ask a camera for. reconnect: whether a live source is opened again when it is lost; None means
    yes for streams, no for cameras.

    Raises InputError when there is no such source, nothing in it can be read, or it cannot be asked for size and rate.
    """
    images_rate = FRAME_RATE if frame_rate is None else Fraction(frame_rate).limit_denominator(10000)
    text = str(source)
    try:
        if _is_camera(text):
            return _open_camera(text, size, rate, bool(reconnect))
        if size is not None or rate is not None:
            what = "--size" if size is not None else "--rate"
            raise InputError(what, "is for cameras, and the source is none", "leave it out")
        return _open(text, images_rate, reconnect is not False)
    except OSError as error:  # no permission, a name that is too long, a disk that does not answer
        raise InputError(source, f"cannot be read: {error.strerror}", "check the path and its permissions") from None


def is_live(source: str | int | Path) -> bool:
    """Whether a source is a camera or an address, which may come back when it is lost."""
    text = str(source)
    return _is_camera(text) or ("://" in text and not text.startswith("file://"))


def _is_camera(text: str) -> bool:
    path = Path(text)
    return (text.isdecimal() and not path.exists()) or (path.parent == Path("/dev") and path.name.startswith("video"))


def _open_camera(text: str, size: str | None, rate: float | None, reconnect: bool) -> Source:
    from tracker.sources import camera

    width, height = (None, None) if size is None else camera.parse_size(size)
    which = int(text) if text.isdecimal() else Path(text)
    return camera.open_camera(which, camera.CameraSettings(width, height, rate), reconnect)


def _open(text: str, rate: Fraction, reconnect: bool) -> Source:
    if text.startswith("file://"):
        text = unquote(text.removeprefix("file://"))
    path, live = Path(text), "://" in text
    if not live and path.is_dir() and is_sequence(path):
        return sequence.open_sequence(path)
    if not live and (path.is_dir() or (glob.has_magic(text) and not path.exists())):
        from tracker.sources import images

        return images.open_folder(path, rate) if path.is_dir() else images.open_glob(text, rate)
    if live:
        from tracker.sources import stream

        return stream.open_stream(text, reconnect)
    from tracker.sources import video

    return video.open_video(path)
