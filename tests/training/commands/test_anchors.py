"""Anchor shapes: the clusters that are there are found."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from detectors.boxes import iou_matrix
from tests.training.data.test_dataset import coco, yolo
from training.__main__ import main
from training.commands.anchors import cluster_shapes, shape_iou, shapes_of
from training.data.dataset import load_dataset


def test_shape_iou_is_the_iou_of_boxes_on_one_centre() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.uniform(1, 100, (20, 2)), rng.uniform(1, 100, (30, 2))
    expected = iou_matrix(np.hstack([-a / 2, a / 2]), np.hstack([-b / 2, b / 2]))
    assert np.allclose(shape_iou(a, b), expected)


@pytest.mark.parametrize("seed", range(5))
def test_clusters_that_are_there_are_found(seed: int) -> None:
    rng = np.random.default_rng(seed)
    true = np.array([[10.0, 12], [40, 110], [300, 150]])
    shapes = np.concatenate([shape * rng.lognormal(0, 0.08, (60, 2)) for shape in true])
    anchors, member = cluster_shapes(shapes, 3, seed)
    assert np.abs(anchors / true - 1).max() < 0.05
    assert [np.bincount(member[part * 60 : part * 60 + 60]).argmax() for part in range(3)] == [0, 1, 2]


def test_more_anchors_fit_better_and_every_shape_goes_to_its_nearest() -> None:
    shapes = np.random.default_rng(0).lognormal(3, 0.7, (400, 2))
    fits = []
    for count in (1, 3, 9):
        anchors, member = cluster_shapes(shapes, count)
        assert (np.diff(anchors.prod(axis=1)) >= 0).all()
        iou = shape_iou(shapes, anchors)
        assert np.allclose(iou[np.arange(400), member], iou.max(axis=1))
        fits.append(iou.max(axis=1).mean())
    assert fits[0] < fits[1] < fits[2]


def test_too_few_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="different shapes"):
        cluster_shapes(np.ones((50, 2)), 2)


def test_shapes_are_scaled_to_the_input(tmp_path: Path) -> None:
    shapes = shapes_of(load_dataset(yolo(tmp_path)), size=200)
    assert np.allclose(shapes, [[60, 80], [200, 120]], atol=1e-3)


def test_the_command_prints_writes_and_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, output, picture = str(coco(tmp_path)), tmp_path / "anchors.json", tmp_path / "anchors.png"
    arguments = ["anchors", data, "--anchors", "2", "-o", str(output), "--picture", str(picture)]
    assert main(arguments) == 0
    assert len(json.loads(output.read_text())["anchors"]) == 2
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert "mean IoU" in capsys.readouterr().out


def test_bad_input_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["anchors", str(tmp_path)]) == 1
    assert main(["anchors", str(coco(tmp_path)), "-o", str(tmp_path / "nowhere" / "a.json"), "--anchors", "2"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("error: ") for line in lines)
