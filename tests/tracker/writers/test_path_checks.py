"""Output paths: what is refused before any work is done."""

from __future__ import annotations

from pathlib import Path

import pytest

from detectors import InputError
from tracker.writers.path_checks import check_outputs, check_video_name


def test_outputs_are_checked_before_work(tmp_path: Path) -> None:
    source, there = tmp_path / "in.mp4", tmp_path / "there.txt"
    source.touch()
    there.touch()
    fresh = tmp_path / "new.mp4"
    check_outputs({"--output": fresh, "--mot": tmp_path / "new.txt"}, [source], overwrite=False)
    check_outputs({"--mot": there}, [source], overwrite=True)
    hard = tmp_path / "hard.mp4"
    hard.hardlink_to(source)
    with pytest.raises(InputError, match="would be overwritten"):
        check_outputs({"--output": hard}, [source], overwrite=True)
    check_outputs({"--mot": Path("/dev/stdout")}, [source], overwrite=False)
    check_outputs({"--mot": there, "--jsonl": Path("-")}, [source], overwrite=True)
    bad = {
        "is no file name": {"--output": Path("-")},
        "asked for twice, by --mot and --jsonl": {"--mot": Path("-"), "--jsonl": Path("/dev/stdout")},
        "would be overwritten": {"--output": source},
        "exists already": {"--mot": there},
        "asked for twice": {"--mot": fresh, "--jsonl": tmp_path / "." / "new.mp4"},
        "does not exist": {"--mot": tmp_path / "nowhere" / "x.txt"},
        "is a folder": {"--mot": tmp_path},
        "its name would be too long": {"--tracks": tmp_path / f"{'y' * 241}.sqlite"},
    }
    for why, outputs in bad.items():
        with pytest.raises(InputError, match=why):
            check_outputs(outputs, [source], overwrite=why == "would be overwritten")


def test_video_must_be_named_mp4() -> None:
    check_video_name(Path("a.MP4"))
    with pytest.raises(InputError, match=r"name it a\.mp4"):
        check_video_name(Path("a.avi"))
