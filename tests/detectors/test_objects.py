"""Detectors and embedders of others: given, named in a module, or installed; and what is said of those that fail."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detectors import Detections, Frame, InputError, load_detector, objects
from tracker.appearance.embedder import load_embedder

MODULE = """
import numpy as np
BOX = np.array([[1.0, 2, 11, 22, 0.6, 0], [30, 2, 40, 22, 0.3, 1]])
def boxes(picture):
    assert picture.shape == (40, 50, 3)
    return BOX
class Finder:
    class_names = {0: "spot"}
    suppressed, concurrent = True, True
    def __init__(self, imgsz=None, device="auto"):
        self.name, self.imgsz = f"finder on {device}", imgsz
    def __call__(self, frame):
        return BOX[:, :4], BOX[:, 4], [frame.index] * 2
class Broken:
    def __init__(self):
        raise RuntimeError("no weights")
def lengths(picture, boxes):
    return boxes
nothing = 3
"""
FRAME = Frame(np.zeros((40, 50, 3), np.uint8), 7, 0.0)
count = 0


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module in the current folder, under a name that no other test has used."""
    global count  # noqa: PLW0603
    count += 1
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / f"mine{count}.py").write_text(MODULE)
    return f"mine{count}"


def test_a_function_is_called_with_the_picture(module: str) -> None:
    detector = load_detector(f"{module}:boxes")
    found = detector(FRAME)
    assert found.scores.tolist() == [0.6, 0.3]
    assert (detector.name, detector.suppressed, detector.concurrent, detector.class_names) == (
        "boxes",
        False,
        False,
        {},
    )
    assert load_detector(f"{module}:boxes", conf=0.5)(FRAME).scores.tolist() == [0.6]


def test_a_class_is_made_and_called_with_frames(module: str) -> None:
    detector = load_detector(f"{module}:Finder", device="cpu", imgsz=640)
    assert (detector.name, detector.suppressed, detector.concurrent) == ("finder on cpu", True, True)
    assert detector.class_names == {0: "spot"}
    assert detector(FRAME).class_ids.tolist() == [7, 7]


def test_an_installed_package_adds_a_name(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def entries(group: str) -> list[EntryPoint]:
        found = {"keeptrack.detectors": [("spots", "Finder"), ("gone", "Missing"), ("motion", "boxes")]}
        return [EntryPoint(name, f"{module}:{value}", group) for name, value in found.get(group, [])]

    monkeypatch.setattr(objects, "entry_points", entries)
    assert load_detector("spots").name == "finder on auto"
    assert load_detector("motion").name == "motion", "ours cannot be taken away"
    with pytest.raises(InputError, match="--detector gone: cannot be imported: AttributeError"):
        load_detector("gone")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "no_such_module_of_mine:Name",
            "cannot be imported: ModuleNotFoundError: No module named 'no_such_module_of_mine'",
        ),
        ("MODULE:Missing", "cannot be imported: AttributeError"),
        ("MODULE:Broken", "cannot be made: RuntimeError: no weights"),
        ("MODULE:nothing", "is a int, which cannot be called"),
        ("nonsense", "no such detector"),
    ],
)
def test_a_name_that_leads_nowhere_is_told(module: str, name: str, words: str) -> None:
    name = name.replace("MODULE", module)
    with pytest.raises(InputError) as raised:
        load_detector(name)
    assert str(raised.value).startswith(f"--detector {name}: {words}")
    assert "\n" not in str(raised.value)


def test_a_class_in_place_of_an_object_is_told() -> None:
    with pytest.raises(InputError, match="detector=Detections: is no object that can be called"):
        load_detector(Detections)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "NoneType is no Detections"),
        (np.full((1, 6), np.nan), "not finite|no whole number"),
        (np.zeros((2, 9)), r"shape \(2, 9\)"),
        (np.array([[9.0, 9, 1, 1, 0.5, 0]]), "negative width or height"),
        (np.array([["a"] * 6]), "no numbers"),
    ],
)
def test_nonsense_is_one_line_that_names_the_detector_and_the_frame(answer: Any, words: str) -> None:
    def mine(picture: object) -> Any:
        return answer

    with pytest.raises(InputError, match=words) as raised:
        load_detector(mine)(FRAME)
    assert str(raised.value).startswith("--detector mine: in frame 7: ")
    assert "\n" not in str(raised.value)


def test_an_embedder_is_any_callable(module: str) -> None:
    boxes = np.array([[0.0, 0, 3, 4], [0, 0, 0, 0]])
    given: list[Callable[..., Any] | str] = [lambda picture, boxes: boxes, f"{module}:lengths"]
    for each in given:
        embedder = load_embedder(each)
        assert embedder is not None
        assert embedder(FRAME, boxes).tolist() == [[0, 0, 0.6, 0.8], [0, 0, 0, 0]]


@pytest.mark.parametrize("answer", [None, np.zeros(2), np.zeros((3, 4)), np.full((2, 4), np.inf), [["a"], ["b"]]])
def test_an_embedder_that_answers_nonsense_is_told(answer: Any) -> None:
    embedder = load_embedder(lambda picture, boxes: answer)
    assert embedder is not None
    with pytest.raises(InputError, match=r"--appearance <lambda>: in frame 7: 2 boxes gave"):
        embedder(FRAME, np.zeros((2, 4)))
