from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detectors.errors import InputError
from tests.tracker.annotations.test_coco import _video
from tracker.annotations import coco, fiftyone, labelstudio, yolo
from tracker.annotations.document import Annotations

FILES = [
    (coco, "coco.json", "coco.json"),
    (labelstudio, "tasks.json", "tasks.json"),
    (yolo, "yolo", "yolo/video.json"),
    (fiftyone, "fiftyone", "fiftyone/samples.json"),
    (fiftyone, "fiftyone", "fiftyone/frames/video.json"),
]
BAD: list[Any] = [
    None,
    True,
    -1,
    0,
    1.5,
    -0.1,
    10**9,
    1e300,
    10**400,
    float("nan"),
    float("inf"),
    "",
    "x",
    "1e999",
    "../x",
]
BAD += ["\n", "1/0", [], {}, [1], [[1]], {"id": 1}, 2, "a"]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written")
    for module, whole, _ in FILES:
        module.write(_video(), folder / whole)
    return folder


def _places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(place for key, value in items for place in _places(value, (*path, key)))]


def _replaced(node: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    node = dict(node) if isinstance(node, dict) else list(node)
    node[path[0]] = _replaced(node[path[0]], path[1:], value)
    return node


def assert_well_formed(video: Annotations) -> None:
    assert isinstance(video.name, str)
    assert video.name
    assert min(video.width, video.height, video.frame_count) >= 0
    assert video.frame_rate >= 0
    assert all(isinstance(label, str) for label in video.labels)
    assert video.times is None or len(video.times) == video.frame_count
    assert len({track.track_id for track in video.tracks}) == len(video.tracks)
    for track in video.tracks:
        assert track.label in video.labels
        assert track.track_id >= 1
        assert track.frames[-1] <= video.frame_count
        assert (track.boxes[:, 2:] >= track.boxes[:, :2]).all()
        assert np.abs(track.boxes).max() < 1e12
        assert ((track.scores >= 0) & (track.scores <= 1)).all()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_bad_value_is_named_or_harmless(written: Path, data: st.DataObject) -> None:
    module, whole, name = data.draw(st.sampled_from(FILES))
    content = (written / name).read_bytes()
    document = json.loads(content)
    place = data.draw(st.sampled_from(_places(document)))
    (written / name).write_text(json.dumps(_replaced(document, place, data.draw(st.sampled_from(BAD)))))
    said = ""
    try:
        for video in module.read(written / whole):
            assert_well_formed(video)
    except InputError as error:
        said = error.what
    (written / name).write_bytes(content)
    assert not said or str(written) in said


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("bbox", [1, 2, -3, 4], "bbox is -3"),
        ("bbox", [float("nan"), 2, 3, 4], "NaN is no number"),
        ("score", 7, "score is 7"),
        ("track_id", -3, "track_id is -3"),
        ("track_id", ["x"], r"track_id is \['x'\]"),
    ],
)
def test_nonsense_in_a_coco_box_is_told(tmp_path: Path, key: str, value: object, why: str) -> None:
    path = tmp_path / "a.json"
    coco.write(_video(), path)
    document = json.loads(path.read_text(encoding="utf-8"))
    document["annotations"][0][key] = value
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(InputError, match=why):
        coco.read(path)


def test_two_images_with_one_id_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    coco.write(_video(), path)
    document = json.loads(path.read_text(encoding="utf-8"))
    document["images"][1]["id"] = document["images"][0]["id"]
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(InputError, match="two have the same id"):
        coco.read(path)
