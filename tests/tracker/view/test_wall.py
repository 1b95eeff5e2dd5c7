"""The page of several sources: its requests, and what a person sees in a real browser."""

from __future__ import annotations

import asyncio
import shutil

import httpx
import pytest
from playwright.sync_api import sync_playwright

from tests.tracker.view.pages import make_frame, make_page, make_tracks
from tracker.view.address import Address, listen
from tracker.view.server import Server, whole_wall
from tracker.view.wall import Wall
from tracker.view.wall_app import make_wall_app
from tracker.view.wall_feed import WallFeed

PATIENCE = 60_000  # milliseconds


def make_wall() -> Wall:
    """A wall with a source that runs, one that was never open, and one that has failed."""
    wall = Wall(["front door", "hall", "yard"])
    wall.show("front door", make_page(frames=3))
    wall.tell_trouble("yard", "refuses the connection")
    return wall


def ask(wall: Wall, *paths: str, token: str | None = None) -> list[httpx.Response]:
    """The answers to requests."""

    async def request() -> list[httpx.Response]:
        feed = WallFeed(wall)
        transport = httpx.ASGITransport(make_wall_app(feed, token))
        try:
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
                return [await client.get(path) for path in paths]
        finally:
            feed.close()

    return asyncio.run(request())


def test_tiles_tell_of_sources_that_run_and_of_those_that_do_not() -> None:
    wall = make_wall()
    [answer] = ask(wall, "/tiles.json")
    door, hall, yard = answer.json()["tiles"]
    assert door["name"] == "front door"
    assert door["state"] == "running"
    assert door["counts"] == [["person", 2, 2]]
    assert (door["width"], door["height"], door["images"]) == (160, 120, True)
    assert "tracks" not in door, "a tile is small"
    assert hall == {"name": "hall", "state": "opening", "trouble": None}
    assert yard == {"name": "yard", "state": "failed", "trouble": "refuses the connection"}
    wall.tell_trouble("front door", "the disk is full")
    assert ask(wall, "/tiles.json")[0].json()["tiles"][0]["state"] == "failed"
    wall.show("front door", make_page(frames=1))
    assert ask(wall, "/tiles.json")[0].json()["tiles"][0]["state"] == "running"


def test_each_source_has_its_own_page_behind_its_tile() -> None:
    pages = ask(
        make_wall(),
        "/",
        "/camera/front%20door/",
        "/camera/front%20door/state.json",
        "/camera/front%20door/frame.jpg?width=480&wait=1",
        "/camera/front%20door/page.js",
        "/camera/hall/state.json",
        "/camera/nobody/",
    )
    wall, page, state, picture, script, *missing = pages
    assert "wall.js" in wall.text
    assert "page.js" in page.text
    assert state.json()["source"]["name"] == "yard"
    assert picture.content.startswith(b"\xff\xd8")
    assert script.headers["content-type"].startswith("text/javascript")
    assert [each.status_code for each in missing] == [404, 404]
    assert all("Content-Security-Policy" in each.headers for each in pages)


def test_a_picture_is_waited_for_no_longer_than_asked() -> None:
    [answer] = ask(make_wall(), "/camera/front%20door/frame.jpg?after=99&wait=1")
    assert answer.status_code == 204


def test_everything_is_locked_without_the_token() -> None:
    paths = "/tiles.json", "/camera/front%20door/state.json", "/camera/front%20door/", "/"
    answers = ask(make_wall(), *paths, token="word")
    assert [answer.status_code for answer in answers] == [401] * 4
    assert "needs its token" in answers[2].text
    assert ask(make_wall(), "/tiles.json?token=word", token="word")[0].status_code == 200


def test_a_person_sees_all_tiles_and_goes_to_one_and_back() -> None:
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        pytest.skip("no Chromium on this system")
    wall, page_state = make_wall(), make_page(frames=1)
    wall.show("front door", page_state)
    listening = listen(Address("127.0.0.1", 0), None)
    address = f"http://127.0.0.1:{listening.getsockname()[1]}/"
    with sync_playwright() as playwright, Server(listening, wall, None, whole_wall):
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"], timeout=2 * PATIENCE)
        page = chromium.new_page(viewport={"width": 390, "height": 844})
        page.set_default_timeout(PATIENCE)
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(address)
        page.wait_for_selector("li[data-state=failed] .veil >> text=refuses the connection")
        for index in range(2, 60):
            frame = make_frame(index)
            page_state.update(frame, make_tracks(1, 2))
            page_state.show(frame, frame.image)
            if page.locator("canvas[data-frame]").count():
                break
            page.wait_for_timeout(50)
        assert page.locator("canvas[data-frame]").count() == 1
        assert page.locator("#status-text").inner_text() == "1 of 3 running"
        assert page.locator("li[data-state=running] .counts").inner_text() == "2 person"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.click("text=front door")
        page.wait_for_selector("#tracks tbody tr")
        assert page.url == f"{address}camera/front%20door/"
        page.click("#all")
        page.wait_for_selector("#tiles li")
        assert said == []
        chromium.close()
