"""A window with the annotated picture, where there is a display."""

from __future__ import annotations

import os
import time
from types import TracebackType

import cv2
import numpy as np

from detectors.base import Image
from tracker.sources.base import Source
from tracker.view.frame_rate import FrameRateMeter

LARGEST = (1280, 720)  # pixels of the window at first
PICTURES = 30.0  # a second at most; more cost time and look the same
TITLE_PERIOD = 1.0  # seconds
QUIT, PAUSE = (ord("q"), ord("Q"), 27), ord(" ")

os.environ.setdefault("QT_LOGGING_RULES", "*=false")  # OpenCV's Qt looks for fonts that it does not bring along


class Window:
    """Shows pictures until it is closed by `q`, Esc or its close button; the run asks for `closed`.

    The space key pauses a file and resumes it. A live source goes on, and only the picture stands still.
    """

    def __init__(self, source: Source) -> None:
        self.closed = False
        self._name, self._live = source.name, source.live is not None
        self._size = source.width, source.height
        self._opened = self._paused = False
        self._due = self._title_due = -1e9
        self._frame_rate = FrameRateMeter()

    def __enter__(self) -> Window:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._opened:
            cv2.destroyAllWindows()
            cv2.pollKey()  # else some systems leave it open

    def wants_picture(self) -> bool:
        """Whether it is time for another picture."""
        return not self._paused and not self.closed and time.monotonic() >= self._due

    def show(self, picture: Image) -> None:
        """Show a picture ``(H, W, 3)`` BGR if it is time for another, and act on a pressed key."""
        now = time.monotonic()
        self._frame_rate.update(now, 0.0)
        if now < self._due:
            return
        self._due = now + 1 / PICTURES
        if not self._opened:
            self._open()
        if not self._paused:
            cv2.imshow(self._name, self._fitted(picture))
        if now >= self._title_due:
            self._title_due = now + TITLE_PERIOD
            self._write_title()
        self.poll_keys()
        while self._paused and not self._live and not self.closed:
            self._handle(cv2.waitKey(30))

    def poll_keys(self) -> None:
        """Act on a pressed key, and let the window draw itself."""
        if self._opened and not self.closed:
            self._handle(cv2.pollKey())

    def _handle(self, key: int) -> None:
        if key & 0xFF == PAUSE:
            self._paused = not self._paused
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
        fps, _ = self._frame_rate.rates()
        said = "standing still: space goes on" if self._paused else f"{fps:.1f} frames a second" if fps else ""
        cv2.setWindowTitle(self._name, " - ".join(filter(None, (self._name, said))))
