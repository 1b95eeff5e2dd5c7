"""An mp4 that is being written: fragments that can be played at any moment, one index at its front in the end."""

from __future__ import annotations

import contextlib
from pathlib import Path

import av
from av.container import OutputContainer

from detectors.base import Image
from tracker.sources.file_names import plain_name
from tracker.writers.audio import SourceSound
from tracker.writers.exclusive import create
from tracker.writers.faststart import move_index_to_front, remove_drafts
from tracker.writers.h264 import VideoFormat, add_video_stream, encoder_rate, make_picture
from tracker.writers.mp4_fragments import cut_torn_fragment
from tracker.writers.video_timestamps import VideoTimestamps

# Fragments of half a second, each complete in itself: a killed run leaves a file that plays. The header is written
# with the first fragment, because only then it is known when sound and picture begin.
WHILE_RUNNING = {"movflags": "delay_moov+default_base_moof", "frag_duration": "500000", "flush_packets": "1"}
# Files of live sources have no sound, so their header can be written at once: they can be opened from the start.
WHILE_LIVE = WHILE_RUNNING | {"movflags": "empty_moov+default_base_moof"}


class Mp4File:
    """Writes pictures, and the sound of the source, to one file.

    wanted: how to encode. first: a picture in the size of all, which `write` still has to be given; start: its time in
    seconds. audio: a file whose sound is copied, or None. warnings: the list for sound that cannot be copied. new: the
    file must not exist. Raises InputError when it belongs to another run, and the errors of PyAV and of the system.
    """

    def __init__(
        self,
        path: Path,
        wanted: VideoFormat,
        first: Image,
        start: float,
        audio: Path | None,
        warnings: list[str],
        new: bool = False,
    ) -> None:
        self._path, self._rate = path, encoder_rate(wanted.frame_rate)
        self._timestamps = VideoTimestamps(wanted.time_base, start)
        self._claim = create(path, new)
        remove_drafts(path.parent, path.name)
        self._container = _open(path, wanted.live)
        try:
            self._stream = add_video_stream(self._container, wanted, first.shape[1], first.shape[0])
            if wanted.live:
                self._container.start_encoding()  # writes the header
            self._sound = SourceSound(audio, self._container, start, warnings)
        except BaseException:
            with contextlib.suppress(Exception):  # the first error is the one to tell
                self.abandon()
            raise

    def write(self, image: Image, seconds: float) -> None:
        """Encode a picture ``(H, W, 3)`` BGR that is shown from `seconds` on, and the sound up to then."""
        picture = make_picture(image, self._timestamps.next(seconds), self._timestamps.time_base)
        self._container.mux(self._stream.encode(picture))
        self._sound.copy_until(self._timestamps.position(seconds))

    def close(self) -> None:
        """Write what the encoder still holds and the rest of the sound, and move the index to the front."""
        try:
            try:
                self._container.mux(self._stream.encode(None))
                self._sound.copy_until(self._timestamps.end(self._rate))
                self._sound.close()
            finally:
                self._container.close()
        except BaseException:
            with self._claim, contextlib.suppress(OSError):
                self._keep_what_is_whole()
            raise
        with self._claim:
            move_index_to_front(self._path)

    def abandon(self) -> None:
        """Close the file after an error, with what is whole of it."""
        with self._claim:
            try:
                self._container.close()
            finally:
                self._keep_what_is_whole()

    def _keep_what_is_whole(self) -> None:
        """Cut off a torn fragment. Where nothing was written, no file stays: an empty one would be in the way."""
        cut_torn_fragment(self._path)
        if self._path.is_file() and not self._path.stat().st_size:
            with contextlib.suppress(OSError):  # Windows keeps files that are open
                self._path.unlink()


def _open(path: Path, live: bool) -> OutputContainer:
    options = WHILE_LIVE if live else WHILE_RUNNING
    return av.open(plain_name(path), "w", format="mp4", container_options=options)
