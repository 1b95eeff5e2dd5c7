"""What fits no family, or two: one line that names the thing and the way out, never a silent nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from detectors import Frame, InputError, ModelSettings
from detectors.families.recognition import FAMILIES
from detectors.onnx import OnnxDetector
from tests.detectors.families import exports
from tests.detectors.families.exports import BOXES, CLASS_IDS, EXPORTS, FRAME, SCORES, THREE, Export

PICTURE = Frame(np.zeros((*FRAME, 3), np.uint8), 1, 0.0)
CELLS = exports.cell_count(THREE)


def refusal(path: Path, settings: ModelSettings | None = None) -> str:
    with pytest.raises(InputError) as caught:
        OnnxDetector(path, settings=settings)
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def maps(*shape: int) -> Export:
    """The heads of YOLOv5 and YOLOv7 before their boxes are computed."""
    sides = [(exports.SIZE[0] // stride, exports.SIZE[1] // stride) for stride in THREE]
    shapes = [(1, 3, *side, 85) if not shape else (1, *shape, *side) for side in sides]
    return Export({f"out{index}": np.zeros(each, np.float32) for index, each in enumerate(shapes)})


REFUSED: dict[str, tuple[Callable[[], Export], str, str]] = {
    "turned boxes": (
        lambda: Export({"output0": exports.v8()}, {"task": "obb", "names": exports.names(79)}),
        "is a model for the task 'obb'",
        "docs/detectors.md",
    ),
    "raw heads": (maps, "not the anchors that they are relative to", "--grid"),
    "raw heads, flat": (lambda: maps(255), "not the anchors that they are relative to", "--grid"),
    "one embedding": (
        lambda: Export({"vector": np.zeros((1, 512), np.float32)}),
        "its output has the shape (1, 512)",
        "docs/detectors.md",
    ),
    "a number": (lambda: Export({"n": np.zeros((), np.float32)}), "its output has the shape ()", "docs/detectors.md"),
    "texts": (
        lambda: Export({"words": np.array([b"cat", b"dog"], dtype=object)}),
        "its output has the shape (2,)",
        "docs/detectors.md",
    ),
    "cells of other strides": (
        lambda: Export({"output0": np.zeros((1, 84, 999), np.float32)}),
        "its output has the shape (1, 84, 999)",
        "docs/detectors.md",
    ),
    "objectness or one more class": (
        lambda: Export({"output0": np.zeros((1, CELLS, 9), np.float32)}),
        "fits two families: YOLOX or YOLOv6 with 4 classes, YOLOv8 with 5 classes",
        "--family yolox, yolov6 or yolo, or --names FILE",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_read_is_refused_in_words(tmp_path: Path, name: str) -> None:
    export, reason, remedy = REFUSED[name]
    path = export().write(tmp_path / "a.onnx")

    message = refusal(path)

    assert message.startswith(f"{path}: ")
    assert reason in message
    assert remedy in message


@pytest.mark.parametrize(
    ("classes", "settings"),
    [(4, ModelSettings(family="yolox")), (5, ModelSettings(family="yolo")), (4, "names"), (5, "names")],
)
def test_the_user_tells_which_of_two_families_it_is(
    tmp_path: Path, classes: int, settings: ModelSettings | str
) -> None:
    path = Export({"output0": np.zeros((1, CELLS, 9), np.float32)}).write(tmp_path / "a.onnx")
    names = tmp_path / "names.txt"
    names.write_text("\n".join("abcde"[:classes]))

    chosen = ModelSettings(names=names) if isinstance(settings, str) else settings
    detector = OnnxDetector(path, settings=chosen)

    assert detector._family.key == ("yolox" if classes == 4 else "yolo")
    assert len(detector(PICTURE)) == 0


def test_a_family_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    path = EXPORTS["YOLOv10, YOLO26"][1]().write(tmp_path / "a.onnx")

    assert "is no YOLOX: its output has the shape (1, 300, 6)" in refusal(path, ModelSettings(family="yolox"))
    message = refusal(path, ModelSettings(family="yolo99"))
    assert message.startswith("--family yolo99: no such family")
    assert all(family.key in message for family in FAMILIES)


@pytest.mark.parametrize("classes", [1, 2, 3, 80, 81])
@pytest.mark.parametrize("objectness", [True, False])
def test_an_objectness_is_told_from_one_more_class_by_the_numbers(
    tmp_path: Path, objectness: bool, classes: int
) -> None:
    # Without metadata, an object in three cells. A class score beside an objectness is anything where nothing is.
    at, _ = exports.cells_of(exports.letterboxed(), THREE)
    scores = exports.one_hot(classes=max(classes, 3))[:, :classes] if classes > 2 else np.tile(SCORES, (classes, 1)).T
    if classes == 2:
        scores[:, 1] = 0.01
    columns = [exports.cxcywh(exports.letterboxed())]
    columns += [np.ones((3, 1)) * 0.98, scores / 0.98] if objectness else [scores]
    rows = np.concatenate(columns, axis=1)
    other = [8, 8, 40, 40, *([1e-3, *[0.3] * classes] if objectness else [1e-3] * classes)]
    table = exports.rows_among(rows, CELLS, at, other)

    detector = OnnxDetector(Export({"output0": table}).write(tmp_path / "a.onnx"), 0.5)
    found = detector(PICTURE)

    assert detector._family.key == ("yolox" if objectness else "yolo")
    np.testing.assert_allclose(found[np.argsort(-found.scores)].boxes, BOXES, atol=0.01)


@pytest.mark.parametrize("classes", [2, 3])
def test_shares_of_two_classes_are_no_end_to_end_rows(tmp_path: Path, classes: int) -> None:
    scores = exports.one_hot(classes=3)[:, [2, 0, 1]][:, :classes] + 0.01
    table = np.concatenate(exports.queries(exports.letterboxed(), scores, 0.02), axis=2)

    found = OnnxDetector(Export({"output0": table}).write(tmp_path / "a.onnx"), 0.5)(PICTURE)

    assert len(found) == np.count_nonzero(scores.max(axis=1) >= 0.5)
    order = np.argsort(-found.scores)
    np.testing.assert_allclose(found.boxes[order], BOXES[scores.max(axis=1) >= 0.5], atol=0.01)


def test_nothing_found_in_the_grey_picture_leaves_rows_of_six_readable(tmp_path: Path) -> None:
    path = Export({"output0": np.zeros((1, 300, 6), np.float32)}).write(tmp_path / "a.onnx")

    assert len(OnnxDetector(path)(PICTURE)) == 0


def test_class_ids_of_all_are_in_the_models_order(tmp_path: Path) -> None:
    path = EXPORTS["YOLOX"][1]().write(tmp_path / "a.onnx")

    assert sorted(OnnxDetector(path, 0.5)(PICTURE).class_ids.tolist()) == sorted(CLASS_IDS.tolist())
