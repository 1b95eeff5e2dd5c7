"""What model files say about themselves, written by somebody careless or hostile."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from detectors import Frame, InputError, load_detector
from detectors.metadata import class_names, input_size, listed_names
from detectors.sliding import KIND
from tests.onnx_models import colour_finder, sliding_colour_finder

GOOD = {"kind": KIND, "class_names": '["red", "green", "blue"]', "long_side": 64}


@pytest.mark.parametrize("names", ["-" * 100_000 + "1", "1+" * 20_000 + "1", "{1e999: 'x'}", "['a'," * 300_000])
def test_monstrous_names_are_refused(names: str) -> None:
    with pytest.raises(ValueError, match="its 'names'"):
        class_names({"names": names})


def test_names_become_one_line_of_what_prints() -> None:
    assert class_names({"names": r"{0: 'a\n\x1b[31mb', 1: 7}"}) == {0: "a  [31mb", 1: "7"}
    assert [class_names(odd) for odd in ({}, {"names": "5"}, {"names": "{'a': 'b'}"}, {"names": "a, b"})] == [{}] * 4


@pytest.mark.parametrize("names", ["{", "5", "null", "[[1], {}]", "[]", '["a", 1]', "[" * 100_000])
def test_a_list_of_names_is_one(names: str) -> None:
    with pytest.raises(ValueError, match="its 'class_names'"):
        listed_names({"class_names": names}, "class_names")
    with pytest.raises(ValueError, match="its 'class_names'"):
        listed_names({}, "class_names")


@pytest.mark.parametrize("size", ["1e999", "1e9", "8", "-640", "[640, 40000]", "40000"])
def test_a_size_is_reasonable(size: str) -> None:
    with pytest.raises(ValueError, match="its 'imgsz'"):
        input_size({"imgsz": size}, "imgsz", 640)


def test_sizes_as_exporters_write_them() -> None:
    assert [input_size({"imgsz": text}, "imgsz", 0) for text in ("[640, 640]", "(320, 512)", "416")] == [640, 512, 416]
    assert [input_size(odd, "imgsz", 640) for odd in ({}, {"imgsz": "x"}, {"imgsz": "[640, 'a']"})] == [640] * 3


@pytest.mark.parametrize(
    "changed", [{"class_names": "{"}, {"class_names": "null"}, {"long_side": "x"}, {"long_side": 10**9}]
)
def test_a_sliding_detector_with_such_metadata_is_refused_in_one_line(
    tmp_path: Path, changed: dict[str, object]
) -> None:
    path = sliding_colour_finder(tmp_path / "a.onnx", GOOD | changed)
    with pytest.raises(InputError, match=r"a\.onnx: is no model that can be used: its '(class_names|long_side)'"):
        load_detector(path)


def test_so_is_an_export(tmp_path: Path) -> None:
    path = colour_finder(tmp_path / "a.onnx", metadata={"names": "-" * 100_000 + "1"})
    with pytest.raises(InputError, match=r"a\.onnx: is no model that can be used: its 'names'"):
        load_detector(path)


def test_a_model_that_fails_at_a_frame_is_told_of_in_one_line(tmp_path: Path) -> None:
    detector = load_detector(sliding_colour_finder(tmp_path / "a.onnx", GOOD), imgsz=64)
    detector._session = Failing()  # type: ignore[attr-defined]
    with pytest.raises(
        InputError, match=r"a\.onnx: cannot compute an answer to an input of the shape \(1, 64, 64, 3\): no room"
    ):
        detector(Frame(np.zeros((64, 64, 3), np.uint8), 1, 0.0))


class Failing:
    def run(self, *_: object) -> None:
        raise RuntimeError("[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : no room\nmore words")


def test_the_good_one_loads(tmp_path: Path) -> None:
    names = load_detector(sliding_colour_finder(tmp_path / "a.onnx", GOOD)).class_names
    assert list(names.values()) == json.loads(str(GOOD["class_names"]))
