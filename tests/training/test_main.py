"""The command line without the libraries that only training needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from detectors.extras import install_extra
from training.__main__ import COMMANDS, main

ROOT = Path(__file__).parents[2]


def trained_without(library: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run training in a Python that cannot import a library."""
    program = (
        f"import sys; sys.modules[{library!r}] = None; from training.__main__ import main; sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", ["detector", "embedder"])
def test_without_torch_one_line_says_what_to_install(command: str, tmp_path: Path) -> None:
    done = trained_without("torch", command, str(tmp_path), "-o", str(tmp_path / "my.onnx"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"error: torch: is needed here, but cannot be imported ({install_extra('train')})\n"
    assert list(tmp_path.iterdir()) == []


def test_anchors_do_without_torch(tmp_path: Path) -> None:
    done = trained_without("torch", "anchors", str(tmp_path / "nowhere"))
    assert done.returncode == 1
    assert "nowhere: is no data set" in done.stderr


def test_an_error_that_nobody_has_foreseen_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise RecursionError("too deep")

    monkeypatch.setattr("training.commands.anchors.load_dataset", fail)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert main(["anchors", str(tmp_path)]) == 1
    told = capsys.readouterr().err
    assert "error: keeptrack: an error that it does not know, RecursionError: too deep" in told
    assert "Traceback" not in told
    with pytest.raises(RecursionError):
        main(["anchors", str(tmp_path), "--debug"])


def test_help_shows_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    for word in ("--help", "-h", "help"):
        assert main([word]) == 0
        told = capsys.readouterr()
        assert told.out.startswith("usage: python -m training COMMAND")
        assert all(f"\n  {command} " in told.out for command in COMMANDS)
        assert told.err == ""
    assert main([]) == 2
    assert capsys.readouterr().err.startswith("usage: python -m training COMMAND")


def test_an_unknown_command_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["detecto"]) == 2
    assert capsys.readouterr().err == f"error: detecto: is no command (choose one of: {', '.join(COMMANDS)})\n"
