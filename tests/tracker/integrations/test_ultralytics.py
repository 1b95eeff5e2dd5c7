"""keeptrack beside bytetrack.yaml, in the real ultralytics."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tracker.association.engine import Tracker
from tracker.integrations.ultralytics import register

pytest.importorskip("lap")  # which ultralytics would otherwise try to install
ultralytics = pytest.importorskip("ultralytics")
SHAPE = (96, 128)


@pytest.fixture
def settings() -> Iterator[Path]:
    path = register()
    yield path
    path.unlink()


def test_model_track_takes_its_name(settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    from ultralytics.engine.results import Results
    from ultralytics.models.yolo.detect import DetectionPredictor

    assert settings.name == "keeptrack.yaml"
    assert (settings.parent / "bytetrack.yaml").exists()
    answers = iter([[[10.0 + 3 * at, 10, 40 + 3 * at, 90, 0.9, 0], [90, 10, 120, 80, 0.8, 2]] for at in range(5)] * 2)

    def found(self: object, preds: object, img: object, orig_imgs: list[np.ndarray], **_: object) -> list[object]:
        return [Results(orig_imgs[0], "", {0: "person", 2: "car"}, torch.tensor(next(answers)))]

    monkeypatch.setattr(DetectionPredictor, "postprocess", found)
    model, ours, picture = ultralytics.YOLO("yolo11n.yaml"), Tracker(), np.zeros((*SHAPE, 3), np.uint8)
    for at in range(5):
        results = model.track(picture, tracker="keeptrack.yaml", persist=True, imgsz=32, verbose=False)[0]
        tracks = ours.update([[10.0 + 3 * at, 10, 40 + 3 * at, 90, 0.9, 0], [90, 10, 120, 80, 0.8, 2]])
        assert results.boxes.id.int().tolist() == tracks.track_ids.tolist()
        np.testing.assert_allclose(results.boxes.xyxy, tracks.boxes, atol=1e-4)
        assert results.boxes.cls.int().tolist() == [0, 2]
