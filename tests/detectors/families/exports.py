"""Exports of every family with known answers: graphs of the real signature, without the weights.

The numbers are encoded as the makers document it, by formulas written down once more: nothing of the code under test is
used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import NodeProto, TensorProto, helper, numpy_helper, save

Array = npt.NDArray[Any]

FRAME = (480, 720)  # height and width in pixels
BOXES = np.array([[100.25, 60.5, 200.75, 260.125], [300.0, 200.0, 640.5, 470.25], [10.5, 330.0, 81.25, 420.75]])
SCORES = np.array([0.9, 0.75, 0.625])
CLASS_IDS = np.array([2, 0, 1])
SIZE = (256, 320)  # height and width of the inputs
KEYPOINTS = np.stack([BOXES[:, :2] + offset for offset in (3.25, 7.5)], axis=1)  # (3, 2, 2)
COEFFICIENTS = 32


@dataclass
class Export:
    """A model file to be. sizes: further inputs, and nodes that compute with them."""

    outputs: Mapping[str, Array]
    metadata: Mapping[str, object] = field(default_factory=dict)
    input_name: str = "images"
    shape: Sequence[int | str] = (1, 3, *SIZE)
    kind: int = TensorProto.FLOAT
    sizes: Mapping[str, tuple[int, Sequence[int]]] = field(default_factory=dict)
    nodes: Mapping[str, list[NodeProto]] = field(default_factory=dict)
    constants: Mapping[str, Array] = field(default_factory=dict)

    def write(self, path: Path) -> Path:
        """Save it; an output is a constant, or what `nodes` make of one called "constant_" and its name."""
        inputs = [helper.make_tensor_value_info(self.input_name, self.kind, list(self.shape))]
        inputs += [helper.make_tensor_value_info(name, kind, shape) for name, (kind, shape) in self.sizes.items()]
        nodes, outputs, constants = [], [], dict(self.constants)
        for name, array in self.outputs.items():
            constants[f"constant_{name}"] = array
            nodes += self.nodes.get(name) or [helper.make_node("Identity", [f"constant_{name}"], [name])]
            kind = helper.np_dtype_to_tensor_dtype(array.dtype)
            outputs.append(helper.make_tensor_value_info(name, kind, array.shape))
        tensors = [numpy_helper.from_array(array, name) for name, array in constants.items()]
        graph = helper.make_graph(nodes, "tiny", inputs, outputs, tensors)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        helper.set_model_props(model, {key: str(value) for key, value in self.metadata.items()})
        save(model, str(path))
        return path


# Where the objects are in a model's input.


def letterboxed(boxes: Array = BOXES, size: tuple[int, int] = SIZE) -> Array:
    """xyxy in the input: scaled alike both ways, in the middle, whole pixels of margin."""
    scale = min(size[0] / FRAME[0], size[1] / FRAME[1])
    left, top = (size[1] - round(FRAME[1] * scale)) // 2, (size[0] - round(FRAME[0] * scale)) // 2
    return np.asarray(boxes * scale + np.resize([left, top], boxes.shape[-1]))


def cornered(boxes: Array = BOXES, size: tuple[int, int] = SIZE) -> Array:
    """xyxy in the input: scaled alike both ways, at the top left."""
    return boxes * min(size[0] / FRAME[0], size[1] / FRAME[1])


def stretched(boxes: Array = BOXES, size: tuple[int, int] = SIZE) -> Array:
    """xyxy in the input: each side scaled to the model's."""
    return np.asarray(boxes * np.resize([size[1] / FRAME[1], size[0] / FRAME[0]], boxes.shape[-1]))


def cxcywh(boxes: Array) -> Array:
    return np.concatenate([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]], axis=1)


def shares(boxes: Array, size: tuple[int, int] = SIZE) -> Array:
    """Of the input's sides."""
    return boxes / [size[1], size[0], size[1], size[0]]


# Tables.


