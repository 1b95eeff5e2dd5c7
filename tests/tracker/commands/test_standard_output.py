"""Results on standard output: nothing else is there, and who reads them may stop."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import MakeVideo
from tests.tracker.commands.test_cli import run

RESULT = {"--jsonl": "index", "--events": "event", "--stats": "frames"}


@pytest.fixture
def clip(make_video: MakeVideo, tmp_path: Path) -> list[str]:
    """A command for a clip in which one box moves."""
    make_video("clip.mp4")
    rows = [f"{frame},-1,{10 + 2 * frame},10,20,40,0.9,-1,-1,-1" for frame in range(1, 6)]
    (tmp_path / "det.txt").write_text("\n".join(rows))
    return [str(tmp_path / "clip.mp4"), "--detections", str(tmp_path / "det.txt"), "-o", "none"]


@pytest.mark.parametrize("option", RESULT)
def test_results_are_alone_there(option: str, clip: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert run(*clip, option, "-") == 0
    printed = capfd.readouterr()
    found = [json.loads(line) for line in (printed.out.splitlines() if option != "--stats" else [printed.out])]
    assert found
    assert all(RESULT[option] in each for each in found)
    assert "done" in printed.err


def test_a_file_behind_it_is_written_on(clip: list[str], tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    with path.open("w") as file:
        file.write("before\n")
        file.flush()
        command = [sys.executable, "-m", "tracker", *clip, "--mot", "/dev/stdout", "--quiet"]
        assert subprocess.run(command, check=False, stdout=file, timeout=60).returncode == 0
    first, *rows = path.read_text().splitlines()
    assert first == "before"
    assert [row.split(",")[0] for row in rows] == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize("option", RESULT)
def test_a_reader_who_has_enough_is_no_error(option: str, clip: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        command = [sys.executable, "-m", "tracker", *clip, option, "-"]
        ended = subprocess.run(command, check=False, stdout=pipe, stderr=subprocess.PIPE, text=True, timeout=60)
    assert ended.returncode == 141
    assert "error" not in ended.stderr
    assert "Traceback" not in ended.stderr
