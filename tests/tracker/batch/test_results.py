"""Results appear whole or not at all, whoever else is at the same video."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tracker.batch import results
from tracker.batch.job import Job, Outcome

DONE = Outcome("done", frames=2, tracks=1)


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job("/clip.mp4", "clip", {}, ("mot",), "all", False, False, str(tmp_path))


def make(job: Job, text: str) -> Path:
    draft = results.create_draft(job)
    (draft / "mot.txt").write_text(text)
    return draft


def found(job: Job) -> str:
    return (job.folder / "mot.txt").read_text()


def test_results_replace_older_ones_and_leave_nothing_else(job: Job) -> None:
    for text in ("first", "second"):
        results.publish(job, make(job, text), text, DONE)
        assert (found(job), results.published_outcome(job.folder, text)) == (text, DONE)
    assert sorted(path.name for path in job.folder.iterdir()) == ["done.json", "mot.txt"]
    results.clean_up(Path(job.out))
    assert [path.name for path in Path(job.out).iterdir()] == ["clip"]


def test_two_at_once_do_not_mix(job: Job) -> None:
    one, other = make(job, "one"), make(job, "other")
    (one / "of one").touch()
    results.publish(job, other, "other", DONE)
    results.publish(job, one, "one", DONE)
    assert (found(job), results.published_outcome(job.folder, "other")) == ("one", None)
    assert sorted(path.name for path in job.folder.iterdir()) == ["done.json", "mot.txt", "of one"]


@pytest.mark.parametrize(
    "take", [lambda job, draft: results.discard(draft), lambda job, _: results.clean_up(job.folder.parent)]
)
def test_what_was_taken_away_is_never_published(job: Job, take: Callable[[Job, Path], None]) -> None:
    results.publish(job, make(job, "right"), "right", DONE)
    late = make(job, "late")
    take(job, late)
    (late / "yolo").mkdir(parents=True)  # as writers of formats do, for whoever lives on and does not know
    assert not results.draft_exists(late)
    with pytest.raises(OSError, match="begun"):
        results.publish(job, late, "late", DONE)
    assert found(job) == "right"


@pytest.mark.parametrize("successor", ["", "new"])
def test_taken_away_in_the_midst_of_being_published(job: Job, monkeypatch: pytest.MonkeyPatch, successor: str) -> None:
    """Older results have made way already: they come back, unless somebody else's are there by now."""
    results.publish(job, make(job, "old"), "old", DONE)
    late = make(job, "late")
    rename = os.rename

    def slow(source: Path, target: Path) -> None:
        rename(source, target)
        if target.name == results.OLD:
            monkeypatch.setattr(os, "rename", rename)
            results.discard(late)
            if successor:
                results.publish(job, make(job, successor), successor, DONE)

    monkeypatch.setattr(os, "rename", slow)
    with pytest.raises(FileNotFoundError):
        results.publish(job, late, "late", DONE)
    assert found(job) == (successor or "old")


def test_older_results_come_back_when_their_successor_did_not_arrive(job: Job) -> None:
    results.publish(job, make(job, "old"), "old", DONE)
    draft = make(job, "new")
    os.rename(job.folder, draft.with_name(results.OLD))  # and then the power failed
    results.clean_up(Path(job.out))
    assert found(job) == "old"


def test_what_a_person_has_changed_or_added_is_kept(job: Job) -> None:
    assert results.publish(job, make(job, "first"), "first", DONE) is None
    (job.folder / "mot.txt").write_text("corrected")
    os.utime(job.folder / "mot.txt", (1e9, 1e9))  # as of an export that is unpacked or copied with its time
    kept = results.publish(job, make(job, "second"), "second", DONE)
    assert kept == job.folder.with_name("clip.corrected-1")
    assert ((kept / "mot.txt").read_text(), found(job)) == ("corrected", "second")
    (job.folder / "notes.txt").write_text("mine")
    kept = results.publish(job, make(job, "third"), "third", DONE)
    assert kept == job.folder.with_name("clip.corrected-2")
    assert (kept / "notes.txt").read_text() == "mine"
    assert results.publish(job, make(job, "fourth"), "fourth", DONE) is None


def test_results_without_a_signature_are_kept(job: Job) -> None:
    job.folder.mkdir()
    (job.folder / "thesis.txt").write_text("three years")
    kept = results.publish(job, make(job, "first"), "first", DONE)
    assert kept is not None
    assert (kept / "thesis.txt").read_text() == "three years"


def test_a_file_that_a_person_has_deleted_or_replaced_by_a_link_is_a_change(job: Job) -> None:
    results.publish(job, make(job, "first"), "first", DONE)
    (job.folder / "mot.txt").unlink()
    kept = results.publish(job, make(job, "second"), "second", DONE)
    assert kept is not None
    assert not (kept / "mot.txt").exists()
    (job.folder / "mot.txt").rename(job.folder.with_name("mine.txt"))
    (job.folder / "mot.txt").symlink_to("../mine.txt")
    kept = results.publish(job, make(job, "third"), "third", DONE)
    assert kept is not None
    assert (kept / "mot.txt").read_text() == "second"


def test_looking_at_results_or_copying_them_changes_nothing(job: Job) -> None:
    results.publish(job, make(job, "first"), "first", DONE)
    for name in (".DS_Store", "._mot.txt", "Thumbs.db", "desktop.ini"):
        (job.folder / name).write_bytes(b"\0")
    os.utime(job.folder / "mot.txt", (2e9, 2e9))
    assert results.publish(job, make(job, "second"), "second", DONE) is None


def test_what_an_earlier_version_has_signed_is_judged_by_its_age(job: Job) -> None:
    names: dict[str, list[str]] = {"files": ["mot.txt"]}
    for told, time, changed in (({}, 1e9, True), (names, 1e9, False), (names, 2e9, True), ({"files": []}, 1e9, True)):
        results.publish(job, make(job, "first"), "first", DONE)
        (job.folder / results.DONE).write_text(json.dumps(told))
        os.utime(job.folder / "mot.txt", (time, time))
        assert (results.publish(job, make(job, "second"), "second", DONE) is not None) == changed


@pytest.mark.parametrize("told", ["[]", "5", "{", '{"files": 5}', '{"files": [[]]}', '{"files": {"mot.txt": 5}}'])
def test_results_with_an_odd_signature_are_kept(job: Job, told: str) -> None:
    results.publish(job, make(job, "first"), "first", DONE)
    (job.folder / results.DONE).write_text(told)
    assert results.published_outcome(job.folder, "first") is None
    kept = results.publish(job, make(job, "second"), "second", DONE)
    assert kept is not None
    assert (kept / "mot.txt").read_text() == "first"


@pytest.mark.parametrize(("key", "value"), [("frames", "9"), ("tracks", None), ("warnings", [5]), ("warnings", 5)])
def test_a_signature_with_odd_figures_does_not_count(job: Job, key: str, value: object) -> None:
    results.publish(job, make(job, "first"), "first", DONE)
    signed = job.folder / results.DONE
    signed.write_text(json.dumps(json.loads(signed.read_text()) | {key: value}))
    assert results.published_outcome(job.folder, "first") is None
