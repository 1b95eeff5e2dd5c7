"""Every family from a file to boxes: graphs of the real signature whose answers are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto

from detectors import Detections, Frame
from detectors.families import Answer
from detectors.families.recognition import FAMILIES
from detectors.onnx import OnnxDetector
from tests.detectors.families import exports
from tests.detectors.families.exports import BOXES, CLASS_IDS, EXPORTS, FRAME, FROM_ONE, SCORES, Export

PICTURE = Frame(np.full((*FRAME, 3), 90, np.uint8), 1, 0.0)


def found_by(path: Path, conf: float = 0.3) -> Detections:
    """What a file finds, the best first."""
    found = OnnxDetector(path, conf)(PICTURE)
    return found[np.argsort(-found.scores, kind="stable")]


def check(found: Detections, first_class: int = 0) -> None:
    np.testing.assert_allclose(found.boxes, BOXES, atol=0.01)
    np.testing.assert_allclose(found.scores, SCORES, atol=1e-4)
    np.testing.assert_array_equal(found.class_ids, CLASS_IDS + first_class)


@pytest.mark.parametrize("name", EXPORTS)
def test_every_export_finds_what_is_there(tmp_path: Path, name: str) -> None:
    key, export = EXPORTS[name]
    path = export().write(tmp_path / "a.onnx")

    detector = OnnxDetector(path, 0.3)

    assert detector._family.key == key
    check(found_by(path), first_class=int(key in FROM_ONE))


def test_every_family_has_an_export() -> None:
    assert {key for key, _ in EXPORTS.values()} == {family.key for family in FAMILIES}


@pytest.mark.parametrize("name", ["YOLOv8, 9, 11, 12", "YOLOX", "RF-DETR", "SSD by TensorFlow with NMS"])
def test_a_score_below_the_threshold_goes(tmp_path: Path, name: str) -> None:
    path = EXPORTS[name][1]().write(tmp_path / "a.onnx")

    np.testing.assert_allclose(found_by(path, 0.7).scores, SCORES[:2], atol=1e-4)


INPUTS = {
    "float16": {"kind": TensorProto.FLOAT16},
    "float64": {"kind": TensorProto.DOUBLE},
    "bytes": {"kind": TensorProto.UINT8},
    "channels last": {"shape": (1, *exports.SIZE, 3)},
    "bytes, channels last": {"shape": (1, *exports.SIZE, 3), "kind": TensorProto.UINT8},
    "without a batch": {"shape": (3, *exports.SIZE)},
    "named axes": {"shape": ("batch", 3, *exports.SIZE)},
    "one free side": {"shape": (1, 3, exports.SIZE[1], "width")},
}


@pytest.mark.parametrize("name", INPUTS)
def test_a_picture_goes_in_as_the_model_wants_it(tmp_path: Path, name: str) -> None:
    size = (exports.SIZE[1],) * 2 if "side" in name else exports.SIZE
    table = exports.rows_among(np.column_stack([exports.letterboxed(size=size), SCORES, CLASS_IDS]), 300, (0, 1, 2))

    check(found_by(Export({"output0": table}, **INPUTS[name]).write(tmp_path / "a.onnx")))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["YOLOv8, 9, 11, 12", "YOLOv10, YOLO26", "YOLOX", "RF-DETR", "NanoDet-Plus"])
def test_of_a_batch_the_first_picture_counts(tmp_path: Path, name: str) -> None:
    export = EXPORTS[name][1]()
    export.outputs = {key: np.concatenate([array, *[array * 0.5] * 3]) for key, array in export.outputs.items()}
    export.shape = (4, *export.shape[1:])

    check(found_by(export.write(tmp_path / "a.onnx")))


def test_half_precision_answers_are_read(tmp_path: Path) -> None:
    export = EXPORTS["YOLOv8, 9, 11, 12"][1]()
    export.outputs = {"output0": export.outputs["output0"].astype(np.float16)}

    np.testing.assert_allclose(found_by(export.write(tmp_path / "a.onnx")).boxes, BOXES, atol=0.3)


def test_shares_of_the_input_are_told_from_pixels(tmp_path: Path) -> None:
    table = exports.v8()
    table[:, :4] /= np.array([320, 256, 320, 256])[None, :, None]

    check(found_by(Export({"output0": table}).write(tmp_path / "a.onnx")))


@pytest.mark.parametrize("name", ["YOLOX", "NanoDet-Plus", "SSD without NMS", "RF-DETR", "YOLOv6"])
def test_a_frame_in_which_nothing_is_found_is_read_as_the_others_are(tmp_path: Path, name: str) -> None:
    detector = OnnxDetector(EXPORTS[name][1]().write(tmp_path / "a.onnx"), 0.95)

    assert len(detector(PICTURE)) == 0


@pytest.mark.parametrize("name", ["YOLO11 pose", "YOLO26 pose"])
def test_keypoints_are_a_column_in_pixels_of_the_frame(tmp_path: Path, name: str) -> None:
    found = found_by(EXPORTS[name][1]().write(tmp_path / "a.onnx"))

    points = np.asarray(found.columns["keypoints"])
    np.testing.assert_allclose(points[:, :, :2], exports.KEYPOINTS, atol=0.01)
    np.testing.assert_allclose(points[:, :, 2], 0.5)


@pytest.mark.parametrize("name", ["YOLO11 segmentation", "YOLOv5 segmentation", "YOLO26 segmentation"])
def test_coefficients_of_masks_come_with_their_candidates(tmp_path: Path, name: str) -> None:
    export = EXPORTS[name][1]()
    answer = Answer(export.outputs, *exports.SIZE, metadata={"task": "segment"}, classes=80)

    found = OnnxDetector(export.write(tmp_path / "a.onnx"), 0.3)._family.decode(answer, 0.3)

    assert found.coefficients is not None
    np.testing.assert_allclose(found.coefficients, exports.coefficients(), atol=1e-5)
