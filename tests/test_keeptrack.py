"""The package under the product's name."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROGRAM = """
import keeptrack, keeptrack.run.track
from keeptrack.association.engine import Tracker
assert keeptrack.Tracker is Tracker and Tracker.__module__ == "tracker.association.engine"
from keeptrack import Detections, track
assert track is keeptrack.run.track.track
print(len(Tracker().update(Detections.empty())))
"""


def python(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_it_is_the_same_package() -> None:
    keeptrack, tracker = importlib.import_module("keeptrack"), importlib.import_module("tracker")
    assert keeptrack is tracker
    engine = importlib.import_module("keeptrack.association.engine")
    assert engine is importlib.import_module("tracker.association.engine")
    assert engine.__spec__ is not None
    assert engine.__spec__.name == "tracker.association.engine"
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("keeptrack.nonsense")


@pytest.mark.parametrize("shadow", ["", "raise SystemExit('not the package')"])
def test_a_tracker_of_the_user_s_own_is_not_in_the_way(tmp_path: Path, shadow: str) -> None:
    for name in ("tracker.py", "detectors.py") if shadow else ():
        (tmp_path / name).write_text(shadow)
    (tmp_path / "program.py").write_text(PROGRAM)
    done = python("program.py", folder=tmp_path)
    assert (done.stdout, done.stderr) == ("0\n", "")
    done = python("-m", "keeptrack", "nothing.mp4", folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("error: nothing.mp4: ")


def test_who_has_a_tracker_already_keeps_it(tmp_path: Path) -> None:
    (tmp_path / "tracker.py").write_text("NAME = 'mine'\n")
    (tmp_path / "program.py").write_text(f"import tracker\n{PROGRAM}\nprint(tracker.NAME)")
    done = python("program.py", folder=tmp_path)
    assert (done.stdout, done.stderr) == ("0\nmine\n", "")
