"""The command that installs an extra works from where this copy stands."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from detectors import extras
from detectors.extras import install_extra


@pytest.fixture
def packaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As if installed, not run in a checkout; pip is on the PATH."""
    bin_folder = tmp_path / "venv" / "bin"
    bin_folder.mkdir(parents=True)
    for name in ("python", "pip"):
        (bin_folder / name).write_text("")
        (bin_folder / name).chmod(0o755)
    monkeypatch.setattr(extras, "ROOT", tmp_path / "site-packages")
    monkeypatch.setattr(sys, "executable", str(bin_folder / "python"))
    monkeypatch.setenv("PATH", str(bin_folder))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def installed_from(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told = SimpleNamespace(read_text=lambda name: json.dumps({"url": url}) if url else None)
    monkeypatch.setattr("importlib.metadata.distribution", lambda name: told)


def test_from_a_checkout(packaged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "ROOT", packaged)
    (packaged / "pyproject.toml").write_text("")
    assert install_extra("view") == "pip install '.[view]'"
    (packaged / "clips").mkdir()
    monkeypatch.chdir(packaged / "clips")
    assert install_extra("view") == f"pip install '{packaged}[view]'"


def test_from_a_folder_a_wheel_a_repository_and_an_index(packaged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (packaged / "a b").mkdir()
    installed_from(f"file://{packaged}/a%20b", monkeypatch)
    assert install_extra("view") == "pip install './a b[view]'"
    wheel = packaged / "keeptrack-1-py3-none-any.whl"
    wheel.touch()
    installed_from(f"file://{wheel}", monkeypatch)
    assert install_extra("view") == f"pip install 'keeptrack[view] @ file://{wheel}'"
    wheel.unlink()
    assert install_extra("view") == "pip install 'keeptrack[view]'", "the file is gone"
    installed_from("https://example.org/keeptrack.whl", monkeypatch)
    assert install_extra("eval", upgrade=True) == (
        "pip install --upgrade 'keeptrack[eval] @ https://example.org/keeptrack.whl'"
    )
    installed_from("", monkeypatch)
    assert install_extra("view") == "pip install 'keeptrack[view]'"


def test_pip_is_that_of_the_python_that_runs(packaged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed_from("", monkeypatch)
    monkeypatch.setenv("PATH", "/nowhere")
    assert install_extra("view") == "venv/bin/pip install 'keeptrack[view]'"
    (packaged / "venv" / "bin" / "pip").unlink()
    assert install_extra("view") == "venv/bin/python -m pip install 'keeptrack[view]'"
