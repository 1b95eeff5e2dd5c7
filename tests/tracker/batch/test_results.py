"""Results appear whole or not at all, whoever else is at the same video."""

from __future__ import annotations

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
