"""The record of a batch."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from detectors.errors import InputError
from tracker.batch.job import Outcome
from tracker.batch.manifest import NAME, VERSION, Manifest


def test_it_remembers(tmp_path: Path) -> None:
    with Manifest(tmp_path) as manifest:
        manifest.add({"/b.mp4": "b", "/a.mp4": "a"})
        manifest.mark_running("/a.mp4")
        manifest.mark_finished("/a.mp4", "print", Outcome("failed", "no frame", 3, 2, 1.5))
    with Manifest(tmp_path) as manifest:
        first, second = manifest.statuses()
        assert (first.name, first.state, first.reason, first.frames, first.tracks) == ("a", "failed", "no frame", 3, 2)
        assert (first.seconds, first.attempts, first.fingerprint) == (1.5, 1, "print")
        assert (second.name, second.state, second.attempts) == ("b", "waiting", 0)
        assert manifest.names() == {"/a.mp4": "a", "/b.mp4": "b"}


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match="holds other files and no batch"):
        Manifest(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    Manifest(tmp_path).close()
    with sqlite3.connect(tmp_path / NAME) as file:
        file.execute(f"PRAGMA user_version = {VERSION + 1}")
    file.close()
    before = (tmp_path / NAME).read_bytes()
    with pytest.raises(InputError, match="from a newer keeptrack"):
        Manifest(tmp_path)
    assert (tmp_path / NAME).read_bytes() == before


def test_another_programs_file_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / NAME) as file:
        file.execute("CREATE TABLE songs (name TEXT)")
    file.close()
    with pytest.raises(InputError, match="is not the record of a batch"):
        Manifest(tmp_path)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"nonsense" * 200)
    with pytest.raises(InputError, match=r"batch\.sqlite: cannot be used: file is not a database"):
        Manifest(tmp_path)


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    with Manifest(tmp_path) as manifest:
        manifest._file.execute("PRAGMA max_page_count = 2")
        with pytest.raises(InputError, match=r"is full \(free some space\)"):
            manifest.add({f"/{number}.mp4": f"{number}" * 500 for number in range(50)})
        assert manifest.statuses() == []
