"""Tiny real ONNX models: what an export looks like to ONNX Runtime, without its weights.

Each function saves one model to `path` and returns the path. Pictures enter as ``(N, 3, H, W)``, RGB.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import NodeProto, TensorProto, helper, numpy_helper, save

from detectors.base import Floats
from detectors.segmenter import KIND as SEGMENTER
from detectors.sliding import KIND

OPSET, IR_VERSION = 17, 8  # old enough for every ONNX Runtime that the project allows
STRIDES = (8, 16, 32)
END_TO_END_ROWS = 300  # what ultralytics exports
COLOURS = {0: "red", 1: "green", 2: "blue"}
BYTES = TensorProto.UINT8
Shape = Sequence[int | str]


def cell_count(height: int, width: int, strides: Sequence[int] = STRIDES) -> int:
    """How many cells a YOLO head has over an input of this size."""
    return sum((height // s) * (width // s) for s in strides)


def v8_table(boxes: Floats, scores: Floats, class_ids: Sequence[int], classes: int, cells: int) -> Floats:
    """``(4 + classes, cells)``: cx, cy, w, h and the class scores of xyxy `boxes`, in columns spread over the cells."""
    table = np.zeros((4 + classes, cells))
    at = _spread(len(boxes), cells)
    table[:4, at] = _cxcywh(boxes).T
    table[[4 + class_id for class_id in class_ids], at] = scores
    return table


def v5_table(boxes: Floats, scores: Floats, class_ids: Sequence[int], classes: int, rows: int) -> Floats:
    """``(rows, 5 + classes)``: cx, cy, w, h, objectness, class scores, where the product is what `scores` asks for."""
    objectness = (1 + scores) / 2
    table = np.zeros((rows, 5 + classes))
    at = _spread(len(boxes), rows)
    table[at, :4], table[at, 4] = _cxcywh(boxes), objectness
    table[at, [5 + class_id for class_id in class_ids]] = scores / objectness
    return table


def end_to_end_table(boxes: Floats, scores: Floats, class_ids: Sequence[int], rows: int = END_TO_END_ROWS) -> Floats:
    """``(rows, 6)``: x1, y1, x2, y2, score, class id, then rows of zeros."""
    table = np.zeros((rows, 6))
    table[: len(boxes)] = np.column_stack([boxes, scores, class_ids])
    return table


def constant_model(
    path: Path,
    output: npt.ArrayLike,
    input_shape: Shape = (1, 3, 64, 64),
    metadata: Mapping[str, object] | None = None,
    half: bool = False,
) -> Path:
    """A model that answers `output`, whatever it sees. half: float16 in and out."""
    kind, dtype = (TensorProto.FLOAT16, np.float16) if half else (TensorProto.FLOAT, np.float32)
    answer = np.asarray(output, dtype=dtype)
    nodes = [helper.make_node("Identity", ["answer"], ["output"])]
    return _save(path, nodes, {"images": input_shape}, answer.shape, {"answer": answer}, metadata, (kind, kind))


def colour_finder(
    path: Path,
    layout: str = "v8",
    input_shape: Shape = (1, 3, "height", "width"),
    metadata: Mapping[str, object] | None = None,
    half: bool = False,
) -> Path:
    """A detector of red, green and blue: each cell of each stride is a box, its mean colour the three class scores.

    layout: "v8" ``(1, 7, N)`` or "v5" ``(1, 3 N, 8)``, with N cells in an input of that size; as many
    in the place of the 1 as there are pictures where the input's first side has a name.
    """
    batched = isinstance(input_shape[0], str)
    constants: dict[str, npt.NDArray[Any]] = {
        "zero": np.array([0], np.float32),
        "one": np.array([1], np.float32),
        "half": np.array([0.5], np.float32),
        "rows_axis": np.array(2),
        "columns_axis": np.array(3),
        "flat": np.array([0 if batched else 1, 0, -1], np.int64),
    }
    kind = TensorProto.FLOAT16 if half else TensorProto.FLOAT
    nodes = [helper.make_node("Cast", ["images"], ["picture"], to=TensorProto.FLOAT)]
    for stride in STRIDES:
        constants[f"stride{stride}"] = np.array([stride], np.float32)
        nodes += _cells(stride, objectness=layout == "v5")
    levels = [f"cells{stride}" for stride in STRIDES]
    if layout == "v5":
        nodes += [
            helper.make_node("Concat", levels * 3, ["all"], axis=2),  # three anchors a cell
            helper.make_node("Transpose", ["all"], ["table"], perm=[0, 2, 1]),
        ]
    else:
        nodes += [helper.make_node("Concat", levels, ["table"], axis=2)]
    nodes += [helper.make_node("Cast", ["table"], ["output"], to=kind)]
    batch = input_shape[0] if batched else 1
    output_shape = (batch, "rows", 8) if layout == "v5" else (batch, 7, "cells")
    described = {"names": COLOURS, "task": "detect"} if metadata is None else metadata
    return _save(path, nodes, {"images": input_shape}, output_shape, constants, described, (kind, kind))


def sliding_colour_finder(
    path: Path, metadata: Mapping[str, object] | None = None, long_side: int = 64, longest_side: int = 0
) -> Path:
    """`colour_finder` as a sliding detector: bytes BGR ``(1, H, W, 3)`` in, ``(1, N, 7)`` xyxy and scores out.

    longest_side: up to which it is said to be good, 0 for `long_side` alone.
    """
    half = np.eye(2, dtype=np.float32) / 2
    corners = np.block([[np.eye(2, dtype=np.float32), -half], [np.eye(2, dtype=np.float32), half]]).T
    constants: dict[str, npt.NDArray[Any]] = {
        "zero": np.array([0], np.float32),
        "one": np.array([1], np.float32),
        "half": np.array([0.5], np.float32),
        "white": np.array([255], np.float32),
        "rows_axis": np.array(2),
        "columns_axis": np.array(3),
        "flat": np.array([1, 0, -1], np.int64),
        "red_first": np.array([2, 1, 0], np.int64),
        "corners": corners.astype(np.float32),
        "widths": np.array([4, 3], np.int64),
    }
    node = helper.make_node
    nodes = [
        node("Cast", ["frame"], ["bytes"], to=TensorProto.FLOAT),
        node("Gather", ["bytes", "red_first"], ["swapped"], axis=3),
        node("Transpose", ["swapped"], ["upright"], perm=[0, 3, 1, 2]),
        node("Div", ["upright", "white"], ["picture"]),
    ]
    for stride in STRIDES:
        constants[f"stride{stride}"] = np.array([stride], np.float32)
        nodes += _cells(stride, objectness=False)
    nodes += [
        node("Concat", [f"cells{stride}" for stride in STRIDES], ["columns"], axis=2),
        node("Transpose", ["columns"], ["table"], perm=[0, 2, 1]),
        node("Split", ["table", "widths"], ["centred", "scores"], axis=2),
        node("MatMul", ["centred", "corners"], ["boxes"]),
        node("Concat", ["boxes", "scores"], ["output"], axis=2),
    ]
    described = {"kind": KIND, "class_names": json.dumps(list(COLOURS.values())), "long_side": long_side}
    described |= {"longest_side": longest_side} if longest_side else {}
    shape = (1, "height", "width", 3)
    return _save(
        path, nodes, {"frame": shape}, (1, "cells", 7), constants, metadata or described, (BYTES, TensorProto.FLOAT)
    )


def size_reporter(path: Path, input_shape: Shape, metadata: Mapping[str, object] | None = None) -> Path:
    """An end-to-end detector of one box, 16 pixels wide in the middle of its input; class id: 1000 * height + width."""
    constants: dict[str, npt.NDArray[Any]] = {
        "height_and_width": np.array([2, 3], np.int64),
        "width_and_height": np.array([3, 2], np.int64),
        "half": np.array([0.5], np.float32),
        "reach": np.array([8], np.float32),
        "score": np.array([0.9], np.float32),
        "places": np.array([1000, 1], np.float32),
        "row_shape": np.array([1, 1, 6], np.int64),
        "others": np.zeros((1, END_TO_END_ROWS - 1, 6), np.float32),
    }
    node = helper.make_node
    nodes = [
        node("Shape", ["images"], ["whole_shape"]),
        node("Cast", ["whole_shape"], ["shape"], to=TensorProto.FLOAT),
        node("Gather", ["shape", "width_and_height"], ["corner"]),
        node("Mul", ["corner", "half"], ["middle"]),
        node("Sub", ["middle", "reach"], ["low"]),
        node("Add", ["middle", "reach"], ["high"]),
        node("Gather", ["shape", "height_and_width"], ["sides"]),
        node("Mul", ["sides", "places"], ["code"]),
        node("ReduceSum", ["code"], ["class_id"], keepdims=1),
        node("Concat", ["low", "high", "score", "class_id"], ["row"], axis=0),
        node("Reshape", ["row", "row_shape"], ["rows"]),
        node("Concat", ["rows", "others"], ["output"], axis=1),
    ]
    return _save(path, nodes, {"images": input_shape}, (1, END_TO_END_ROWS, 6), constants, metadata)


def classifier(path: Path, metadata: Mapping[str, object] | None = None, size: int = 64) -> Path:
    """Class probabilities ``(1, 3)`` of a whole picture."""
    nodes = [
        helper.make_node("GlobalAveragePool", ["images"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["output"]),
    ]
    return _save(path, nodes, {"images": (1, 3, size, size)}, (1, 3), {}, metadata)


def embedder(path: Path, weights: Floats, batch: int | str = "batch", size: Shape = (16, 8)) -> Path:
    """Vectors ``(batch, D)``: the mean colour of each crop times `weights` ``(3, D)``."""
    nodes = [
        helper.make_node("GlobalAveragePool", ["crops"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["colour"]),
        helper.make_node("Gemm", ["colour", "weights"], ["output"]),
    ]
    constants = {"weights": weights.astype(np.float32)}
    return _save(path, nodes, {"crops": (batch, 3, *size)}, (batch, weights.shape[1]), constants)


def no_input(path: Path) -> Path:
    """A model that takes nothing and answers like an end-to-end detector."""
    constants = {"answer": np.zeros((1, END_TO_END_ROWS, 6), np.float32)}
    nodes = [helper.make_node("Identity", ["answer"], ["output"])]
    return _save(path, nodes, {}, (1, END_TO_END_ROWS, 6), constants)


def two_inputs(path: Path) -> Path:
    """A model that compares two pictures."""
    nodes = [helper.make_node("Sub", ["left", "right"], ["output"])]
    return _save(path, nodes, {"left": (1, 3, 64, 64), "right": (1, 3, 64, 64)}, (1, 3, 64, 64), {})


def _cells(stride: int, objectness: bool) -> list[NodeProto]:
    """From ``picture`` to ``cells<stride>``, ``(1, 7, N)``, ``(1, 8, N)`` with an objectness before the classes."""

    def name(part: str) -> str:
        return f"{part}{stride}"

    def node(kind: str, inputs: list[str], output: str, **attributes: Any) -> NodeProto:
        return helper.make_node(kind, inputs, [name(output)], **attributes)

    columns = ["cx", "cy", "side", "side"] + ["best"] * objectness + ["colours"]
    return [
        node("AveragePool", ["picture"], "colours", kernel_shape=[stride] * 2, strides=[stride] * 2),
        node("ReduceMax", [name("colours")], "best", axes=[1], keepdims=1),
        node("Mul", [name("best"), "zero"], "zeros"),
        node("Add", [name("zeros"), "one"], "ones"),
        node("CumSum", [name("ones"), "columns_axis"], "column"),
        node("CumSum", [name("ones"), "rows_axis"], "row"),
        node("Sub", [name("column"), "half"], "middle_x"),
        node("Sub", [name("row"), "half"], "middle_y"),
        node("Mul", [name("middle_x"), name("stride")], "cx"),
        node("Mul", [name("middle_y"), name("stride")], "cy"),
        node("Mul", [name("ones"), name("stride")], "side"),
        node("Concat", [name(column) for column in columns], "grid", axis=1),
        node("Reshape", [name("grid"), "flat"], "cells"),
    ]


def _save(
    path: Path,
    nodes: list[NodeProto],
    inputs: Mapping[str, Shape],
    output_shape: Shape,
    constants: Mapping[str, npt.NDArray[Any]],
    metadata: Mapping[str, object] | None = None,
    types: tuple[int, int] = (TensorProto.FLOAT, TensorProto.FLOAT),
) -> Path:
    """types: element types of the inputs and of the output."""
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(name, types[0], list(shape)) for name, shape in inputs.items()],
        [helper.make_tensor_value_info("output", types[1], list(output_shape))],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    helper.set_model_props(model, {key: str(value) for key, value in (metadata or {}).items()})
    save(model, str(path))
    return path


def _spread(count: int, places: int) -> npt.NDArray[np.int64]:
    """`count` different places, the first and the last among them."""
    return np.linspace(0, places - 1, count).astype(np.int64)


def _cxcywh(boxes: Floats) -> Floats:
    x1, y1, x2, y2 = boxes.T
    return np.column_stack([(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1])


SHADES = (0.0, 110.0, 250.0)  # of background, floor and water


def segmenter_by_shade(path: Path, long_side: object = 64, kind: str = SEGMENTER) -> Path:
    """A segmenter for floor and water by how blue a pixel is, of the nearest shade of `SHADES`."""
    shades = helper.make_tensor("shades", TensorProto.FLOAT, [1, 3, 1, 1], SHADES)
    values = {"zero": 0, "one": 1, "axis": 3}
    numbers = [helper.make_tensor(name, TensorProto.INT64, [1], [value]) for name, value in values.items()]
    nodes = [
        helper.make_node("Cast", ["picture"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("Slice", ["numbers", "zero", "one", "axis"], ["blue"]),
        helper.make_node("Transpose", ["blue"], ["plane"], perm=[0, 3, 1, 2]),
        helper.make_node("Sub", ["plane", "shades"], ["off"]),
        helper.make_node("Mul", ["off", "off"], ["square"]),
        helper.make_node("Neg", ["square"], ["logits"]),
    ]
    picture = helper.make_tensor_value_info("picture", BYTES, [1, "height", "width", 3])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, 3, "height", "width"])
    graph = helper.make_graph(nodes, "shades", [picture], [logits], [shades, *numbers])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    texts = {"kind": kind, "class_names": json.dumps(["floor", "water"]), "long_side": str(long_side)}
    helper.set_model_props(model, texts)
    save(model, path)
    return path
