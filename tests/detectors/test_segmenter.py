"""The class of each pixel by ONNX Runtime: scaled, padded, and back on the pixels of the picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from detectors.errors import InputError
from detectors.segmenter import Segmenter, enlarge
from detectors.sliding import EMBEDDED
from tests.onnx_models import segmenter_by_shade


def painted(height: int, width: int) -> np.ndarray:
    """Black, with floor on its lower half and water in its upper right corner."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[height // 2 :] = 110
    picture[: height // 2, -width // 4 :] = 250
    return picture


@pytest.mark.parametrize("size", [(64, 64), (120, 200), (37, 301), (400, 90), (1, 5)])
def test_every_pixel_gets_its_class_at_any_size(size: tuple[int, int], tmp_path: Path) -> None:
    segment = Segmenter(segmenter_by_shade(tmp_path / "shades.onnx"))
    assert dict(segment.class_names) == {0: "floor", 1: "water"}
    height, width = size
    picture = painted(height, width)
    classes = segment(picture)
    assert classes.shape == size
    assert classes.dtype == np.uint8
    if height > 1:
        truth = np.select([picture[..., 0] == 250, picture[..., 0] == 110], [2, 1], 0)
        assert (classes == truth).mean() > 0.9


def test_a_larger_input_sees_finer(tmp_path: Path) -> None:
    path, picture = segmenter_by_shade(tmp_path / "shades.onnx"), painted(300, 400)
    picture[10:16, 20:26] = 110
    assert (Segmenter(path)(picture)[8:18, 18:28] == 1).mean() < 0.3
    fine = Segmenter(path, imgsz=400)(picture)
    assert (fine[10:16, 20:26] == 1).all()


def test_a_picture_of_one_class_is_all_of_it(tmp_path: Path) -> None:
    segment = Segmenter(segmenter_by_shade(tmp_path / "shades.onnx"))
    assert (segment(np.full((50, 70, 3), 251, np.uint8)) == 2).all()


def test_edges_are_interpolated_between_cells() -> None:
    logits = np.zeros((2, 4, 4))
    logits[1, :, 2:], logits[0, :, :2] = 1.0, 1.0
    classes = enlarge(logits, 0.1, 40, 40)
    assert (classes[:, :19] == 0).all()
    assert (classes[:, 21:] == 1).all()


def test_other_models_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no segmenter"):
        Segmenter(EMBEDDED)
    with pytest.raises(InputError, match="is no segmenter"):
        Segmenter(segmenter_by_shade(tmp_path / "other.onnx", kind="other"))
    with pytest.raises(InputError, match="is no model that can be used"):
        Segmenter(segmenter_by_shade(tmp_path / "wild.onnx", long_side=10**9))
