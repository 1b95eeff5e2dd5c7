"""What each ready-made tracker does with a scene whose truth is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from detectors.base import Detections, Floats
from tests.scenes import CROSSING, CROSSING_FRAMES, FRAME_RATE, noisy_detections, truth
from tracker.association.engine import Tracker
from tracker.association.matching import assign, iou_cost
from tracker.association.presets import DEFAULT, PRESETS
from tracker.association.tracks import CONFIRMED, LOST, TENTATIVE, Tracks

each_preset = pytest.mark.parametrize("name", PRESETS)


@dataclass
class Score:
    """How the tracks of a scene compare with its truth, in pairs with an IoU above one half."""

    ids: set[int] = field(default_factory=set)
    switches: int = 0
    found: int = 0
    there: int = 0
    false: int = 0


def score(name: str, missed: float, seed: int) -> Score:
    """The crossing, as a detector that misses a share of the walkers sees it."""
    rng, tracker, result, names = (
        np.random.default_rng(seed),
        Tracker(name, float(FRAME_RATE)),
        Score(),
        dict[int, int](),
    )
    for frame in range(1, CROSSING_FRAMES + 1):
        tracks = tracker.update(noisy_detections(CROSSING, frame, rng, missed=missed, jitter=0.5))
        walkers, boxes = truth(CROSSING, frame)
        pairs = assign(iou_cost(boxes, tracks.boxes), 0.5)
        result.ids |= set(tracks.track_ids.tolist())
        result.found += len(pairs)
        result.there += len(walkers)
        result.false += len(tracks) - len(pairs)
        for row, column in pairs:
            walker, track_id = int(walkers[row]), int(tracks.track_ids[column])
            result.switches += names.get(walker, track_id) != track_id
            names[walker] = track_id
    return result


@each_preset
def test_the_numbers_of_a_preset_make_sense_together(name: str) -> None:
    preset = PRESETS[name]
    assert 0 <= preset.low_threshold <= preset.high_threshold <= preset.birth_threshold <= 1
    assert preset.n_init >= 1
    assert preset.max_age >= 0
    assert preset.min_misses >= 1
    assert 0 < preset.birth_overlap <= 1
    assert preset.persistence >= 0
    assert 0 < preset.max_cosine_distance <= 2
    assert 0 < preset.max_containment <= 1
    if preset.stages:
        assert {state for stage in preset.stages for state in stage.states} == {TENTATIVE, CONFIRMED, LOST}
    for stage in preset.stages:
        assert stage.max_cost > 0
        assert stage.max_cost < 1 or stage.cost == "deepsort"
        assert stage.cost == "iou" or preset.appearance != "none"
        assert stage.scores == "high" or preset.low_threshold < preset.high_threshold
        # what may not start a track must not confirm one either
        assert stage.scores == "high" or TENTATIVE not in stage.states


def test_the_default_is_the_first_preset() -> None:
    assert next(iter(PRESETS)) == DEFAULT
    assert Tracker().preset is PRESETS[DEFAULT]


@each_preset
@pytest.mark.parametrize("seed", range(4))
def test_every_preset_tracks_a_clean_scene(name: str, seed: int) -> None:
    result = score(name, missed=0.0, seed=seed)
    assert len(result.ids) == len(CROSSING)
    assert result.switches == 0
    assert result.false <= 3  # a filtered box lags behind a walker that comes in from the border
    assert result.found >= 0.95 * result.there


@pytest.mark.parametrize("seed", range(4))
def test_the_default_keeps_ids_through_short_misses(seed: int) -> None:
    result = score(DEFAULT, missed=0.2, seed=seed)
    assert len(result.ids) == len(CROSSING)
    assert result.switches == 0
    assert result.found >= 0.75 * result.there


@pytest.mark.parametrize("factor", [1.0, 0.6, 0.4])
def test_a_detector_that_scores_lower_is_tracked_the_same(factor: float) -> None:
    rng, tracker = np.random.default_rng(3), Tracker()
    found = []
    for frame in range(1, CROSSING_FRAMES + 1):
        detections = noisy_detections(CROSSING, frame, rng, missed=0.1, jitter=0.5)
        found.append(tracker.update(replace(detections, scores=factor * detections.scores)))
    assert {number for numbers in ids(found) for number in numbers} == set(range(1, len(CROSSING) + 1))
    assert sum(map(len, found)) > 350


def box_at(x: float, y: float = 100.0) -> Floats:
    """40 wide and 80 high, centred at x and y."""
    return np.array([x - 20, y - 40, x + 20, y + 40])


def follow(tracker: Tracker, frames: Iterable[Detections]) -> list[Tracks]:
    return [tracker.update(detections) for detections in frames]


def ids(tracks: Sequence[Tracks]) -> list[list[int]]:
    return [snapshot.track_ids.tolist() for snapshot in tracks]


def walk(scores: Sequence[float]) -> list[Detections]:
    """One object that moves on by 4 pixels a frame; a score of 0 stands for no detection."""
    return [
        Detections(box_at(100 + 4 * step)[None], np.array([value])) if value else Detections.empty()
        for step, value in enumerate(scores)
    ]


@pytest.mark.parametrize("name", ["keeptrack", "bytetrack"])
def test_an_object_whose_score_falls_keeps_its_id(name: str) -> None:
    scores = [0.9] * 10 + [0.2] * 40 + [0.9] * 5  # weak for longer than a lost track is kept
    assert ids(follow(Tracker(name), walk(scores))) == [[1]] * 55


@pytest.mark.parametrize("name", ["sort", "deepsort"])
def test_presets_without_a_second_round_do_not_see_weak_detections(name: str) -> None:
    assert ids(follow(Tracker(name), walk([0.9] * 10 + [0.2])))[-2:] == [[1], []]


@each_preset
def test_weak_clutter_starts_no_track(name: str) -> None:
    tracker = Tracker(name)
    for detections in walk([0.2] * 40):
        assert len(tracker.update(detections)) == 0
    assert tracker.confirmed_count == 0


def test_in_bytetrack_a_weak_detection_does_not_revive_a_lost_track() -> None:
    tracks = follow(Tracker("bytetrack"), walk([0.9] * 10 + [0] * 3 + [0.2] * 3 + [0.9]))
    assert ids(tracks)[9:] == [[1], [], [], [], [], [], [], [1]]


def test_sort_ends_a_track_at_its_first_miss() -> None:
    tracks = follow(Tracker("sort"), walk([0.9] * 5 + [0] + [0.9] * 5))
    assert ids(tracks) == [[1]] * 5 + [[]] * 3 + [[2]] * 3  # the second one waits for three detections


@pytest.mark.parametrize("name", ["keeptrack", "bytetrack", "deepsort"])
def test_the_others_bridge_a_gap(name: str) -> None:
    tracks = follow(Tracker(name), walk([0.9] * 15 + [0] * 10 + [0.9] * 5))
    assert ids(tracks)[14:] == [[1]] + [[]] * 10 + [[1]] * 5


RED, BLUE = np.eye(8)[0], np.eye(8)[1]


def seen_at(*objects: tuple[float, Floats]) -> Detections:
    """Objects at x, with what they look like."""
    boxes, vectors = [box_at(x) for x, _ in objects], [vector for _, vector in objects]
    return Detections(np.array(boxes), np.full(len(objects), 0.9), np.zeros(len(objects), np.int64), np.array(vectors))


def turn_back_behind_a_pillar() -> list[Detections]:
    """Red from the left and blue from the right are hidden as they meet, and each comes out where it went in."""
    towards = [seen_at((100 + 5 * step, RED), (300 - 5 * step, BLUE)) for step in range(15)]
    hidden = [Detections.empty()] * 10
    back = [seen_at((172 - 3 * step, RED), (228 + 3 * step, BLUE)) for step in range(10)]
    return towards + hidden + back


def without_embeddings(frames: list[Detections]) -> list[Detections]:
    return [Detections(frame.boxes, frame.scores, frame.class_ids) for frame in frames]


def last_ids(name: str, frames: list[Detections]) -> list[int]:
    """Ids of the last frame, the leftmost object first."""
    tracks = follow(Tracker(name), frames)[-1]
    return [int(track_id) for _, track_id in sorted(zip(tracks.boxes[:, 0], tracks.track_ids, strict=True))]


def test_deepsort_finds_an_object_again_by_its_appearance() -> None:
    frames = turn_back_behind_a_pillar()
    assert last_ids("deepsort", frames) == [1, 2]
    assert last_ids("sort", frames) == [3, 4]


def test_deepsort_without_embeddings_goes_by_motion() -> None:
    # motion alone expects each to walk on, and so takes one for the other
    assert last_ids("deepsort", without_embeddings(turn_back_behind_a_pillar())) == [2, 1]


def test_deepsort_does_not_take_a_stranger_for_a_lost_object() -> None:
    frames = [seen_at((100 + 4 * step, RED)) for step in range(15)] + [Detections.empty()] * 5
    frames += [seen_at((180 + 4 * step, BLUE)) for step in range(10)]
    assert last_ids("deepsort", frames) == [2]
    assert last_ids("deepsort", without_embeddings(frames)) == [1]


def test_in_deepsorts_cascade_the_track_seen_last_chooses_first() -> None:
    # halfway between both, and the lost one is so uncertain by then that it lies nearer in standard deviations
    both, one, between = seen_at((100, RED), (116, RED)), seen_at((116, RED)), seen_at((108, RED))
    frames = without_embeddings([both] * 6 + [one] * 5 + [between])
    assert last_ids("deepsort", frames) == [2]
    first, second = PRESETS["deepsort"].stages
    flat = replace(PRESETS["deepsort"], stages=(replace(first, cascade=False), second))
    assert follow(Tracker(flat), frames)[-1].track_ids.tolist() == [1]


@pytest.mark.parametrize("change", [lambda frames: frames, without_embeddings])
@pytest.mark.parametrize("name", ["bytetrack", "sort"])
def test_presets_without_appearance_ignore_embeddings(
    name: str, change: Callable[[list[Detections]], list[Detections]]
) -> None:
    frames = turn_back_behind_a_pillar()
    assert not Tracker(name).uses_appearance
    assert ids(follow(Tracker(name), change(frames))) == ids(follow(Tracker(name), without_embeddings(frames)))


def test_appearance_decides_between_two_that_overlap_alike() -> None:
    apart = [seen_at((100, RED), (150, BLUE))] * 5
    meeting = [seen_at((100 + 3 * step, RED), (150 - 3 * step, BLUE)) for step in range(1, 8)]
    swapped = seen_at((123, BLUE), (127, RED))
    frames = [*apart, *meeting, swapped]
    assert last_ids("keeptrack", frames) == [2, 1]
    assert last_ids("keeptrack", without_embeddings(frames)) == [1, 2]