def one_hot(scores: Array = SCORES, classes: int = 80, other: float = 0.0) -> Array:
    """Class scores ``(3, classes)``."""
    table = np.full((len(scores), classes), float(other))
    table[np.arange(len(scores)), CLASS_IDS] = scores
    return table


def rows_among(rows: Array, count: int, at: Sequence[int] = (5, 77, 133), other: npt.ArrayLike = 0.0) -> Array:
    """The three rows at their places in ``(1, count, ...)`` float32."""
    table = np.zeros((count, rows.shape[1]))
    table[:] = other
    table[list(at)] = rows
    return table[None].astype(np.float32)


def cell_count(strides: Sequence[int], size: tuple[int, int] = SIZE) -> int:
    return sum(-(-size[0] // s) * -(-size[1] // s) for s in strides)


SIZES = np.array([16, 32, 8])  # strides of the maps that are likely to find the three


def cells_of(boxes: Array, strides: Sequence[int]) -> tuple[list[int], Array]:
    """The rows of the cells that hold the boxes' centres, and the cells' corners ``(3, 2)`` in pixels."""
    rows, corners = [], []
    for (x, y), stride in zip((boxes[:, :2] + boxes[:, 2:]) / 2, SIZES, strict=True):
        before = cell_count([s for s in strides if s < stride])
        rows.append(before + int(y // stride) * -(-SIZE[1] // stride) + int(x // stride))
        corners.append([x // stride * stride, y // stride * stride])
    return rows, np.array(corners)


def logit(scores: Array) -> Array:
    return np.asarray(np.log(scores / (1 - scores)))


def names(count: int) -> dict[int, str]:
    return {index: f"thing {index}" for index in range(count)}


THREE = (8, 16, 32)


def v8(strides: Sequence[int] = THREE, classes: int = 80, behind: Array | None = None) -> Array:
    """``(1, 4 + C + behind, N)``."""
    rows = [cxcywh(letterboxed()), one_hot(classes=classes), *([] if behind is None else [behind])]
    return np.asarray(rows_among(np.concatenate(rows, axis=1), cell_count(strides)).transpose(0, 2, 1))


def keypoint_columns() -> Array:
    """x, y and how visible of two keypoints, ``(3, 6)``."""
    points = letterboxed(KEYPOINTS.reshape(-1, 2)).reshape(3, 2, 2)
    return np.concatenate([points, np.full((3, 2, 1), 0.5)], axis=2).reshape(3, -1)


def prototypes() -> Array:
    return np.random.default_rng(0).normal(size=(1, COEFFICIENTS, 8, 10)).astype(np.float32)


def query_masks() -> Array:
    """Logits of 300 queries, of which `queries` has used three."""
    return np.random.default_rng(1).normal(size=(1, 300, 8, 10)).astype(np.float32)


def coefficients() -> Array:
    return np.linspace(-3, 7, 3 * COEFFICIENTS).reshape(3, -1)


def v5(classes: int = 80, behind: Array | None = None) -> Array:
    """``(1, 3 N, 5 + C + behind)``."""
    rows = [cxcywh(letterboxed()), np.full((3, 1), 0.96), one_hot(SCORES / 0.96, classes)]
    return rows_among(np.concatenate([*rows, *([] if behind is None else [behind])], axis=1), 3 * cell_count(THREE))


def end_to_end(behind: Array | None = None) -> Array:
    """``(1, 300, 6 + behind)``."""
    rows = [letterboxed(), SCORES[:, None], CLASS_IDS[:, None], *([] if behind is None else [behind])]
    return rows_among(np.concatenate(rows, axis=1), 300, (0, 1, 2))


def yolox(raw: bool, placed: Array, classes: int = 80) -> Array:
    """``(1, N, 5 + C)``; an object in few cells, of any class elsewhere."""
    boxes, steps = cxcywh(placed), SIZES[:, None]
    at, corners = cells_of(placed, THREE)
    if raw:
        boxes = np.concatenate([(boxes[:, :2] - corners) / steps, np.log(boxes[:, 2:] / steps)], axis=1)
    scores = np.ones((3, 1)) if classes == 1 else one_hot(np.ones(3), classes)
    rows = np.concatenate([boxes, SCORES[:, None], scores], axis=1)
    return rows_among(rows, cell_count(THREE), at, [0.5, 0.5, 1, 1, 1e-4, *[0.3] * classes])


def distributions(boxes: Array, points: Array) -> Array:
    """Logits ``(3, 32)`` whose means are the distances from points ``(3, 2)`` to the four sides, in strides."""
    distances = np.concatenate([points - boxes[:, :2], boxes[:, 2:] - points], axis=1) / SIZES[:, None]
    logits = np.full((3, 4, 8), -40.0)
    for row, side in np.ndindex(3, 4):
        whole, part = int(distances[row, side] // 1), distances[row, side] % 1
        logits[row, side, whole] = np.log(1 - part)
        logits[row, side, whole + 1] = np.log(part) if part else -40.0
    return logits.reshape(3, 32)


FOUR = (8, 16, 32, 64)


def nanodet() -> Array:
    """``(1, N, C + 32)``, distances from the cells' corners."""
    boxes = letterboxed()
    at, corners = cells_of(boxes, FOUR)
    rows = np.concatenate([one_hot(), distributions(boxes, corners)], axis=1)
    return rows_among(rows, cell_count(FOUR), at, [*[0.01] * 80, *np.tile(np.arange(8.0), 4)])


def split(table: Array, strides: Sequence[int]) -> list[Array]:
    """A table for each stride."""
    return np.split(table, np.cumsum([cell_count([stride]) for stride in strides])[:-1], axis=1)


def levels(strides: Sequence[int]) -> tuple[list[Array], list[Array]]:
    """Scores and distances from the cells' centres, a table for each stride."""
    boxes = stretched()
    at, corners = cells_of(boxes, strides)
    reaches = distributions(boxes, corners + SIZES[:, None] / 2)
    tables = [
        rows_among(one_hot(), cell_count(strides), at, 0.01),
        rows_among(reaches, cell_count(strides), at, np.tile(np.arange(8.0), 4)),
    ]
    return split(tables[0], strides), split(tables[1], strides)


def rtmdet_maps() -> dict[str, Array]:
    """Logits and distances in pixels from the cells' corners, three maps each."""
    boxes = cornered()
    at, corners = cells_of(boxes, THREE)
    reaches = np.concatenate([corners - boxes[:, :2], boxes[:, 2:] - corners], axis=1)
    scores = rows_among(one_hot(logit(SCORES), other=-9), cell_count(THREE), at, -9.0)
    parts = [*split(scores, THREE), *split(rows_among(reaches, cell_count(THREE), at, 16.0), THREE)]
    shapes = [(-1, SIZE[0] // stride, SIZE[1] // stride) for stride in THREE * 2]
    names = [f"{kind}_{stride}" for kind in ("cls", "bbox") for stride in THREE]
    return {name: part[0].T.reshape(1, *shape) for name, part, shape in zip(names, parts, shapes, strict=True)}


def queries(boxes: Array, classes: Array, other: npt.ArrayLike, count: int = 300) -> tuple[Array, Array]:
    """Boxes as shares and class numbers of all queries; those without an object are alike."""
    plain = rows_among(cxcywh(shares(boxes)), count, (0, 1, 2), [0.5, 0.5, 0.2, 0.2])
    return plain, rows_among(classes, count, (0, 1, 2), other)


def first_detr() -> tuple[Array, Array]:
    """Logits of 91 classes and no object, whose softmax are the scores."""
    logits = np.full((3, 92), -50.0)
    logits[np.arange(3), CLASS_IDS], logits[:, 91] = np.log(SCORES), np.log(1 - SCORES)
    other = np.where(np.arange(92) == 91, 9.0, -9.0)
    boxes, _ = queries(stretched(), logits, 0.0, 100)
    return boxes, rows_among(logits, 100, (0, 1, 2), other)


def ssd_anchors() -> Array:
    """cy, cx, h, w of TensorFlow's generator, one by one."""
    scales, anchors = [*np.linspace(0.2, 0.95, 6), 1.0], []
    rows, columns = -(-SIZE[0] // 16), -(-SIZE[1] // 16)
    for level in range(6):
        kinds = [(0.1, 1.0), (scales[0], 2.0), (scales[0], 0.5)]
        if level:
            rows, columns = -(-rows // 2), -(-columns // 2)
            kinds = [(scales[level], aspect) for aspect in (1, 2, 0.5, 3, 1 / 3)]
            kinds += [(np.sqrt(scales[level] * scales[level + 1]), 1.0)]
        for y in range(rows):
            for x in range(columns):
                for scale, aspect in kinds:
                    middle = (y + 0.5) / rows, (x + 0.5) / columns
                    anchors.append([*middle, scale / aspect**0.5, scale * aspect**0.5])
    return np.array(anchors)


def ssd() -> dict[str, Array]:
    """Encodings relative to three anchors, logits with the background first."""
    anchors, at = ssd_anchors(), (5, 77, 1000)
    boxes = cxcywh(shares(stretched()))[:, [1, 0, 3, 2]]
    chosen = anchors[list(at)]
    codes = np.concatenate(
        [(boxes[:, :2] - chosen[:, :2]) / chosen[:, 2:] * 10, np.log(boxes[:, 2:] / chosen[:, 2:]) * 5], 1
    )
    logits = np.full((3, 91), -9.0)
    logits[np.arange(3), CLASS_IDS + 1] = logit(SCORES)
    return {"encodings": rows_among(codes, len(anchors), at), "logits": rows_among(logits, len(anchors), at, -9.0)}


def padded(rows: Array, count: int = 100) -> Array:
    """The rows, and zeros up to `count`, in a batch."""
    return np.concatenate([rows, np.zeros((count - len(rows), *rows.shape[1:]))])[None].astype(np.float32)


def d_fine() -> Export:
    """Boxes are multiplied by the size that the model is told, width first."""
    boxes = padded(shares(BOXES, FRAME), 300)
    nodes = [
        helper.make_node("Cast", ["orig_target_sizes"], ["size"], to=TensorProto.FLOAT),
        helper.make_node("Concat", ["size", "size"], ["sizes"], axis=1),
        helper.make_node("Unsqueeze", ["sizes", "one"], ["row"]),
        helper.make_node("Mul", ["constant_boxes", "row"], ["boxes"]),
    ]
    return Export(
        {"labels": padded(CLASS_IDS, 300).astype(np.int64), "boxes": boxes, "scores": padded(SCORES, 300)},
        sizes={"orig_target_sizes": (TensorProto.INT64, [1, 2])},
        nodes={"boxes": nodes},
        constants={"one": np.array([1])},
    )


def paddle(shape_too: bool) -> Export:
    """Boxes in the input are divided by the scale that the model is told, height first."""
    rows = np.concatenate([CLASS_IDS[:, None], SCORES[:, None], stretched()], axis=1)
    rows = np.vstack([rows, [-1, 0, 0, 0, 0, 0]]).astype(np.float32)
    nodes = [
        helper.make_node("Gather", ["scale_factor", "order"], ["scale"], axis=1),
        helper.make_node("Concat", ["ones", "scale"], ["divisor"], axis=1),
        helper.make_node("Div", ["constant_rows", "divisor"], ["rows"]),
    ]
    sizes: dict[str, tuple[int, Sequence[int]]] = {"im_shape": (TensorProto.FLOAT, [1, 2])} if shape_too else {}
    return Export(
        {"rows": rows, "bbox_num": np.array([3], np.int32)},
        input_name="image",
        sizes=sizes | {"scale_factor": (TensorProto.FLOAT, [1, 2])},
        nodes={"rows": nodes},
        constants={"order": np.array([1, 0, 1, 0]), "ones": np.ones((1, 2), np.float32)},
    )


def flat(score_last: bool) -> Array:
    """``(N, 7)`` of a batch of two; the second picture's is not ours."""
    ends = [CLASS_IDS, SCORES] if score_last else [SCORES, CLASS_IDS]
    rows = np.column_stack([np.zeros(3), letterboxed(), *ends])
    return np.vstack([rows, [1, *rows[0, 1:]]]).astype(np.float32)


def tensorflow(boxes: Array) -> dict[str, Array]:
    """The outputs of the Object Detection API, classes from 1."""
    return {
        "detection_anchor_indices": padded(CLASS_IDS),
        "detection_boxes": padded(boxes[:, [1, 0, 3, 2]]),
        "detection_classes": padded(CLASS_IDS + 1),
        "detection_scores": padded(SCORES),
        "num_detections": np.array([3], np.float32),
        "raw_detection_boxes": np.zeros((1, 1917, 4), np.float32),
        "raw_detection_scores": np.zeros((1, 1917, 91), np.float32),
    }


BYTES_LAST: dict[str, Any] = {"shape": (1, "h", "w", 3), "kind": TensorProto.UINT8, "input_name": "input_tensor"}
FREE: dict[str, Any] = {"shape": (3, "h", "w"), "input_name": "image"}
TEN = {"names": names(80), "task": "detect"}
POSE = {"names": names(3), "task": "pose", "kpt_shape": [2, 3]}
SEGMENT = {"names": names(80), "task": "segment"}
RTDETR = {"description": "Ultralytics rtdetr-l model trained on coco.yaml", **TEN}


def torchvision(order: str) -> dict[str, Array]:
    """The outputs of a model without a batch, classes from 1, named as exporters number them."""
    columns: dict[str, Array] = {
        "b": BOXES.astype(np.float32),
        "l": (CLASS_IDS + 1).astype(np.int64),
        "s": SCORES.astype(np.float32),
    }
    return {f"{index}": columns[each] for index, each in enumerate(order)}


EXPORTS: dict[str, tuple[str, Callable[[], Export]]] = {
    "YOLOv8, 9, 11, 12": ("yolo", lambda: Export({"output0": v8()}, TEN)),
    "YOLOv8 with P2": ("yolo", lambda: Export({"output0": v8((4, *THREE))}, TEN)),
    "YOLOv8 with P6": ("yolo", lambda: Export({"output0": v8(FOUR)}, TEN)),
    "YOLOv3-tiny without anchors": ("yolo", lambda: Export({"output0": v8((16, 32))}, TEN)),
    "YOLOv8 without metadata": ("yolo", lambda: Export({"output0": v8()})),
    "YOLOv8 on its side": ("yolo", lambda: Export({"output0": v8().transpose(0, 2, 1)}, TEN)),
    "YOLOv8 on its side without metadata": ("yolo", lambda: Export({"output0": v8().transpose(0, 2, 1)})),
    "YOLOv9 with its auxiliary head": ("yolo", lambda: Export({"output0": v8(), "output1": v8()}, TEN)),
    "YOLO11 segmentation": (
        "yolo",
        lambda: Export({"output0": v8(behind=coefficients()), "output1": prototypes()}, SEGMENT),
    ),
    "YOLO11 segmentation without metadata": (
        "yolo",
        lambda: Export({"output0": v8(behind=coefficients()), "output1": prototypes()}),
    ),
    "YOLO11 pose": ("yolo", lambda: Export({"output0": v8(classes=3, behind=keypoint_columns())}, POSE)),
    "YOLOv5, YOLOv7": ("yolov5", lambda: Export({"output0": v5()}, TEN)),
    "YOLOv5 segmentation": (
        "yolov5",
        lambda: Export({"output0": v5(behind=coefficients()), "output1": prototypes()}, SEGMENT),
    ),
    "YOLOv10, YOLO26": ("yolo-end2end", lambda: Export({"output0": end_to_end()}, TEN | {"end2end": True})),
    "with nms=True, without metadata": ("yolo-end2end", lambda: Export({"output0": end_to_end()})),
    "YOLO26 segmentation": (
        "yolo-end2end",
        lambda: Export({"output0": end_to_end(coefficients()), "output1": prototypes()}, SEGMENT),
    ),
    "YOLO26 pose": ("yolo-end2end", lambda: Export({"output0": end_to_end(keypoint_columns())}, POSE)),
    "YOLO26 pose without metadata": ("yolo-end2end", lambda: Export({"output0": end_to_end(keypoint_columns())})),
    "YOLOv7 end to end": ("yolov7-end2end", lambda: Export({"output": flat(True)})),
    "YOLO-NAS, flat": ("yolov7-end2end", lambda: Export({"graph2_flat_predictions": flat(False)})),
    "YOLO-NAS, batch": (
        "efficient-nms",
        lambda: Export(
            {
                "graph2_num_predictions": np.array([[3]], np.int64),
                "graph2_pred_boxes": padded(letterboxed()),
                "graph2_pred_scores": padded(SCORES),
                "graph2_pred_classes": padded(CLASS_IDS).astype(np.int64),
            }
        ),
    ),
    "YOLO-NAS, raw": (
        "yolo-nas",
        lambda: Export(
            {
                "boxes": rows_among(letterboxed(), cell_count(THREE), other=[8.0, 8, 40, 40]),
                "scores": rows_among(one_hot(), cell_count(THREE)),
            }
        ),
    ),
    "YOLOv6, 7 or 8 with EfficientNMS": (
        "efficient-nms",
        lambda: Export(
            {
                "num_dets": np.array([[3]], np.int32),
                "det_boxes": padded(letterboxed()),
                "det_scores": padded(SCORES),
                "det_classes": padded(CLASS_IDS).astype(np.int32),
            }
        ),
    ),
    "YOLOX": ("yolox", lambda: Export({"output": yolox(True, cornered())})),
    "YOLOX decoded": ("yolox", lambda: Export({"output": yolox(False, cornered())})),
    "YOLOX by another exporter": ("yolox", lambda: Export({"output0": yolox(True, letterboxed())})),
    "YOLOv6": (
        "yolov6",
        lambda: Export(
            {
                "outputs": np.concatenate([v8(), np.ones((1, 1, cell_count(THREE)))], 1)[
                    :, [*range(4), 84, *range(4, 84)]
                ]
                .transpose(0, 2, 1)
                .astype(np.float32)
            }
        ),
    ),
    "RT-DETR by ultralytics": (
        "rtdetr-ultralytics",
        lambda: Export({"output0": np.concatenate(queries(stretched(), one_hot(), 0.01), axis=2)}, RTDETR),
    ),
    "RT-DETR by a newer ultralytics": (
        "rtdetr-ultralytics",
        lambda: Export(
            {
                "output0": np.concatenate(
                    queries(stretched(), np.column_stack([SCORES, CLASS_IDS]), [0.01, 7]),
                    axis=2,
                )
            },
            TEN | {"head": "RTDETRDecoder", "end2end": False},
        ),
    ),
    "RT-DETR with three classes": (
        "rtdetr-ultralytics",
        lambda: Export({"output0": np.concatenate(queries(letterboxed(), one_hot(classes=3), 0.01), axis=2)}),
    ),
    "RT-DETR, D-FINE, DEIM": ("d-fine", d_fine),
    "RF-DETR": (
        "rf-detr",
        lambda: Export(
            dict(zip(("dets", "labels"), queries(stretched(), one_hot(logit(SCORES), 91, -9), -9.0), strict=True))
        ),
    ),
    "RF-DETR segmentation": (
        "rf-detr",
        lambda: Export(
            dict(zip(("dets", "labels"), queries(stretched(), one_hot(logit(SCORES), 91, -9), -9.0), strict=True))
            | {"masks": query_masks()}
        ),
    ),
    "LW-DETR of three classes, labels first": (
        "rf-detr",
        lambda: Export(
            dict(zip(("labels", "dets"), queries(stretched(), one_hot(logit(SCORES), 4, -9), -9.0)[::-1], strict=True))
        ),
    ),
    "RT-DETR, D-FINE by transformers": (
        "rf-detr",
        lambda: Export(
            dict(
                zip(("pred_boxes", "logits"), queries(stretched(), one_hot(logit(SCORES), 80, -9), -9.0), strict=True)
            ),
            input_name="pixel_values",
        ),
    ),
    "DETR by transformers": (
        "rf-detr",
        lambda: Export(dict(zip(("pred_boxes", "logits"), first_detr(), strict=True)), input_name="pixel_values"),
    ),
    "RTMDet by MMDeploy": (
        "rtmdet",
        lambda: Export(
            {
                "dets": padded(np.column_stack([cornered(), SCORES])),
                "labels": padded(CLASS_IDS).astype(np.int64),
            },
            input_name="input",
        ),
    ),
    "RTMDet's maps": ("rtmdet-maps", lambda: Export(rtmdet_maps(), input_name="input")),
    "NanoDet-Plus": ("nanodet-plus", lambda: Export({"output": nanodet()}, input_name="data")),
    "NanoDet": (
        "picodet",
        lambda: Export(
            {
                f"{kind}_pred_stride_{stride}": table
                for kind, tables in zip(("cls", "dis"), levels(THREE), strict=True)
                for stride, table in zip(THREE, tables, strict=True)
            },
            input_name="data",
        ),
    ),
    "PicoDet": (
        "picodet",
        lambda: Export(
            {
                f"save_infer_model/scale_{index}": table
                for index, table in enumerate([table for tables in levels(FOUR) for table in tables])
            },
            input_name="image",
        ),
    ),
    "PicoDet, PP-YOLOE with post-processing": ("paddle", lambda: paddle(False)),
    "RT-DETR by Paddle": ("paddle", lambda: paddle(True)),
    "SSD by TensorFlow with NMS": ("tensorflow", lambda: Export(tensorflow(shares(BOXES, FRAME)), **BYTES_LAST)),
    "EfficientDet by TensorFlow": (
        "tensorflow",
        lambda: Export({f"{name}:0": array for name, array in tensorflow(shares(BOXES, FRAME)).items()}, **BYTES_LAST),
    ),
    "EfficientDet": (
        "efficientdet",
        lambda: Export(
            {"detections:0": padded(np.column_stack([np.zeros(3), BOXES[:, [1, 0, 3, 2]], SCORES, CLASS_IDS + 1]))},
            **BYTES_LAST,
        ),
    ),
    "SSD without NMS": ("ssd", lambda: Export(ssd(), input_name="normalized_input_image_tensor")),
    "SSD of ONNX's zoo": (
        "ssd-nms",
        lambda: Export(
            {
                "bboxes": padded(shares(stretched())),
                "labels": padded(CLASS_IDS + 1).astype(np.int64),
                "scores": padded(SCORES),
            },
            input_name="image",
        ),
    ),
    "torchvision's Faster R-CNN": ("torchvision", lambda: Export(torchvision("bls"), **FREE)),
    "torchvision's RetinaNet": ("torchvision", lambda: Export(torchvision("bsl"), **FREE)),
}
"""What is exported -> the key of its family, and the file."""

FROM_ONE = ("tensorflow", "efficientdet", "ssd", "ssd-nms", "torchvision")
"""Families whose first class has the id 1."""
