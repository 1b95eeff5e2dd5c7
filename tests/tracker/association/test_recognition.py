"""Long returns: by place for what stood still, by looks for who walked, and never a wrong number."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.base import Detections, Floats
from tracker.association.ended_tracks import SIZE
from tracker.association.engine import Tracker
from tracker.association.presets import PRESETS
from tracker.association.recognition import Recognition, by_looks, by_place
from tracker.association.tracks import Tracks

CAR = np.array([[100.0, 100, 180, 150]])
RED, BLUE = np.array([[1.0, 0.0, 0]]), np.array([[0.0, 1.0, 0]])
R = Recognition()


class Scene:
    """A tracker at ten frames a second, whose memory is two minutes."""

    def __init__(self, memory: float = 120.0) -> None:
        self.tracker, self.time = Tracker(PRESETS["keeptrack"].with_memory(memory)), 0.0

    def show(self, boxes: Floats, seconds: float = 0.1, looks: Floats | None = None, class_id: int = 2) -> Tracks:
        """The last tracks, after `seconds` in which these are detected."""
        count = len(boxes)
        found = Detections(boxes, np.full(count, 0.9), np.full(count, class_id), looks)
        for _ in range(round(10 * seconds)):
            tracks = self.tracker.update(found, self.time)
            self.time += 0.1
        return tracks

    def wait(self, seconds: float) -> None:
        """Nothing is to be seen."""
        for _ in range(round(seconds)):
            self.tracker.update(Detections.empty(), self.time)
            self.time += 1.0


def walk(scene: Scene, looks: Floats, start: float = 0.0) -> Tracks:
    """Somebody walks by."""
    for step in range(20):
        tracks = scene.show(
            np.array([[start + 8.0 * step, 300, start + 8.0 * step + 30, 380]]), looks=looks, class_id=0
        )
    return tracks


def test_a_parked_car_has_its_number_after_a_lorry_has_passed() -> None:
    scene = Scene()
    scene.show(CAR, 5)
    scene.wait(48)
    tracks = scene.show(CAR + 3)
    assert tracks.track_ids.tolist() == [1]
    (back,) = tracks.returns
    assert (back.track_id, back.by, back.similarity) == (1, "place", None)
    assert back.seconds == pytest.approx(48.1)
    assert tracks.age[0] == pytest.approx(scene.time - 0.1)
    assert scene.show(CAR + 3).returns == ()


def test_what_a_tracker_hands_out_is_the_callers() -> None:
    scene = Scene()
    given = [scene.show(CAR, 5, looks=RED)]
    scene.wait(30)
    for array in (scene.tracker.remembered, given[0].track_ids, given[0].boxes, scene.tracker.assignments.boxes):
        array[...] = 7
    tracks = scene.show(CAR, looks=RED)
    assert tracks.track_ids.tolist() == [1]
    kept = tracks.boxes.copy()
    scene.show(CAR + 4, 1)
    np.testing.assert_array_equal(tracks.boxes, kept)


def test_what_covers_a_car_bit_by_bit_does_not_move_it() -> None:
    scene = Scene()
    scene.show(CAR, 5)
    for covered in (10.0, 25.0, 40.0):
        scene.show(CAR + np.array([covered, 0, 0, 0]))
    scene.wait(30)
    assert scene.show(CAR).track_ids.tolist() == [1]


@pytest.mark.parametrize("then", [CAR + np.array([60, 0, 60, 0]), CAR + np.array([0, 0, 60, 60])])
def test_a_car_at_another_place_or_of_another_size_is_another(then: Floats) -> None:
    scene = Scene()
    scene.show(CAR, 5)
    scene.wait(30)
    assert scene.show(then).track_ids.tolist() == [2]


def test_another_class_is_another_object() -> None:
    scene = Scene()
    scene.show(CAR, 5)
    scene.wait(30)
    assert scene.show(CAR, class_id=7).track_ids.tolist() == [2]


def test_who_drove_off_before_it_vanished_left_its_place() -> None:
    scene = Scene()
    scene.show(CAR, 5)
    for step in range(20):
        scene.show(CAR + np.array([6.0, 0, 6.0, 0]) * step)
    scene.wait(30)
    assert scene.show(CAR).track_ids.tolist() == [2]


def test_a_place_that_another_has_taken_meanwhile_is_nobodys() -> None:
    scene = Scene()
    scene.show(CAR, 5)
    scene.wait(30)
    for step in range(20, -1, -1):  # another comes along and parks there
        scene.show(CAR + np.array([8.0, 0, 8.0, 0]) * step)
    scene.show(CAR, 3)
    scene.wait(30)
    assert scene.show(CAR).track_ids.tolist() == [2]


def test_two_that_fit_one_place_are_both_new() -> None:
    scene = Scene()
    scene.show(CAR, 5)
    scene.wait(30)
    right = np.array([1.0, 0, 1, 0])
    assert scene.show(np.concatenate([CAR - 14 * right, CAR + 26 * right])).track_ids.tolist() == [2, 3]


def test_who_stands_there_must_not_look_different() -> None:
    scene = Scene()
    scene.show(CAR, 5, looks=RED)
    scene.wait(30)
    assert scene.show(CAR, looks=BLUE).track_ids.tolist() == [2]


@pytest.mark.parametrize(("memory", "number"), [(0.0, 2), (20.0, 2), (40.0, 1)])
def test_nobody_is_remembered_for_longer_than_asked(memory: float, number: int) -> None:
    scene = Scene(memory)
    scene.show(CAR, 5)
    scene.wait(30)
    assert scene.show(CAR).track_ids.tolist() == [number]


def test_who_walked_is_known_by_looks_anywhere() -> None:
    scene = Scene()
    walk(scene, RED)
    walk(scene, BLUE, 400)
    scene.wait(60)
    tracks = walk(scene, BLUE, 700)
    assert tracks.track_ids.tolist() == [2]
    scene.wait(30)
    tracks = scene.show(np.array([[900.0, 300, 930, 380]]), looks=RED, class_id=0)
    (back,) = tracks.returns
    assert (back.track_id, back.by) == (1, "looks")
    assert back.similarity == pytest.approx(1.0)


def test_who_looks_like_two_is_nobody_known() -> None:
    scene = Scene()
    walk(scene, RED)
    walk(scene, np.array([[0.99, 0.0, np.sqrt(1 - 0.99**2)]]), 400)
    scene.wait(30)
    assert walk(scene, RED, 700).track_ids.tolist() == [3]


def test_somebody_who_is_there_is_not_taken_for_one_who_left() -> None:
    scene = Scene()
    walk(scene, RED)
    scene.wait(30)
    both = np.array([[500.0, 300, 530, 380], [700.0, 300, 730, 380]])
    assert scene.show(both, looks=np.concatenate([RED, RED]), class_id=0).track_ids.tolist() == [2, 3]


def test_after_a_cut_looks_count_and_places_do_not() -> None:
    scene = Scene()
    scene.show(CAR, 5)
    scene.tracker.restart()
    assert scene.show(CAR).track_ids.tolist() == [2]
    walk(scene, RED, 400)
    scene.tracker.restart()
    assert walk(scene, RED).track_ids.tolist() == [3]


def test_without_being_asked_nobody_is_known_after_a_cut() -> None:
    scene = Scene()
    scene.tracker = Tracker()
    walk(scene, RED)
    scene.tracker.restart()
    assert walk(scene, RED).track_ids.tolist() == [2]
    assert len(scene.tracker.remembered) == 0


def test_a_camera_that_turns_away_takes_places_along_for_a_while() -> None:
    for pixels, number in ((2.0, 1), (20.0, 2)):
        scene = Scene()
        scene.show(CAR, 5)
        for _ in range(20):
            scene.tracker.update(Detections.empty(), scene.time, np.array([[1.0, 0, pixels], [0, 1, 0]]))
            scene.time += 1.0
        there = CAR + 20 * pixels * np.array([1.0, 0, 1, 0])
        assert scene.show(there).track_ids.tolist() == [number]


def test_memory_is_bounded_and_the_oldest_go_first() -> None:
    scene = Scene(1e6)
    for visit in range(SIZE // 10 + 3):
        offsets = 40.0 * np.arange(10)[:, None] * np.array([1.0, 0, 1, 0]) + 600.0 * (visit % 2)
        scene.tracker.update(Detections(np.array([[0.0, 0, 20, 50]]) + offsets, np.full(10, 0.9)), scene.time)
        scene.tracker.update(Detections(np.array([[0.0, 0, 20, 50]]) + offsets, np.full(10, 0.9)), scene.time + 2.5)
        scene.time += 10.0
        scene.tracker.restart()
    assert len(scene.tracker.remembered) <= SIZE
    newest = scene.tracker.confirmed_count
    assert newest > SIZE
    assert set(scene.tracker.remembered.tolist()) <= set(range(newest - SIZE + 1, newest + 1))


def test_a_place_needs_a_single_fit() -> None:
    boxes, alike = np.concatenate([CAR, CAR + 200]), np.full((2, 2), np.nan)
    assert by_place(R, boxes, boxes, alike).tolist() == [[0, 0], [1, 1]]
    assert by_place(R, np.concatenate([CAR, CAR + 1]), CAR, alike[:, :1]).tolist() == []
    assert by_place(R, np.full((1, 4), np.nan), CAR, alike[:1, :1]).tolist() == []
    assert by_place(R, CAR, CAR, np.full((1, 1), R.unlike - 0.1)).tolist() == []


def test_looks_need_to_be_clear() -> None:
    nobody = np.empty((0, 1))
    assert by_looks(R, np.array([[R.similar]]), nobody).tolist() == [[0, 0]]
    assert by_looks(R, np.array([[R.similar - 0.01]]), nobody).tolist() == []
    assert by_looks(R, np.array([[0.9], [0.9 - R.ahead - 0.01]]), nobody).tolist() == [[0, 0]]
    assert by_looks(R, np.array([[0.9], [0.9 - R.ahead + 0.01]]), nobody).tolist() == []
    assert by_looks(R, np.array([[0.9]]), np.array([[0.8]])).tolist() == []
    assert by_looks(R, np.array([[0.9, 0.8]]), np.empty((0, 2))).tolist() == []
    assert by_looks(R, np.empty((0, 3)), np.empty((0, 3))).tolist() == []
