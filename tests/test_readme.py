"""Every command of the README runs, on small inputs of the names that it uses."""

from __future__ import annotations

import re
import shlex
import shutil
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tracker import track
from tracker.commands.cli import main
from videos.serve import Camera

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMAND = re.compile(r"^ {4}(?!from |for |print)(\S.*?)(?: {2,}#.*)?$", re.MULTILINE)
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)
CAMERA = "rtsp://user:password@host/stream"

commands = [command.strip() for command in COMMAND.findall(PYTHON.sub("", README))]
of_keeptrack = [command for command in commands if command.startswith("keeptrack ") and "mine.onnx" not in command]


@pytest.fixture(scope="module")
def camera() -> Iterator[str]:
    """The address of a stream."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Camera) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/walkers"
        server.shutdown()


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with video.mp4 and clips/."""
    (tmp_path / "clips").mkdir()
    for name in ("video.mp4", "clips/one.mp4"):
        shutil.copy(ROOT / "videos" / "crossing.mp4", tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_all_commands_are_known_here() -> None:
    others = {command for command in commands if command not in of_keeptrack}
    assert len(of_keeptrack) >= 4
    assert others == {
        "make demo",
        "make bench",
        ". .venv/bin/activate",
        "pip install '.[train]'",
        "python -m training detector pictures/ -o mine.onnx --minutes 5",
        "keeptrack video.mp4 --detector mine.onnx",
    }


@pytest.mark.parametrize("command", of_keeptrack)
def test_a_command_of_the_readme_runs(command: str, workplace: Path, camera: str) -> None:
    words = shlex.split(command)[1:]
    if "--view" in words:
        pytest.importorskip("starlette", reason="needs the extra `view`")
        words[words.index("--view") + 1 : words.index("--view") + 1] = ["127.0.0.1:0"]
    if CAMERA in words:
        words[words.index(CAMERA)] = camera
        words += ["--max-frames", "5"]
    before = set(workplace.rglob("*"))
    assert main(words) == 0
    assert set(workplace.rglob("*")) > before, "files"


def test_the_training_of_the_readme_gives_a_detector_that_runs(workplace: Path) -> None:
    pytest.importorskip("torch", reason="needs the extra `train`")
    from tests.training.pictures import write_yolo
    from training.__main__ import main as train

    write_yolo(workplace / "pictures", 4)
    words = shlex.split(next(command for command in commands if "training detector" in command))[3:]
    words[words.index("--minutes") : words.index("--minutes") + 2] = ["--steps", "2", "--imgsz", "64", "--side", "64"]
    assert train(words) == 0
    follow = shlex.split(next(command for command in commands if "--detector mine.onnx" in command))[1:]
    assert main([*follow, "--max-frames", "5"]) == 0


def test_the_python_of_the_readme_prints_each_frame(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(ROOT / "videos" / "walkers.mp4", "video.mp4")
    (code,) = PYTHON.findall(README)
    seen: list[int] = []

    def first_frames(*arguments: Any, **options: Any) -> Iterator[Any]:
        for frame, tracks in track(*arguments, **options, max_frames=4):
            seen.append(len(tracks))
            yield frame, tracks

    exec(compile(code.replace("from keeptrack import track\n", ""), "README.md", "exec"), {"track": first_frames})
    lines = capsys.readouterr().out
    assert [int(line.split()[0]) for line in lines.splitlines() if line[0].isdigit()] == [1, 2, 3, 4]
    assert seen[-1] >= 3, "people"
