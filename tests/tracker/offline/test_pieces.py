"""How a video is divided, and that its pieces, put together again, are the video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import InputError
from detectors.base import Floats
from tests import scenes
from tests.conftest import ROOT
from tests.tracker.offline.test_postprocess import columns, walk
from tracker.association.calibration import AppearanceCalibration
from tracker.batch.piecewise import piece_options
from tracker.offline.first_pass import FirstPass
from tracker.offline.pieces import Piece, plan_pieces
from tracker.offline.postprocess import postprocess
from tracker.offline.seam import find_seam
from tracker.offline.stitch import stitch
from tracker.offline.trajectory import TrackingHistory, Trajectory
from tracker.run.options import Options
from tracker.run.reading import NoFramesError
from tracker.run.run import Run

DETECTIONS = ROOT / "tests" / "golden" / "crossing.det.txt"
RATE = 20
few = settings(deadline=None, derandomize=True, max_examples=60)


def whole_of(tracks: Sequence[Trajectory], times: Floats, shots: Sequence[int] | None = None) -> FirstPass:
    """A first pass with these tracks, numbered as they appear; its camera moves."""
    length = len(times)
    ordered = sorted(tracks, key=lambda track: int(track.frames[0]))
    numbered = [replace(track, track_id=number) for number, track in enumerate(ordered, start=1)]
    cameras: list[Floats | None] = [None, *(np.array([[1, 0, at], [0, 1, -at]], float) for at in range(1, length))]
    at = np.zeros(length, np.int64) if shots is None else np.asarray(shots)
    scale = AppearanceCalibration()
    scale.update(np.eye(3))
    history = TrackingHistory(times, at, cameras, numbered, 0.7, scale)
    return FirstPass(np.arange(1, length + 1), history, {0: "person"}, 640, 480, Fraction(RATE))


def cut_out(whole: FirstPass, first: int, last: int) -> FirstPass:
    """What somebody who has seen only the frames `first` up to before `last` would know of the same tracks."""
    history = whole.history
    tracks = [track[(track.frames >= first) & (track.frames < last)] for track in history.trajectories]
    there = [replace(track, frames=track.frames - first) for track in tracks if len(track.frames)]
    numbered = [replace(track, track_id=number) for number, track in enumerate(there, start=1)]
    shots = history.shots[first:last]
    part = replace(
        history,
        times=history.times[first:last],
        shots=shots - (shots[0] if len(shots) else 0),
        cameras=[None, *history.cameras[first + 1 : last]][: last - first],
        trajectories=numbered,
    )
    return replace(whole, indices=whole.indices[first:last], history=part)


def cut_up(whole: FirstPass, bounds: Sequence[int], overlap: int) -> tuple[list[FirstPass], list[Piece]]:
    """Pieces whose own parts end before the frames `bounds`; each begins `overlap` frames earlier."""
    times, edges = whole.history.times, [0, *bounds, len(whole.indices)]
    parts, pieces = [], []
    for number, (first, last) in enumerate(pairwise(edges)):
        begins = max(0, first - overlap) if number else 0
        parts.append(cut_out(whole, begins, last))
        pieces.append(Piece(number, float(times[begins]), None, float(times[first]), None))
    return parts, pieces


def unmoved(found: FirstPass) -> TrackingHistory:
    """The recording, had the camera stood still."""
    return replace(found.history, cameras=[None] * len(found.indices))


def tracks_of(found: FirstPass) -> list[dict[str, object]]:
    return [columns(track) for track in found.history.trajectories]


def check_same(found: FirstPass, whole: FirstPass) -> None:
    assert tracks_of(found) == tracks_of(whole)
    mine, theirs = found.history, whole.history
    assert found.indices.tolist() == whole.indices.tolist()
    assert mine.times.tolist() == theirs.times.tolist()
    assert mine.shots.tolist() == theirs.shots.tolist()
    assert mine.typical == theirs.typical
    assert mine.appearance_calibration.state.tolist() == theirs.appearance_calibration.state.tolist()
    for a, b in zip(mine.cameras, theirs.cameras, strict=True):
        assert (a is None and b is None) or np.array_equal(a, b)  # type: ignore[arg-type]


def random_whole(seed: int) -> FirstPass:
    """People in lanes of their own, who come and go and are hidden now and then; with cuts, at uneven times."""
    rng = np.random.default_rng(seed)
    length = int(rng.integers(120, 300))
    times = np.cumsum(rng.choice([0.02, 0.05, 0.2], length, p=[0.2, 0.7, 0.1])).round(3)
    shots = np.cumsum(rng.random(length) < 0.01)
    tracks = []
    for lane in range(int(rng.integers(0, 8))):
        begin = int(rng.integers(0, length - 20))
        frames = np.arange(begin, min(length, begin + int(rng.integers(10, length))))
        frames = frames[(shots[frames] == shots[begin]) & (rng.random(len(frames)) < 0.9) | (frames == begin)]
        track = walk(frames, 10 * rng.random(), 0.5, score=float(rng.uniform(0.3, 1)))
        tracks.append(replace(track, boxes=track.boxes + np.array([0, 100 * lane, 0, 100 * lane])))
    return whole_of(tracks, times, (shots - shots[0]).tolist())


@given(seed=st.integers(0, 2**32 - 1), cuts=st.lists(st.floats(0.1, 0.9), max_size=3), overlap=st.integers(12, 60))
@few
def test_what_was_cut_up_is_whole_again(seed: int, cuts: list[float], overlap: int) -> None:
    whole = random_whole(seed)
    bounds = sorted({int(cut * len(whole.indices)) for cut in cuts})
    parts, pieces = cut_up(whole, [bound for bound in bounds if bound > 2], overlap)
    found, hidden = stitch(parts, pieces), whole.history
    seen = [part.history.trajectories for part in parts]
    if all(_met(whole, track, parts) for track in hidden.trajectories):
        check_same(found, whole)
    assert found.indices.tolist() == whole.indices.tolist()
    assert found.history.shots.tolist() == hidden.shots.tolist()
    boxes = sorted(box for track in found.history.trajectories for box in track.boxes.tolist())
    assert boxes == sorted(box for track in hidden.trajectories for box in track.boxes.tolist())
    assert len(found.history.trajectories) <= sum(map(len, seen))


def _met(whole: FirstPass, track: Trajectory, parts: Sequence[FirstPass]) -> bool:
    """Whether neighbours that both know a track both see it where they overlap."""
    numbers = set((track.frames + 1).tolist())
    for before, after in pairwise(parts):
        mine, theirs = set(before.indices.tolist()), set(after.indices.tolist())
        if numbers & mine and numbers & theirs and not numbers & mine & theirs:
            return False
    return True


def test_the_whole_is_found_again_often_enough_to_tell() -> None:
    """That the test above does not pass for want of cases."""
    met = 0
    for seed in range(40):
        whole = random_whole(seed)
        parts, pieces = cut_up(whole, [len(whole.indices) // 2], 40)
        if all(_met(whole, track, parts) for track in whole.history.trajectories) and whole.history.trajectories:
            met += 1
            check_same(stitch(parts, pieces), whole)
    assert met > 20


def test_a_track_longer_than_several_pieces_keeps_its_number() -> None:
    whole = whole_of([walk(range(200), 0, 1), walk(range(90, 200), 400, 0)], np.arange(200) / RATE)
    parts, pieces = cut_up(whole, [50, 100, 150], 20)
    assert [len(part.history.trajectories) for part in parts] == [1, 2, 2, 2]
    check_same(stitch(parts, pieces), whole)
    check_same(stitch([whole], pieces[:1]), whole)


def test_pieces_without_tracks_or_without_frames() -> None:
    times = np.arange(200) / RATE
    whole = whole_of([walk(range(10, 40), 0, 1), walk(range(160, 200), 400, 0)], times)
    parts, pieces = cut_up(whole, [50, 100, 150], 20)
    assert not parts[2].history.trajectories
    check_same(stitch(parts, pieces), whole)
    behind = cut_out(whole, 200, 200)
    check_same(stitch([*parts, behind], [*pieces, Piece(4, 99.0, None, 99.0, None)]), whole)
    assert len(stitch([behind, behind], pieces[:2]).indices) == 0


def test_a_cut_in_the_overlap_is_one_cut() -> None:
    shots = [0] * 45 + [1] * 55
    whole = whole_of([walk(range(45), 0, 1), walk(range(45, 100), 45, 1)], np.arange(100) / RATE, shots)
    for bound in (44, 45, 46, 50):
        check_same(stitch(*cut_up(whole, [bound], 20)), whole)


def test_without_an_overlap_the_frames_are_there_and_the_next_stage_can_join() -> None:
    whole = whole_of([walk(range(100), 0, 1)], np.arange(100) / RATE)
    found = stitch(*cut_up(whole, [50], 0))
    assert found.indices.tolist() == whole.indices.tolist()
    assert [len(track.frames) for track in found.history.trajectories] == [50, 50]
    assert [len(track.frames) for track in postprocess(unmoved(found))] == [100]


def test_frames_that_are_missing_at_the_seam() -> None:
    whole = whole_of([walk(range(100), 0, 1), walk(range(100), 300, 0)], np.arange(100) / RATE)
    parts, pieces = cut_up(whole, [50], 20)
    left = [row for row in range(100) if not 46 <= row < 54]
    holes = [_without(part, range(47, 55)) for part in parts]
    found = stitch(holes, pieces)
    assert found.indices.tolist() == [row + 1 for row in left]
    assert [len(track.frames) for track in found.history.trajectories] == [92, 92]
    gap = stitch([_without(parts[0], range(41, 99)), _without(parts[1], range(1, 60))], pieces)  # nothing in common
    assert gap.indices.tolist() == [*range(1, 41), *range(60, 101)]
    assert len(gap.history.trajectories) == 4
    assert [len(track.frames) for track in postprocess(unmoved(gap))] == [81, 81]


def _without(part: FirstPass, numbers: range) -> FirstPass:
    """The same, had these frames of the source not come."""
    kept = ~np.isin(part.indices, list(numbers))
    rows = np.cumsum(kept) - 1
    tracks = [track[kept[track.frames]] for track in part.history.trajectories]
    history = replace(
        part.history,
        times=part.history.times[kept],
        shots=part.history.shots[kept],
        cameras=[camera for camera, keep in zip(part.history.cameras, kept, strict=True) if keep],
        trajectories=[replace(track, frames=rows[track.frames]) for track in tracks],
    )
    return replace(part, indices=part.indices[kept], history=history)


def with_tracks(part: FirstPass, *tracks: Trajectory) -> FirstPass:
    numbered = [replace(track, track_id=number) for number, track in enumerate(tracks, start=1)]
    return replace(part, history=replace(part.history, trajectories=numbered))


def test_of_two_that_claim_the_same_the_one_at_the_change_over_goes_on() -> None:
    whole = whole_of([walk(range(100), 0, 1)], np.arange(100) / RATE)
    parts, pieces = cut_up(whole, [60], 40)
    parts[0] = with_tracks(parts[0], walk(range(42), 0, 1), walk(range(44, 60), 0, 1))  # lost for a moment
    found = stitch(parts, pieces).history.trajectories
    assert [track.frames.tolist() for track in found] == [list(range(42)), list(range(44, 100))]
    parts, pieces = cut_up(whole, [60], 40)
    twice = with_tracks(parts[1], walk(range(30), 20, 1), walk(range(32, 80), 20, 1))  # the later one lost it
    found = stitch([parts[0], twice], pieces).history.trajectories
    assert [track.frames.tolist() for track in found] == [list(range(100))]


def test_who_swaps_in_one_piece_is_followed_by_place_at_the_change_over() -> None:
    one, other = walk(range(100), 0, 0), walk(range(100), 300, 0)
    whole = whole_of([one, other], np.arange(100) / RATE)
    parts, pieces = cut_up(whole, [70], 50)  # from frame 20; planned change-over at frame 70
    early = np.arange(80) < 10
    swapped = [
        replace(mine[20:], frames=np.arange(80), boxes=np.where(early[:, None], theirs.boxes[20:], mine.boxes[20:]))
        for mine, theirs in ((one, other), (other, one))
    ]
    check_same(stitch([parts[0], with_tracks(parts[1], *swapped)], pieces), whole)


def test_it_is_changed_over_late_and_where_nobody_is_taken_for_two() -> None:
    """One of two who cover each other is seen late by the later piece."""
    hidden = walk(range(100), 4, 0)
    whole = whole_of([walk(range(100), 0, 0), hidden], np.arange(100) / RATE)
    (before, after), pieces = cut_up(whole, [60], 40)
    late = with_tracks(after, after.history.trajectories[0], _from(hidden, 55, 20))
    begin = pieces[1].first - 0.25
    assert find_seam(before, after, begin, 0).index == 60  # the last that both have
    assert find_seam(before, late, begin, 0).index == 60
    found = stitch([before, late], pieces).history.trajectories
    assert [track.frames.tolist() for track in found] == [list(range(100))] * 2
    gone = with_tracks(before, before.history.trajectories[0], hidden[:50])  # the earlier one loses him
    assert find_seam(gone, after, begin, 0).index < 51


def _from(track: Trajectory, first: int, begin: int) -> Trajectory:
    """The track from `first` on, in a piece that begins at `begin`."""
    return replace(track[first:], frames=track.frames[first:] - begin)


def test_a_class_is_that_of_the_whole_track() -> None:
    whole = whole_of([walk(range(100), 0, 1)], np.arange(100) / RATE)
    parts, pieces = cut_up(whole, [30], 20)
    (short,) = parts[0].history.trajectories
    found = stitch([with_tracks(parts[0], replace(short, class_id=7)), parts[1]], pieces)
    assert [track.class_id for track in found.history.trajectories] == [0]
    parts, pieces = cut_up(whole, [80], 20)
    (long,) = parts[0].history.trajectories
    found = stitch([with_tracks(parts[0], replace(long, class_id=7)), parts[1]], pieces)
    assert [track.class_id for track in found.history.trajectories] == [7]


def test_embeddings_are_not_counted_twice() -> None:
    whole = whole_of([replace(walk(range(100), 0, 1), embedding=np.array([100.0, 0.0]))], np.arange(100) / RATE)
    parts, pieces = cut_up(whole, [60], 20)
    embeddings = [[len(part.history.trajectories[0].frames) * 1.0, 0.0] for part in parts]
    given_ = [
        with_tracks(part, replace(part.history.trajectories[0], embedding=np.array(embedding)))
        for part, embedding in zip(parts, embeddings, strict=True)
    ]
    (track,) = stitch(given_, pieces).history.trajectories
    assert track.embedding is not None
    np.testing.assert_allclose(track.embedding, [100, 0])


def test_what_a_score_means_is_what_was_learned_last() -> None:
    whole = whole_of([walk(range(100), 0, 1)], np.arange(100) / RATE)
    (dark, bright), pieces = cut_up(whole, [50], 20)
    scale = AppearanceCalibration()
    bright = replace(bright, history=replace(bright.history, typical=0.5, appearance_calibration=scale))
    found = stitch([dark, bright], pieces).history
    assert found.typical == pytest.approx((0.7 + 0.5) / 2, abs=0.01)
    assert found.appearance_calibration is dark.history.appearance_calibration  # the later piece has no embeddings


def test_parts_of_another_video_are_refused() -> None:
    whole = whole_of([], np.arange(100) / RATE)
    parts, pieces = cut_up(whole, [50], 20)
    other = replace(parts[1], history=replace(parts[1].history, times=parts[1].history.times + 0.01))
    for wrong in ([parts[0], other], [parts[1], parts[0]], parts[:1], [parts[0], replace(parts[1], width=1)]):
        with pytest.raises(InputError):
            stitch(wrong, pieces)


def test_frames_that_cannot_be_decoded_do_not_count() -> None:
    """A piece that begins after some of them has numbers out of the file's index, which counts them."""
    whole = whole_of([walk(range(100), 0, 1)], np.delete(np.arange(104), range(40, 44)) / RATE)
    parts, pieces = cut_up(whole, [70], 20)
    after = replace(parts[1], indices=parts[1].indices + 4)
    found, expected = stitch([parts[0], after], pieces), stitch(parts, pieces)
    assert found.indices.tolist() == expected.indices.tolist() == list(range(1, 101))
    assert np.array_equal(found.history.trajectories[0].boxes, expected.history.trajectories[0].boxes)


