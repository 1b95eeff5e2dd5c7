"""What tests share: real video files of many kinds, made on the spot."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests import scenes

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared" / "data"

MakeVideo = Callable[..., Path]


@pytest.fixture(autouse=True)
def _ordinary_priority() -> Iterator[None]:
    """SVT-AV1's encoder makes whoever calls it as root a real-time process, whose children starve all others."""
    yield
    if hasattr(os, "sched_getscheduler") and os.sched_getscheduler(0) in (os.SCHED_FIFO, os.SCHED_RR):
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


@pytest.fixture
def crossing() -> Path:
    """The sample clip with known ground truth."""
    return ROOT / "videos" / "crossing.mp4"


@pytest.fixture
def shared() -> Path:
    """Real sequences and models that are not part of the repository."""
    if not SHARED.is_dir():
        pytest.skip("the folder shared/data is not beside the project")
    return SHARED


@pytest.fixture
def make_video(tmp_path: Path) -> MakeVideo:
    """Writes a short real video: make_video("name.mp4", times=..., size=..., sound="aac", options=...)."""

    def make(
        name: str,
        times: list[float] | None = None,
        size: tuple[int, int] = (scenes.WIDTH, scenes.HEIGHT),
        sound: str | None = None,
        codec: str = "libx264",
        options: dict[str, str] | None = None,
    ) -> Path:
        path = tmp_path / name
        times = [index / 25 for index in range(20)] if times is None else times
        with av.open(str(path), "w", options=options or {}) as container:
            video = container.add_stream(codec, rate=25)
            video.width, video.height = size
            video.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            video.codec_context.time_base = Fraction(1, 1000) if codec != "mjpeg" else Fraction(1, 25)
            audio = container.add_stream(sound, rate=48000, layout="mono", bit_rate=128000) if sound else None
            for picture, time in zip(scenes.render(scenes.CROSSING, len(times)), times, strict=True):
                image = np.zeros((size[1], size[0], 3), np.uint8)
                part = picture[: size[1], : size[0]]
                image[: part.shape[0], : part.shape[1]] = part
                frame = av.VideoFrame.from_ndarray(image, format="bgr24")
                frame.time_base = video.codec_context.time_base
                frame.pts = round(time / frame.time_base)
                container.mux(video.encode(frame))
            container.mux(video.encode(None))
            if audio is not None:
                _sing(container, audio, times[-1])
        return path

    return make


def _sing(container: av.container.OutputContainer, audio: av.AudioStream, seconds: float) -> None:
    noise = np.random.default_rng(0).normal(0, 2000, round(48000 * seconds))  # each moment sounds different
    wave = np.convolve(noise, np.hanning(24), "same").clip(-30000, 30000).astype(np.int16)
    step = 1024
    for start in range(0, len(wave), step):
        frame = av.AudioFrame.from_ndarray(wave[None, start : start + step], format="s16", layout="mono")
        frame.sample_rate, frame.pts = 48000, start
        frame.time_base = Fraction(1, 48000)
        container.mux(audio.encode(frame))
    container.mux(audio.encode(None))
