"""Who is hidden, as the options say it."""

from __future__ import annotations

from typing import Any

import pytest

from detectors.errors import InputError
from tracker.privacy.policy import Manner, check_hiding, find_policy

NAMES = {0: "person", 1: "car", 2: "bus"}
BLUR, FACE, SQUARES = Manner("blur"), Manner("blur", head=True), Manner("pixelate")


def manners(blur: Any = None, pixelate: Any = None, spared: Any = None, only: Any = None) -> list[Manner | None]:
    policy = find_policy(blur, pixelate, spared, only, NAMES, "model")
    assert policy is not None
    return [policy.manner(7, class_id) for class_id in NAMES]


@pytest.mark.parametrize(
    ("blur", "pixelate", "expected"),
    [
        ("person", None, [BLUR, None, None]),
        (["person", 1], None, [BLUR, BLUR, None]),
        ("faces", None, [FACE, None, None]),
        ("faces, car", None, [FACE, BLUR, None]),
        ("person,faces", None, [BLUR, None, None]),
        ("person", "car", [BLUR, SQUARES, None]),
        ("all", None, [BLUR, BLUR, BLUR]),
        ("faces", "all", [SQUARES, SQUARES, SQUARES]),
        ("all,faces", None, [BLUR, BLUR, BLUR]),
        ("car", "all", [SQUARES, BLUR, SQUARES]),
    ],
)
def test_classes_are_named(blur: Any, pixelate: Any, expected: list[Manner | None]) -> None:
    assert manners(blur, pixelate) == expected


def test_some_tracks_are_spared_or_alone_hidden() -> None:
    assert manners("person", spared="3,7") == [None] * 3
    assert manners("person", spared=[3])[0] == BLUR
    assert manners("person", only="7")[0] == BLUR
    assert manners("person", only="8") == [None] * 3


def test_nobody_is_hidden_unless_asked_for() -> None:
    assert find_policy(None, None, None, None, NAMES, "model") is None


def test_without_names_everybody_may_have_a_face() -> None:
    policy = find_policy("faces", None, None, None, {}, "file")
    assert policy is not None
    assert policy.manner(1, 5) == FACE


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("", None, None, None), "--blur: names no class"),
        ((None, " , ", None, None), "--pixelate: names no class"),
        ((None, None, "3", None), "--except: is about who is hidden, and nobody is"),
        (("person", None, "3", "4"), "only one can be used"),
        (("person", None, "three", None), "--except three: is no number of a track"),
        (("person", None, None, "0"), "--only 0: is no number"),
        (("person", None, None, ""), "--only: names no track"),
    ],
)
def test_what_makes_no_sense_is_told_before_anything_is_opened(options: tuple[Any, ...], words: str) -> None:
    with pytest.raises(InputError, match=words):
        check_hiding(*options)


def test_an_unknown_class_is_told_with_those_that_there_are() -> None:
    there = r"--blur dog: model does not know it \(it knows: person, car, bus; or faces, all"
    with pytest.raises(InputError, match=there):
        find_policy("dog", None, None, None, NAMES, "model")
    with pytest.raises(InputError, match=r"--pixelate faces: truck\.onnx does not know it"):
        find_policy(None, "faces", None, None, {0: "truck"}, "truck.onnx")
