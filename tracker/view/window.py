"""A window with the annotated picture, where there is a display."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from types import TracebackType

import cv2
import numpy as np

from detectors.base import Image
from detectors.errors import InputError
from tracker.sources.base import Source
from tracker.view.frame_rate import Pace

LARGEST = (1280, 720)  # pixels of the window at first
PICTURES = 30.0  # a second at most; more cost time and look the same
TITLE_PERIOD = 1.0  # seconds
QUIT, PAUSE = (ord("q"), ord("Q"), 27), ord(" ")
INSTEAD = "leave --show out; --view serves a page instead"
TRY = "import cv2; cv2.namedWindow('keeptrack')"
PATIENCE = 20.0  # seconds for that
X_PORT = 6000

os.environ.setdefault("QT_LOGGING_RULES", "*=false")  # OpenCV's Qt looks for fonts that it does not bring along


class Window:
    """Shows pictures until it is left or closed. `q`, Esc or its close button close it: the run asks for `closed`.

    Space stops a file where it is, until space again. A live source goes on, and only the picture stands still.
    """

    def __init__(self, source: Source) -> None:
        self.closed = False
        self._name, self._live = source.name, source.live is not None
        self._size = source.width, source.height
        self._opened = self._still = False
        self._due = self._title_due = -1e9
        self._pace, self._frames = Pace(), 0
        self._picture_width = 0

    def __enter__(self) -> Window:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._opened:
            cv2.destroyAllWindows()
            cv2.pollKey()  # or some systems leave it standing

    def wants_picture(self) -> bool:
        """Whether it is time for another picture."""
        return not self._still and not self.closed and time.monotonic() >= self._due

    def show(self, picture: Image) -> None:
        """Show a picture ``(H, W, 3)`` BGR if it is time for another, and do what the keys say."""
        now = time.monotonic()
        self._pace.mark(now, 0.0)
        if now < self._due:
            return
        self._due = now + 1 / PICTURES
        if not self._opened:
            self._open()
        if not self._still:
            cv2.imshow(self._name, self._fitted(picture))
        if now >= self._title_due:
            self._title_due = now + TITLE_PERIOD
            self._write_title()
        self.attend()
        while self._still and not self._live and not self.closed:
            self._attend(cv2.waitKey(30))

    def attend(self) -> None:
        """Do what the keys say, and let the window draw itself."""
        if self._opened and not self.closed:
            self._attend(cv2.pollKey())

    def _attend(self, key: int) -> None:
        if key & 0xFF == PAUSE:
            self._still = not self._still
            self._write_title()
        if (key >= 0 and key & 0xFF in QUIT) or cv2.getWindowProperty(self._name, cv2.WND_PROP_VISIBLE) < 1:
            self.closed = True

    def _open(self) -> None:
        self._opened = True
        cv2.namedWindow(self._name, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL)
        scale = min(1.0, *(most / side for most, side in zip(LARGEST, self._size, strict=True)))
        cv2.resizeWindow(self._name, *(max(1, round(side * scale)) for side in self._size))

    def _fitted(self, picture: Image) -> Image:
        """The picture, no larger than the window: scaling it there would take longer."""
        _, _, width, height = cv2.getWindowImageRect(self._name)
        scale = min(width / picture.shape[1], height / picture.shape[0])
        if not 0 < scale < 1:
            return picture
        size = tuple(max(1, round(side * scale)) for side in picture.shape[1::-1])
        return np.asarray(cv2.resize(picture, size), dtype=np.uint8)

    def _write_title(self) -> None:
        fps, _ = self._pace.rates()
        said = "standing still: space goes on" if self._still else f"{fps:.1f} frames a second" if fps else ""
        cv2.setWindowTitle(self._name, " - ".join(filter(None, (self._name, said))))


def check_display() -> None:
    """Raise InputError unless a window can be opened.

    Qt ends the whole process where it finds no display, so another process tries first.
    """
    if re.search(r"GUI:\s+NONE", cv2.getBuildInformation()):
        remedy = "pip uninstall -y opencv-python-headless; pip install --force-reinstall opencv-python"
        raise InputError("--show", "this OpenCV is the headless build, which opens no windows", remedy)
    if sys.platform.startswith("linux") and "QT_QPA_PLATFORM" not in os.environ:
        display = os.environ.get("DISPLAY", "")
        if not display and not os.environ.get("WAYLAND_DISPLAY"):
            raise InputError("--show", "there is no display: neither DISPLAY nor WAYLAND_DISPLAY is set", INSTEAD)
        if display and not answers(display):
            raise InputError("--show", f"the display {display} (DISPLAY) does not answer", INSTEAD)
    if why := _why_no_window():
        raise InputError("--show", f"no window can be opened: {why}", INSTEAD)


def answers(display: str) -> bool:
    """Whether something listens where an X display, as DISPLAY names it, should be."""
    host, _, number = display.rpartition(":")
    number = number.partition(".")[0]
    if not number.isdecimal():
        return False
    if host not in ("", "unix"):
        try:
            socket.create_connection((host.rpartition("/")[2], X_PORT + int(number)), timeout=3).close()
        except OSError:
            return False
        return True
    return any(_connects(place) for place in (f"/tmp/.X11-unix/X{number}", f"\0/tmp/.X11-unix/X{number}"))


def _connects(place: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(place)
        except OSError:
            return False
        return True


def _why_no_window() -> str:
    """What keeps a window from opening, "" if nothing."""
    try:
        tried = subprocess.run(
            [sys.executable, "-c", TRY], capture_output=True, text=True, errors="replace", timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return "the display does not answer"
    said = [line for line in tried.stderr.splitlines() if line.strip()]
    return "" if tried.returncode == 0 else (said[0] if said else f"exit status {tried.returncode}").strip()