@given(
    seconds=st.floats(0.1, 40_000),
    count=st.integers(1, 50),
    overlap=st.floats(0, 20),
    start=st.floats(0, 100),
    by_length=st.booleans(),
)
@few
def test_every_second_is_some_piece_s_own(
    seconds: float, count: int, overlap: float, start: float, by_length: bool
) -> None:
    asked = {"length": seconds / count} if by_length else {"count": count}
    pieces = plan_pieces(seconds, overlap=overlap, start=start, **asked)
    assert [piece.number for piece in pieces] == list(range(len(pieces)))
    assert pieces[0].start == pieces[0].first == start
    assert pieces[-1].end is None
    for before, after in pairwise(pieces):
        assert before.last is not None
        assert before.end is not None
        assert before.last == pytest.approx(after.first)
        assert before.end - after.start == pytest.approx(overlap) or (
            after.start == start and before.end - start <= overlap
        )
        assert after.start <= after.first <= before.end + 1e-9
        assert before.last - before.first >= overlap / 4 - 1e-6  # or else it would be looked at over and over


def test_short_videos_are_one_piece_and_nonsense_is_refused() -> None:
    assert (
        plan_pieces(4.0, count=4) == plan_pieces(None, count=4) == plan_pieces(3600.0) == [Piece(0, 0, None, 0, None)]
    )
    assert len(plan_pieces(36_000.0, length=600.0)) == 60
    assert len(plan_pieces(100.0, count=4, overlap=2)) == len(plan_pieces(12.0, count=4)) == 4
    for asked in ({"count": 0}, {"length": 0.0}, {"count": 1, "length": 1.0}, {"count": 2, "overlap": -1.0}):
        with pytest.raises(InputError):
            plan_pieces(100.0, **asked)


