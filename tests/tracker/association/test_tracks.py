"""The columns of the track table against one record per track."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.base import Detections, Floats
from tracker.appearance.gallery import AverageMemory, GalleryMemory
from tracker.association.engine import Tracker
from tracker.association.kalman import KalmanFilter
from tracker.association.motion_models import CENTRE_SIZE
from tracker.association.track_table import TrackTable
from tracker.association.tracks import CONFIRMED, LOST, TENTATIVE, Tracks

DIMENSION = 3
ARRAYS = [field.name for field in fields(Tracks) if field.name not in ("columns", "returns")]


@dataclass
class Record:
    """What one track must hold."""

    name: int
    hits: int
    missed: int
    first_seen: float
    last_seen: float
    score: float
    box: Floats
    votes: dict[int, float]
    filter: KalmanFilter
    memory: AverageMemory

    @property
    def state(self) -> int:
        return TENTATIVE if not self.name else LOST if self.missed else CONFIRMED

    @property
    def class_id(self) -> int:
        return max(self.votes, key=self.votes.__getitem__)


def random_detections(rng: np.random.Generator, count: int, embedded: bool) -> Detections:
    corner, size = rng.uniform(0, 500, (count, 2)), rng.uniform(5, 80, (count, 2))
    vectors = rng.normal(size=(count, DIMENSION))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[rng.random(count) < 0.2] = 0
    return Detections(
        np.concatenate([corner, corner + size], axis=1),
        rng.uniform(0.1, 1, count),
        rng.choice([0, 3, 17, 2, 10**6], count),
        vectors if embedded else None,
    )


def new_record(detection: Detections, name: int, now: float) -> Record:
    own_filter, memory = KalmanFilter(CENTRE_SIZE), AverageMemory(DIMENSION)
    own_filter.append(detection.boxes)
    vector = detection.embeddings
    memory.append(np.zeros((1, DIMENSION)) if vector is None else vector)
    score, votes = float(detection.scores[0]), {int(detection.class_ids[0]): float(detection.scores[0])}
    return Record(name, 1, 0, now, now, score, detection.boxes[0], votes, own_filter, memory)


def match_record(record: Record, detection: Detections, now: float) -> None:
    record.filter.update(np.array([0]), detection.boxes)
    record.hits, record.missed, record.last_seen = record.hits + 1, 0, now
    record.score, record.box = float(detection.scores[0]), detection.boxes[0]
    class_id = int(detection.class_ids[0])
    record.votes[class_id] = record.votes.get(class_id, 0.0) + record.score
    if detection.embeddings is not None:
        record.memory.update(np.array([0]), detection.embeddings)


def assert_rows_belong_together(table: TrackTable, records: list[Record]) -> None:
    assert len(table) == len(table.filter) == len(records)
    for name in ("state", "hits", "missed", "first_seen", "last_seen"):
        assert getattr(table, name).tolist() == [getattr(record, name) for record in records]
    assert table.ids.tolist() == [record.name for record in records]
    assert table.scores.tolist() == [record.score for record in records]
    assert table.class_ids.tolist() == [record.class_id for record in records]
    none = np.empty((0, 4))
    np.testing.assert_array_equal(table.boxes, np.stack([r.box for r in records]) if records else none)
    means = np.concatenate([none, *(record.filter.mean for record in records)])
    np.testing.assert_allclose(table.filter.mean, means, rtol=1e-12)
    if table.appearance.memory is not None:
        axes = np.eye(DIMENSION)
        distances = np.concatenate([np.empty((0, 3)), *(r.memory.distances(np.array([0]), axes) for r in records)])
        np.testing.assert_allclose(
            table.appearance.memory.distances(np.arange(len(table)), axes), distances, atol=1e-12
        )


@pytest.mark.parametrize("embedded", [False, True])
@given(seed=st.integers(0, 2**32 - 1))
@settings(deadline=None, derandomize=True, max_examples=25)
def test_columns_stay_aligned_over_random_lives(embedded: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    table, records, now, names = TrackTable(CENTRE_SIZE, AverageMemory), list[Record](), 0.0, 0
    for step in range(25):
        now += 0.04
        table.filter.predict(0.04)
        for record in records:
            record.filter.predict(0.04)
        # a frame in between may come without embeddings
        described = embedded and (step == 0 or rng.random() < 0.8)
        order = rng.permutation(len(records))
        matched, missed = np.split(order, [int(rng.integers(0, len(order) + 1))])
        detections = random_detections(rng, len(matched), described)
        table.match(matched, detections, np.arange(len(detections)), now)
        table.miss(missed)
        for column, row in enumerate(matched):
            match_record(records[row], detections[[column]], now)
        for row in missed:
            records[row].missed += 1
        born = random_detections(rng, int(rng.integers(0, 3)), described)
        rows = table.append(born, np.arange(len(born)), now)
        assert rows.tolist() == list(range(len(records), len(records) + len(born)))
        records += [new_record(born[[column]], 0, now) for column in range(len(born))]
        for row in np.flatnonzero(rng.random(len(records)) < 0.3):
            names += table.ids[row] == 0
            table.ids[row] = records[row].name = records[row].name or names
        assert_rows_belong_together(table, records)
        if rng.random() < 0.4:
            kept = rng.random(len(records)) < 0.6
            table.keep(kept)
            records = [records[row] for row in np.flatnonzero(kept)]
            assert_rows_belong_together(table, records)


def at(scores: list[float], classes: list[int]) -> Detections:
    """Detections side by side."""
    boxes = [[20.0 * i, 0.0, 20.0 * i + 10, 30.0] for i in range(len(scores))]
    return Detections(np.array(boxes), np.array(scores), np.array(classes))


def test_the_class_is_that_with_the_largest_sum_of_scores() -> None:
    table, rows = TrackTable(CENTRE_SIZE, AverageMemory), np.array([0, 1])
    table.append(at([0.9, 0.5], [7, 2]), np.arange(2), 0.0)
    assert table.class_ids.tolist() == [7, 2]
    table.match(rows, at([0.5, 0.6], [2, 7]), rows, 0.1)
    assert table.class_ids.tolist() == [7, 7]
    table.match(rows, at([0.5, 0.2], [2, 2]), rows, 0.2)  # 1.0 against 0.9: two votes outweigh a stronger one
    assert table.class_ids.tolist() == [2, 2]


def test_a_class_that_appears_later_counts_for_older_tracks_too() -> None:
    table = TrackTable(CENTRE_SIZE, AverageMemory)
    table.append(at([0.4, 0.9], [5, 5]), np.arange(2), 0.0)
    table.match(np.array([0]), at([0.8], [1]), np.array([0]), 0.1)  # sorts before the class that was known first
    assert table.class_ids.tolist() == [1, 5]
    table.append(at([0.3], [99]), np.arange(1), 0.2)
    assert table.class_ids.tolist() == [1, 5, 99]
    table.keep(np.array([False, True, True]))
    table.match(np.array([1, 0]), at([0.95, 0.5], [3, 99]), np.array([0, 1]), 0.3)
    assert table.class_ids.tolist() == [5, 3]


def test_a_detection_of_score_0_does_not_give_a_track_the_class_of_another() -> None:
    table = TrackTable(CENTRE_SIZE, AverageMemory)
    table.append(at([0.9, 0.0], [2, 7]), np.arange(2), 0.0)
    assert table.class_ids.tolist() == [2, 7]


def test_only_confirmed_tracks_become_lost() -> None:
    table = TrackTable(CENTRE_SIZE, AverageMemory)
    table.append(at([0.9, 0.9, 0.9, 0.9], [0, 0, 0, 0]), np.arange(4), 0.0)
    table.ids[:], table.missed[:] = [0, 1, 2, 3], [0, 0, 4, 0]
    table.miss(np.array([2, 0, 1]))
    assert table.state.tolist() == [TENTATIVE, LOST, LOST, CONFIRMED]
    assert table.missed.tolist() == [1, 1, 5, 0]


def test_an_empty_table_takes_every_step() -> None:
    table, none = TrackTable(CENTRE_SIZE, GalleryMemory), np.empty(0, dtype=np.int64)
    assert table.append(Detections.empty(), none, 0.0).tolist() == []
    table.match(none, Detections.empty(), none, 0.0)
    table.miss(none)
    table.keep(np.empty(0, dtype=bool))
    assert len(table) == 0
    assert table.class_ids.tolist() == []


@pytest.mark.parametrize("memory", [AverageMemory, GalleryMemory])
def test_a_track_older_than_the_first_embedding_remembers_it(
    memory: type[AverageMemory] | type[GalleryMemory],
) -> None:
    table, row, vector = TrackTable(CENTRE_SIZE, memory), np.array([0]), np.array([[1.0, 0.0]])
    detection = at([0.9], [0])
    table.append(detection, row, 0.0)
    described = Detections(detection.boxes, detection.scores, detection.class_ids, vector)
    table.match(row, described, row, 0.1)
    table.append(described[:0], row[:0], 0.1)
    assert table.appearance.memory is not None
    np.testing.assert_allclose(table.appearance.memory.distances(row, vector), [[0]], atol=1e-6)


def test_a_snapshot_is_not_changed_by_later_frames() -> None:
    tracker, snapshots, copies = Tracker(), list[Tracks](), list[list[list[float]]]()
    for step in range(12):
        boxes = np.array([[10.0, 10, 40, 80], [200, 20, 240, 100]]) + 3 * step
        tracks = tracker.update(Detections(boxes[: 2 - step // 8], np.array([0.9, 0.8])[: 2 - step // 8]))
        snapshots.append(tracks)
        copies.append([getattr(tracks, name).tolist() for name in ARRAYS])
    for tracks, copy in zip(snapshots, copies, strict=True):
        assert [getattr(tracks, name).tolist() for name in ARRAYS] == copy


def test_writing_into_a_snapshot_does_not_disturb_the_tracker() -> None:
    box = np.array([[10.0, 10.0, 40.0, 80.0]])
    tracker, untouched = Tracker(), Tracker()
    for _ in range(5):
        tracks = tracker.update(Detections(box, np.array([0.9])))
        for name in ARRAYS:
            getattr(tracks, name)[:] = 0
        expected = untouched.update(Detections(box, np.array([0.9])))
    last, same = tracker.update(Detections(box, np.array([0.9]))), untouched.update(Detections(box, np.array([0.9])))
    assert len(expected) == 1
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(last, name), getattr(same, name))


def test_rows_of_a_snapshot_are_taken_from_all_columns() -> None:
    columns = [
        np.array([4, 5, 6]),
        np.arange(12.0).reshape(3, 4),
        *(np.arange(3) + k for k in (10, 20, 30, 40, 50, 60)),
    ]
    tracks = replace(Tracks(*columns), columns={"names": ["a", "b", "c"]})  # type: ignore[arg-type]
    for rows in (np.array([2, 0]), np.array([False, True, True]), slice(1, 3)):
        chosen = tracks[rows]
        assert len(chosen) == 2
        for name, column in zip(ARRAYS, columns, strict=True):
            np.testing.assert_array_equal(getattr(chosen, name), column[rows])
        assert chosen.columns == {"names": np.array(["a", "b", "c"])[rows].tolist()}
