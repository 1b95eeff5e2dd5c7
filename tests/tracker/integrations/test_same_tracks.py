"""keeptrack inside other libraries gives the tracks of our own command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from detectors.base import Frame
from detectors.replay import ReplayDetector
from tracker.association.engine import Tracker
from tracker.integrations.boxmot import BoxmotTracker
from tracker.integrations.libreyolo import LibreyoloTracker
from tracker.integrations.supervision import SupervisionTracker
from tracker.integrations.ultralytics import UltralyticsTracker
from tracker.run.track import track

ROOT = Path(__file__).parents[3]
GOLDEN, CLIP = ROOT / "tests/golden/crossing.det.txt", ROOT / "videos/crossing.mp4"
Rows = list[tuple[int, list[float]]]
Found = list[tuple[Frame, np.ndarray]]


@pytest.fixture(scope="module")
def frames() -> tuple[Found, list[Rows]]:
    """Frames with their detections ``(N, 6)``, and what our own command makes of them."""
    replay, found, ours = ReplayDetector(GOLDEN), list[tuple[Frame, np.ndarray]](), list[Rows]()
    for frame, tracks in track(CLIP, detections=GOLDEN, max_frames=36):
        here = replay(frame)
        found.append((frame, np.column_stack([here.boxes, here.scores, here.class_ids])))
        ours.append(sorted(zip(tracks.track_ids.tolist(), tracks.boxes.tolist(), strict=True)))
    assert sum(map(len, ours)) > 60
    return found, ours


def rate_of(found: Found) -> float:
    return 1 / (found[1][0].time - found[0][0].time)


def test_update_with_a_frame(frames: tuple[Found, list[Rows]]) -> None:
    found, ours = frames
    tracker = Tracker(frame_rate=rate_of(found))
    for _ in range(2):
        for (frame, rows), expected in zip(found, ours, strict=True):
            tracks = tracker.update(rows, frame=frame.image)
            assert sorted(zip(tracks.track_ids.tolist(), tracks.boxes.tolist(), strict=True)) == expected
        tracker.reset()


def test_arrays(frames: tuple[Found, list[Rows]]) -> None:
    found, ours = frames
    tracker = BoxmotTracker(frame_rate=rate_of(found))
    for (frame, rows), expected in zip(found, ours, strict=True):
        tracks = tracker.update(rows, frame.image)
        assert tracks.shape == (len(expected), 8)
        assert sorted(zip(tracks[:, 4].astype(int).tolist(), tracks[:, :4].tolist(), strict=True)) == expected
        np.testing.assert_array_equal(rows[tracks[:, 7].astype(int), :4], tracks[:, :4])


def test_supervision(frames: tuple[Found, list[Rows]]) -> None:
    sv = pytest.importorskip("supervision")
    found, ours = frames
    tracker = SupervisionTracker(frame_rate=rate_of(found))
    for (frame, rows), expected in zip(found, ours, strict=True):
        masks, places = np.zeros((len(rows), 3, 4), bool), np.arange(len(rows))
        masks[places, 0, places % 4] = True
        theirs = sv.Detections(
            rows[:, :4],
            masks,
            rows[:, 4],
            rows[:, 5].astype(int),
            data={"place": places, "class_name": places.astype(str)},
        )
        theirs.data["class_name"] = np.array(["person"] * len(rows))
        tracked = tracker.update(theirs, frame.image)
        assert isinstance(tracked, sv.Detections)
        assert (np.diff(tracked.data["place"]) > 0).all() if len(tracked) > 1 else True
        np.testing.assert_array_equal(tracked.mask, masks[tracked.data["place"]])
        assert sorted(zip(tracked.tracker_id.tolist(), tracked.xyxy.tolist(), strict=True)) == expected
    tracker.reset()
    empty = tracker.update_with_detections(sv.Detections.empty())
    assert len(empty) == 0


def results_of(rows: np.ndarray) -> Any:
    return SimpleNamespace(xyxy=rows[:, :4], conf=rows[:, 4], cls=rows[:, 5])


def test_ultralytics_calls(frames: tuple[Found, list[Rows]]) -> None:
    found, ours = frames
    tracker = UltralyticsTracker(SimpleNamespace(tracker_type="keeptrack"), rate_of(found))
    for (frame, rows), expected in zip(found, ours, strict=True):
        tracks = tracker.update(results_of(rows), frame.image)
        np.testing.assert_array_equal(tracks[:, 4], [track_id for track_id, _ in expected])
        np.testing.assert_allclose(tracks[:, :4], np.array([box for _, box in expected]).reshape(-1, 4), atol=1e-3)


def test_libreyolo(frames: tuple[Found, list[Rows]]) -> None:
    libreyolo = pytest.importorskip("libreyolo")
    torch = pytest.importorskip("torch")
    image = pytest.importorskip("PIL.Image")
    found, ours = frames
    tracker = LibreyoloTracker(frame_rate=rate_of(found))
    for (frame, rows), expected in zip(found, ours, strict=True):
        parts = (torch.as_tensor(part) for part in (rows[:, :4], rows[:, 4], rows[:, 5]))
        results = libreyolo.Results(libreyolo.Boxes(*parts), frame.image.shape[:2], names={0: "person"})
        tracked = tracker.update(results, image.fromarray(np.ascontiguousarray(frame.image[:, :, ::-1])))
        assert tracked.track_id.dtype == torch.int64
        pairs = zip(tracked.track_id.tolist(), tracked.boxes.xyxy.tolist(), strict=True)
        assert sorted(pairs) == expected


@pytest.mark.parametrize("make", [Tracker, BoxmotTracker, SupervisionTracker, LibreyoloTracker])
def test_numbers_count_from_1_again_after_a_reset(make: Callable[[], Any]) -> None:
    tracker = make()
    core = getattr(tracker, "tracker", tracker)
    box = np.array([[10.0, 10, 40, 90, 0.9, 0]])
    for _ in range(2):
        assert [core.update(box).track_ids.tolist() for _ in range(3)] == [[1]] * 3
        core.update(box + 500)
        tracker.reset()


def test_a_picture_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match=r"frame has the shape \(4, 4\)"):
        Tracker().update(np.empty((0, 6)), frame=np.zeros((4, 4), np.uint8))


@pytest.mark.parametrize("found", [[[10, 10, 40, 90, 0.9, 0]], np.array([[10.0, 10, 40, 90, 0.9, 0]]), None, {}])
def test_what_no_rows_can_be_given_back_of_is_told(found: Any) -> None:
    kind = type(found).__name__
    for update in (SupervisionTracker().update, SupervisionTracker().update_with_detections):
        with pytest.raises(ValueError, match=rf"^detections are {kind}, not supervision's Detections: sv\.Detections"):
            update(found)
    with pytest.raises(ValueError, match=rf"^results are {kind}, not LibreYOLO's Results"):
        LibreyoloTracker().update(found)
