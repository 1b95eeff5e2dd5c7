"""Video files, on this computer or another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path

from detectors.base import Frame
from detectors.errors import InputError
from tracker.sources.addresses import mistyped
from tracker.sources.base import Source
from tracker.sources.deinterlacing import DecodedFrame, deinterlace
from tracker.sources.file_names import plain_name
from tracker.sources.frame_times import FrameTimes
from tracker.sources.picture_conversion import PictureConverter
from tracker.sources.seek import seek
from tracker.sources.video_decoder import VideoDecoder
from tracker.sources.video_header import read_header


def open_video(path: Path) -> Source:
    """The frames of a video file, upright, with the times that the file gives them.

    Raises InputError when the file is missing, empty, or no frame of it can be decoded.
    """
    _check(path)
    source = VideoFile(plain_name(path), path).source(path.stem)
    source.path = path
    return source


def announced_duration(path: Path) -> float | None:
    """Seconds of a video file, if it announces them; a damaged one may be shorter. Raises InputError."""
    _check(path)
    with closing(VideoFile(plain_name(path), path)) as file:
        return file.header.duration


def can_seek(path: Path, seconds: float) -> bool:
    """Whether the frames of a file from `seconds` on can be read without the earlier ones."""
    try:
        with closing(VideoFile(plain_name(path), path)) as file:
            return file.seek(seconds) is not None
    except InputError:
        return False


def open_remote(url: str, shown: str, name: str, timeout: float) -> Source:
    """The frames of a video file on another computer, which is read like one on this one.

    shown, name: for messages and for files. timeout: seconds to wait for anything. Raises InputError.
    """
    return VideoFile(url, shown, timeout).source(name)


def _check(path: Path) -> None:
    if not path.exists():
        raise InputError(mistyped(str(path)), "no such file", "check the path")
    if not path.is_file():
        raise InputError(path, "is a device or a pipe", "give a video file, or the number of a camera")
    if path.stat().st_size == 0:
        raise InputError(path, "the file is empty", "give a video file")
    path.open("rb").close()  # raises OSError where permissions are missing


class VideoFile:
    """A file whose first frame has been decoded.

    address: what FFmpeg is to read. shown: the name for messages. timeout: seconds to wait for a file on another
    computer. Raises InputError when no frame can be decoded.
    """

    def __init__(self, address: str, shown: Path | str, timeout: float | None = None) -> None:
        self._address, self._shown, self._timeout = address, shown, timeout
        self._decoder = VideoDecoder(address, shown, timeout)
        try:
            self.header = read_header(self._decoder.container, self._decoder.stream)
            self._read_first()
        except BaseException:
            self.close()
            raise

    def _read_first(self) -> None:
        self._frames = deinterlace(self._decoder.frames())
        first = next(self._frames, None)
        if first is None:
            raise InputError(self._shown, "no video frame can be decoded", "give a video file that plays")
        self._first = first
        self._convert = PictureConverter(first.picture)
        zero = self._decoder.zero(first)
        self._times = FrameTimes(self.header.time_base, zero, float(1 / self.header.frame_rate))

    def close(self) -> None:
        """Close the file."""
        self._decoder.close()

    def source(self, name: str) -> Source:
        """The file as a source of frames, which closes it in the end."""
        header, convert = self.header, self._convert
        source = Source(
            frames=iter(()),
            name=name,
            width=convert.width,
            height=convert.height,
            frame_rate=header.frame_rate,
            time_base=header.time_base,
            frame_count=header.frames,
            pixel_aspect=1 / header.pixel_aspect if convert.turned else header.pixel_aspect,
        )
        source.frames = self.frames(source)
        return source

    def frames(self, source: Source) -> Iterator[Frame]:
        """The frames from `source.start` on. Closes the file, and fills the warnings of `source`, in the end."""
        header = self.header
        try:
            index, frames = self._begin(source.start)
            for decoded in frames:
                index += 1
                yield Frame(self._convert(decoded.picture), index, self._times.next(decoded.stamp))
        finally:
            self.close()
        end = self._times.last + float(1 / header.frame_rate)
        if complaint := header.complaint(index, end, self._decoder.missing):
            source.warnings.append(f"{self._shown}: {complaint}")

    def seek(self, seconds: float) -> tuple[int, Iterator[DecodedFrame]] | None:
        """How many frames come before the last one that is earlier than `seconds`, and that one with all that follow.

        None in doubt; the file is at its beginning then.
        """
        self._reopen()
        if (found := seek(self._decoder, self._times, seconds, self._first.stamp)) is not None:
            self._times.last = found.last
            return found.number, found.frames
        self._reopen()
        return None

    def _reopen(self) -> None:
        self._decoder.close()
        self._decoder = VideoDecoder(self._address, self._shown, self._timeout)

    def _begin(self, start: float) -> tuple[int, Iterator[DecodedFrame]]:
        """How many frames are left out at the beginning, and all others."""
        if start and self._timeout is None:
            return self.seek(start) or (0, deinterlace(self._decoder.frames()))
        return 0, chain([self._first], self._frames)
