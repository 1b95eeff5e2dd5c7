"""What holds for every tracker and every stream of detections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.base import Detections, Floats
from detectors.errors import InputError
from tracker.association.calibration import ScoreCalibration
from tracker.association.engine import Tracker
from tracker.association.presets import PRESETS, Preset, byte_stages
from tracker.association.tracks import Tracks

each_preset = pytest.mark.parametrize("name", PRESETS)
bridging = pytest.mark.parametrize("name", [name for name in PRESETS if PRESETS[name].max_age > 0])
seeds = st.integers(0, 2**32 - 1)
few = settings(deadline=None, derandomize=True, max_examples=20)


def random_stream(seed: int, frames: int = 25) -> list[Detections]:
    """Objects that wander, vanish and come back, with doubles, clutter, boxes without area and empty frames."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 6))
    centre, size, speed = rng.uniform(0, 300, (count, 2)), rng.uniform(10, 90, (count, 2)), rng.normal(0, 4, (count, 2))
    appearances, embedded, stream = rng.normal(size=(count, 4)), rng.random() < 0.6, []
    for _ in range(frames):
        centre = centre + speed + rng.normal(0, 2, (count, 2))
        who = rng.integers(0, count, rng.integers(0, 2 * count + 1)) if rng.random() < 0.85 else np.empty(0, np.int64)
        here, extent = centre[who] + rng.normal(0, 1, (len(who), 2)), size[who] * rng.uniform(0.9, 1.1, (len(who), 2))
        stranger = rng.random(len(who)) < 0.15
        here[stranger] = rng.uniform(-100, 400, (stranger.sum(), 2))
        extent = np.where(rng.random(extent.shape) < 0.03, 0.0, extent)
        vectors = appearances[who] + rng.normal(0, 0.2, (len(who), 4))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors[rng.random(len(who)) < 0.1] = 0
        stream.append(
            Detections(
                np.concatenate([here - extent / 2, here + extent / 2], axis=1),
                np.where(rng.random(len(who)) < 0.1, rng.integers(0, 2, len(who)), rng.random(len(who))),
                rng.integers(0, 3, len(who)),
                vectors if embedded and rng.random() < 0.9 else None,
            )
        )
    return stream


def random_times(seed: int, count: int) -> list[float]:
    rng = np.random.default_rng(seed)
    steps = np.where(rng.random(count) < 0.1, rng.uniform(0.5, 30, count), rng.uniform(0.001, 0.1, count))
    return [float(time) for time in rng.uniform(0, 100) + np.cumsum(steps)]


def columns(tracks: Tracks) -> list[object]:
    return [
        getattr(tracks, field.name).tolist() for field in fields(tracks) if field.name not in ("columns", "returns")
    ]


@each_preset
@given(seed=seeds)
@few
def test_numbers_are_given_once_and_in_order(name: str, seed: int) -> None:
    tracker, stream = Tracker(name), random_stream(seed)
    used, shown_before = set[int](), set[int]()
    for detections, time in zip(stream, random_times(seed, len(stream)), strict=True):
        before = tracker.confirmed_count
        rows = tracker.update(detections, time).track_ids.tolist()
        now = set(rows)
        assert len(now) == len(rows)
        # numbers run on from 1 without a gap, and each is shown in the frame that gives it
        assert now - used == set(range(before + 1, tracker.confirmed_count + 1))
        if tracker.preset.max_age == 0:
            assert now & used <= shown_before, "a track that has ended came back"
        used, shown_before = used | now, now


@each_preset
@given(seed=seeds)
@few
def test_tracks_are_finite_seen_now_and_no_more_than_the_detections(name: str, seed: int) -> None:
    tracker, stream, born = Tracker(name), random_stream(seed), dict[int, float]()
    for detections, time in zip(stream, random_times(seed, len(stream)), strict=True):
        tracks = tracker.update(detections, time)
        assert tracks.boxes.shape == (len(tracks), 4)
        assert np.isfinite(tracks.boxes).all()
        assert (tracks.boxes[:, 2:] >= tracks.boxes[:, :2]).all()
        assert (tracks.time_since_update == 0).all()
        assert (tracks.age >= 0).all()
        typical = ScoreCalibration.MIN_TYPICAL if tracker.preset.relative_thresholds else 1.0
        assert len(tracks) <= (detections.scores >= tracker.preset.low_threshold * typical).sum()
        assert set(tracks.scores.tolist()) <= set(detections.scores.tolist())
        if not tracker.preset.filtered:
            assert set(map(tuple, tracks.boxes.tolist())) <= set(map(tuple, detections.boxes.tolist()))
        for track_id, age in zip(tracks.track_ids.tolist(), tracks.age.tolist(), strict=True):
            assert born.setdefault(track_id, time - age) == pytest.approx(time - age)


