"""Masks out of prototypes: the same pixels as the formula, written down once more and computed one by one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from detectors import Frame
from detectors.columns import masks_in
from detectors.families.preprocessing import Placement
from detectors.masks import Mask, box_crops
from detectors.onnx import OnnxDetector
from detectors.prototype_masks import PrototypeMasks
from tests.detectors.families import exports
from tests.detectors.families.exports import BOXES, EXPORTS, FRAME, SIZE

LETTERBOX = Placement(320 / 720, 320 / 720, 0, 21)
STRETCH = Placement(SIZE[1] / FRAME[1], SIZE[0] / FRAME[0], 0, 0)


def mixture(weights: np.ndarray, prototypes: np.ndarray, placement: Placement, box: np.ndarray) -> np.ndarray:
    """The mixture ``(h, w)`` at the middle of each pixel of a box, linear between the middles of cells."""
    x1, y1, x2, y2 = box_crops(box[None], *FRAME)[0].tolist()
    mixed = np.tensordot(weights, prototypes, axes=1)
    high, wide = mixed.shape
    y = np.clip(((np.arange(y1, y2) + 0.5) * placement.scale_y + placement.top) * high / SIZE[0] - 0.5, 0, high - 1)
    x = np.clip(((np.arange(x1, x2) + 0.5) * placement.scale_x + placement.left) * wide / SIZE[1] - 0.5, 0, wide - 1)
    rows = np.stack([np.interp(x, np.arange(wide), row) for row in mixed])
    return np.stack([np.interp(y, np.arange(high), column) for column in rows.T], axis=1)


def check(mask: Mask | None, expected: np.ndarray, box: np.ndarray) -> None:
    """All but pixels where the mixture is next to 0: OpenCV interpolates in steps of 1/32 of a cell."""
    assert mask is not None
    assert mask.rectangle == tuple(box_crops(box[None], *FRAME)[0].tolist())
    inside = np.ones(expected.shape, bool)
    inside[:, : int(np.ceil(box[0]) - np.floor(box[0]))] = inside[: int(np.ceil(box[1]) - np.floor(box[1]))] = False
    assert not mask.pixels()[~inside].any()
    clear = (np.abs(expected) > 0.05 * np.abs(expected).max()) & inside
    assert clear.mean() > 0.8
    np.testing.assert_array_equal(mask.pixels()[clear], expected[clear] > 0)


@pytest.mark.parametrize("name", ["YOLO11 segmentation", "YOLOv5 segmentation", "YOLO26 segmentation"])
def test_yolo_exports_give_masks_of_the_frames_pixels(tmp_path: Path, name: str) -> None:
    detector = OnnxDetector(EXPORTS[name][1]().write(tmp_path / "a.onnx"), 0.3)
    assert detector.suppressed
    found = detector(Frame(np.full((*FRAME, 3), 90, np.uint8), 1, 0.0))
    masks = masks_in(found.columns, len(found))
    for row, weights in zip(np.argsort(-found.scores), exports.coefficients(), strict=True):
        expected = mixture(weights, exports.prototypes()[0], LETTERBOX, found.boxes[row])
        check(masks[row], expected, found.boxes[row])


def test_rf_detr_gives_a_map_for_each_query(tmp_path: Path) -> None:
    export = EXPORTS["RF-DETR segmentation"][1]()
    found = OnnxDetector(export.write(tmp_path / "a.onnx"), 0.3)(Frame(np.full((*FRAME, 3), 90, np.uint8), 1, 0.0))
    queries = np.flatnonzero(export.outputs["labels"][0].max(axis=1) > -1)
    maps = export.outputs["masks"][0][queries]
    assert len(found) == len(maps) == 3
    for mask, each, box in zip(masks_in(found.columns, 3), maps, found.boxes, strict=True):
        check(mask, mixture(np.ones(1), each[None], STRETCH, box), box)


def test_maps_that_went_through_a_sigmoid_mean_the_same(tmp_path: Path) -> None:
    masks = []
    for squashed in (False, True):
        export = EXPORTS["RF-DETR segmentation"][1]()
        logits = np.where(export.outputs["masks"] > 0, 4.0, -4.0).astype(np.float32)
        export.outputs = {**export.outputs, "masks": 1 / (1 + np.exp(-logits)) if squashed else logits}
        found = OnnxDetector(export.write(tmp_path / "a.onnx"), 0.3)(Frame(np.full((*FRAME, 3), 90, np.uint8), 1, 0.0))
        masks.append(masks_in(found.columns, 3))
    assert masks[0] == masks[1]


def test_a_box_at_the_border_or_without_pixels() -> None:
    make = PrototypeMasks(exports.prototypes()[0], LETTERBOX, SIZE, FRAME)
    boxes = np.array([[0, 0, 720, 480], [719.2, 479.2, 720, 480], [900, 3, 950, 9], [5.0, 5, 5, 5]])
    masks = make(boxes, np.ones((4, exports.COEFFICIENTS)))
    assert [mask.rectangle[2:] for mask in masks[:2]] == [(720, 480)] * 2
    assert [mask.height * mask.width for mask in masks[1:]] == [1, 0, 0]
    expected = mixture(np.ones(exports.COEFFICIENTS), exports.prototypes()[0], LETTERBOX, boxes[0])
    check(masks[0], expected, boxes[0])


def test_boxes_of_one_object_are_suppressed_before_their_masks_are_made(tmp_path: Path) -> None:
    export = EXPORTS["YOLO11 segmentation"][1]()
    table = export.outputs["output0"].copy()
    filled = np.flatnonzero(table[0, 4:84].max(axis=0) > 0.5)
    empty = np.setdiff1d(np.arange(table.shape[2]), filled)[0]
    table[0, :, empty] = table[0, :, filled[0]]
    export.outputs = {**export.outputs, "output0": table}
    frame = Frame(np.full((*FRAME, 3), 90, np.uint8), 1, 0.0)
    assert len(OnnxDetector(export.write(tmp_path / "a.onnx"), 0.3)(frame)) == len(BOXES)
    assert len(OnnxDetector(tmp_path / "a.onnx", 0.3, iou=1.0)(frame)) >= len(BOXES)
