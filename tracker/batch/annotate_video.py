"""One video from its first frame to its folder of results. Runs in any process, on any machine that sees the files."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from detectors.base import Frame, Image
from detectors.errors import InputError
from tracker.annotations.document import Annotations
from tracker.batch import piece_files, results
from tracker.batch.job import Job, Outcome
from tracker.batch.piecewise import look_at_piece, put_together
from tracker.batch.run_annotations import annotations_of
from tracker.run.run import Run
from tracker.view.best_crops import SIDE

Tell = Callable[[str, int, int | None], None]  # what is being done, frames so far, frames in all if known
FULL = (errno.ENOSPC, errno.EDQUOT)
VIDEO, CROPS = "tracked.mp4", "crops"


def work(job: Job, tell: Tell, draft: Path | None = None) -> Outcome:
    """Make the results of a job and put them in their place; or leave what is known of its piece.

    tell: is called with each frame. draft: of `results.begin`, if that was done elsewhere. Whatever goes wrong with the
    video becomes an outcome; nothing of it is left then, and older results stay.
    """
    started = time.perf_counter()
    try:
        if job.piece is None:
            draft = draft or results.begin(job)
            outcome = _publish(job, draft, tell)
        else:
            outcome = look_at_piece(job, tell)
    except Exception as error:  # whatever a damaged file makes a library raise: the other videos go on
        outcome = Outcome("failed", _reason(job, error), full=_is_full(error))
    if draft is not None and (job.piece is not None or outcome.state == "failed"):
        results.discard(draft)
    return Outcome(**{**vars(outcome), "seconds": time.perf_counter() - started})


def _publish(job: Job, draft: Path, tell: Tell) -> Outcome:
    fingerprint = job.fingerprint()
    outcome = _make(job, draft, tell)
    results.publish(job, draft, fingerprint, outcome)
    piece_files.clear(job)
    return outcome


def _make(job: Job, draft: Path, tell: Tell) -> Outcome:
    with Run(job.source, job.run_options(draft / VIDEO if job.video else None)) as run:
        run.callbacks.step = lambda: tell("joining", run.state.frames, run.expected_frames)
        if job.pieces:
            run.look_back(put_together(job))
        for _ in run.look_ahead():
            tell("tracking", run.state.frames, run.expected_frames)
        annotations = annotations_of(run, job.name)
        views = _views(annotations, _again(run, tell), None if job.crops else SIDE) if run.source.has_images else {}
    assert run.first_pass is not None
    frames = len(run.first_pass.indices)
    tell("writing", frames, frames)
    _write(job, draft, annotations, views, tell)
    warnings = dict.fromkeys(
        [*map(str, run.state.warnings), *run.first_pass.warnings]
    )  # pieces have theirs from elsewhere
    return Outcome("done", "", frames, len(annotations.tracks), warnings=tuple(warnings))


def _again(run: Run, tell: Tell) -> Iterator[Frame]:
    """The frames once more, on their way to the annotated video if there is one."""
    total = run.state.frames or run.expected_frames
    for frame, _ in run:
        tell("looking", run.state.frames, total)
        yield frame


def _views(annotations: Annotations, frames: Iterator[Frame], side: int | None) -> dict[int, bytes]:
    """A picture of each object, at most `side` pixels wide and high; reads all frames."""
    from tracker.review.views import best_frames, take_views

    views = take_views(frames, annotations, best_frames(annotations), side)
    for _ in frames:  # the annotated video goes on after the last view
        pass
    return views


def _write(job: Job, draft: Path, annotations: Annotations, views: dict[int, bytes], tell: Tell) -> None:
    from tracker.annotations.formats import parse_formats, write_formats
    from tracker.annotations.keyframes import parse_keyframes, with_keyframes
    from tracker.review.record import RECORD, write_record
    from tracker.review.sheet import contact_sheet
    from tracker.review.summary import summarise, write_csv
    from tracker.review.views import shrunk

    wanted = parse_keyframes(job.keyframes)
    formats = parse_formats(",".join(job.formats))
    write_formats([each for each in formats if not each.interpolates or wanted is None], annotations, draft)
    if wanted is not None:
        boxes = sum(map(len, annotations.tracks))
        sparse = with_keyframes(annotations, *wanted, tell=lambda done: tell("keyframes", done, boxes))
        write_formats([each for each in formats if each.interpolates], sparse, draft)
    if job.crops:
        _write_crops(draft / CROPS, views)
        views = {track_id: shrunk(view) for track_id, view in views.items()}
    summaries = summarise(annotations)
    write_csv(summaries, draft / "summary.csv")
    write_record(draft / RECORD, annotations, summaries, views)
    if views:
        _write_sheet(draft / "contact.jpg", contact_sheet(annotations, summaries, views))


def _write_sheet(path: Path, sheet: Image) -> None:
    import cv2

    done, data = cv2.imencode(".jpg", sheet)
    if done:
        path.write_bytes(data.tobytes())


def _write_crops(folder: Path, views: dict[int, bytes]) -> None:
    folder.mkdir()
    for track_id, picture in views.items():
        (folder / f"{track_id:05}.jpg").write_bytes(picture)


def _reason(job: Job, error: Exception) -> str:
    """Why it failed, in one line that does not repeat the video's name."""
    if isinstance(error, InputError):
        inside = os.path.abspath(error.what) == os.path.abspath(job.source)
        return f"{error.why} ({error.remedy})" if inside else str(error)
    return f"{type(error).__name__}: {' '.join(str(error).split()) or 'no further words'}"


def _is_full(error: BaseException | None) -> bool:
    """Whether a disk without space is behind it."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in FULL:
            return True
        error = error.__cause__ or error.__context__
    return False
