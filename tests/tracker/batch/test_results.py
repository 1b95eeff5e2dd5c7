"""Folders of results: whole or not at all, whatever happens in between."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest

from detectors.errors import InputError
from tests import scenes
from tracker.batch import results
from tracker.batch.batch import Batch, Wanted
from tracker.batch.events import Begun, Ended, Event
from tracker.batch.job import Job, Outcome
from tracker.batch.listing import Listed
from tracker.batch.manifest import Manifest
from tracker.batch.unit import work

DONE = Outcome("done", "", 3, 1)
FULL = Outcome("failed", "no space", full=True)


def job(out: Path, source: str = "clip.mp4", **options: object) -> Job:
    return Job(source, "clip", options, ("mot",), "all", False, False, str(out))


def publish(out: Path, word: str) -> None:
    """Results that hold a word."""
    draft = results.begin(job(out))
    (draft / "mot.txt").write_text(word)
    results.publish(job(out), draft, word, DONE)


def test_new_results_take_the_place_of_old_ones(tmp_path: Path) -> None:
    for word in ("old", "new"):
        publish(tmp_path, word)
    assert (tmp_path / "clip" / "mot.txt").read_text() == "new"
    assert results.finished(tmp_path / "clip", "new") == DONE
    assert results.finished(tmp_path / "clip", "old") is None
    assert list((tmp_path / results.WORK).iterdir()) == []


def test_results_that_were_about_to_be_replaced_are_put_back(tmp_path: Path) -> None:
    """As if killed when the old folder was out of its place, and the new one not yet in it."""
    publish(tmp_path, "old")
    results.begin(job(tmp_path))
    (tmp_path / "clip").rename(tmp_path / results.WORK / "clip.old")
    results.tidy(tmp_path)
    assert (tmp_path / "clip" / "mot.txt").read_text() == "old"
    assert not (tmp_path / results.WORK).exists()


def test_results_that_were_replaced_are_not_put_back(tmp_path: Path) -> None:
    """As if killed when the new folder was in its place, and the old one not yet gone."""
    publish(tmp_path, "old")
    results.begin(job(tmp_path))
    (tmp_path / "clip").rename(tmp_path / results.WORK / "clip.old")
    publish(tmp_path / "other", "new")
    (tmp_path / "other" / "clip").rename(tmp_path / "clip")
    results.tidy(tmp_path)
    assert (tmp_path / "clip" / "mot.txt").read_text() == "new"
    assert not (tmp_path / results.WORK).exists()


def test_a_disk_that_takes_no_more_leaves_what_was_there(
    tmp_path: Path, crossing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    detections = tmp_path / "found.txt"
    detections.write_text("".join(f"{line}\n" for line in scenes.detection_lines(scenes.CROSSING, 20)))
    out = tmp_path / "out"
    publish(out, "old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(results, "_to_disk", full)
    outcome = work(job(out, str(crossing), detections=str(detections), max_frames=20), lambda *_: None)
    assert (outcome.state, outcome.full) == ("failed", True)
    assert (out / "clip" / "mot.txt").read_text() == "old"
    assert not (out / results.WORK / "clip").exists()


def test_a_batch_ends_when_the_disk_is_full_and_the_rest_waits(tmp_path: Path) -> None:
    videos = [Listed(str(tmp_path / name), {}) for name in ("a.mp4", "b.mp4")]
    for video in videos:
        Path(video.source).touch()

    def engine(jobs: Iterator[Job]) -> Iterator[Event]:
        for each in jobs:
            yield Begun(each)
            yield Ended(each, FULL)

    wanted = Wanted({}, ("mot",), "all", False, False)
    with (
        pytest.raises(InputError, match=r"no space is left \(free some space and give the same command again"),
        Batch(videos, wanted, tmp_path / "out") as batch,
    ):
        list(batch.run(engine))
    with Manifest(tmp_path / "out") as manifest:
        assert [(entry.state, entry.attempts) for entry in manifest.entries()] == [("waiting", 1), ("waiting", 0)]
