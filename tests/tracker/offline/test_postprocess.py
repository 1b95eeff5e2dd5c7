"""What holds for every recording that is thought over again, and scenes where hindsight helps."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.base import Detections, Floats
from tests import scenes
from tests.tracker.association.test_engine import random_stream, random_times
from tracker.association.engine import Tracker
from tracker.association.presets import PRESETS, Preset
from tracker.association.tracks import Tracks
from tracker.offline import trajectory
from tracker.offline.gap_filling import fill_gaps
from tracker.offline.join import join
from tracker.offline.postprocess import STAGES, postprocess
from tracker.offline.prune import prune, trim
from tracker.offline.recording_tracker import RecordingTracker
from tracker.offline.stabilise import Stabiliser
from tracker.offline.trajectory import TrackingHistory, Trajectory, tracks_by_frame

RATE = 20
UNSMOOTHED = [stage for stage in STAGES if stage != "smooth"]
seeds = st.integers(0, 2**32 - 1)
few = settings(deadline=None, derandomize=True, max_examples=20)


def record(
    stream: Sequence[Detections],
    preset: str | Preset = "keeptrack",
    times: Sequence[float] | None = None,
    cameras: Sequence[Floats | None] | None = None,
    cuts: Sequence[int] = (),
) -> tuple[TrackingHistory, list[Tracks]]:
    """The recording of a stream, and what the tracker said on the way."""
    recorder, said = RecordingTracker(preset, RATE), list[Tracks]()
    times = [index / RATE for index in range(len(stream))] if times is None else times
    for index, detections in enumerate(stream):
        if index in cuts:
            recorder.restart()
        said.append(recorder.update(detections, times[index], cameras[index] if cameras else None))
    return recorder.finish(), said


def walk(frames: Sequence[int], start: float, step: float, number: int = 1, score: float = 0.9) -> Trajectory:
    """Somebody 60 pixels tall who walks from left to right, seen in the given frames."""
    at = np.asarray(frames)
    x = start + step * at
    boxes = np.stack([x, np.full(len(at), 40.0), x + 24, np.full(len(at), 100.0)], axis=1)
    none = np.zeros(len(at), dtype=bool)
    return Trajectory(number, 0, at, boxes, np.full(len(at), score), none, none)


def remember(*trajectories: Trajectory, length: int = 100) -> TrackingHistory:
    times, shots = np.arange(length) / RATE, np.zeros(length, dtype=np.int64)
    return TrackingHistory(times, shots, [None] * length, trajectories, typical=0.9)


def columns(track: Trajectory) -> dict[str, object]:
    return {each.name: np.asarray(getattr(track, each.name)).tolist() for each in fields(track)}


@pytest.mark.parametrize("preset", PRESETS)
@given(seed=seeds)
@few
def test_hindsight_keeps_what_was_seen(preset: str, seed: int) -> None:
    stream, times = random_stream(seed), random_times(seed, 25)
    rng = np.random.default_rng(seed)
    cuts = np.flatnonzero(rng.random(25) < 0.05).tolist()
    cameras = [np.array([[1, 0, dx], [0, 1, 0]]) if rng.random() < 0.5 else None for dx in rng.normal(0, 3, 25)]
    history, said = record(stream, preset, times, cameras, cuts)
    online = {number for tracks in said for number in tracks.track_ids.tolist()}
    revised = postprocess(history)
    assert {track.track_id for track in revised} <= online
    assert len({track.track_id for track in revised}) == len(revised)
    for track in revised:
        assert (np.diff(track.frames) > 0).all()
        assert len(set(history.shots[track.frames].tolist())) == 1
        assert np.isfinite(track.boxes).all()
        assert (track.boxes[:, 2:] >= track.boxes[:, :2]).all()
        assert not track.filled[[0, -1]].any()
    for track in postprocess(history, UNSMOOTHED):
        for frame, box, score, filled in zip(track.frames, track.boxes, track.scores, track.filled, strict=True):
            seen = np.column_stack([stream[frame].boxes, stream[frame].scores]).tolist()
            assert filled or [*box.tolist(), score] in seen
    by_frame = tracks_by_frame(revised, history.times)
    assert len(by_frame) == len(stream)
    assert sum(map(len, by_frame)) == sum(len(track.frames) for track in revised)
    for tracks in by_frame:
        assert (np.diff(tracks.track_ids) > 0).all()
        assert (tracks.age >= tracks.time_since_update).all()
    carried = sum(int((tracks.time_since_update > 0).sum()) for tracks in by_frame)
    assert carried == sum(int(track.filled.sum()) for track in revised)


@pytest.mark.parametrize("preset", PRESETS)
@given(seed=seeds)
@few
def test_a_recorder_tracks_as_a_tracker_does(preset: str, seed: int) -> None:
    stream, plain = random_stream(seed), Tracker(preset, RATE)
    history, said = record(stream, preset)
    shown = dict[tuple[int, int], list[float]]()
    for index, (mine, detections) in enumerate(zip(said, stream, strict=True)):
        theirs = plain.update(detections, index / RATE)
        for each in fields(mine):
            np.testing.assert_array_equal(getattr(mine, each.name), getattr(theirs, each.name))
        if not plain.preset.filtered:
            shown |= {(n, index): box.tolist() for n, box in zip(mine.track_ids.tolist(), mine.boxes, strict=True)}
    recorded = {
        (track.track_id, frame): box.tolist()
        for track in history.trajectories
        for frame, box in zip(track.frames.tolist(), track.boxes, strict=True)
    }
    assert shown.items() <= recorded.items()  # and the frames before each was confirmed


@given(seed=seeds)
@few
def test_a_camera_that_stands_still_is_no_camera(seed: int) -> None:
    stream = random_stream(seed, frames=40)
    still, without = (record(stream, cameras=[camera] * 40)[0] for camera in (np.eye(2, 3), None))
    for mine, theirs in zip(postprocess(still), postprocess(without), strict=True):
        assert mine.frames.tolist() == theirs.frames.tolist()
        np.testing.assert_allclose(mine.boxes, theirs.boxes, atol=1e-6)


def test_complete_tracks_stay_as_they_are() -> None:
    tracks = [walk(range(100), 0, 2, 1), walk(range(100), 300, -1, 2, score=0.7), walk(range(30, 90), 500, 0, 3)]
    revised = postprocess(remember(*tracks))
    for found in (revised, postprocess(remember(*revised))):
        for mine, before in zip(found, tracks, strict=True):
            np.testing.assert_allclose(mine.boxes, before.boxes, atol=1e-9)
            assert columns(replace(mine, boxes=before.boxes)) == columns(before)


@given(seed=seeds)
@few
def test_boxes_are_moved_into_the_first_picture_and_back(seed: int) -> None:
    rng = np.random.default_rng(seed)
    cameras = [None, *(np.eye(2, 3) + rng.normal(0, [0.02, 0.02, 5], (2, 3)) for _ in range(9))]
    frames = rng.integers(0, 10, 6)
    corner = rng.uniform(0, 300, (6, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(1, 90, (6, 2))], axis=1)
    stabiliser = Stabiliser(cameras)
    np.testing.assert_allclose(stabiliser.out_of_first(frames, stabiliser.into_first(frames, boxes)), boxes, atol=1e-6)


def test_under_a_turning_camera_a_standing_object_stands() -> None:
    cameras: list[Floats | None] = [None, *[np.array([[1, 0, -7.0], [0, 1, 2.0]])] * 9]
    boxes = np.array([100.0, 50, 120, 90]) + np.arange(10)[:, None] * [-7, 2, -7, 2]
    still = Stabiliser(cameras).into_first(np.arange(10), boxes)
    np.testing.assert_allclose(still, np.tile(boxes[0], (10, 1)), atol=1e-9)


def test_a_gap_is_filled_where_the_camera_has_moved_its_path_to() -> None:
    pan = np.arange(40)[:, None] * [-6.0, 0, -6, 0]
    boxes = np.array([300.0, 50, 330, 130]) + pan
    seen = np.array([*range(15), *range(25, 40)])
    none = np.zeros(30, dtype=bool)
    track = Trajectory(1, 0, seen, boxes[seen], np.full(30, 0.8), none, none)
    cameras: list[Floats | None] = [None, *[np.array([[1, 0, -6.0], [0, 1, 0]])] * 39]
    history = replace(remember(track, length=40), cameras=cameras)
    filled = fill_gaps(history, track, Stabiliser(cameras))
    assert filled.frames.tolist() == list(range(40))
    np.testing.assert_allclose(filled.boxes, boxes, atol=0.5)
    elsewhere = replace(track, boxes=track.boxes + 50.0 * (seen >= 25)[:, None] * np.array([1, 0, 1, 0]))
    assert len(fill_gaps(history, elsewhere, Stabiliser(cameras)).frames) == 30  # not where its path leads


def test_a_filled_box_has_the_smaller_score_of_both_ends() -> None:
    track = walk([*range(20), *range(26, 50)], 0, 1)
    track = replace(track, scores=np.where(track.frames < 20, 0.8, 0.6))
    filled = fill_gaps(remember(track), track, Stabiliser([None] * 100))
    assert filled.frames.tolist() == list(range(50))
    assert np.flatnonzero(filled.filled).tolist() == list(range(20, 26))
    assert set(filled.scores[20:26].tolist()) == {0.6}
    np.testing.assert_allclose(filled.boxes, walk(range(50), 0, 1).boxes, atol=0.5)


@pytest.mark.parametrize("seen", [[*range(20), *range(52, 70)], [*range(20), *range(21, 70)]])
def test_long_gaps_stay_open(seen: list[int]) -> None:
    track = walk(seen, 0, 0)
    filled = fill_gaps(remember(track), track, Stabiliser([None] * 100))
    assert filled.filled.sum() == (1 if 21 in seen else 0)


def test_loose_ends_are_cut_off_and_the_rest_stays() -> None:
    history = remember(length=200)
    tracks = {
        "whole": walk(range(60), 0, 1),
        "loose": walk([*range(60), 75, 76], 0, 1),
        "loose before": walk([2, 3, *range(20, 60)], 0, 1),
        "two runs": walk([*range(60), *range(75, 110)], 0, 1),
        "weak run": walk([*range(60), *range(75, 110)], 0, 1),
    }
    tracks["weak run"].scores[60:] = 0.2
    kept = {name: trim(history, track).frames.tolist() for name, track in tracks.items()}
    assert kept["whole"] == kept["loose"] == kept["weak run"] == list(range(60))
    assert kept["loose before"] == list(range(20, 60))
    assert kept["two runs"] == tracks["two runs"].frames.tolist()


def test_tracks_that_show_too_little_are_left_out_but_not_in_a_short_shot() -> None:
    brief, long, weak = walk(range(8), 0, 1, 1), walk(range(40), 0, 1, 2), walk(range(15), 0, 1, 3, score=0.3)
    assert prune(remember(), [brief, long, weak]) == [long]
    assert prune(remember(length=12), [brief]) == [brief]
    shots = np.repeat([0, 1], [12, 88])
    assert prune(replace(remember(), shots=shots), [brief, weak]) == [brief]


def with_embedding(track: Trajectory, embedding: Sequence[float]) -> Trajectory:
    return replace(track, embedding=np.asarray(embedding, dtype=np.float64))


JOINED: dict[str, tuple[Trajectory, bool]] = {
    "goes on": (walk(range(50, 80), 0, 2, 2), True),
    "comes back elsewhere": (walk(range(50, 80), 300, 2, 2), False),
    "is there at the same time": (walk(range(20, 80), 0, 2, 2), False),
    "is of another class": (replace(walk(range(50, 80), 0, 2, 2), class_id=1), False),
    "comes later than motion tells": (walk(range(92, 99), -90, 2, 2), False),
}


@pytest.mark.parametrize("case", JOINED)
def test_fragments_are_joined_where_motion_leads_from_one_to_the_other(case: str) -> None:
    other, expected = JOINED[case]
    joined = join(remember(walk(range(40), 0, 2, 1), other), [walk(range(40), 0, 2, 1), other])
    assert [track.track_id for track in joined] == ([1] if expected else [1, 2])
    assert sum(len(track.frames) for track in joined) == 40 + len(other.frames)


def test_no_fragment_is_joined_over_a_cut() -> None:
    parts = [walk(range(40), 0, 2, 1), walk(range(50, 80), 0, 2, 2)]
    history = replace(remember(*parts), shots=np.repeat([0, 1], [45, 55]))
    assert len(join(history, parts)) == 2


def test_embeddings_decide_between_two_who_come_back() -> None:
    lost = with_embedding(walk(range(40), 0, 0, 1), [30, 3])
    near, far = walk(range(60, 90), 8, 0, 2), walk(range(60, 90), 20, 0, 3)
    for like_near, number in ((True, 2), (False, 3)):
        embeddings = ([29, 2], [1, 30]) if like_near else ([1, 30], [29, 2])
        parts = [
            lost,
            *(with_embedding(part, embedding) for part, embedding in zip((near, far), embeddings, strict=True)),
        ]
        joined = join(remember(*parts), parts)
        assert [track.track_id for track in joined] == [1, 5 - number]
        assert joined[0].boxes[-1].tolist() == parts[number - 1].boxes[-1].tolist()


def hidden_behind_each_other(frames: int) -> list[Detections]:
    """The crossing, with whoever is covered by half missing: a detector sees one of two."""
    rng, stream = np.random.default_rng(3), list[Detections]()
    for frame in range(1, frames + 1):
        boxes = scenes.truth(scenes.CROSSING, frame)[1]
        shared = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:]) - np.maximum(boxes[:, None, :2], boxes[None, :, :2])
        covered = np.maximum(shared, 0).prod(axis=2) / (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)[:, None]
        covered[boxes[:, None, 3] >= boxes[None, :, 3]] = 0
        boxes = boxes[covered.max(axis=1) < 0.5]
        stream.append(Detections(boxes + rng.normal(0, 0.3, boxes.shape), np.full(len(boxes), 0.8)))
    return stream


def test_those_who_pass_behind_others_keep_one_number_in_hindsight() -> None:
    stream = hidden_behind_each_other(scenes.CROSSING_FRAMES)
    history, said = record(stream, "sort", [index / 12.5 for index in range(len(stream))])
    online = {number for tracks in said for number in tracks.track_ids.tolist()}
    revised = postprocess(history)
    assert len(online) > len(scenes.CROSSING)
    assert len(revised) == len(scenes.CROSSING)
    for track in revised:  # each is one walker from beginning to end, in the filled frames too
        true = np.array([[walker.box(frame + 1) for frame in track.frames.tolist()] for walker in scenes.CROSSING])
        shared = np.minimum(track.boxes[:, 2], true[:, :, 2]) - np.maximum(track.boxes[:, 0], true[:, :, 0])
        assert (shared / (track.boxes[:, 2] - track.boxes[:, 0])).min(axis=1).max() > 0.6


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_can_be_left_out(stage: str) -> None:
    loose = walk([*range(30), *range(32, 50), 60, 61], 0, 2, 1)
    brief, next_ = walk(range(40, 44), 500, 0, 2), walk(range(70, 95), 0, 2, 3)
    history = remember(loose, brief, next_)
    everything = [columns(track) for track in postprocess(history)]
    assert everything != [columns(track) for track in postprocess(history, [one for one in STAGES if one != stage])]


def test_nothing_is_a_recording_too() -> None:
    for stream in ([], [Detections.empty()], [Detections.empty()] * 9):
        history, _ = record(stream)
        assert postprocess(history) == []
        assert [len(tracks) for tracks in tracks_by_frame([], history.times)] == [0] * len(stream)


def test_the_embedding_of_a_track_is_the_sum_of_what_was_seen() -> None:
    rng = np.random.default_rng(0)
    embeddings = rng.normal(size=(30, 4))
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    box = np.array([[10.0, 10, 40, 90]])
    history, _ = record([Detections(box, np.array([0.9]), embeddings=embedding[None]) for embedding in embeddings])
    found = history.trajectories[0].embedding
    assert found is not None
    np.testing.assert_allclose(found, embeddings.sum(axis=0))


def test_what_was_carried_gives_way_to_the_smoothed_path_between_detections() -> None:
    track = walk(range(43), 0, 2)
    carried = track.frames % 4 != 0  # the last detection is in frame 40
    boxes = track.boxes + np.where(carried, 3.0, 0.0)[:, None]  # it was led astray
    track = replace(track, boxes=boxes, carried=carried, filled=carried, embedding=np.array([1.0, 0.0]))
    filled = fill_gaps(remember(track), track, Stabiliser([None] * 100))
    np.testing.assert_allclose(filled.boxes[:41], walk(range(41), 0, 2).boxes, atol=0.1)
    np.testing.assert_array_equal(filled.boxes[41:], boxes[41:])  # nothing is known of what comes after
    for column in ("frames", "carried", "filled", "embedding"):
        np.testing.assert_array_equal(getattr(filled, column), getattr(track, column))


def test_what_was_carried_stays_where_a_gap_is_too_wide_to_be_filled() -> None:
    track = walk(range(9), 0, 40)
    carried = track.frames % 4 != 0
    track = replace(track, carried=carried, filled=carried)
    filled = fill_gaps(remember(track), track, Stabiliser([None] * 100))
    assert columns(filled) == columns(track)


def test_a_history_tells_propagated_frames_apart() -> None:
    recorder, box = RecordingTracker(), np.array([[10.0, 10, 40, 100]])
    for index in range(9):
        if index % 3:
            recorder.propagate(index / RATE)
        else:
            recorder.update(Detections(box, np.array([0.9])), index / RATE)
    (track,) = (history := recorder.finish()).trajectories
    assert track.frames.tolist() == list(range(9))
    assert track.carried.tolist() == track.filled.tolist() == [index % 3 != 0 for index in range(9)]
    shown = tracks_by_frame(postprocess(history), history.times)
    assert [tracks.carried.tolist() for tracks in shown] == [[index % 3 != 0] for index in range(9)]
    np.testing.assert_allclose(shown[2].time_since_update, 2 / RATE)


@given(seed=seeds)
@few
def test_frames_come_one_after_the_other_as_in_a_list(seed: int) -> None:
    history, _ = record(random_stream(seed, frames=60))
    revised = postprocess(history)
    for block in (1, 7, 59, 60):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(trajectory, "BLOCK", block)
            shown = list(trajectory.iterate_tracks_by_frame(revised, history.times))
        for mine, theirs in zip(shown, tracks_by_frame(revised, history.times), strict=True):
            for each in fields(mine):
                np.testing.assert_array_equal(getattr(mine, each.name), getattr(theirs, each.name))


def test_a_recording_takes_few_bytes_and_forgets_what_led_nowhere() -> None:
    rng, recorder = np.random.default_rng(0), RecordingTracker("keeptrack", RATE)
    x, y = (axis.ravel() for axis in np.meshgrid(np.arange(10) * 60.0, np.arange(3) * 100.0))
    boxes = np.stack([x, y, x + 30, y + 80], axis=1)
    tracemalloc.start()
    try:
        for index in range(501):
            stray = rng.uniform(2000, 9000, 2)  # a detection that never comes again
            found = np.concatenate([boxes, [[*stray, *(stray + 30)]]])
            recorder.update(Detections(found, np.full(len(found), 0.9)), index / RATE)
            if index == 0:
                before = tracemalloc.get_traced_memory()[0]
        held = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert len(recorder._records) < 40
    assert held / (500 * len(boxes)) < 70
    assert [len(track.frames) for track in recorder.finish().trajectories][:30] == [501] * 30


def test_in_hindsight_columns_stay_with_their_boxes_and_filled_ones_have_none() -> None:
    stream = list[Detections]()
    for frame in range(40):
        boxes = np.array([[3.0 * frame, 10, 3 * frame + 30, 90], [400 - 3.0 * frame, 110, 430 - 3 * frame, 190]])
        seen = np.array([frame not in (20, 21), True])
        names = [f"{who}{frame}" for who in "ab"]
        found = Detections(boxes, np.full(2, 0.9), columns={"names": names, "keypoints": boxes[:, None, :2]})
        stream.append(found[seen][::-1] if frame % 2 else found[seen])
    history, _ = record(stream)
    revised = postprocess(history)
    assert sum(int(track.filled.sum()) for track in revised) == 2
    for frame, tracks in enumerate(tracks_by_frame(revised, history.times)):
        assert (tracks.rows == -1).all()
        for track_id, filled, name, points in zip(
            tracks.track_ids, tracks.time_since_update > 0, *tracks.columns.values(), strict=True
        ):
            who = "a" if track_id == revised[0].track_id else "b"
            assert name == (None if filled else f"{who}{frame}")
            assert np.isnan(points).all() == filled


def test_columns_that_begin_late_or_end_early_are_missing_before_and_after() -> None:
    box, recorder = np.array([[10.0, 10, 40, 90]]), RecordingTracker(frame_rate=RATE)
    for frame in range(9):
        recorder.update(Detections(box, np.array([0.9]), columns={"at": [frame]} if 3 <= frame < 6 else {}))
    (track,) = recorder.finish().trajectories
    assert track.columns["at"] == [None] * 3 + [3, 4, 5] + [None] * 3
