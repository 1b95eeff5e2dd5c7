"""Video files, on this computer or another, through OpenCV."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import cv2

from detectors.base import Frame, Image
from detectors.cores import available_cores
from detectors.errors import InputError
from tracker.sources.base import Source
from tracker.sources.file_names import plain_name
from tracker.sources.seek import find_seek_point, seek
from tracker.sources.video_header import Header, read_header

MOST_THREADS = 4  # of the decoder
MOST_LOST = 1000  # frames in a row that cannot be decoded: more than the longest group of pictures of encoders

os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # FFmpeg's own lines on standard error say less than ours


def open_video(path: Path) -> Source:
    """The frames of a video file, upright, with the times that the file gives them.

    Raises InputError when the file is missing, empty, or no frame of it can be decoded.
    """
    source, _ = _open_checked(path)
    return source


def announced_duration(path: Path) -> float | None:
    """Seconds of a video file, if it announces them; a damaged one may be shorter. Raises InputError."""
    _, header = _open_checked(path)
    return header.duration


def _open_checked(path: Path) -> tuple[Source, Header]:
    if not path.exists():
        raise InputError(path, "no such file", "check the path")
    if not path.is_file():
        raise InputError(path, "is a device or a pipe", "give a video file, or the number of a camera")
    if path.stat().st_size == 0:
        raise InputError(path, "the file is empty", "give a video file")
    path.open("rb").close()  # raises OSError where permissions are missing
    header = read_header(plain_name(path), path)
    source = _open_file(plain_name(path), path, path.stem, header)
    source.path = path
    return source, header


def can_seek(path: Path, seconds: float) -> bool:
    """Whether the frames of a file from `seconds` on can be read without the earlier ones."""
    address = plain_name(path)
    capture, first = _open_capture(address, ())
    try:
        point = None if first is None else find_seek_point(address, seconds, _seconds(capture))
        return point is not None and seek(capture, point)
    finally:
        capture.release()


def open_remote(url: str, shown: str, name: str, timeout: float) -> Source:
    """The frames of a video file on another computer, which is read like one on this one.

    shown, name: for messages and for files. timeout: seconds to wait for anything. Raises InputError.
    """
    header = read_header(url, shown, timeout)
    limit = round(1000 * timeout)
    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, limit, cv2.CAP_PROP_READ_TIMEOUT_MSEC, limit]
    return _open_file(url, shown, name, header, limits)


def _open_file(address: str, shown: Path | str, name: str, header: Header, settings: Sequence[int] = ()) -> Source:
    """The frames of what FFmpeg calls `address`. settings: of the capture, OpenCV's numbers and values in turn."""
    capture, first = _open_capture(address, settings)
    if first is None:
        raise InputError(shown, "no video frame can be decoded", "give a video file that plays")
    source = Source(
        frames=iter(()),
        name=name,
        width=first.shape[1],
        height=first.shape[0],
        frame_rate=header.frame_rate,
        time_base=header.time_base,
        frame_count=header.frames,
    )
    source.frames = _file_frames(address, settings, capture, first, source, header, shown)
    return source


def _open_capture(address: str, settings: Sequence[int]) -> tuple[cv2.VideoCapture, Image | None]:
    """The reader of a file, and its first picture; None where there is none."""
    threads = max(1, min(available_cores() // 2, MOST_THREADS))  # each holds pictures; one decodes 1080p in 3 ms
    capture = silently(cv2.VideoCapture, address, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, threads, *settings])
    return capture, silently(_read, capture) if capture.isOpened() else None


def _file_frames(
    address: str,
    settings: Sequence[int],
    capture: cv2.VideoCapture,
    image: Image | None,
    source: Source,
    header: Header,
    shown: Path | str,
) -> Iterator[Frame]:
    step = float(1 / source.frame_rate)
    index, last = 0, -step
    try:
        point = find_seek_point(address, source.start, _seconds(capture)) if source.start and source.path else None
        if point is not None:
            if seek(capture, point):
                index, last = point.number, float(point.stamps[-2])
                image = _picture(capture.retrieve())
            else:
                capture.release()
                capture, image = _open_capture(address, settings)
        while image is not None:
            index += 1
            stamp = _seconds(capture)
            # Raw streams and broken files have no time stamps, or some that do not advance: count on from the last.
            last = stamp if stamp > last else last + step
            yield Frame(image, index, last)
            image = _read(capture)
            if image is None and index != header.frames:
                image = _read_on(capture, source)
    finally:
        capture.release()
    if complaint := header.complaint(index, last + step):
        source.warnings.append(f"{shown}: {complaint}")


def _seconds(capture: cv2.VideoCapture) -> float:
    return capture.get(cv2.CAP_PROP_POS_MSEC) / 1000


def _read(capture: cv2.VideoCapture) -> Image | None:
    return _picture(capture.read())


def _read_on(capture: cv2.VideoCapture, source: Source) -> Image | None:
    """The next picture after some that cannot be decoded; None at the end.

    A file on another computer is not read on: each attempt might wait for what never comes.
    """
    for _ in range(MOST_LOST if source.path else 0):
        if (image := _read(capture)) is not None:
            return image
    return None


def _picture(given: tuple[bool, object]) -> Image | None:
    there, image = given
    return image if there else None  # type: ignore[return-value]  # OpenCV's stubs do not know the dtype


T = TypeVar("T")


def silently(call: Callable[..., T], *arguments: object) -> T:
    """Run `call` without the lines that OpenCV writes to standard error: our own messages say more."""
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        return call(*arguments)
    finally:
        cv2.utils.logging.setLogLevel(level)
