"""What a camera is asked for, and what is said when it gives something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from detectors.errors import InputError
from tests.tracker.sources.fake_connection import FakeConnection
from tracker.sources import open_source
from tracker.sources.base import FRAME_RATE
from tracker.sources.camera import CameraSettings, _ask, _differences, parse_size
from tracker.sources.live import open_live


class FakeCapture:
    """Notes what it was asked for."""

    def __init__(self) -> None:
        self.asked = list[tuple[int, float]]()

    def set(self, name: int, value: float) -> bool:
        self.asked.append((name, value))
        return True


def test_a_camera_is_asked_for_compressed_pictures_then_size_then_rate() -> None:
    import cv2

    capture = FakeCapture()
    _ask(capture, CameraSettings(1280, 720, 30))  # type: ignore[arg-type]
    names = [name for name, _ in capture.asked]
    wanted = [cv2.CAP_PROP_FOURCC, cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FPS]
    assert names[1:] == wanted
    assert [value for _, value in capture.asked[2:]] == [1280, 720, 30]


def test_a_camera_that_gives_something_else_is_told_of() -> None:
    source = open_live(FakeConnection(1), lambda *_: FakeConnection(0), "camera 0", "camera-0")
    assert _differences(CameraSettings(32, 24, 30), source, None) == []
    told = _differences(CameraSettings(64, 48, 30), source, FRAME_RATE / 2)
    assert told == ["gives 32x24 pixels instead of 64x48 and 15 frames a second instead of 30"]


def test_size_and_rate_are_for_cameras(crossing: Path) -> None:
    assert parse_size("1280x720") == (1280, 720)
    for text in ("1280", "x", "0x0", "-5x10"):
        with pytest.raises(InputError, match="is no size"):
            parse_size(text)
    with pytest.raises(InputError, match="--size: is for cameras"):
        open_source(crossing, size="64x48")
    with pytest.raises(InputError, match="--rate: is for cameras"):
        open_source("http://127.0.0.1:9/", rate=5)
