"""One video from its first frame to its folder of results. Runs in any process, on any machine that sees the files."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from detectors.base import Frame, Image
from detectors.errors import InputError
from tracker.annotations.document import Annotations
from tracker.appearance.track_vectors import VECTORS_FILE, write_vectors
from tracker.batch import piece_files, results
from tracker.batch.job import Job, OnProgress, Outcome
from tracker.batch.manifest import key_of
from tracker.batch.piecewise import stitch_pieces, track_piece
from tracker.batch.run_annotations import annotations_of, coverage_of
from tracker.review.summary import TrackSummary, summarise, write_csv
from tracker.run.advice import what_to_try
from tracker.run.run import Run
from tracker.view.best_crops import SIDE

if TYPE_CHECKING:  # only a run with an embedder has it
    from tracker.review.track_views import ViewEmbeddings

DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
VIDEO, CROPS = "tracked.mp4", "crops"


def run_job(job: Job, on_progress: OnProgress, draft: Path | None = None) -> Outcome:
    """Run a job: make and publish the results of a video, or track one piece and write its first pass.

    on_progress: is called at each frame. draft: of `results.create_draft`, if it was created elsewhere. Whatever goes
    wrong with the video becomes an outcome; older results stay then.
    """
    started = time.perf_counter()
    try:
        if job.piece is None:
            draft = draft or results.create_draft(job)
            outcome = _publish(job, draft, on_progress)
        else:
            outcome = track_piece(job, on_progress)
    except Exception as error:  # whatever a damaged file makes a library raise: the other videos go on
        outcome = Outcome("failed", _reason(job, error), full=_is_disk_full(error))
    if draft is not None and (job.piece is not None or outcome.state == "failed"):
        results.discard(draft)
    return Outcome(**{**vars(outcome), "seconds": time.perf_counter() - started})


def _publish(job: Job, draft: Path, on_progress: OnProgress) -> Outcome:
    fingerprint = job.fingerprint()
    outcome = _make_results(job, draft, on_progress)
    kept = results.publish(job, draft, fingerprint, outcome)
    piece_files.remove(job)
    if kept is None:
        return outcome
    warning = f"{job.folder}: somebody had changed it; that is kept as {kept.name}"
    return replace(outcome, warnings=(*outcome.warnings, warning))


def _make_results(job: Job, draft: Path, on_progress: OnProgress) -> Outcome:
    with Run(job.source, job.run_options(draft / VIDEO if job.video else None)) as run:
        run.callbacks.step = lambda: on_progress("joining", run.state.frames, run.expected_frames)
        if job.pieces:
            run.look_back(stitch_pieces(job))
        for _ in run.look_ahead():
            on_progress("tracking", run.state.frames, run.expected_frames)
        annotations, coverage = annotations_of(run, job.name), coverage_of(run)
        vectors = _view_embeddings(run, annotations)
        crops: dict[int, bytes] = {}
        if run.source.has_images:
            seen = _second_pass(run, on_progress)
            crops = _crops(annotations, seen if vectors is None else vectors.over(seen), None if job.crops else SIDE)
        advice = what_to_try(run)
    assert run.first_pass is not None
    frames = len(run.first_pass.indices)
    on_progress("writing", frames, frames)
    summaries = summarise(annotations, coverage)
    boxes = _write_annotations(job, draft, annotations, on_progress)
    _write_review(job, draft, annotations, summaries, crops, advice)
    if vectors is not None:
        write_vectors(draft / VECTORS_FILE, vectors.result())
    warnings = dict.fromkeys(
        [*map(str, run.state.warnings), *run.first_pass.warnings]
    )  # those of pieces are in the first pass
    if advice:
        warnings[advice] = None
    return Outcome("done", "", frames, len(annotations.tracks), warnings=tuple(warnings), boxes=boxes)


def _view_embeddings(run: Run, annotations: Annotations) -> ViewEmbeddings | None:
    """What embeds views of the tracks in the second pass, so that they can be found; None for motion alone."""
    embedding = run.stages.tracking.embedding
    if embedding is None or not run.source.has_images:
        return None
    from tracker.review.track_views import ViewEmbeddings

    return ViewEmbeddings(annotations, embedding.embedder)


def _second_pass(run: Run, on_progress: OnProgress) -> Iterator[Frame]:
    """The frames a second time, on their way to the annotated video if there is one."""
    total = run.state.frames or run.expected_frames
    for frame, _ in run:
        on_progress("looking", run.state.frames, total)
        yield frame


def _crops(annotations: Annotations, frames: Iterator[Frame], side: int | None) -> dict[int, bytes]:
    """A picture of each object, at most `side` pixels wide and high; reads all frames."""
    from tracker.review.track_crops import best_frames, crop_tracks

    crops = crop_tracks(frames, annotations, best_frames(annotations), side)
    for _ in frames:  # the annotated video goes on after the last view
        pass
    return crops


def _write_annotations(job: Job, draft: Path, annotations: Annotations, on_progress: OnProgress) -> int:
    """Write the files of all formats; returns how many boxes there are to correct."""
    from tracker.annotations.formats import parse_formats, write_formats
    from tracker.annotations.keyframes import parse_keyframes, with_keyframes

    wanted = parse_keyframes(job.keyframes)
    formats = parse_formats(",".join(job.formats))
    write_formats([each for each in formats if not each.interpolates or wanted is None], annotations, draft)
    boxes = sum(map(len, annotations.tracks))
    if wanted is None:
        return boxes
    sparse = with_keyframes(annotations, *wanted, on_progress=lambda done: on_progress("keyframes", done, boxes))
    interpolating = [each for each in formats if each.interpolates]
    write_formats(interpolating, sparse, draft)
    return sum(int(track.keyframes.sum()) for track in sparse.tracks) if interpolating else boxes


def _write_review(
    job: Job,
    draft: Path,
    annotations: Annotations,
    summaries: Sequence[TrackSummary],
    crops: dict[int, bytes],
    advice: str,
) -> None:
    """What a person looks at. advice: what to do where little was found, "" where enough was."""
    from tracker.review.contact_sheet import contact_sheet
    from tracker.review.summary_file import SUMMARY_FILE, write_summary
    from tracker.review.track_crops import shrink_jpeg

    if job.crops:
        _write_crops(draft / CROPS, crops)
        crops = {track_id: shrink_jpeg(crop) for track_id, crop in crops.items()}
    write_csv(summaries, draft / "summary.csv")
    write_summary(draft / SUMMARY_FILE, annotations, summaries, crops, advice)
    if crops:
        _write_sheet(draft / "contact.jpg", contact_sheet(annotations, summaries, crops))


def _write_sheet(path: Path, sheet: Image) -> None:
    import cv2

    done, data = cv2.imencode(".jpg", sheet)
    if done:
        path.write_bytes(data.tobytes())


def _write_crops(folder: Path, crops: dict[int, bytes]) -> None:
    folder.mkdir()
    for track_id, picture in crops.items():
        (folder / f"{track_id:05}.jpg").write_bytes(picture)


def _reason(job: Job, error: Exception) -> str:
    """Why it failed, in one line that does not repeat the video's name."""
    if isinstance(error, InputError):
        inside = os.path.abspath(error.what) == os.path.abspath(job.source)
        return f"{error.why} ({error.remedy})" if inside else str(error)
    said = str(error).replace(job.source, key_of(job.source))  # PyAV's errors hold the address with its password
    return f"{type(error).__name__}: {' '.join(said.split()) or 'no further words'}"


def _is_disk_full(error: BaseException | None) -> bool:
    """Whether a full disk is the cause, perhaps of another error."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in DISK_FULL:
            return True
        error = error.__cause__ or error.__context__
    return False
