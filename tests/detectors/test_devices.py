"""--device: what ONNX Runtime offers, and a line where it does not."""

from __future__ import annotations

from pathlib import Path

import onnxruntime as ort
import pytest

from detectors import InputError, load_detector
from detectors.devices import CPU, DEVICES, PROVIDERS, choose, fallback_note
from tests.onnx_models import colour_finder

EVERYTHING = [*(each.name for each in PROVIDERS.values()), CPU]


@pytest.mark.parametrize("device", PROVIDERS)
def test_a_device_is_its_provider_and_the_cpu_behind_it(device: str) -> None:
    first, *others = choose(device, EVERYTHING, 2)

    assert (first[0] if isinstance(first, tuple) else first) == PROVIDERS[device].name
    assert others == [CPU]


def test_numbers_choose_among_several() -> None:
    assert choose("cuda:1", EVERYTHING, 2)[0] == ("CUDAExecutionProvider", {"device_id": "1"})
    assert choose("mps", EVERYTHING, 2)[0] == "CoreMLExecutionProvider"


def test_auto_takes_the_quickest_that_is_there() -> None:
    assert choose("auto", EVERYTHING, 2)[0] == "CUDAExecutionProvider"
    assert choose("auto", [CPU], 2) == [CPU]
    assert choose("cpu", EVERYTHING, 2) == [CPU]


@pytest.mark.parametrize("device", ["banana", "", "cuda:x", "cpu0"])
def test_another_name_is_refused(device: str) -> None:
    with pytest.raises(InputError) as caught:
        choose(device, EVERYTHING, 2)

    assert str(caught.value).startswith(f"--device {device}: no such device")
    assert all(name in caught.value.remedy for name in DEVICES)


@pytest.mark.parametrize("device", PROVIDERS)
def test_where_it_is_not_to_be_had_the_cpu_computes_and_a_line_says_so(device: str) -> None:
    assert choose(device, [CPU], 2) == [CPU]
    (note,) = fallback_note(device, [CPU])
    assert note.startswith(f"--device {device}: is not to be had here, so the CPU computes")
    assert PROVIDERS[device].package in note
    assert fallback_note(device, [PROVIDERS[device].name, CPU]) == ()


@pytest.mark.parametrize("device", ["auto", "cpu"])
def test_there_is_nothing_to_say_of_the_cpu(device: str) -> None:
    assert fallback_note(device, [CPU]) == ()


@pytest.mark.parametrize("name", ["auto", "export"])
def test_a_detector_says_that_it_fell_back(tmp_path: Path, name: str) -> None:
    missing = next(each for each in PROVIDERS if PROVIDERS[each].name not in ort.get_available_providers())
    path = colour_finder(tmp_path / "a.onnx") if name == "export" else name

    notes = load_detector(path, device=missing).notes  # type: ignore[attr-defined]

    assert any(note.startswith(f"--device {missing}: ") for note in notes)


def test_a_provider_that_is_there_and_does_not_work_falls_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = colour_finder(tmp_path / "a.onnx")  # no driver for it: as good as a wrong one
    monkeypatch.setattr(ort, "get_available_providers", lambda: EVERYTHING)

    detector = load_detector(path, device="cuda")

    assert detector.notes[0].startswith("--device cuda: ")  # type: ignore[attr-defined]
    assert capsys.readouterr().out == ""
