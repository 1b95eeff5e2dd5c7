"""Pictures of the page for the README: the demo clip, really tracked, in a real browser.

``python -m benchmarks.screenshot docs/view.png [--size 1280x800] [--at SECONDS] [--dark]``. Needs the extras demo, dev
and view, and a Chromium on the system.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from detectors import InputError
from tracker.run import track
from videos.bikes import find_bikes

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
LOOK = 0.7  # seconds for the browser to have drawn the last frame


def take(address: str, target: Path, size: tuple[int, int], moment: float, dark: bool) -> None:
    """Track the clip in its own time, and take a picture of the page at a moment of it. Raises InputError."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise InputError("Chromium", "is not on this system", "install it")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        clip = Path(shutil.copy(find_bikes(), Path(folder) / "bikes.mp4"))
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = chromium.new_page(
            viewport={"width": size[0], "height": size[1]}, color_scheme="dark" if dark else "light"
        )
        frames = track(clip, view=address)
        next(frames)
        page.goto(f"http://{address}/")
        start = time.monotonic()
        for frame, _ in frames:
            time.sleep(max(0.0, start + frame.time - time.monotonic()))
            if frame.time >= moment:
                break
        page.wait_for_timeout(1000 * LOOK)
        page.screenshot(path=target)
        chromium.close()
    if target.suffix == ".png":  # the browser saves quickly, this saves space
        Image.open(target).convert("RGB").save(target, optimize=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Take a picture."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.screenshot", description=__doc__)
    parser.add_argument("target", type=Path)
    parser.add_argument("--size", default="1280x800", help="of the browser's window")
    parser.add_argument("--at", type=float, default=5.0, metavar="SECONDS", help="of the clip")
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--address", default="127.0.0.1:8766")
    arguments = parser.parse_args(argv)
    width, height = (int(side) for side in arguments.size.split("x"))
    try:
        take(arguments.address, arguments.target, (width, height), arguments.at, arguments.dark)
    except (InputError, FileNotFoundError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
