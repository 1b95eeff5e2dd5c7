"""Pictures of the pages for the README: the demo clip, really tracked, in a real browser.

``python -m benchmarks.live.screenshot docs/view.png [--size 1280x800] [--at SECONDS] [--dark]`` is the page of a run,
``python -m benchmarks.live.screenshot docs/report.png --report`` that of a batch. Needs the extras demo,
dev and view, and a Chromium on the system.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from detectors import InputError
from tracker.commands.annotate import REPORT
from tracker.commands.annotate import main as annotate
from tracker.run.track import track
from videos.serve import WALKERS

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
LOOK = 0.7  # seconds for the browser to have drawn the last frame


@contextmanager
def window(size: tuple[int, int], dark: bool) -> Iterator[Page]:
    """An empty page in a browser. Raises InputError."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise InputError("Chromium", "is not on this system", "install it")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        scheme: Literal["dark", "light"] = "dark" if dark else "light"
        yield chromium.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
        chromium.close()


def show_run(page: Page, clip: Path, address: str, moment: float) -> None:
    """Track the clip in its own time, up to a moment of it."""
    frames = track(clip, view=address)
    next(frames)
    page.goto(f"http://{address}/")
    start = time.monotonic()
    for frame, _ in frames:
        time.sleep(max(0.0, start + frame.time - time.monotonic()))
        if frame.time >= moment:
            break
    page.wait_for_timeout(1000 * LOOK)


def show_report(page: Page, clip: Path) -> None:
    """Annotate the clip and one that is damaged."""
    damaged = clip.with_name("damaged.mp4")
    damaged.write_bytes(clip.read_bytes()[:1000])
    out = clip.parent / "annotations"
    annotate([str(clip), str(damaged), "-o", str(out), "--video", "--quiet"])
    page.goto((out / REPORT).as_uri())
    page.locator(".lane .crop").first.wait_for()


def take(target: Path, size: tuple[int, int], dark: bool, show: Callable[[Page, Path], None]) -> None:
    """Save a picture of what `show` makes of a page and the clip. Raises InputError."""
    with window(size, dark) as page, tempfile.TemporaryDirectory() as folder:
        show(page, Path(shutil.copy(WALKERS, folder)))
        page.screenshot(path=target)
    if target.suffix == ".png":  # the browser saves quickly, this saves space
        Image.open(target).convert("RGB").save(target, optimize=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Take a picture."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live.screenshot", description=__doc__)
    parser.add_argument("target", type=Path)
    parser.add_argument("--size", default="1280x800", help="of the browser's window")
    parser.add_argument("--at", type=float, default=5.0, metavar="SECONDS", help="of the clip")
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--report", action="store_true", help="the page of a batch")
    parser.add_argument("--address", default="127.0.0.1:8766")
    arguments = parser.parse_args(argv)
    width, height = (int(side) for side in arguments.size.split("x"))
    show = partial(show_run, address=arguments.address, moment=arguments.at)
    try:
        take(arguments.target, (width, height), arguments.dark, show_report if arguments.report else show)
    except (InputError, FileNotFoundError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
