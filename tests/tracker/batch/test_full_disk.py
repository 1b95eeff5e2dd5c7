"""A disk that takes no more costs nothing that is done."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest

from detectors.errors import InputError
from tests import scenes
from tracker.batch import own_places, results
from tracker.batch.annotate_video import run_job
from tracker.batch.batch import AnnotateOptions, Batch
from tracker.batch.events import Event, JobFinished, JobStarted
from tracker.batch.job import Job, Outcome
from tracker.batch.listing import ListedVideo
from tracker.batch.manifest import Manifest

FULL = Outcome("failed", "no space", full=True)


def test_a_disk_that_takes_no_more_leaves_what_was_there(
    tmp_path: Path, crossing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    detections = tmp_path / "found.txt"
    detections.write_text("".join(f"{line}\n" for line in scenes.detection_lines(scenes.CROSSING, 20)))
    options = {"detections": str(detections), "max_frames": 20}
    job = Job(str(crossing), "clip", options, ("mot",), "all", False, False, str(tmp_path / "out"))
    assert run_job(job, lambda *_: None).state == "done"
    before = (job.folder / "mot.txt").read_bytes()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(results, "_sync", full)
    outcome = run_job(job, lambda *_: None)
    assert (outcome.state, outcome.full) == ("failed", True)
    assert (job.folder / "mot.txt").read_bytes() == before
    assert not list((tmp_path / "out" / own_places.DRAFTS / "clip").iterdir())


def test_a_batch_ends_when_the_disk_is_full_and_the_rest_waits(tmp_path: Path) -> None:
    videos = [ListedVideo(str(tmp_path / name), {}) for name in ("a.mp4", "b.mp4")]
    for video in videos:
        Path(video.source).touch()

    def engine(jobs: Iterator[Job]) -> Iterator[Event]:
        for each in jobs:
            yield JobStarted(each)
            yield JobFinished(each, FULL)

    wanted = AnnotateOptions({}, ("mot",), "all", False, False)
    with (
        pytest.raises(InputError, match=r"no space is left \(free some space and give the same command again"),
        Batch(videos, wanted, tmp_path / "out") as batch,
    ):
        list(batch.run(engine))
    with Manifest(tmp_path / "out") as manifest:
        assert [(entry.state, entry.attempts) for entry in manifest.statuses()] == [("waiting", 1), ("waiting", 0)]
