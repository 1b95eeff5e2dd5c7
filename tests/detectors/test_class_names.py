"""What classes are called: by the file, by the user, by COCO where there are as many, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from detectors import InputError, ModelSettings
from detectors.class_names import CATEGORIES, COCO_NAMES, classes_told, coco_names, likely_class, read_names
from detectors.onnx import OnnxDetector
from tests.detectors.families import exports
from tests.detectors.families.exports import EXPORTS, Export


def loaded(tmp_path: Path, export: Export, names: str | Path | None = None) -> OnnxDetector:
    return OnnxDetector(export.write(tmp_path / "a.onnx"), settings=ModelSettings(names=names))


def listed(tmp_path: Path, *names: str) -> Path:
    path = tmp_path / "names.txt"
    path.write_text("\n".join(names) + "\n", encoding="utf-8")
    return path


def test_coco_by_number() -> None:
    assert (len(COCO_NAMES), len(CATEGORIES), CATEGORIES[-1]) == (80, 80, 90)
    assert (coco_names(80)[0], coco_names(80)[79]) == ("person", "toothbrush")
    assert (coco_names(91)[1], coco_names(91)[90], coco_names(91)[17]) == ("person", "toothbrush", "cat")
    assert (coco_names(90)[0], coco_names(90)[89]) == ("person", "toothbrush")
    assert coco_names(0, first_class=1)[90] == "toothbrush"
    assert coco_names(3) == {}


@pytest.mark.parametrize(
    ("name", "person", "last"), [("YOLOX", 0, 79), ("RF-DETR", 1, 90), ("SSD without NMS", 1, 90), ("PicoDet", 0, 79)]
)
def test_a_model_of_as_many_classes_as_coco_has_its_names(tmp_path: Path, name: str, person: int, last: int) -> None:
    detector = loaded(tmp_path, EXPORTS[name][1]())

    assert (detector.class_names[person], detector.class_names[last]) == ("person", "toothbrush")
    assert detector.notes == ()


@pytest.mark.parametrize("name", ["RT-DETR, D-FINE, DEIM", "with nms=True, without metadata"])
def test_where_nothing_tells_the_classes_are_numbers_and_a_line_says_so(tmp_path: Path, name: str) -> None:
    detector = loaded(tmp_path, EXPORTS[name][1]())

    assert detector.class_names == {}
    assert len(detector.notes) == 1
    assert detector.notes[0].startswith("a.onnx: does not name its classes")
    assert "--names FILE" in detector.notes[0]


@pytest.mark.parametrize(
    ("name", "first"),
    [("RT-DETR, D-FINE, DEIM", 0), ("torchvision's RetinaNet", 1), ("YOLO26 pose without metadata", 0)],
)
def test_the_user_names_them(tmp_path: Path, name: str, first: int) -> None:
    detector = loaded(tmp_path, EXPORTS[name][1](), listed(tmp_path, "cat", "dog", "großer\tHund"))

    assert detector.class_names == {first: "cat", first + 1: "dog", first + 2: "großer Hund"}
    assert detector.notes == ()


def test_the_word_coco_names_them(tmp_path: Path) -> None:
    for name, person in (("RT-DETR, D-FINE, DEIM", 0), ("SSD by TensorFlow with NMS", 1)):
        assert loaded(tmp_path, EXPORTS[name][1](), "coco").class_names[person] == "person"


def test_a_background_that_is_named_is_no_class_of_one(tmp_path: Path) -> None:
    assert read_names(listed(tmp_path, "__background__", "cat"), first_class=1) == {0: "__background__", 1: "cat"}


@pytest.mark.parametrize(
    ("logits", "names", "ids"), [("LW-DETR of three classes, labels first", "abc", [0, 1, 2]), ("RF-DETR", None, [])]
)
def test_one_column_more_than_names_is_the_background(
    tmp_path: Path, logits: str, names: str | None, ids: list[int]
) -> None:
    if names is None:
        names, ids = "x" * 90, list(range(90))
    detector = loaded(tmp_path, EXPORTS[logits][1](), listed(tmp_path, *names))

    assert list(detector.class_names) == ids


def test_names_of_the_wrong_number_are_refused(tmp_path: Path) -> None:
    names = listed(tmp_path, "cat", "dog")

    with pytest.raises(InputError) as caught:
        loaded(tmp_path, EXPORTS["YOLOX"][1](), names)

    assert str(caught.value).startswith(f"--names {names}: has 2 names, and a.onnx 80 classes (give one name a line")


def test_coco_does_not_fit_any_number(tmp_path: Path) -> None:
    export = Export({"output0": exports.v8(classes=7)})

    with pytest.raises(InputError, match=r"^--names coco: has 80 names, and a.onnx 7 classes"):
        loaded(tmp_path, export, "coco")


@pytest.mark.parametrize("content", [None, b"", b"\n\n", b"\xff\xfe\x00\x01"])
def test_a_list_that_cannot_be_read_is_refused_in_one_line(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "names.txt"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(InputError) as caught:
        read_names(path)

    assert str(caught.value).startswith(f"--names {path}: ")
    assert "one class name a line" in str(caught.value)


@pytest.mark.parametrize(
    ("word", "meant"),
    [("People", "person"), ("pedestrians", "person"), ("bikes", "bicycle"), ("trucks", "truck"), ("dragon", None)],
)
def test_other_words_for_a_class(word: str, meant: str | None) -> None:
    assert likely_class(word, ["person", "bicycle", "truck", "traffic light"]) == meant


@pytest.mark.parametrize(
    ("names", "line"),
    [
        (coco_names(80), "80 classes of COCO"),
        ({0: "cone"}, "1 class: cone"),
        ({0: "cone", 1: "dog"}, "2 classes: cone, dog"),
        ({number: str(number) for number in range(9)}, "9 classes: 0, 1, 2, 3, 4 and 4 more"),
        ({}, "classes without names"),
    ],
)
def test_classes_are_told_in_a_few_words(names: dict[int, str], line: str) -> None:
    assert classes_told(names) == line
