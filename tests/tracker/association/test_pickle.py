"""A tracker can be kept and handed on: what comes out of a pickle or a copy goes on exactly as the original."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import numpy as np
import pytest

from detectors.base import Detections
from tests.scenes import CROSSING, truth
from tracker.association.engine import Tracker
from tracker.association.presets import PRESETS
from tracker.offline.recording_tracker import RecordingTracker

FRAMES, MIDDLE = 60, 30


def detections(frame: int) -> Detections:
    ids, boxes = truth(CROSSING, frame)
    embeddings = np.eye(8)[np.asarray(ids, dtype=np.int64) % 8]
    return Detections(boxes, np.linspace(0.9, 0.5, len(boxes)), None, embeddings)  # type: ignore[arg-type]


def step(tracker: Tracker, frame: int) -> list[object]:
    tracks = tracker.update(detections(frame), (frame - 1) / 25)
    return [tracks.track_ids.tolist(), tracks.boxes.tolist(), tracks.scores.tolist(), tracks.age.tolist()]


@pytest.mark.parametrize("kind", [Tracker, RecordingTracker])
@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("copied", [copy.deepcopy, *(lambda t, p=p: pickle.loads(pickle.dumps(t, p)) for p in (2, 5))])
def test_a_copy_goes_on_as_the_original(kind: type[Tracker], preset: str, copied: Callable[[Tracker], Tracker]) -> None:
    original = kind(preset, 25.0)
    fresh = copied(original)
    for frame in range(1, MIDDLE):
        assert step(fresh, frame) == step(original, frame)
    twin = copied(original)
    assert [step(twin, frame) for frame in range(MIDDLE, FRAMES)] == [
        step(original, frame) for frame in range(MIDDLE, FRAMES)
    ]
    assert twin.confirmed_count == original.confirmed_count > 0
