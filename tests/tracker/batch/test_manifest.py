"""The record of a batch."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from detectors.errors import InputError
from tracker.batch.job import Outcome
from tracker.batch.manifest import NAME, VERSION, Manifest, key_of


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


@pytest.mark.parametrize("name", ["../precious", "/etc", "", ".", "a/b", ".work", "a\\b"])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    with Manifest(tmp_path) as manifest:
        manifest.add({"/clip.mp4": name})
    with Manifest(tmp_path) as manifest, pytest.raises(InputError, match="as the name of a folder"):
        manifest.names()


ADDRESS = "rtsp://me:hunter2@host/cam/realmonitor?channel=1&password=hunter2"


def test_addresses_are_recorded_without_their_secrets(tmp_path: Path) -> None:
    other = ADDRESS.replace("channel=1", "channel=2")
    with Manifest(tmp_path) as manifest:
        manifest.add({ADDRESS: "one", other: "two"})
        manifest.mark_finished(ADDRESS, "print", Outcome("done", "", 3, 2, 1.5))
        assert manifest.names() == {key_of(ADDRESS): "one", key_of(other): "two"}
        assert [status.state for status in manifest.statuses()] == ["done", "waiting"]
    assert b"hunter2" not in (tmp_path / NAME).read_bytes()


def test_what_an_earlier_version_has_recorded_is_rewritten(tmp_path: Path) -> None:
    with Manifest(tmp_path) as manifest:
        manifest.add({"rtsp://host/live": "one"})
    with sqlite3.connect(tmp_path / NAME) as file:
        file.execute("UPDATE videos SET source = ?", (ADDRESS,))
    file.close()
    assert b"hunter2" in (tmp_path / NAME).read_bytes()
    with Manifest(tmp_path) as manifest:
        assert manifest.names() == {key_of(ADDRESS): "one"}
    assert b"hunter2" not in (tmp_path / NAME).read_bytes()


def test_a_name_that_is_no_text_is_recorded(tmp_path: Path) -> None:
    source = os.fsdecode(b"/v/caf\xe9.mp4")
    with Manifest(tmp_path) as manifest:
        manifest.add({source: "caf"})
        manifest.mark_running(source)
        assert [(status.source, status.attempts) for status in manifest.statuses()] == [("/v/caf\\udce9.mp4", 1)]


@pytest.mark.parametrize(
    "change", ["name = '../x'", "name = x'00ff'", "state = 'gone'", "seconds = 'x'", "frames = 1.5", "reason = 7.5e0"]
)
def test_rows_that_cannot_be_ours_are_refused(tmp_path: Path, change: str) -> None:
    with Manifest(tmp_path) as manifest:
        manifest.add({"/a.mp4": "a"})
    with sqlite3.connect(tmp_path / NAME) as file:
        file.execute(f"UPDATE videos SET {change}")
    file.close()
    with Manifest(tmp_path) as manifest:
        if change.startswith("reason"):  # a column of text makes one of it
            assert manifest.statuses()[0].reason == "7.5"
        else:
            with pytest.raises(InputError, match=r"batch\.sqlite: has .*make the batch anew"):
                manifest.names()


@pytest.mark.parametrize("name", [".lock", "batch.sqlite", "report.html", ".work", ".pieces", ".gone", ".pieces/a"])
def test_a_place_of_the_batch_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    out, precious = tmp_path / "out", tmp_path / "precious"
    Manifest(out.mkdir() or out).close()  # type: ignore[func-returns-value]
    precious.mkdir()
    (precious / "thesis.txt").write_text("three years")
    (out / name).parent.mkdir(exist_ok=True)
    (out / name).unlink(missing_ok=True)
    (out / name).symlink_to(precious if "." in name[:1] and name != ".lock" else precious / "thesis.txt")
    with pytest.raises(InputError, match=f"{Path(name).name}: is a link"):
        Manifest(out)
    assert (precious / "thesis.txt").read_text() == "three years"
