"""Cameras of this computer, through OpenCV."""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple, TypeVar

import cv2
import numpy as np

from detectors.base import Image
from detectors.errors import InputError
from tracker.sources.base import Source
from tracker.sources.connection import ConnectionLostError
from tracker.sources.live import open_live
from tracker.threads.background_call import call_in_background

DEVICES = Path("/dev")
RATE_TOLERANCE = 0.1  # share of the rate that was asked for; 29.97 counts as 30

T = TypeVar("T")
logger = logging.getLogger(__name__)


class CameraSettings(NamedTuple):
    """The picture size in pixels and the frames a second to ask a camera for; None leaves it to the camera."""

    width: int | None = None
    height: int | None = None
    rate: float | None = None


def parse_size(text: str) -> tuple[int, int]:
    """Width and height of ``WIDTHxHEIGHT``. Raises InputError for anything else."""
    found = re.fullmatch(r"(\d{2,5})[xX](\d{2,5})", text.strip())
    if found is None:
        raise InputError(f"--size {text}", "is no size in pixels", "give WIDTHxHEIGHT, such as 1280x720")
    return int(found[1]), int(found[2])


def open_camera(camera: int | Path, settings: CameraSettings = CameraSettings(), reconnect: bool = False) -> Source:  # noqa: B008
    """The frames of a camera, by its number or device, timed by this computer's clock.

    Raises InputError when it does not open. If it gives another size or rate than it was asked for, that is logged.
    """
    shown = f"camera {camera}" if isinstance(camera, int) else str(camera)
    name = f"camera-{camera}" if isinstance(camera, int) else camera.name

    def connect(_timeout: float, _again: bool) -> Camera:
        return Camera(camera, shown, settings)

    connection = call_in_background(lambda: connect(0, False), Camera.close)
    source = open_live(connection, connect, shown, name, connection.rate, reconnect)
    for text in _differences(settings, source, connection.rate):
        logger.warning("%s: %s", shown, text)
    return source


class Camera:
    """An open camera. Raises InputError when it does not open."""

    stamp: float | None = None

    def __init__(self, camera: int | Path, shown: str, settings: CameraSettings = CameraSettings()) -> None:  # noqa: B008
        _check_device(camera, shown)
        backend = cv2.CAP_V4L2 if sys.platform == "linux" else cv2.CAP_ANY
        what = camera if isinstance(camera, int) else str(camera)
        self._capture = silently(cv2.VideoCapture, what, backend)
        if not self._capture.isOpened():
            self._capture.release()
            raise InputError(shown, "does not open", "check that it is a camera, plugged in and not in use")
        _ask(self._capture, settings)

    @property
    def rate(self) -> Fraction | None:
        """Frames a second, if the camera tells."""
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        return Fraction(rate).limit_denominator(1001) if 1 <= rate <= 1000 else None

    def read(self) -> Image:
        """Wait for the next picture ``(H, W, 3)`` BGR. Raises ConnectionLostError when none comes."""
        there, image = silently(self._capture.read)
        if not there:
            raise ConnectionLostError("unplugged, or in use by another program")
        return np.asarray(image, dtype=np.uint8)

    def close(self) -> None:
        """Release the camera."""
        self._capture.release()


def _ask(capture: cv2.VideoCapture, settings: CameraSettings) -> None:
    """Ask for size and rate, and for the smallest buffer."""
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    if settings == CameraSettings():
        return
    # Compressed pictures first: USB 2 carries raw ones of 1280x720 at most ten times a second.
    capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
    if settings.width is not None and settings.height is not None:
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, settings.width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, settings.height)
    if settings.rate is not None:
        capture.set(cv2.CAP_PROP_FPS, settings.rate)


def _differences(settings: CameraSettings, source: Source, rate: Fraction | None) -> list[str]:
    """How the camera differs from the settings, as a message; none if it does not."""
    found = []
    if settings.width is not None and (source.width, source.height) != (settings.width, settings.height):
        found.append(f"{source.width}x{source.height} pixels instead of {settings.width}x{settings.height}")
    if settings.rate is not None and rate is not None and abs(rate - settings.rate) > RATE_TOLERANCE * settings.rate:
        found.append(f"{float(rate):.4g} frames a second instead of {settings.rate:g}")
    return [f"gives {' and '.join(found)}"] if found else []


def _check_device(camera: int | Path, shown: str) -> None:
    """On Linux, raise InputError if the device does not exist or may not be used."""
    if sys.platform != "linux":
        return
    device = DEVICES / f"video{camera}" if isinstance(camera, int) else camera
    if not device.exists():
        there = ", ".join(sorted(path.name.removeprefix("video") for path in DEVICES.glob("video*")))
        remedy = f"there are: {there}" if there else "plug one in; there is none at all"
        raise InputError(shown, f"there is no {device}", remedy)
    if not os.access(device, os.R_OK | os.W_OK):
        raise InputError(shown, f"no permission to use {device}", "add the user to the group video, and log in again")


def silently(call: Callable[..., T], *arguments: object) -> T:
    """Run `call` without the lines that OpenCV writes to standard error: our own messages say more."""
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        return call(*arguments)
    finally:
        cv2.utils.logging.setLogLevel(level)
