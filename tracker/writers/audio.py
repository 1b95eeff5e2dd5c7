"""The sound of the source in the annotated video: copied where mp4 takes it, else encoded as AAC."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer, OutputContainer

from tracker.sources.file_names import plain_name

FORMAT, LAYOUT = "fltp", "stereo"  # of the sound that is encoded
MP4_CODECS = ("mp3", "ac3", "eac3", "opus", "alac", "flac")
SEEK_FROM = 30.0  # seconds of the start from which on the sound is found by seeking, not by reading
SEEK_MARGIN = 5.0  # seconds to seek before the start: seeking is not exact in every format
HIGHEST_RATE = 48000  # samples a second that every AAC encoder takes
RUN_IN, DECODER_RUN_IN = (
    0.1,
    0.5,
)  # seconds of earlier sound from which the first samples are made, hidden by an edit list


def has_sound(source: Path) -> bool:
    """Whether `source` is a file with sound."""
    if source.is_file():
        with contextlib.suppress(av.FFmpegError), av.open(plain_name(source)) as container:
            return bool(container.streams.audio)
    return False


class SourceSound:
    """The sound of a source beside its annotated pictures, if it has any. What cannot be copied is only a warning.

    output: the file that is written. start: seconds of the source at its beginning. warnings: the list to add to.
    """

    def __init__(self, source: Path | None, output: OutputContainer, start: float, warnings: list[str]) -> None:
        self._source, self._warnings = source, warnings
        self._track: AudioTrack | None = None
        if source is not None and has_sound(source):
            try:
                self._track = AudioTrack(source, output, start)
            except (av.FFmpegError, ValueError) as error:
                self._warn(error)

    def copy_until(self, seconds: float) -> None:
        """Write the sound up to `seconds` of the output, and no more sound once that has failed."""
        try:
            if self._track is not None:
                self._track.copy_until(seconds)
        except (av.FFmpegError, ValueError) as error:
            self._track = None
            self._warn(error)

    def close(self) -> None:
        """Write the rest."""
        if self._track is not None:
            self._track.close()

    def _warn(self, error: Exception) -> None:
        self._warnings.append(f"{self._source}: the sound could not be taken along: {error}")


class AudioTrack:
    """Feeds the first audio stream of `source` into `output`, in sync with the pictures.

    start: seconds of the source at which the output begins. Earlier sound is left out, the encoder delay before time 0
    too; of a packet that is copied, players leave out what is earlier. Raises PyAV's errors.
    """

    def __init__(self, source: Path, output: OutputContainer, start: float) -> None:
        self._input = av.open(plain_name(source))
        stream = self._input.streams.audio[0]
        self._origin = _beginning(self._input) + Fraction(start)
        self._output = output
        if start > SEEK_FROM:
            margin = self._origin - SEEK_MARGIN
            self._input.seek(max(0, round(margin / (stream.time_base or Fraction(1, 48000)))), stream=stream)
        self._packets: Iterator[Any] = self._input.demux(stream)
        self._waiting: Any = None
        self._run_in = RUN_IN if _can_be_copied(stream) else DECODER_RUN_IN
        self._encoder: _AacEncoder | None = None
        if _can_be_copied(stream):
            self._stream = output.add_stream_from_template(stream)
            self._unit = Fraction(1, stream.codec_context.sample_rate or HIGHEST_RATE)
        else:
            self._encoder = _AacEncoder(output, stream.codec_context.sample_rate)

    def copy_until(self, seconds: float) -> None:
        """Write the sound up to `seconds` of the output."""
        while (packet := self._next_packet()) is not None:
            if self._position(packet) > seconds:
                self._waiting = packet
                return
            if self._encoder is None:
                self._copy(packet)
            else:
                self._encoder.write(packet, self._origin)

    def _copy(self, packet: Any) -> None:
        packet.pts = packet.dts = round(self._position(packet) / self._unit)
        packet.time_base, packet.stream = self._unit, self._stream
        self._output.mux(packet)

    def _position(self, packet: Any) -> Fraction:
        """Seconds of the output at which a packet is heard."""
        return Fraction(packet.pts * packet.time_base.numerator, packet.time_base.denominator) - self._origin

    def close(self) -> None:
        """Write what the encoder still holds, and close the source."""
        if self._encoder is not None:
            self._encoder.close()
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
            if packet is None or (packet.pts is not None and self._position(packet) >= -self._run_in):
                return packet


class _AacEncoder:
    """Sound in any codec -> AAC, timed by its first sample and then by the number of samples."""

    def __init__(self, output: OutputContainer, rate: int) -> None:
        self._output, self._rate = output, min(rate, HIGHEST_RATE)
        self._stream: Any = output.add_stream("aac", rate=self._rate)
        self._stream.codec_context.layout = LAYOUT
        self._resampler = av.AudioResampler(format=FORMAT, layout=LAYOUT, rate=self._rate)
        self._samples: int | None = None

    def write(self, packet: Any, origin: Fraction) -> None:
        """Encode a packet; one that cannot be decoded is left out. origin: the packet's time at which sound begins."""
        with contextlib.suppress(av.FFmpegError):
            for frame in packet.decode():
                seconds = float(packet.pts * packet.time_base if frame.time is None else frame.time) - float(origin)
                frame.pts = None
                for resampled in self._resampler.resample(frame):
                    self._take(resampled, seconds)

    def close(self) -> None:
        """Encode the rest."""
        if self._samples is not None:
            for frame in self._resampler.resample(None):
                self._encode(frame)
            self._output.mux(self._stream.encode(None))

    def _take(self, frame: av.AudioFrame, seconds: float) -> None:
        """Encode a frame that is heard from `seconds` on, from time 0 on."""
        if self._samples is None:
            first = round(seconds * self._rate)
            if first + frame.samples <= 0:
                return
            self._samples = max(0, first)
            if first < 0:
                frame = av.AudioFrame.from_ndarray(frame.to_ndarray()[:, -first:].copy(), FORMAT, LAYOUT)
                frame.sample_rate = self._rate
        self._encode(frame)

    def _encode(self, frame: av.AudioFrame) -> None:
        assert self._samples is not None
        frame.pts, frame.time_base = self._samples, Fraction(1, self._rate)
        self._samples += frame.samples
        self._output.mux(self._stream.encode(frame))


def _beginning(container: InputContainer) -> Fraction:
    """The time of the first picture, in seconds of the file."""
    video: Any = container.streams.best("video")
    unit = (
        Fraction(video.time_base.numerator, video.time_base.denominator) if video and video.time_base else Fraction(0)
    )
    return (video.start_time or 0) * unit if video else Fraction(0)


def _can_be_copied(stream: Any) -> bool:
    context = stream.codec_context
    name = context.codec.canonical_name
    return name in MP4_CODECS or (name == "aac" and bool(context.extradata))  # AAC of MPEG-TS has no header
