"""What a training tells at its end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("pycocotools", reason="needs the extra `train`")

from detectors.base import Detections, Image
from tests.training.pictures import NAMES, draw_scene, on_disk
from training.commands.summary import gain_of, judged_by, summarise, warning_of
from training.data.dataset import Dataset
from training.evaluation.evaluate import Precision


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    rng = np.random.default_rng(0)
    scenes = [draw_scene(rng, (96, 96)) for _ in range(4)]
    return on_disk(
        tmp_path, [scene.__class__(**{**vars(scene), "path": tmp_path / f"{n}.png"}) for n, scene in enumerate(scenes)]
    )


def blind(picture: Image) -> Detections:
    return Detections.empty()


def perfect(dataset: Dataset) -> object:
    """Finds what is labelled: it knows the pictures by heart."""
    answers = iter(dataset.images * 2)

    def detect(picture: Image) -> Detections:
        image = next(answers)
        return Detections(image.boxes, np.full(len(image.boxes), 0.9), image.class_ids)

    return detect


def test_precision_is_told_by_class_and_the_last_line_names_picture_and_command(
    dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "my.onnx"
    summarise(perfect(dataset), dataset, dataset, output)  # type: ignore[arg-type]  # an object that can be called
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0] == "4 held-out pictures"
    assert [line.split()[0] for line in lines[1:-1]] == ["class", *NAMES, "mean"]
    assert "1.000" in lines[2]
    sheet = tmp_path / "my.found.jpg"
    assert lines[-1] == f"{sheet}: what it finds; try: keeptrack VIDEO --detector {output}"
    assert sheet.read_bytes()[:2] == b"\xff\xd8"
    assert err == "looking at what it finds in 4 pictures\n"


def test_without_held_out_pictures_it_is_said_what_was_judged(
    dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    summarise(blind, dataset, None, tmp_path / "my.onnx")
    out = capsys.readouterr().out
    assert out.startswith("4 of the pictures it learnt from\n")
    assert "note: of pictures it has not seen it will find less" in out
    assert "warning: it finds next to nothing (AP50 0.00), even in the pictures it learnt from: train for longer" in out


@pytest.mark.parametrize(
    ("ap50", "held_out", "warns"), [(0.01, True, True), (0.06, True, False), (0.05, False, True), (0.2, False, False)]
)
def test_a_run_that_learnt_nothing_says_so(ap50: float, held_out: bool, warns: bool) -> None:
    assert warning_of({"mean": Precision(ap50, 0.0, 9)}, held_out).startswith("warning: ") == warns
    assert warning_of({}, held_out).startswith("warning: "), "nothing was there to find"


def test_what_was_gained_stands_beside_what_it_started_from(
    dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {name: Precision(0.25, 0.125, 1) for name in (*NAMES, "mean")}
    summarise(perfect(dataset), dataset, dataset, tmp_path / "my.onnx", before)  # type: ignore[arg-type]
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["class", "objects", "AP50", "before", "AP50", "AP"]
    assert lines[2].split()[2:4] == ["0.250", "1.000"]
    assert "before: AP50 0.250, after: AP50 1.000" in lines


@pytest.mark.parametrize(("after", "gained"), [(0.670, False), (0.674, False), (0.60, False), (0.69, True)])
def test_where_nothing_was_gained_it_says_what_to_do(after: float, gained: bool) -> None:
    told = gain_of(0.670, after)
    assert told.startswith(f"before: AP50 0.670, after: AP50 {after:.3f}")
    assert ("note: nothing was gained: what it started from is as good" in told) != gained


def test_what_found_nothing_before_and_after_is_no_start_to_take() -> None:
    assert "note" not in gain_of(0.0, 0.001)
    assert "note: nothing was gained: to gain, give more pictures" in gain_of(0.122, 0.128)


def test_a_run_is_judged_by_what_is_held_back_or_by_some_that_it_learnt_from(dataset: Dataset) -> None:
    many = Dataset(NAMES, dataset.images * 60)
    assert judged_by(many, dataset) is dataset
    assert len(judged_by(many, None).images) == 80
