"""A packed data set is small, and says the same."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("torchvision", reason="needs the extra `train`")

from tests.training.pictures import draw_scene, painted, write_coco
from training.__main__ import main
from training.data.dataset import load_dataset
from training.data.packing import STEPS, coarseness
from training.data.pseudo_labels import read_labels


def noisy(path: Path, side: int = 500) -> None:
    """A picture that no encoder makes small."""
    cv2.imwrite(str(path), np.random.default_rng(0).integers(0, 256, (side // 2, side, 3), dtype=np.uint8))


def test_labels_and_pictures_survive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, bare, packed = write_coco(tmp_path / "data", 3, sources=["a", "b"]), tmp_path / "bare", tmp_path / "packed"
    bare.mkdir()
    cv2.imwrite(str(bare / "large.png"), painted(draw_scene(np.random.default_rng(0), (800, 600))))
    line = {"file": "large.png", "boxes": [[80, 60, 400, 300], [700, 500, 1e308, 1e308]], "scores": [0.7, 0.5]}
    line["classes"] = ["red", "red"]
    (tmp_path / "labels.jsonl").write_text(json.dumps(line))
    arguments = ["pack", str(first), str(bare), "--teacher", str(tmp_path / "labels.jsonl"), "-o", str(packed)]
    assert main(arguments) == 0
    assert "4 pictures, 400 pixels at most" in capsys.readouterr().out
    before, after = load_dataset(first), load_dataset(packed)
    assert after.class_names == before.class_names
    assert [image.path.name for image in after.images] == ["0.webp", "1.webp", "2.webp", "large.webp"]
    for old, new in zip(before.images, after.images, strict=False):
        assert np.allclose(old.boxes, new.boxes, atol=0.01)
        assert (old.class_ids.tolist(), old.source) == (new.class_ids.tolist(), new.source)
        assert new.labelled.all()
    large = after.images[3]
    assert (large.width, large.height, large.labelled.tolist()) == (400, 300, [False, False])
    found = read_labels([packed / "teacher.jsonl"], after.class_names)["large.webp"]
    assert found.boxes.tolist() == [[40, 30, 200, 150], [350, 250, 400, 300]], "as far as they are in the picture"
    assert (found.scores.tolist(), found.class_ids.tolist()) == ([0.7, 0.5], [1, 1])


def test_the_limit_is_kept_by_coarser_pictures(tmp_path: Path) -> None:
    write_coco(tmp_path / "data", 3)
    for number in range(3):
        noisy(tmp_path / "data" / "images" / f"{number}.png")
    document = json.loads((tmp_path / "data" / "annotations.json").read_text())
    for entry in document["images"]:
        entry |= {"width": 500, "height": 250}
    (tmp_path / "data" / "annotations.json").write_text(json.dumps(document))
    dataset = load_dataset(tmp_path / "data")
    steps = [coarseness(dataset, limit) for limit in (1e9, 200_000, 60_000)]
    assert steps[0] == STEPS[0]
    assert [STEPS.index(step) for step in steps] == sorted(STEPS.index(step) for step in steps)
    assert steps[2] != STEPS[0]
    output = tmp_path / "packed"
    assert main(["pack", str(tmp_path / "data"), "-o", str(output), "--megabytes", "0.06"]) == 0
    assert sum(file.stat().st_size for file in output.rglob("*") if file.is_file()) <= 60_000


def test_what_cannot_be_packed_is_one_clear_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_coco(tmp_path / "data", 2)
    (tmp_path / "there").mkdir()
    twin = tmp_path / "twin"
    twin.mkdir()
    noisy(twin / "0.jpg")
    for arguments, why in (
        ([str(data), "-o", str(tmp_path / "there")], "exists"),
        ([str(data), "-o", str(tmp_path / "new"), "--megabytes", "0.001"], "is too little for 2 pictures"),
        ([str(data), str(twin), "-o", str(tmp_path / "new")], "is the name of two pictures"),
    ):
        assert main(["pack", *arguments]) == 1
        assert why in capsys.readouterr().err
        assert not (tmp_path / "new").exists()
