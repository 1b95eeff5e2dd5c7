"""The sound of the source in the annotated video: copied where mp4 takes it, else encoded as AAC."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
from av.container import OutputContainer

MP4_CODECS = ("aac", "mp3", "ac3", "eac3", "opus", "alac", "flac")


class AudioTrack:
    """Feeds the first audio stream of `source` into `output`, in step with the pictures.

    start: seconds of the source's picture that become the beginning of the output. Sound from before it is left out,
    an encoder's run-in too.
    """

    def __init__(self, source: Path, output: OutputContainer, start: float) -> None:
        self._input = av.open(str(source))
        stream = self._input.streams.audio[0]
        video = self._input.streams.video[0]
        origin = float((video.start_time or 0) * (video.time_base or 0)) + start
        self._time_base = float(stream.time_base or 1 / 48000)
        self._offset = round(origin / self._time_base)
        self._output = output
        self._packets: Iterator[Any] = self._input.demux(stream)
        self._waiting: Any = None
        self._resampler: av.AudioResampler | None = None
        if stream.codec_context.name in MP4_CODECS:
            self._stream = output.add_stream_from_template(stream)
        else:
            rate = stream.codec_context.sample_rate
            self._stream = output.add_stream("aac", rate=rate)
            self._resampler = av.AudioResampler(format="fltp", layout="stereo", rate=rate)
            self._stream.codec_context.layout = "stereo"

    @staticmethod
    def exists(source: Path | None) -> bool:
        """Whether `source` is a file with sound."""
        if source is None or not source.is_file():
            return False
        with contextlib.suppress(av.FFmpegError), av.open(str(source)) as container:
            return bool(container.streams.audio)
        return False

    def copy_until(self, seconds: float) -> None:
        """Write the sound up to `seconds` of the output."""
        while (packet := self._next_packet()) is not None:
            if (packet.pts - self._offset) * self._time_base > seconds:
                self._waiting = packet
                return
            self._write(packet)

    def close(self) -> None:
        """Write what the encoder still holds, and close the source."""
        if self._resampler is not None:
            for frame in self._resampler.resample(None):
                self._output.mux(self._stream.encode(frame))
            self._output.mux(self._stream.encode(None))
        self._input.close()

    def _next_packet(self) -> Any:
        if self._waiting is not None:
            packet, self._waiting = self._waiting, None
            return packet
        while True:
            try:
                packet = next(self._packets, None)
            except av.FFmpegError:  # a damaged source: its sound ends here
                return None
            if packet is None or (packet.pts is not None and packet.pts >= self._offset):
                return packet

    def _write(self, packet: Any) -> None:
        if self._resampler is None:
            packet.pts -= self._offset
            packet.dts = packet.pts
            packet.stream = self._stream
            self._output.mux(packet)
            return
        for frame in packet.decode():
            frame.pts = None if frame.pts is None else frame.pts - self._offset
            for piece in self._resampler.resample(frame):
                self._output.mux(self._stream.encode(piece))
