"""Whether a window can be opened on this computer, found out before a run begins."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys

import cv2

from detectors.errors import InputError

INSTEAD = "leave --show out; --view serves a page instead"
TRY = "import cv2; cv2.namedWindow('keeptrack')"
TIMEOUT = 20.0  # seconds
X_PORT = 6000


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
            [sys.executable, "-c", TRY],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "the display does not answer"
    said = [line for line in tried.stderr.splitlines() if line.strip()]
    return "" if tried.returncode == 0 else (said[0] if said else f"exit status {tried.returncode}").strip()
