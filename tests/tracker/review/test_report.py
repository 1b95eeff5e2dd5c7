"""The page of a batch: what is written, and that a browser shows it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.tracker.review.batches import MARKUP, embedded, record, video, walk
from tests.tracker.view.test_page import page as page  # the browser
from tracker.review.report import VideoEntry, write_report
from tracker.review.summary_file import read_summary

BLOCK = re.compile(r'<script type="application/json" id="([\w-]+)">(.*)</script>')


@pytest.fixture
def batch(tmp_path: Path) -> Path:
    """A page of a video with three tracks, one called markup, one that has failed and one that waits."""
    tracks = [walk(1, [(1, 20), (51, 60)]), walk(2, [(31, 60)], 0.3), walk(3, [(41, 50)], label="car")]
    street = record(tmp_path / "a street", video("a street", tracks), "little was found")
    (tmp_path / "a street" / "tracked.mp4").touch()
    strange = record(tmp_path / "b", video(MARKUP, [walk(1, [(1, 100)], label=MARKUP)]))
    entries = [
        VideoEntry("a street", "done", folder="a street", record=street),
        VideoEntry(MARKUP, "done", folder="b", record=strange),
        VideoEntry("broken", "failed", reason=f"cannot be decoded {MARKUP}"),
        VideoEntry("later", "waiting"),
    ]
    write_report(tmp_path / "report.html", iter(entries))
    return tmp_path / "report.html"


def blocks(path: Path) -> dict[str, Any]:
    """The data in a page, by name."""
    return {name: json.loads(text) for name, text in BLOCK.findall(path.read_text(encoding="utf-8"))}


def test_a_batch_in_a_browser(batch: Path, page: Page) -> None:
    said: list[str] = []
    asked: set[str] = set()
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.on("request", lambda request: asked.add(request.url.partition(":")[0]))
    page.goto(batch.as_uri())
    page.locator(".lane").first.wait_for()

    totals = dict(zip(*(page.locator(f"#totals {kind}").all_inner_texts() for kind in ("dt", "dd")), strict=True))
    assert totals["Videos"] == "4"
    assert (totals["Failed"], totals["Waiting"], totals["Tracks"], totals["Length"]) == ("1", "1", "4", "0:20")
    assert page.locator("h2").all_inner_texts() == ["broken", "a street", MARKUP, "later"]
    assert page.locator(".why").inner_text() == f"cannot be decoded {MARKUP}"
    assert page.locator(".look .reason").all_inner_texts() == [
        "detected with low scores; appears and vanishes inside the picture: missed before and after?",
        "vanishes inside the picture: missed after?",
        "appears and vanishes inside the picture: missed before and after?",
    ]
    assert page.locator(".missed").all_inner_texts() == [
        "Objects may be missed: 3 tracks appear or vanish inside the picture; little was found"
    ]
    assert (totals["To look at"], totals["Objects missed?"]) == ("3", "1")
    assert all(page.locator(".crop").evaluate_all("all => all.map((crop) => crop.naturalWidth > 0)"))

    lane = page.locator(".video").nth(1).locator('[data-id="1"]')
    line, bars = lane.locator(".bars").bounding_box(), [bar.bounding_box() for bar in lane.locator(".bar").all()]
    assert line
    places = [((bar["x"] - line["x"]) / line["width"], bar["width"] / line["width"]) for bar in bars if bar]
    assert places == [pytest.approx((0, 0.2), abs=0.005), pytest.approx((0.5, 0.1), abs=0.005)]
    assert lane.locator(".bar").nth(1).get_attribute("href") == "./a%20street/tracked.mp4#t=5.0"

    page.locator("#class").select_option("car")
    assert page.locator("h2").all_inner_texts() == ["a street"]
    page.locator("#class").select_option("")
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("/")
    page.keyboard.type("BROK")
    assert page.locator("h2").all_inner_texts() == ["broken"]
    assert page.locator("#shown").inner_text() == "1 of 4 videos"

    page.locator("#search").fill("")
    for width in (360, 768, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert said == []
    assert asked <= {"file", "data"}


def test_crops_keep_to_their_budget_and_the_doubtful_come_first(tmp_path: Path) -> None:
    found = record(tmp_path, video("a", [walk(1, [(1, 90)]), walk(2, [(1, 90)], 0.3)]))
    write_report(tmp_path / "page.html", [VideoEntry("a", "done", record=found)], budget=len(embedded(2)))
    data = blocks(tmp_path / "page.html")
    assert [(row["id"], bool(row["view"])) for row in data["video-0"]] == [(2, True), (1, False)]
    assert data["heads"]["crops"] == 1


def test_gaps_too_narrow_to_be_seen_are_bridged(tmp_path: Path) -> None:
    found = record(tmp_path, video("a", [walk(1, [(1, 10), (12, 20), (5000, 5001)])], frames=10_000))
    write_report(tmp_path / "page.html", [VideoEntry("a", "done", record=found)])
    assert blocks(tmp_path / "page.html")["video-0"][0]["bars"] == [[0, 2.0], [499.9, 500.1]]


def test_an_interrupted_page_leaves_the_old_one(tmp_path: Path) -> None:
    def broken() -> Iterator[VideoEntry]:
        yield VideoEntry("a", "waiting")
        raise KeyboardInterrupt

    (tmp_path / "page.html").write_text("old")
    with pytest.raises(KeyboardInterrupt):
        write_report(tmp_path / "page.html", broken())
    assert (tmp_path / "page.html").read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_record_of_an_earlier_version_tells_no_signs(tmp_path: Path) -> None:
    found = record(tmp_path, video("a", [walk(1, [(31, 60)])]))
    del found["advice"], found["tracks"][0]["missed"]
    (tmp_path / "summary.json").write_text(json.dumps(found))
    write_report(tmp_path / "page.html", [VideoEntry("a", "done", record=read_summary(tmp_path / "summary.json"))])
    head = blocks(tmp_path / "page.html")["heads"]["videos"][0]
    assert (head["missed"], head["advice"], head["doubtful"]) == (0, "", 0)


def test_an_empty_batch(tmp_path: Path) -> None:
    write_report(tmp_path / "page.html", [])
    assert blocks(tmp_path / "page.html")["heads"]["videos"] == []