@each_preset
@given(seed=seeds)
@few
def test_the_same_stream_gives_the_same_tracks(name: str, seed: int) -> None:
    stream, one, other = random_stream(seed), Tracker(name), Tracker(name)
    first = [columns(one.update(detections)) for detections in stream]
    assert [columns(other.update(detections)) for detections in stream] == first


@each_preset
@given(seed=seeds)
@few
def test_the_given_detections_are_left_as_they_were(name: str, seed: int) -> None:
    tracker, stream = Tracker(name), random_stream(seed)
    for detections, copy in zip(stream, random_stream(seed), strict=True):
        tracker.update(detections)
        for field in fields(Detections):
            np.testing.assert_array_equal(getattr(detections, field.name), getattr(copy, field.name))


@each_preset
@given(seed=seeds)
@few
def test_moving_the_whole_picture_changes_no_number(name: str, seed: int) -> None:
    here, there = Tracker(name), Tracker(name)
    for detections in random_stream(seed):
        moved = Detections(detections.boxes + 1024, detections.scores, detections.class_ids, detections.embeddings)
        tracks, same = here.update(detections), there.update(moved)
        assert tracks.track_ids.tolist() == same.track_ids.tolist()
        np.testing.assert_allclose(tracks.boxes + 1024, same.boxes, atol=1e-6)


@each_preset
def test_empty_frames_are_frames_too(name: str) -> None:
    tracker = Tracker(name)
    for _ in range(5):
        tracks = tracker.update(Detections.empty())
        assert len(tracks) == 0
        assert tracks.boxes.shape == (0, 4)
    assert tracker.confirmed_count == 0
    found = [len(tracker.update(one(box_at(0)))) for _ in range(4)]
    assert found[-1] == 1
    assert len(tracker.update(Detections.empty())) == 0


def box_at(x: float) -> Floats:
    return np.array([x, 50.0, x + 60, 170.0])


def one(box: Floats, score: float = 0.9, class_id: int = 0) -> Detections:
    return Detections(box[None], np.array([score]), np.array([class_id]))


def shown(tracker: Tracker, positions: Sequence[tuple[float, float | None]]) -> list[list[int]]:
    """Ids in each frame of one object, given as (time, x); x is None where it is hidden."""
    return [
        tracker.update(Detections.empty() if x is None else one(box_at(x)), time).track_ids.tolist()
        for time, x in positions
    ]


def test_trackers_do_not_share_numbers() -> None:
    first, second = Tracker(), Tracker()
    for step in range(3):
        both = Detections(np.stack([box_at(step), box_at(300.0 + step)]), np.array([0.9, 0.9]))
        assert first.update(both).track_ids.tolist() == [1, 2]
        assert second.update(one(box_at(step))).track_ids.tolist() == [1]
    second.restart()
    assert first.update(one(box_at(3))).track_ids.tolist() == [1]
    assert Tracker().update(one(box_at(0))).track_ids.tolist() == [1]


@each_preset
def test_a_restart_forgets_tracks_but_counts_on(name: str) -> None:
    tracker = Tracker(name)
    before = [tracker.update(one(box_at(step))).track_ids.tolist() for step in range(5)]
    tracker.restart()
    after = [tracker.update(one(box_at(step))).track_ids.tolist() for step in range(5, 10)]
    assert before[-1] == [1]
    assert after[-1] == [2]
    assert [1] not in after
    assert tracker.confirmed_count == 2


def test_a_restart_starts_at_once_as_a_first_frame_does() -> None:
    tracker = Tracker()
    assert tracker.update(one(box_at(0))).track_ids.tolist() == [1]
    tracker.restart()
    assert tracker.update(one(box_at(0))).track_ids.tolist() == [2]


def test_time_goes_on_over_a_restart() -> None:
    tracker = Tracker()
    tracker.update(Detections.empty(), 5.0)
    tracker.restart()
    with pytest.raises(ValueError, match="not later"):
        tracker.update(Detections.empty(), 5.0)


