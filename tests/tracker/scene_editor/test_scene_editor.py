"""The page of `keeptrack draw`: what is saved is what runs read, nothing else gets in, and a person can use it."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from playwright.sync_api import Page

from detectors import InputError
from tests.conftest import ROOT
from tests.tracker.commands.test_cli import run
from tests.tracker.view.test_page import PATIENCE, page, wait_for
from tracker.ground_plane.calibration_file import load_calibration
from tracker.regions.json_file import read_regions
from tracker.scene_editor.app import Editor
from tracker.scene_editor.frame_at import frame_at
from tracker.scene_editor.scene import SceneFile, as_text

__all__ = ["page"]  # a fixture
PICTURE = np.full((240, 320, 3), 90, np.uint8)
POINTS = [
    {"picture": [20, 220], "metres": [0, 0]},
    {"picture": [300, 220], "metres": [10, 0]},
    {"picture": [220, 120], "metres": [10, 20]},
    {"picture": [100, 120], "metres": [0, 20]},
]
SCENE: dict[str, Any] = {
    "mask": [[[0, 0], [9, 0], [9, 9]]],
    "lines": {"Tür": [[10, 20], [200, 20]]},
    "zones": {"hall": [[0, 0], [100, 0], [100, 100]]},
    "calibration": {"size": [320, 240], "points": POINTS},
}
TOKEN = "word"


def ask(editor: Editor, method: str, path: str, **more: Any) -> httpx.Response:
    async def request() -> httpx.Response:
        transport = httpx.ASGITransport(editor.app(TOKEN))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            headers = {"Authorization": f"Bearer {TOKEN}", **more.pop("headers", {})}
            return await client.request(method, path, headers=headers, **more)

    return asyncio.run(request())


def editor(path: Path) -> Editor:
    return Editor(SceneFile(path, (320, 240)), "made", PICTURE)


def test_what_is_saved_is_what_runs_read(tmp_path: Path) -> None:
    path = tmp_path / "made.scene.json"
    made = editor(path)
    checked = ask(made, "POST", "/scene.json", json=SCENE).json()
    assert (checked["error"], checked["saved"]) == ("", False)
    assert not path.exists()
    assert ask(made, "POST", "/scene.json?save=1", json=SCENE).json()["saved"]
    assert json.loads(path.read_text()) == SCENE
    assert list(read_regions(path).lines) == ["Tür"]
    found = load_calibration(path, (320, 240)).homography
    assert np.allclose(found.to_metres(np.array([[300.0, 220.0]])), [[10, 0]])
    assert np.allclose(np.reshape(checked["ground"], (3, 3)), found.matrix)
    again = ask(editor(path), "GET", "/scene.json").json()
    assert again["scene"] == SCENE
    assert (again["width"], again["height"], again["name"]) == (320, 240, "made")
    assert list(tmp_path.iterdir()) == [path]


def test_a_scene_is_text_that_a_person_can_read() -> None:
    text = as_text(SCENE)
    assert json.loads(text) == SCENE
    assert '      {"picture": [20, 220], "metres": [0, 0]},\n' in text
    assert '    "Tür": [[10, 20], [200, 20]]\n' in text
    assert as_text({}) == "{}\n"


def test_the_ground_is_shown_from_above_once_it_is_known(tmp_path: Path) -> None:
    made = editor(tmp_path / "made.json")
    assert ask(made, "GET", "/above.jpg").status_code == 404
    ask(made, "POST", "/scene.json", json=SCENE)
    picture = cv2.imdecode(np.frombuffer(ask(made, "GET", "/above.jpg").content, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape[0] > 100


@pytest.mark.parametrize(
    ("scene", "error"),
    [
        ({"lines": {"a": [[1, 1], [1, 1]]}}, "lines 'a': both points are the same"),
        ({"zones": {" ": [[0, 0], [9, 0], [9, 9]]}}, "zones: one has no name"),
        ({"calibration": {"points": POINTS[:3]}}, "has 3 points, and it takes four"),
        ({"nonsense": 1}, "'nonsense': is not known"),
    ],
)
def test_what_runs_could_not_read_is_not_saved(scene: dict[str, Any], error: str, tmp_path: Path) -> None:
    path = tmp_path / "made.json"
    answer = ask(editor(path), "POST", "/scene.json?save=1", json=scene).json()
    assert error in answer["error"]
    assert str(tmp_path) not in answer["error"]
    assert not path.exists()
    path.write_text(json.dumps(scene))
    with pytest.raises(InputError, match="cannot be gone on with"):
        editor(path)


def test_nobody_else_gets_in(tmp_path: Path) -> None:
    made = editor(tmp_path / "made.json")
    assert ask(made, "POST", "/scene.json", json={}, headers={"Authorization": "Bearer other"}).status_code == 401
    assert ask(made, "DELETE", "/scene.json").status_code == 405
    assert ask(made, "POST", "/frame.jpg").status_code == 405
    plain = {"content": "{}", "headers": {"Content-Type": "text/plain"}}  # what a form of another site could send
    assert ask(made, "POST", "/scene.json?save=1", **plain).status_code == 415
    as_json = {"Content-Type": "application/json"}
    assert ask(made, "POST", "/scene.json", content="[1]", headers=as_json).status_code == 400
    assert ask(made, "POST", "/scene.json", content="{", headers=as_json).status_code == 400
    assert ask(made, "POST", "/scene.json", content=b" " * (1 << 21), headers=as_json).status_code == 413
    for path in ("/", "/editor.js", "/editor.css", "/page.css", "/icon.svg", "/frame.jpg"):
        answer = ask(made, "GET", path)
        assert answer.status_code == 200
        assert "unsafe" not in answer.headers["Content-Security-Policy"]


def test_the_frame_is_that_of_the_time(crossing: Path) -> None:
    name, first = frame_at(str(crossing), 0.0)
    _, later = frame_at(str(crossing), 4.0)
    assert name == "crossing"
    assert np.abs(first.astype(int) - later).mean() > 1
    with pytest.raises(InputError, match="--at 999: is after the last frame of crossing"):
        frame_at(str(crossing), 999.0)


def test_bad_arguments_are_one_line(crossing: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("draw", crossing, "-o", tmp_path) == 1
    assert "is a folder" in capsys.readouterr().err
    assert run("draw", crossing, "-o", tmp_path / "no" / "such.json") == 1
    assert "does not exist" in capsys.readouterr().err


def test_a_person_draws_in_the_browser(page: Page, crossing: Path, tmp_path: Path) -> None:
    path = tmp_path / "drawn.json"
    command = [sys.executable, "-m", "tracker", "draw", str(crossing), "-o", str(path), "--view", "127.0.0.1:0"]
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = next((found[0] for line in process.stdout if (found := re.search(r"http://\S+", line))), "")
        page.goto(address)
        page.get_by_role("radio", name="Line", exact=True).wait_for()
        assert "token" not in page.url
        click(page, 40, 100)
        click(page, 200, 100)
        page.keyboard.type("door")
        page.get_by_role("radio", name="Zone", exact=True).click()
        for x, y in ((40, 40), (200, 40), (200, 200)):
            click(page, x, y)
        click(page, 40, 40)  # the first again ends it
        page.get_by_role("radio", name="Point in metres").click()
        for point in POINTS:
            click(page, *point["picture"])
            fields = page.locator("#list li.chosen input")
            for row, metres in enumerate(point["metres"]):
                fields.nth(row).fill(str(metres))
        wait_for(page, "document.querySelector('#above').naturalWidth > 0")
        move(page, 300, 220)
        assert page.locator("#pointer").inner_text() == "300, 220 px, 10.00, 0.00 m"
        page.get_by_role("button", name="Undo").click()  # the last number
        page.get_by_role("button", name="Undo").click()  # the last point
        wait_for(page, "document.querySelector('#warnings').textContent === '1 more point in metres'")
        page.keyboard.press("Control+s")
        wait_for(page, "document.querySelector('#toast').textContent.startsWith('Saved')")
        for width in (375, 390, 768, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE / 1000) == 0
    scene = json.loads(path.read_text())
    assert set(scene) == {"lines", "zones"}
    assert np.allclose(scene["lines"]["door"], [[40, 100], [200, 100]], atol=0.6)
    assert np.allclose(scene["zones"]["zone 1"], [[40, 40], [200, 40], [200, 200]], atol=0.6)
    assert said == []


def click(page: Page, x: float, y: float) -> None:
    move(page, x, y)
    page.mouse.down()
    page.mouse.up()


def move(page: Page, x: float, y: float) -> None:
    """Put the pointer on a pixel of the picture."""
    box = page.locator("#shapes").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + x * box["width"] / 320, box["y"] + y * box["height"] / 240)
