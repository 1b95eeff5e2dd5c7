"""Annotated video: H.264 in mp4, encoded in a thread of its own, playable at every moment of a run."""

from __future__ import annotations

import contextlib
import glob
import threading
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import cast

import av
import cv2
import numpy as np
from av.container import OutputContainer
from av.video.stream import VideoStream

from detectors.base import Image
from detectors.cores import available_cores
from detectors.errors import InputError
from tracker.sources.file_names import plain_name
from tracker.threads.bounded_queue import Handover
from tracker.threads.stage_clock import WAIT, Clock
from tracker.writers.audio import AudioTrack, has_sound
from tracker.writers.faststart import move_index_to_front, remove_drafts
from tracker.writers.lines import write_error

ENCODERS = ("libx264", "h264_videotoolbox", "libopenh264")  # the first that this build of PyAV has
# x264 at its fastest, with what costs little and saves much given back: entropy coding by context, the deblocking
# filter, larger transforms, and bits moved to what later frames refer to. Against its preset "veryfast" that is less
# than two thirds of the time for a picture as good, in a file a quarter larger: benchmarks/speed/encoding.py.
# More than 6 frames of lookahead would gain 2% of the file, for 6 MB of memory each at 1080p.
X264_PRESET = "ultrafast"
X264 = {
    "cabac": "1",
    "deblock": "0,0",
    "8x8dct": "1",
    "partitions": "i8x8,i4x4",
    "aq-mode": "1",
    "mbtree": "1",
    "rc-lookahead": "6",
    "scenecut": "40",
    "sliced-threads": "0",
}
# Of what happens now, no picture may wait in the encoder for the next ones: a few frames are seconds at a low rate, or
# in front of a gap. Several threads then share a picture rather than taking one each.
LIVE_X264 = X264 | {"rc-lookahead": "1", "sliced-threads": "1"}
MOST_THREADS = 4  # of the encoder; a picture of 1080p takes one of them 10 ms
BT601 = 6  # the matrix of OpenCV's conversion; untagged, players take HD video for BT.709 and shift its colours
LIMITED_RANGE = 1
# Fragments of half a second, each complete in itself: a run that is killed leaves a file that plays. The header waits
# for the first fragment, because only then is it known when sound and picture begin.
WHILE_RUNNING = {"movflags": "delay_moov+default_base_moof", "frag_duration": "500000", "flush_packets": "1"}
# Live sources have no sound, and files of them begin in the middle of a run: each opens from its first moment on.
WHILE_LIVE = WHILE_RUNNING | {"movflags": "empty_moov+default_base_moof"}