@each_preset
@pytest.mark.parametrize("rate", [60, 30, 15])
def test_an_object_of_one_speed_keeps_its_number_at_every_frame_rate(name: str, rate: int) -> None:
    tracker = Tracker(name)
    tracks = shown(tracker, [(step / rate, 300 * step / rate) for step in range(2 * rate)])
    assert tracks[-1] == [1]
    assert tracker.confirmed_count == 1


@each_preset
def test_a_drop_of_the_frame_rate_is_not_a_jump(name: str) -> None:
    # from one picture to the next it moves by more than twice its width, as far as its speed takes it in that time
    times = [*np.arange(30) / 30, 1.5, 2.0]
    tracker = Tracker(name)
    tracks = shown(tracker, [(time, 300 * time) for time in times])
    assert tracks[-3:] == [[1], [1], [1]]


@bridging
@pytest.mark.parametrize("rate", [10, 25, 60])
def test_a_lost_track_is_kept_for_max_age_seconds_at_every_frame_rate(name: str, rate: int) -> None:
    max_age = PRESETS[name].max_age
    for gap, expected in ((max_age - 0.05, 1), (max_age + 2.5 / rate, 2)):
        tracker, last = Tracker(name), 20
        hidden = [last + step for step in range(1, 3 * rate) if step / rate < gap]
        back = [hidden[-1] + step for step in range(1, 6)]
        frames = [(step / rate, 100.0) for step in range(last + 1)]
        tracks = shown(tracker, frames + [(step / rate, None) for step in hidden] + [(s / rate, 100.0) for s in back])
        assert tracks[last] == [1]
        assert tracks[-1] == [expected]


@bridging
def test_a_lost_track_outlives_a_few_frames_of_a_slow_stream(name: str) -> None:
    misses = PRESETS[name].min_misses
    for hidden, expected in ((misses - 1, 1), (misses, 2)):
        steps = [100.0] * 6 + [None] * hidden + [100.0] * 4
        forgetful = Tracker(PRESETS[name].with_memory(0.0))  # or else it would be known by its place
        tracks = shown(forgetful, [(2.0 * step, x) for step, x in enumerate(steps)])
        assert tracks[5] == [1]
        assert tracks[-1] == [expected]


@each_preset
def test_a_frame_rate_stands_for_the_times_it_makes(name: str) -> None:
    by_rate, by_time = Tracker(name, frame_rate=8), Tracker(name, frame_rate=8)
    for step, detections in enumerate(random_stream(11)):
        assert columns(by_rate.update(detections)) == columns(by_time.update(detections, step / 8))


def test_time_must_move_on_and_a_refused_frame_leaves_no_trace() -> None:
    tracker, undisturbed = Tracker(), Tracker()
    for time in (2.0, 2.5):
        tracker.update(one(box_at(0)), time)
        undisturbed.update(one(box_at(0)), time)
    for time in (2.5, 2.4, -1.0):
        with pytest.raises(ValueError, match="not later"):
            tracker.update(one(box_at(500)), time)
    assert columns(tracker.update(one(box_at(1)), 2.6)) == columns(undisturbed.update(one(box_at(1)), 2.6))


