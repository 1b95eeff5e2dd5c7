"""Requests to the page: who gets what, and who gets nothing."""

from __future__ import annotations

import cv2
import httpx
import numpy as np
import pytest

from detectors import Frame
from tests.tracker.view.pages import ask, make_page
from tracker.view.page_state import PageState

PATHS = ("/", "/page.css", "/page.js", "/icon.svg", "/state.json", "/frame.jpg", "/snapshot.jpg", "/crop/1.jpg")
TOKEN = "open sesame & more"


@pytest.fixture
def page() -> PageState:
    page = make_page()
    page.end("over")  # so that nothing is waited for
    return page


def size(answer: httpx.Response) -> tuple[int, int]:
    """Height and width of a JPEG."""
    image = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image.shape[0], image.shape[1]


@pytest.mark.parametrize("path", PATHS)
def test_everything_is_there_with_strict_headers(page: PageState, path: str) -> None:
    answer = ask(page, path)
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


def test_pictures_are_what_was_shown(page: PageState) -> None:
    picture, snapshot, crop = (ask(page, path) for path in ("/frame.jpg", "/snapshot.jpg", "/crop/2.jpg?v=1"))
    assert size(picture) == size(snapshot) == (120, 160)
    assert picture.headers["X-Frame"] == "3"
    assert snapshot.headers["Content-Disposition"].endswith("''yard_00h00m00s_frame-3.jpg")
    assert max(size(crop)) <= 96
    assert "max-age" in crop.headers["Cache-Control"]
    assert ask(page, "/frame.jpg?after=99").status_code == 204


def test_a_wide_picture_is_made_smaller() -> None:
    page = make_page(frames=0)
    image = np.zeros((1080, 1920, 3), np.uint8)
    page.show(Frame(image, 1, 0.0), image)
    page.end("over")
    assert size(ask(page, "/frame.jpg")) == (720, 1280)
    assert size(ask(page, "/frame.jpg?width=700")) == (450, 800)
    assert size(ask(page, "/snapshot.jpg")) == (1080, 1920)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", PATHS)
def test_there_is_nothing_but_get(page: PageState, method: str, path: str) -> None:
    assert ask(page, path, method=method).status_code == 405


@pytest.mark.parametrize(
    ("path", "status"),
    {
        "/nothing": 404,
        "/crop/99.jpg": 404,
        "/crop/-1.jpg": 404,
        "/crop/1e3.jpg": 404,
        "/crop/٣.jpg": 404,
        "/crop/99999999999999999999999.jpg": 404,
        "/crop/..%2f..%2fserver.py.jpg": 404,
        "/%2e%2e/%2e%2e/etc/passwd": 404,
        "//etc/passwd": 404,
        "/server.py": 404,
        "/frame.jpg?after=x": 400,
        "/frame.jpg?after=-1": 400,
        "/frame.jpg?width=1e9": 400,
        "/state.json?after=9999999999999999999": 400,
    }.items(),
)
def test_what_is_not_there_is_refused(page: PageState, path: str, status: int) -> None:
    answer = ask(page, path)
    assert answer.status_code == status
    assert b"root:" not in answer.content
    assert b"import" not in answer.content


@pytest.mark.parametrize(
    ("host", "status"),
    {
        "127.0.0.1:8000": 200,
        "localhost": 200,
        "LOCALHOST:1": 200,
        "[::1]:8000": 200,
        "evil.example": 421,
        "127.0.0.1.evil.example": 421,
        "localhost.evil.example:8000": 421,
        "192.168.1.4:8000": 421,
        "": 421,
        "[": 421,
    }.items(),
)
def test_without_a_token_only_this_computers_own_names_are_served(page: PageState, host: str, status: int) -> None:
    for path in ("/", "/state.json", "/stream.mjpg"):
        assert ask(page, path, host=host).status_code == status


@pytest.mark.parametrize("path", [*PATHS, "/stream.mjpg", "/nothing"])
@pytest.mark.parametrize(
    "given",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer"},
        {"Cookie": "keeptrack_8000=wrong"},
        {"Cookie": "=;,"},
    ],
)
def test_with_a_token_every_request_needs_it(page: PageState, path: str, given: dict[str, str]) -> None:
    refused = ask(page, path, token=TOKEN, headers=given)
    assert refused.status_code == 401
    assert "set-cookie" not in refused.headers
    assert ask(page, path + "?token=wrong", token=TOKEN, headers=given).status_code == 401
    assert "Content-Security-Policy" in refused.headers


def test_the_token_opens_the_page_from_any_name_and_leaves_a_cookie(page: PageState) -> None:
    query = "?token=open%20sesame%20%26%20more"
    first = ask(page, "/" + query, token=TOKEN, host="camera.example:8000")
    assert first.status_code == 200
    cookie = first.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "sesame" not in cookie
    pair = cookie.partition(";")[0]
    for path in PATHS:
        later = ask(page, path, token=TOKEN, headers={"Cookie": f"other=1; {pair}"}, host="camera.example:8000")
        assert later.status_code == 200
        assert "Set-Cookie" not in later.headers
    assert ask(page, "/state.json", token=TOKEN, headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
    assert ask(page, "/state.json", token="another", headers={"Cookie": pair}).status_code == 401


def test_before_the_first_picture_there_is_none() -> None:
    page = make_page(frames=0)
    page.end("stopped")
    assert ask(page, "/frame.jpg").status_code == 204
    assert ask(page, "/snapshot.jpg").status_code == 503
    assert ask(page, "/state.json").json()["state"] == "stopped"
