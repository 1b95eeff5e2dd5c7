"""Imports point one way, and association alone stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FORBIDDEN = {
    "detectors": {"tracker", "training", "benchmarks", "tests"},
    "tracker": {"training", "benchmarks", "tests"},
    "training": {"tracker", "benchmarks", "tests"},
}
TORCH = {"torch", "torchvision", "ultralytics"}
HEAVY = {"cv2", "onnxruntime", "av", "PIL", "rich", "scipy", *TORCH}


def imported(path: Path) -> Iterator[str]:
    """The first part of every module that a file imports, at its top or inside a function."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield path.relative_to(ROOT).parts[0] if node.level else str(node.module).split(".")[0]


@pytest.mark.parametrize("package", FORBIDDEN)
def test_imports_point_one_way(package: str) -> None:
    files = list((ROOT / package).rglob("*.py"))
    assert files
    assert {path: wrong for path in files if (wrong := FORBIDDEN[package] & set(imported(path)))} == {}


def test_torch_is_imported_for_training_and_checkpoints_only() -> None:
    files = {path.relative_to(ROOT) for package in ("detectors", "tracker") for path in (ROOT / package).rglob("*.py")}
    assert {path.as_posix() for path in files if TORCH & set(imported(ROOT / path))} <= {"detectors/yolo.py"}


def test_association_alone_loads_no_pictures_and_no_models() -> None:
    program = "import sys, tracker; tracker.Tracker().update(tracker.Detections.empty()); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert {"numpy", "tracker"} <= loaded
    assert not loaded & HEAVY


CLIP = "videos/crossing.mp4 --appearance none --max-frames 3"
FILED = f"{CLIP} --detections tests/golden/crossing.det.txt"
LOADED = {  # a run -> the heavy libraries that it needs
    "SEQUENCE --detections DETECTIONS -o none --quiet": set(),
    "SEQUENCE --detections DETECTIONS -o none --quiet --tracker sort": {"scipy"},
    "SEQUENCE --detections DETECTIONS -o none": {"rich"},
    f"{FILED} -o none --quiet": {"cv2", "av"},
    f"{CLIP} -o none --quiet": {"cv2", "av", "onnxruntime"},
    f"{CLIP} -o none --quiet --detector motion": {"cv2", "av"},
    f"{FILED} -o VIDEO": {"cv2", "av", "PIL", "rich"},
}


@pytest.mark.parametrize("arguments", LOADED)
def test_a_run_loads_only_what_its_stages_need(arguments: str, tmp_path: Path) -> None:
    (tmp_path / "seqinfo.ini").write_text("[Sequence]\nframeRate=25\nseqLength=3\n")
    (tmp_path / "det.txt").write_text("".join(f"{frame},-1,9,9,20,40,0.9,-1,-1,-1\n" for frame in (1, 2, 3)))
    names = {"SEQUENCE": tmp_path, "DETECTIONS": tmp_path / "det.txt", "VIDEO": tmp_path / "out.mp4"}
    words = [str(names.get(word, word)) for word in arguments.split()]
    program = "import sys; from tracker.commands.cli import main; print(main(sys.argv[1:]), *sys.modules)"
    command = [sys.executable, "-c", program, *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    status, *modules = done.stdout.splitlines()[-1].split()
    assert (status, done.stderr) == ("0", "")
    assert {name.split(".")[0] for name in modules} & HEAVY == LOADED[arguments]