class VideoWriter:
    """Writes frames to an mp4 that browsers play (H.264, yuv420p).

    path: the file, created with the first frame. frame_rate: frames a second, on average. time_base: seconds; the
    frames' times are kept as multiples of it. audio: a file whose sound is taken along, or None. crf: constant rate
    factor of x264, lower is better and larger. live: whether frames come when they come, and each is to be in the file
    soon. clock: is told what the encoding thread spends ("write").

    Frames are encoded in a thread of its own; an error there is raised by the next `write` or by `close`. Sound that
    cannot be taken along is no error: `warnings` says so afterwards. Raises InputError when the file cannot be written.
    """

    def __init__(
        self,
        path: str | Path,
        frame_rate: Fraction,
        time_base: Fraction,
        audio: Path | None = None,
        crf: float = 22,
        live: bool = False,
        depth: int = 2,
        clock: Clock | None = None,
    ) -> None:
        self.path = Path(path)
        self._clock = Clock() if clock is None else clock
        self._rate = frame_rate.limit_denominator(60000)
        self._time_base = time_base
        self._audio_path = audio
        self._crf, self._live = crf, live
        self._queue = Handover[tuple[Image, float] | None](depth)
        self._thread: threading.Thread | None = None
        self._ending = False
        self._error: Exception | None = None
        self.warnings: list[str] = []
        self._container: OutputContainer | None = None
        self._audio: AudioTrack | None = None
        self._last_pts = -1

    def write(self, image: Image, seconds: float) -> None:
        """Append a picture ``(H, W, 3)`` BGR that is shown from `seconds` on. The writer keeps the array."""
        self._raise_error()
        if self._thread is None:
            thread = threading.Thread(target=self._work, name="encoding", daemon=True)
            thread.start()
            self._thread = thread  # only now: an interruption in between must not leave one that cannot be joined
        with self._clock.timing(f"{WAIT}encoding"):
            self._queue.put((image, seconds))

    def finish(self) -> None:
        """Let the encoding thread finish the file, and do not wait for it. `close` has to be called all the same."""
        if self._thread is not None and not self._ending:
            self._ending = True
            self._queue.put_at_once(None)

    @property
    def finished(self) -> bool:
        """Whether `close` would not have to wait."""
        return self._thread is None or not self._thread.is_alive()

    def close(self) -> None:
        """Finish the file: everything encoded, the index moved to the front."""
        if self._thread is None:
            return
        self.finish()
        with self._clock.timing(f"{WAIT}encoding"):
            self._thread.join()
        self._thread = None
        self._raise_error()

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self.close()
        else:  # the first error is the one to tell
            with contextlib.suppress(InputError):
                self.close()

    def _raise_error(self) -> None:
        if self._error is not None:
            raise write_error(self.path, self._error)

    def _work(self) -> None:
        """The encoding thread. After an error it goes on to empty the queue, so that nobody waits for it in vain."""
        while (item := self._next()) is not None:
            if self._error is not None:
                continue
            try:
                with self._clock.timing("write"):
                    self._encode(*item)
            except Exception as error:  # whatever it is, it belongs to whoever waits for the file
                self._error = error
        with self._clock.timing("write"):
            self._finish()

    def _next(self) -> tuple[Image, float] | None:
        with self._clock.timing(f"{WAIT}pictures"):
            return self._queue.get()

    def _encode(self, image: Image, seconds: float) -> None:
        if self._container is None:
            self._open(image, seconds)
        assert self._container is not None
        picture = av.VideoFrame.from_numpy_buffer(to_yuv(image), format="yuv420p")
        picture.time_base = self._time_base
        picture.pts = self._last_pts = max(round((seconds - self._start) / self._time_base), self._last_pts + 1)
        picture.colorspace, picture.color_range = BT601, LIMITED_RANGE
        self._container.mux(self._stream.encode(picture))
        self._copy_sound(seconds - self._start)

    def _open(self, image: Image, seconds: float) -> None:
        self._start = seconds
        remove_drafts(self.path.parent, glob.escape(self.path.name))
        options = WHILE_LIVE if self._live else WHILE_RUNNING
        self._container = av.open(plain_name(self.path), "w", format="mp4", container_options=options)
        self._stream = self._add_stream(self._container, image)
        if self._live:
            self._container.start_encoding()  # writes the header
        if self._audio_path is not None and has_sound(self._audio_path):
            try:
                self._audio = AudioTrack(self._audio_path, self._container, seconds)
            except (av.FFmpegError, ValueError) as error:
                self._warn_of_sound(error)

    def _copy_sound(self, seconds: float) -> None:
        """Take the sound along up to `seconds`; none any more once that has failed."""
        try:
            if self._audio is not None:
                self._audio.copy_until(seconds)
        except (av.FFmpegError, ValueError) as error:
            self._audio = None
            self._warn_of_sound(error)

    def _warn_of_sound(self, error: Exception) -> None:
        self.warnings.append(f"{self._audio_path}: the sound could not be taken along: {error}")

    def _add_stream(self, container: OutputContainer, image: Image) -> VideoStream:
        encoder = next(name for name in ENCODERS if name in av.codecs_available)
        options = x264_options(self._crf, self._live) if encoder == "libx264" else {}
        stream = cast(VideoStream, container.add_stream(encoder, rate=self._rate, options=options))
        stream.height, stream.width = (side + side % 2 for side in image.shape[:2])
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.thread_count = max(1, min(available_cores() // 2, MOST_THREADS))
        context.time_base = self._time_base
        context.gop_size = max(1, round(self._rate))  # a key frame a second, to jump to
        context.max_b_frames = 0  # pictures leave in the order they came, at exactly the times they had
        context.colorspace = context.color_primaries = context.color_trc = BT601
        context.color_range = LIMITED_RANGE
        return stream

    def _finish(self) -> None:
        if self._container is None:
            return
        try:
            try:
                if self._error is None:
                    self._container.mux(self._stream.encode(None))
                    self._copy_sound(float(self._last_pts * self._time_base + 1 / self._rate))
                    if self._audio is not None:
                        self._audio.close()
            finally:
                self._container.close()
        except Exception as error:
            self._error = self._error or error
        if self._error is None:
            move_index_to_front(self.path)


def x264_options(crf: float, live: bool = False) -> dict[str, str]:
    """How x264 is to encode, as FFmpeg's names and values."""
    details = ":".join(f"{name}={value}" for name, value in (LIVE_X264 if live else X264).items())
    return {"preset": X264_PRESET, "crf": f"{crf:g}", "x264-params": details}


def to_yuv(image: Image) -> Image:
    """Planar 4:2:0 ``(H * 3 / 2, W)``; odd sides grow by a repeated row or column."""
    height, width = image.shape[:2]
    if height % 2 or width % 2:
        image = np.asarray(cv2.copyMakeBorder(image, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE), dtype=np.uint8)
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420), dtype=np.uint8)
