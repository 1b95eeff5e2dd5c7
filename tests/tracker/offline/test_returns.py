"""In hindsight, who comes back has one trajectory: in one shot, after a cut, and over the pieces of a long video."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from detectors.base import Detections
from tests.conftest import MakeVideo
from tests.tracker.commands.test_cli import run
from tracker.association.presets import PRESETS
from tracker.offline.first_pass import FirstPass
from tracker.offline.pieces import Piece
from tracker.offline.postprocess import postprocess
from tracker.offline.recording_tracker import RecordingTracker
from tracker.offline.stitch import stitch
from tracker.offline.trajectory import TrackingHistory, tracks_by_frame

RATE = 5
CAR = np.array([[100.0, 100, 180, 150]])
WALKER = np.array([[300.0, 50, 330, 140]])
RED = np.array([[1.0, 0, 0]])
AWAY = 12.0  # seconds, after which the tracker has given it up


def there_and_back(start: float = 0.0, end: float = 24.0) -> TrackingHistory:
    """A parked car is there for 6 seconds, away for 12, and there again."""
    tracker = RecordingTracker(PRESETS["keeptrack"].with_memory(60), RATE)
    for at in range(round(start * RATE), round(end * RATE)):
        seen = CAR if not 6 <= at / RATE < 6 + AWAY else np.empty((0, 4))
        tracker.update(Detections(seen, np.full(len(seen), 0.9)), at / RATE)
    return tracker.finish()


def over_a_cut(shots: Sequence[int]) -> TrackingHistory:
    """Somebody walks in each of these shots, 3 seconds long; where the number changes, the picture does."""
    tracker = RecordingTracker(PRESETS["keeptrack"].with_memory(60), RATE)
    for at in range(3 * RATE * len(shots)):
        shot, step = divmod(at, 3 * RATE)
        if shot and not step and shots[shot] != shots[shot - 1]:
            tracker.restart()
        boxes = WALKER + np.array([6.0 * step, 0, 6.0 * step, 0])
        tracker.update(Detections(boxes, np.array([0.9]), embeddings=RED), at / RATE)
    return tracker.finish()


def whole(history: TrackingHistory, start: float = 0.0) -> FirstPass:
    indices = np.round(history.times * RATE).astype(np.int64) + 1
    return FirstPass(indices, history, {0: "car"}, 640, 480, Fraction(RATE))


def test_who_is_back_goes_on_with_one_trajectory() -> None:
    history = there_and_back()
    (track,) = history.trajectories
    (revised,) = postprocess(history)
    assert np.diff(revised.frames).max() == AWAY * RATE + 1  # nobody is made up meanwhile
    np.testing.assert_allclose(revised.boxes, np.repeat(CAR, len(track.frames), axis=0), atol=1e-6)
    assert tracks_by_frame([revised], history.times)[-1].age[0] == history.times[-1]


def test_who_is_recognised_after_a_cut_has_one_trajectory_that_does_not_lead_across() -> None:
    history = over_a_cut([0, 1])
    assert [track.track_id for track in history.trajectories] == [1, 1]
    (track,) = postprocess(history)
    assert track.frames.tolist() == list(range(6 * RATE))
    np.testing.assert_allclose(track.boxes[[3 * RATE - 1, 3 * RATE], 0], [300 + 6 * (3 * RATE - 1), 300], atol=2.0)


def test_pieces_keep_the_number_of_who_is_back() -> None:
    parts = [whole(there_and_back(end=20)), whole(there_and_back(start=16, end=24))]
    pieces = [Piece(0, 0, 20, 0, 18), Piece(1, 16, None, 18, None)]
    (track,) = postprocess(stitch(parts, pieces).history)
    assert (track.track_id, len(track.frames)) == (1, 12 * RATE)


def test_pieces_keep_the_number_of_who_is_recognised_after_a_cut() -> None:
    history = over_a_cut([0, 1])
    other = over_a_cut([1])
    moved = TrackingHistory(
        other.times + 3, other.shots, other.cameras, other.trajectories, other.typical, other.appearance_calibration
    )
    found = stitch([whole(history), whole(moved)], [Piece(0, 0, 6, 0, 4), Piece(1, 3, None, 4, None)]).history
    assert [(track.track_id, int(found.shots[track.frames[0]])) for track in found.trajectories] == [(1, 0), (1, 1)]
    (track,) = postprocess(found)
    assert len(track.frames) == 6 * RATE


def test_a_car_that_comes_back_can_be_annotated(
    make_video: MakeVideo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    video = make_video("car.mp4", [index / RATE for index in range(100)])
    seen = [frame for frame in range(1, 101) if not 30 < frame <= 80]
    Path("car.txt").write_text("".join(f"{frame},-1,10,10,80,50,0.9\n" for frame in seen))
    formats = "mot,cvat,coco,yolo,labelstudio"
    assert run("annotate", video, "-o", "found", "--detections", "car.txt", "--format", formats, "--jobs", "1") == 0
    assert "found    1 track, 50 boxes" in capsys.readouterr().out
