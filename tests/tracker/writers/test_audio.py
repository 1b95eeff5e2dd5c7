"""The sound of the source in the annotated video."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from detectors.base import Floats
from tests import scenes
from tests.conftest import MakeVideo
from tests.tracker.writers.test_video import write_video
from tracker.writers.audio import AudioTrack
from tracker.writers.h264 import VideoFormat
from tracker.writers.video import VideoWriter


@pytest.mark.parametrize(("name", "codec", "kept"), [("a.mp4", "aac", True), ("a.avi", "pcm_s16le", False)])
def test_sound_is_copied_or_encoded(tmp_path: Path, make_video: MakeVideo, name: str, codec: str, kept: bool) -> None:
    times = [index / 25 for index in range(50)]
    source = make_video(name, times, sound=codec, codec="libx264" if kept else "mjpeg")
    path = tmp_path / "out.mp4"
    write_video(path, times, audio=source)
    with av.open(str(path)) as output, av.open(str(source)) as original:
        stream, before = output.streams.audio[0], original.streams.audio[0]
        assert stream.codec_context.name == "aac"
        assert float(stream.duration * stream.time_base) == pytest.approx(2.0, abs=0.15)
        if kept:
            written = [bytes(packet) for packet in output.demux(stream) if packet.size]
            assert written == [bytes(packet) for packet in original.demux(before) if packet.size]


RATE = 48000
SOUNDS = {
    "aac": "a.mp4",
    "aac in avi": "a.avi",
    "mp3": "a.mkv",
    "libopus": "a.webm",
    "wmav2": "a.wmv",
    "ac3": "a.ts",
    "mp2": "a.ts",
    "flac": "a.mkv",
    "adpcm_ms": "a.avi",
}


@pytest.mark.parametrize("kind", SOUNDS)
def test_every_sample_is_heard_at_its_time(tmp_path: Path, make_video: MakeVideo, kind: str) -> None:
    name, codec = SOUNDS[kind], kind.partition(" ")[0]
    if codec not in av.codecs_available:
        pytest.skip(f"this PyAV has no {codec}")
    picture = {"webm": "libvpx", "avi": "mjpeg", "wmv": "wmv2"}.get(name[2:], "libx264")
    times = [index / 5 for index in range(10)]
    source = make_video(name, times, (64, 48), codec, picture)
    for start in (0.0, 1.0):
        write_video(tmp_path / "out.mp4", [start + time for time in times[:5]], (64, 48), source)
        expected, got = heard(source, start), heard(tmp_path / "out.mp4", 0.0)
        assert abs(shift(expected, got)) <= RATE // 1000  # some containers count milliseconds
        assert loudness(got[: RATE // 15]) > 0.7 * loudness(expected[: RATE // 15]) > 0


def shift(one: Floats, other: Floats) -> int:
    """By how many samples one sound is later in another."""
    length = 2 * len(one)
    likeness = np.fft.irfft(np.fft.rfft(other, length) * np.conj(np.fft.rfft(one, length)))
    best = int(np.argmax(likeness))
    return best if best < len(one) else best - length


def loudness(samples: Floats) -> float:
    return float(np.abs(samples).mean())


def heard(path: Path, start: float) -> Floats:
    """The sound of the 0.7 s from `start` on, counted from the first picture; 48,000 samples a second."""
    samples = np.zeros(7 * RATE // 10)
    with av.open(str(path)) as container:
        video, resampler = container.streams.video[0], av.AudioResampler("fltp", "mono", RATE)
        zero = float((video.start_time or 0) * video.time_base) + start
        first = 0
        for frame in container.decode(audio=0):
            first = first if frame.time is None else round((frame.time - zero) * RATE)
            for part in resampler.resample(frame):
                at = np.arange(first, first + part.samples)
                inside = (at >= 0) & (at < len(samples))
                samples[at[inside]] = part.to_ndarray()[0][inside]
                first += part.samples
    return samples


def test_sound_of_a_part_starts_with_its_picture(tmp_path: Path, make_video: MakeVideo) -> None:
    source = make_video("a.mp4", [index / 25 for index in range(100)], sound="aac")
    path = tmp_path / "out.mp4"
    write_video(path, [2 + index / 25 for index in range(25)], audio=source)
    with av.open(str(path)) as output:
        video, sound = output.streams.video[0], output.streams.audio[0]
        assert video.start_time == 0
        assert float(sound.duration * sound.time_base) == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize(
    ("name", "sound", "written"),
    [
        ("a.mkv", "ac3", "ac3"),
        ("a.ts", "aac", "aac"),
        ("a.mkv", "flac", "flac"),
        ("a.mkv", "pcm_s16le", "aac"),
        ("a.mkv", "mp2", "aac"),
    ],
)
def test_sound_of_every_kind_stays_in_step(
    tmp_path: Path, make_video: MakeVideo, name: str, sound: str, written: str
) -> None:
    times = [index / 25 for index in range(50)]
    source = make_video(name, times, sound=sound)
    path = tmp_path / "out.mp4"
    write_video(path, times, audio=source)
    with av.open(str(path)) as output:
        stream = output.streams.audio[0]
        assert stream.codec_context.name == written
        heard = [float(packet.pts * stream.time_base) for packet in output.demux(stream) if packet.pts is not None]
    assert heard == sorted(heard)
    assert abs(heard[0]) < 0.05  # an encoder runs in for a frame or two of its own
    assert heard[-1] == pytest.approx(2.0, abs=0.12)
    with av.open(str(path)) as output:
        shown = [float(frame.pts * frame.time_base) for frame in output.decode(video=0)]
    assert shown == pytest.approx(times, abs=1e-9)


def test_sound_that_starts_late_starts_late(tmp_path: Path, make_video: MakeVideo) -> None:
    times = [index / 25 for index in range(50)]
    source, late = make_video("a.mp4", times, sound="aac"), tmp_path / "late.mp4"
    with av.open(str(source)) as before, av.open(str(late), "w") as after:
        streams = [after.add_stream_from_template(stream) for stream in before.streams]
        for packet in before.demux():
            if packet.dts is not None:
                if packet.stream.type == "audio":
                    packet.pts, packet.dts = packet.pts + 48000, packet.dts + 48000
                packet.stream = streams[packet.stream.index]
                after.mux(packet)
    write_video(tmp_path / "out.mp4", times, audio=late)
    with av.open(str(tmp_path / "out.mp4")) as output:
        stream = output.streams.audio[0]
        first = next(packet.pts for packet in output.demux(stream) if packet.pts is not None)
        assert float(first * stream.time_base) == pytest.approx(1.0, abs=0.1)


def test_sound_that_cannot_be_taken_is_a_warning(
    tmp_path: Path, make_video: MakeVideo, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: AudioTrack, seconds: float) -> None:
        raise av.error.InvalidDataError(1, "damaged")

    monkeypatch.setattr(AudioTrack, "copy_until", fail)
    times = [index / 25 for index in range(30)]
    source = make_video("a.mp4", times, sound="aac")
    with VideoWriter(tmp_path / "out.mp4", VideoFormat(Fraction(25), Fraction(1, 1000)), source) as writer:
        for picture, time in zip(scenes.render(scenes.CROSSING, 30), times, strict=True):
            writer.write(picture, time)
    assert len(writer.warnings) == 1
    assert "a.mp4: the sound could not be taken along" in writer.warnings[0]
    with av.open(str(tmp_path / "out.mp4")) as output:
        assert sum(1 for _ in output.decode(video=0)) == 30
