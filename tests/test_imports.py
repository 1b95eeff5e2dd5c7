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
    assert {"numpy", "scipy", "tracker"} <= loaded
    assert not loaded & {"cv2", "onnxruntime", "av", "PIL", "rich", *TORCH}