def first_pass_over(source: Path, options: Options) -> FirstPass:
    with Run(source, options, pictures=False) as run:
        for _ in run.record(midway=options.span.start > 0):
            pass
    assert run.first_pass is not None
    return run.first_pass


def test_runs_over_pieces_are_a_run_over_the_whole(crossing: Path) -> None:
    options = Options(detections=DETECTIONS, offline=True, appearance="none")
    whole = first_pass_over(crossing, options)
    pieces = plan_pieces(float(whole.history.times[-1]), count=3, overlap=2)
    assert len(pieces) == 3
    parts = [first_pass_over(crossing, piece_options(piece, options)) for piece in pieces]
    assert all(len(part.indices) < 80 for part in parts)
    found = stitch(parts, pieces)
    assert found.indices.tolist() == whole.indices.tolist() == list(range(1, scenes.CROSSING_FRAMES + 1))
    mine, theirs = postprocess(found.history), postprocess(whole.history)
    assert [columns(track)["frames"] for track in mine] == [columns(track)["frames"] for track in theirs]
    for a, b in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(a.boxes, b.boxes, atol=1.0)


def test_a_piece_behind_the_end_of_a_video_has_no_frames(crossing: Path) -> None:
    options = piece_options(Piece(1, 60.0, None, 60.0, None), Options(detections=DETECTIONS))
    with Run(crossing, options, pictures=False) as run, pytest.raises(NoFramesError):
        list(run.record())
    assert run.first_pass is not None
    assert not len(run.first_pass.indices)


