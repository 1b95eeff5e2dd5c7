"""How pictures go into models: what a network sees, pixel by pixel."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

from detectors import Frame, InputError, ModelSettings
from detectors.base import how_read
from detectors.families.preprocessing import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    Fit,
    Preprocessing,
    numbers,
    parse_preprocessing,
    place,
    told,
)
from detectors.onnx import OnnxDetector
from detectors.tiles import TiledDetector
from tests.detectors.families.exports import EXPORTS, Export

BGR = np.array([10, 120, 250], np.uint8)
PLAIN = np.broadcast_to(BGR, (4, 6, 3)).astype(np.uint8)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", BGR[::-1] / 255),
        ("bgr", BGR / 255),
        ("bgr,bytes", BGR),
        ("signed", BGR[::-1] / 127.5 - 1),
        ("imagenet", (BGR[::-1] - np.array(IMAGENET_MEAN)) / IMAGENET_STD),
        ("imagenet,bgr", ((BGR[::-1] - np.array(IMAGENET_MEAN)) / IMAGENET_STD)[::-1]),
        ("BGR, imagenet", ((BGR[::-1] - np.array(IMAGENET_MEAN)) / IMAGENET_STD)[::-1]),
        ("mean=1:2:3,std=2:4:5", (BGR[::-1] - [1, 2, 3]) / [2, 4, 5]),
        ("bytes,mean=0:0:0,std=1:1:1", BGR[::-1]),
    ],
)
def test_words_say_what_the_network_sees(words: str, expected: np.ndarray) -> None:
    blob = numbers(PLAIN, parse_preprocessing(words, Preprocessing()))

    assert blob.shape == (1, 3, 4, 6)
    assert blob.dtype == np.float32
    np.testing.assert_allclose(blob[0, :, 2, 3], expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("sideways", "is no way to prepare a picture"),
        ("mean=1:2", "is not three numbers"),
        ("std=0:1:1", "is not three numbers"),
        ("mean=nan:1:1", "is not three numbers"),
        ("pad=300", "is not a number from 0 to 255"),
        ("pad=", "is not a number from 0 to 255"),
    ],
)
def test_an_unknown_word_is_refused_in_one_line(word: str, reason: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_preprocessing(f"rgb,{word}", Preprocessing())

    assert str(caught.value).startswith(f"--preprocess {word}: {reason}")
    assert "letterbox" in caught.value.remedy


@pytest.mark.parametrize(
    ("fit", "inside"),
    [
        ("letterbox", (16, 0, 48, 64)),
        ("corner", (0, 0, 32, 64)),
        ("stretch", (0, 0, 64, 64)),
        ("whole", (0, 0, 64, 64)),
    ],
)
def test_a_wide_picture_in_a_square(fit: Fit, inside: tuple[int, int, int, int]) -> None:
    white = np.full((50, 100, 3), 255, np.uint8)

    canvas, placement = place(white, (64, 64), Preprocessing(fit, pad=7))

    top, left, bottom, right = inside
    assert (canvas[top:bottom, left:right] == 255).all()
    assert np.count_nonzero(canvas == 7) == 3 * (64 * 64 - (bottom - top) * (right - left))
    corners = placement.points_to_frame(np.array([[left, top], [right, bottom]], float))
    np.testing.assert_allclose(corners, [[0, 0], [100, 50]])


@pytest.mark.parametrize("words", ["letterbox", "corner", "stretch"])
@pytest.mark.parametrize("last", [False, True])
def test_what_the_network_points_at_is_found_in_the_frame(tmp_path: Path, words: str, last: bool) -> None:
    """A network that answers with the box around what is red in its input, by two maxima along each side."""
    nodes, shape = red_finder(last)
    path = Export({"output0": np.zeros((1, 1, 6), np.float32)}, shape=shape, nodes={"output0": nodes}).write(
        tmp_path / "a.onnx"
    )
    frame = np.zeros((100, 200, 3), np.uint8)
    frame[40:80, 30:150] = (0, 0, 255)

    found = OnnxDetector(path, settings=ModelSettings(preprocess=words))(Frame(frame, 1, 0.0))

    np.testing.assert_allclose(found.boxes, [[30, 40, 150, 80]], atol=2.5)


def red_finder(last: bool) -> tuple[list, tuple[int, ...]]:  # type: ignore[type-arg]
    node = helper.make_node
    ints = {"one": [1], "end": [6], "red": 0, "first": [0], "sixty": [64]}
    nodes = [
        node("Constant", [], [name], value_ints=value)
        if isinstance(value, list)
        else node("Constant", [], [name], value_int=value)
        for name, value in ints.items()
    ]
    nodes += [
        node("Transpose", ["images"], ["planes"], perm=[0, 3, 1, 2])
        if last
        else node("Identity", ["images"], ["planes"]),
        node("Gather", ["planes", "red"], ["plane"], axis=1),
        node("Constant", [], ["half"], value_float=0.5),
        node("Greater", ["plane", "half"], ["is_red"]),
        node("Cast", ["is_red"], ["red_there"], to=TensorProto.FLOAT),
    ]
    for name, axis in (("x", 1), ("y", 2)):
        nodes += [
            node("ReduceMax", ["red_there"], [f"{name}_line"], axes=[axis], keepdims=0),
            node("ArgMax", [f"{name}_line"], [f"{name}1"], axis=1, keepdims=1),
            node("ArgMax", [f"{name}_line"], [f"{name}_last"], axis=1, keepdims=1, select_last_index=1),
            node("Add", [f"{name}_last", "one"], [f"{name}2"]),
        ]
    nodes += [
        node("Concat", ["x1", "y1", "x2", "y2"], ["box"], axis=1),
        node("Cast", ["box"], ["box_float"], to=TensorProto.FLOAT),
        node("Constant", [], ["score"], value_floats=[0.9]),
        node("Constant", [], ["class"], value_floats=[1.0]),
        node("Unsqueeze", ["score", "first"], ["score_row"]),
        node("Unsqueeze", ["class", "first"], ["class_row"]),
        node("Concat", ["box_float", "score_row", "class_row"], ["row"], axis=1),
        node("Unsqueeze", ["row", "first"], ["output0"]),
    ]
    return nodes, (1, 64, 96, 3) if last else (1, 3, 64, 96)


@pytest.mark.parametrize("order", ["rgb", "bgr"])
@pytest.mark.parametrize("scaled", ["unit", "bytes", "signed", "imagenet", "mean=1:2:3.5, std=2:4:5"])
@pytest.mark.parametrize("rest", ["letterbox", "corner, pad=0", "stretch", "whole"])
def test_what_is_told_are_the_words_that_give_it(order: str, scaled: str, rest: str) -> None:
    words = f"{order}, {scaled}, {rest}"
    assert told(parse_preprocessing(words, Preprocessing())) == words


def test_usual_ways_are_told_in_words() -> None:
    assert told(Preprocessing()) == "rgb, unit, letterbox"


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("YOLOv8 without metadata", "YOLOv8, 9, 11, 12 or 26: rgb, unit, letterbox, 80 classes of COCO"),
        ("YOLOX", "YOLOX: bgr, bytes, corner, 80 classes of COCO"),
    ],
)
def test_a_detector_tells_how_its_file_was_read(tmp_path: Path, name: str, line: str) -> None:
    detector = OnnxDetector(EXPORTS[name][1]().write(tmp_path / "a.onnx"))
    assert how_read(detector) == line
    assert how_read(TiledDetector(detector, detector, 2)) == line


def test_a_model_of_bytes_is_told_to_take_bytes(tmp_path: Path) -> None:
    export = replace(EXPORTS["YOLOv8 without metadata"][1](), kind=TensorProto.UINT8)
    assert ": rgb, bytes, letterbox" in how_read(OnnxDetector(export.write(tmp_path / "a.onnx")))
