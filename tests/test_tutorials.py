"""The commands and programs of docs/tutorials run as they are written, in a quick form."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tracker.commands import cli

ROOT = Path(__file__).parent.parent
TUTORIALS = ROOT / "docs" / "tutorials"
PAGES = sorted(path.stem for path in TUTORIALS.glob("*.md"))
COMMAND = re.compile(r"^    ((?:keeptrack|mkdir|python -m training) .*)$", re.MULTILINE)
PROGRAM = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
ROWS = np.array([[10.0, 20, 40, 90, 0.9, 0], [200, 30, 240, 120, 0.8, 0]])
CAMERA = "http://127.0.0.1:8554/walkers"
TRAINING_DATA = ("pictures/",)  # of the reader: the pages have none


def commands(page: str) -> list[list[str]]:
    """The command lines of a page, word by word."""
    text = (TUTORIALS / f"{page}.md").read_text(encoding="utf-8")
    return [shlex.split(line.partition("   #")[0]) for line in COMMAND.findall(text)]


def quick(words: Sequence[str]) -> list[str]:
    """The same command on a few small frames."""
    if words[1] == "convert" or words[1] == "eval":
        return list(words)
    return [*words, "--max-frames", "12", "--imgsz", "320", "--appearance", "none"]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that has videos/, as that of keeptrack."""
    (tmp_path / "videos").symlink_to(ROOT / "videos")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(words: Sequence[str], desk: Path) -> None:
    if words[0] == "mkdir":
        (desk / "clips").mkdir()
        (desk / "clips/walkers.mp4").symlink_to(ROOT / "videos/walkers.mp4")
        return
    given = [word.replace(CAMERA, "videos/walkers.mp4") for word in words if word != "--view"]
    assert cli.main(quick(given)[1:]) == 0, shlex.join(given)


def test_count_a_door(desk: Path) -> None:
    for words in commands("count-a-door"):
        run(words, desk)

    head = (desk / "counts.csv").read_text().splitlines()[0].split(",")
    shown = re.search(r"^\| start .*$", (TUTORIALS / "count-a-door.md").read_text(), re.MULTILINE)
    assert shown
    assert set(shown[0].strip("| ").split(" | ")) <= set(head), "columns that the page shows"
    assert (desk / "walkers.tracked.mp4").exists()
    assert (desk / "events.jsonl").exists()


def test_annotate_for_cvat(desk: Path) -> None:
    page = (TUTORIALS / "annotate-for-cvat.md").read_text()
    for words in commands("annotate-for-cvat"):
        if words[1] == "eval":
            pytest.importorskip("trackeval")
        pictures = words[1] == "convert" and "--video" in words
        run([*words, "--partial"] if pictures else words, desk)  # the quick form has annotated the first frames only
    told = re.findall(r"^\| `([\w./]+)` \|", page, re.MULTILINE)
    assert told
    assert [name for name in told if not (desk / "annotations" / name).exists()] == []
    assert (desk / "set/annotations.json").exists()


def test_train_on_your_own(desk: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("onnx")
    from training.__main__ import main

    for words in commands("train-on-your-own"):
        if words[0] == "keeptrack":
            run(["20" if word == "2" else word for word in words], desk)
        elif not set(words) & set(TRAINING_DATA):
            length = words.index("--minutes")
            short = [*words[3:length], *words[length + 2 :], "--steps", "2", "--imgsz", "96", "--side", "96"]
            assert main(short) == 0
    assert (desk / "painted.found.jpg").exists()
    assert (desk / "crossing.tracked.mp4").exists()


def test_a_camera_for_months(desk: Path) -> None:
    for number, words in enumerate(commands("a-camera-for-months")):
        run([*words, "--overwrite"] if number else words, desk)
    assert (desk / "path.jsonl").exists()
    assert (desk / "path.csv").exists()


def programs() -> Iterator[tuple[str, str]]:
    text = (TUTORIALS / "inside-other-libraries.md").read_text(encoding="utf-8")
    for program in PROGRAM.findall(text):
        yield program.split("\n", 1)[0], program


def program(word: str) -> str:
    (found,) = (text for _, text in programs() if word in text)
    return found


def test_each_program_is_run_or_needs_a_library_that_is_not_ours() -> None:
    assert len(list(programs())) == 4


def test_inside_supervision(desk: Path) -> None:
    sv = pytest.importorskip("supervision")

    def detect(picture: Any) -> Any:
        return sv.Detections(ROWS[:, :4], confidence=ROWS[:, 4], class_id=np.array([0, 0]))

    short = program("SupervisionTracker").replace("videos/walkers.mp4", "videos/crossing.mp4")
    exec(short, {"detect": detect})
    assert (desk / "supervised.mp4").stat().st_size


def test_your_own_detector(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exec(program("run.counts").replace("max_frames=50", "max_frames=3"), {"detect": lambda picture: ROWS})
    exec(
        program("for picture in pictures"),
        {"detect": lambda picture: ROWS, "pictures": [np.zeros((200, 300, 3), np.uint8)]},
    )
    assert "[1 2]" in capsys.readouterr().out


def test_every_page_is_tested_here() -> None:
    tests = {name.removeprefix("test_").replace("_", "-") for name in globals() if name.startswith("test_")}
    assert set(PAGES) - {"inside-other-libraries"} <= tests
