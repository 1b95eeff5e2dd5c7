"""The page in a real browser, while a real run goes on."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from benchmarks.live.viewers import repeated
from tests.conftest import ROOT
from tests.tracker.view.test_server import Served, feed

TIMES = 400  # that the clip is played in a row: a minute and more, far longer than the test takes
PATIENCE = 60_000  # milliseconds: for a busy computer; whoever is quick waits for nothing
SHOWN = "((canvas) => [+canvas.dataset.frame, canvas.toDataURL()])(document.querySelector('#picture'))"


@pytest.fixture
def page() -> Iterator[Page]:
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        pytest.skip("no Chromium on this system")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"], timeout=2 * PATIENCE)
        page = chromium.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(PATIENCE)
        yield page
        chromium.close()


@pytest.fixture
def run(page: Page, crossing: Path, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A run that goes on and on, and the address of its page. The browser stands first: it may take half a minute."""
    clip = repeated(crossing, TIMES, tmp_path / "walkers.mp4")
    options = ["--detector", "motion", "--appearance", "none", "-o", "none", "--view", "127.0.0.1:0"]
    options += ["--view-token", "word"]
    command = [sys.executable, "-m", "tracker", str(clip), *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = next((found[0] for line in process.stdout if (found := re.search(r"http://\S+", line))), "")
        yield process, address
        process.kill()


def frame(page: Page) -> int:
    """Number of the frame that is shown."""
    return int(page.locator("#picture").get_attribute("data-frame") or 0)


def pixels(page: Page) -> str:
    return str(page.evaluate("document.querySelector('#picture').toDataURL()"))


def wait_for(page: Page, condition: str) -> None:
    """Until a condition of JavaScript holds; not by the page's own eval, which its policy forbids."""
    until = time.monotonic() + PATIENCE / 1000
    while not page.evaluate(condition):
        assert time.monotonic() < until, condition
        page.wait_for_timeout(20)


def test_a_run_is_watched(run: tuple[subprocess.Popen[str], str], page: Page) -> None:
    process, address = run
    said: list[str] = []
    asked: set[str] = set()
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.add(re.split("[/?]", request.url.removeprefix("blob:"))[2]))
    page.goto(address)

    wait_for(page, "document.querySelectorAll('#tracks tbody tr').length > 1")
    wait_for(page, "+document.querySelector('#picture').dataset.frame > 0")
    before, drawn = page.evaluate(SHOWN)  # at once: the run goes on between two questions
    wait_for(page, f"(([frame, picture]) => frame > {before + 5} && picture !== '{drawn}')({SHOWN})")
    wait_for(page, "[...document.querySelectorAll('#tracks img')].some((image) => image.naturalWidth > 0)")
    wait_for(page, "document.querySelectorAll('#counts li').length > 0")
    assert "token" not in page.url

    page.keyboard.press("Space")
    wait_for(page, "document.querySelector('#pause').ariaPressed === 'true'")
    with page.expect_download() as download:  # the frozen picture
        page.keyboard.press("s")
    still, drawn, table = frame(page), pixels(page), page.locator("#tracks tbody").inner_text()
    assert download.value.suggested_filename == f"walkers_{clock_of(still)}_frame-{still}.jpg"
    at = page.locator("#position").inner_text()
    wait_for(page, f"document.querySelector('#position').textContent !== '{at}'")  # tracking goes on
    newer = page.locator("#position").inner_text()
    wait_for(page, f"document.querySelector('#position').textContent !== '{newer}'")
    assert (frame(page), pixels(page)) == (still, drawn)
    assert page.locator("#tracks tbody").inner_text() == table
    page.get_by_role("button", name="Resume").click()
    wait_for(page, f"+document.querySelector('#picture').dataset.frame > {still + 5}")

    for width in (375, 390, 768, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for button in page.get_by_role("button").all():
            box = button.bounding_box()
            assert box is None or (box["x"] >= 0 and box["x"] + box["width"] <= width and box["height"] >= 38)

    assert said == []
    assert asked == {re.split("[/?]", address)[2]}
    process.send_signal(signal.SIGINT)
    wait_for(page, "document.querySelector('#status-text').textContent === 'The run was stopped'")
    assert process.wait(PATIENCE / 1000) == 130


def clock_of(index: int) -> str:
    """Time of a frame of the crossing, as in a snapshot's name."""
    seconds = int((index - 1) / 12.5 + 1e-6)
    return f"{seconds // 3600:02d}h{seconds // 60 % 60:02d}m{seconds % 60:02d}s"


def test_a_lost_connection_is_told_and_mended(page: Page) -> None:
    with Served() as served:
        page.goto(f"http://127.0.0.1:{served.port}/")
        wait_for(page, "document.body.dataset.state === 'running'")
        page.context.set_offline(True)
        wait_for(page, "document.querySelector('#status-text').textContent === 'Connection lost'")
        page.context.set_offline(False)
        feed(served.page_state, 10)
        wait_for(page, "document.body.dataset.state !== 'cut'")
        assert page.locator("#status-text").text_content() != "Connection lost"


def test_whoever_has_no_token_is_asked_for_it(page: Page) -> None:
    with Served(token="word") as served:
        page.goto(f"http://127.0.0.1:{served.port}/")
        page.get_by_label("Token").fill("word")
        page.get_by_role("button", name="Open").click()
        wait_for(page, "document.body.dataset.state === 'running' || document.body.dataset.state === 'waiting'")
        assert page.get_by_label("Token").count() == 0