@pytest.mark.parametrize("time", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("frames_before", [0, 2])
def test_a_time_that_is_not_finite_is_refused(time: float, frames_before: int) -> None:
    tracker = Tracker()
    for step in range(frames_before):
        tracker.update(one(box_at(0)), step / 30)
    with pytest.raises(ValueError, match="time"):
        tracker.update(one(box_at(0)), time)
    assert tracker.update(one(box_at(0)), 1.0).track_ids.tolist() == [1]


def test_a_picture_in_the_place_of_the_time_is_told() -> None:
    tracker, picture = Tracker(), np.zeros((40, 60, 3), np.uint8)
    for wrong in (picture, "1"):
        with pytest.raises(ValueError, match="a picture is given by frame="):
            tracker.update(one(box_at(0)), wrong)  # type: ignore[arg-type]
    assert tracker.update(one(box_at(0)), np.float32(2)).track_ids.tolist() == [1]


def test_the_cameras_motion_may_be_a_list_and_nothing_else() -> None:
    tracker = Tracker()
    tracker.update(one(box_at(0)), 0.0)
    moved = [[1, 0, 200], [0, 1, 0]]
    assert tracker.update(one(box_at(200)), 0.1, moved).track_ids.tolist() == [1]  # type: ignore[arg-type]
    for wrong in (np.eye(3), "still", [[1, 0], [0, 1, 0]], np.full((2, 3), np.nan)):
        with pytest.raises(ValueError, match=r"matrix of the shape \(2, 3\)"):
            tracker.update(one(box_at(0)), 0.2, wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("rate", [0.0, -25.0, float("nan")])
def test_a_frame_rate_is_more_than_nothing(rate: float) -> None:
    with pytest.raises(ValueError, match="frame_rate"):
        Tracker(frame_rate=rate)


def test_an_unknown_preset_is_refused_with_the_choices() -> None:
    with pytest.raises(InputError, match="strongsort") as caught:
        Tracker("strongsort")
    for name in PRESETS:
        assert name in str(caught.value)


def test_a_preset_of_ones_own_is_taken_as_it_is() -> None:
    tracker = Tracker(Preset(stages=byte_stages(0.7), n_init=1, confirm_first_frame=False))
    assert tracker.update(one(box_at(0))).track_ids.tolist() == [1]
    both = Detections(np.stack([box_at(0), box_at(300)]), np.array([0.9, 0.9]))
    assert tracker.update(both).track_ids.tolist() == [1, 2]


def test_one_detection_after_the_first_frame_is_not_trusted_yet() -> None:
    tracker = Tracker()
    times = [step / 16 for step in range(5)]
    seen = zip(times, [None, 100, None, 100, 100], strict=True)
    assert shown(tracker, list(seen)) == [[], [], [], [], [1]]


@each_preset
def test_a_flickering_class_keeps_the_number_and_the_voted_class(name: str) -> None:
    tracker = Tracker(name)
    for step in range(30):
        flicker = step % 3 == 2
        tracks = tracker.update(one(box_at(2.0 * step), 0.8 if flicker else 0.9, 7 if flicker else 2))
        assert tracks.class_ids.tolist() == [2] * len(tracks)
    assert tracks.track_ids.tolist() == [1]
    assert tracker.confirmed_count == 1


def test_of_two_that_overlap_equally_the_one_of_the_same_class_is_taken() -> None:
    left, right, between = box_at(0), box_at(20), box_at(10)
    for class_id, expected in ((3, 1), (5, 2)):
        tracker = Tracker()
        tracker.update(Detections(np.stack([left, right]), np.array([0.9, 0.9]), np.array([3, 5])))
        assert tracker.update(one(between, class_id=class_id)).track_ids.tolist() == [expected]


def test_a_double_of_a_tracked_object_starts_no_track() -> None:
    double = Detections(np.stack([box_at(0), box_at(6)]), np.array([0.9, 0.6]))  # IoU 0.82
    beside = Detections(np.stack([box_at(0), box_at(30)]), np.array([0.9, 0.6]))  # IoU 1/3
    for detections, expected in ((double, [1]), (beside, [1, 2])):
        tracker = Tracker(Preset(stages=byte_stages(0.7), birth_overlap=0.6))
        tracker.update(one(box_at(0)))
        for _ in range(4):
            tracks = tracker.update(detections)
        assert tracks.track_ids.tolist() == expected


def test_without_birth_overlap_a_double_is_an_object() -> None:
    tracker = Tracker(Preset(stages=byte_stages(0.7), birth_overlap=1.0))
    tracker.update(one(box_at(0)))
    for _ in range(3):
        tracks = tracker.update(Detections(np.stack([box_at(0), box_at(6)]), np.array([0.9, 0.6])))
    assert tracks.track_ids.tolist() == [1, 2]


def test_scores_decide_what_exists_and_what_may_start_a_track() -> None:
    preset = Preset(stages=byte_stages(0.7), low_threshold=0.2, high_threshold=0.5, birth_threshold=0.8)
    for score, start, go_on in ((0.19, False, False), (0.2, False, True), (0.79, False, True), (0.8, True, True)):
        tracker = Tracker(preset)
        assert (len(tracker.update(one(box_at(0), score))) == 1) is start
        tracker = Tracker(preset)
        tracker.update(one(box_at(0), 0.9))
        assert (len(tracker.update(one(box_at(0), score))) == 1) is go_on


def test_embeddings_of_another_length_are_refused_and_leave_no_trace() -> None:
    tracker = Tracker()
    boxes, scores = box_at(0)[None], np.array([0.9])
    for step in range(3):
        tracker.update(Detections(boxes, scores, embeddings=np.eye(4)[:1]), step / 30)
    with pytest.raises(ValueError, match="earlier ones had 4"):
        tracker.update(Detections(boxes, scores, embeddings=np.eye(5)[:1]), 3 / 30)
    assert tracker.update(Detections(boxes, scores, embeddings=np.eye(4)[:1]), 3 / 30).track_ids.tolist() == [1]


def test_after_a_restart_embeddings_are_compared_with_those_remembered() -> None:
    tracker = Tracker(PRESETS["keeptrack"].with_memory(60))
    boxes, scores = box_at(0)[None], np.array([0.9])
    for step in range(4):
        tracker.update(Detections(boxes, scores, embeddings=np.eye(4)[:1]), step / 30)
    tracker.restart()
    with pytest.raises(ValueError, match="earlier ones had 4"):
        tracker.update(Detections(boxes, scores, embeddings=np.eye(5)[:1]), 4 / 30)
    assert tracker.update(Detections(boxes, scores, embeddings=np.eye(4)[:1]), 4 / 30).track_ids.tolist() == [1]


@each_preset
@given(seed=seeds)
@few
def test_what_each_track_was_given_is_told(name: str, seed: int) -> None:
    stream, tracker = random_stream(seed), Tracker(name)
    numbers = dict[int, int]()
    for detections in stream:
        tracks = tracker.update(detections)
        assignments = tracker.assignments
        given_boxes = list(map(tuple, np.column_stack([detections.boxes, detections.scores]).tolist()))
        for box in np.column_stack([assignments.boxes, assignments.scores]).tolist():
            given_boxes.remove(tuple(box))  # no detection is given twice
        assert len(set(assignments.serials.tolist())) == len(assignments.serials)
        confirmed = assignments.track_ids > 0
        assert assignments.track_ids[confirmed].tolist() == tracks.track_ids.tolist()
        assert assignments.class_ids[confirmed].tolist() == tracks.class_ids.tolist()
        for serial, number in zip(assignments.serials.tolist(), assignments.track_ids.tolist(), strict=True):
            assert numbers.setdefault(serial, number) in (0, number)  # a serial stays one track's
            numbers[serial] = number


def walkers(frame: int, names: Sequence[str]) -> Detections:
    """People who walk to the right, one below the other; their names and feet travel with them."""
    places = np.array([ord(name) - ord("a") for name in names], dtype=np.float64)
    left, top = np.full(len(names), 4.0 * frame), 100 * places
    boxes = np.stack([left, top, left + 30, top + 80], axis=1)
    feet = np.stack([left + 15, top + 80, np.ones(len(names))], axis=1)[:, None]
    return Detections(boxes, np.full(len(names), 0.9), columns={"names": list(names), "keypoints": feet})


@each_preset
def test_rows_and_columns_tell_what_each_track_was_given(name: str) -> None:
    tracker, rng, known = Tracker(name), np.random.default_rng(1), dict[int, str]()
    for frame in range(12):
        names: list[str] = rng.permutation(list("abcd")).tolist() if frame % 5 else list("dba")
        found = walkers(frame, names)
        if frame == 3:
            found = replace(found, scores=np.array([0.01 if who == "b" else 0.9 for who in names]))
        tracks = tracker.update(found)
        assert tracks.columns["names"] == [names[row] for row in tracks.rows]
        np.testing.assert_array_equal(tracks.columns["keypoints"], np.asarray(found.columns["keypoints"])[tracks.rows])
        for track_id, its_name in zip(tracks.track_ids.tolist(), tracks.columns["names"], strict=True):
            assert known.setdefault(track_id, its_name) == its_name
    assert len(known) >= 4


def test_a_frame_without_detections_has_the_columns_of_the_one_before() -> None:
    tracker = Tracker()
    for frame in range(3):
        before = tracker.update(walkers(frame, "ab"))
    later = tracker.propagate()
    assert later.track_ids.tolist() == before.track_ids.tolist() == [1, 2]
    assert later.rows.tolist() == [-1, -1]
    assert later.columns["names"] == [None, None]
    assert np.isnan(later.columns["keypoints"]).all()
    assert before.columns["names"] == ["a", "b"]
    nothing = tracker.update(Detections.empty())
    assert nothing.columns["names"] == []
    assert np.shape(nothing.columns["keypoints"]) == (0, 1, 3)


def test_columns_change_no_track() -> None:
    with_columns, without = Tracker(), Tracker()
    for frame, found in enumerate(random_stream(3)):
        carried = replace(found, columns={"frame": [frame] * len(found)})
        assert columns(with_columns.update(carried)) == columns(without.update(found))