def test_an_interrupted_first_pass_is_none(crossing: Path) -> None:
    with Run(crossing, Options(detections=DETECTIONS, offline=True), pictures=False) as run:
        steps = run.record()
        next(steps)
        steps.close()  # type: ignore[attr-defined]
    assert run.first_pass is None


def test_the_last_piece_ends_where_the_run_is_to_end() -> None:
    asked = Options(start=10.0, end=110.0)
    ends = [piece_options(piece, asked).end for piece in plan_pieces(110.0, count=2, overlap=8, start=10.0)]
    assert ends == [62.0, 110.0]


def test_frames_come_again_without_their_pictures() -> None:
    whole = whole_of([], np.array([0.0, 0.1, 0.3]), shots=[0, 0, 1])
    frames = list(replace(whole, indices=np.array([4, 5, 7])).frames())
    assert [(frame.index, frame.time, frame.cut) for frame in frames] == [
        (4, 0.0, False),
        (5, 0.1, False),
        (7, 0.3, True),
    ]
    assert not any(frame.image.size for frame in frames)


@pytest.mark.parametrize("midway", [False, True])
def test_who_begins_midway_begins_with_noise_that_has_settled(crossing: Path, midway: bool) -> None:
    with Run(crossing, Options(detections=DETECTIONS, offline=True), pictures=False) as run:
        next(run.record(midway=midway))
        assert (run.stages.tracker._calibration.noise.factor < 0.5) == midway
