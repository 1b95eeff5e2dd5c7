from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import Detections, Frame, InputError
from detectors.base import Image
from detectors.boxes import iou_matrix, nms
from detectors.sliding import EMBEDDED, GREY, STRIDE, SlidingDetector, fit
from tests.onnx_models import colour_finder, sliding_colour_finder
from videos.serve import WALKERS

RED, GREEN, BLUE = (0, 0, 255), (0, 255, 0), (255, 0, 0)


def black(height: int, width: int) -> Image:
    return np.zeros((height, width, 3), np.uint8)


def painted(height: int, width: int, box: tuple[int, int, int, int], colour: tuple[int, int, int]) -> Image:
    image = black(height, width)
    image[box[1] : box[3], box[0] : box[2]] = colour
    return image


def look(detector: SlidingDetector, image: Image) -> Detections:
    return detector(Frame(image, 1, 0.0))


@pytest.fixture(scope="module")
def finder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sliding_colour_finder(tmp_path_factory.mktemp("model") / "finder.onnx")


@pytest.mark.parametrize(("colour", "class_id"), [(RED, 0), (GREEN, 1), (BLUE, 2)])
def test_a_cell_is_found_where_it_is_and_as_what_it_is(
    finder: Path, colour: tuple[int, int, int], class_id: int
) -> None:
    found = look(SlidingDetector(finder, conf=0.9), painted(64, 64, (32, 16, 48, 32), colour))

    best = found[found.scores > 0.99]
    assert set(best.class_ids.tolist()) == {class_id}
    assert [32, 16, 48, 32] in best.boxes.tolist()


@pytest.mark.parametrize("factor", [0.5, 2, 3.75])
def test_boxes_are_in_pixels_of_the_frame_however_it_was_scaled(finder: Path, factor: float) -> None:
    box = tuple(round(side * factor) for side in (32, 0, 64, 32))
    image = painted(round(64 * factor), round(64 * factor), box, RED)  # type: ignore[arg-type]  # four of them

    found = look(SlidingDetector(finder, conf=0.95), image)

    assert iou_matrix(found.boxes, np.array([box], dtype=float)).max() > 0.99


@given(height=st.integers(1, 150), width=st.integers(1, 150), imgsz=st.integers(1, 200))
@settings(max_examples=40, deadline=None)
def test_any_frame_is_searched_and_boxes_stay_inside_it(finder: Path, height: int, width: int, imgsz: int) -> None:
    found = look(SlidingDetector(finder, conf=0.01, imgsz=imgsz), np.full((height, width, 3), 255, np.uint8))

    assert len(found)
    assert (found.boxes >= 0).all()
    assert (found.boxes[:, [0, 2]] <= width).all()
    assert (found.boxes[:, [1, 3]] <= height).all()


def test_a_candidate_below_the_limit_is_left_out(finder: Path) -> None:
    image = painted(64, 64, (0, 0, 16, 16), RED)
    everything = look(SlidingDetector(finder, conf=0.01), image)

    assert 0 < len(look(SlidingDetector(finder, conf=0.9), image)) < len(everything)
    assert everything.scores.min() >= 0.01


def test_each_scale_of_the_pyramid_adds_what_it_finds(finder: Path) -> None:
    image = painted(64, 64, (8, 8, 12, 12), GREEN)  # a quarter of the finest cell, all of it at twice the size

    assert look(SlidingDetector(finder, conf=0.5), image).scores.tolist() == []
    found = look(SlidingDetector(finder, conf=0.5, scales=(1, 2)), image)
    assert found.boxes.tolist() == [[8, 8, 12, 12]]


@pytest.mark.parametrize("scales", [(), (0.0,), (1, -1)])
def test_a_pyramid_needs_positive_scales(finder: Path, scales: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="scales must be positive"):
        SlidingDetector(finder, scales=scales)


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"export\.onnx: is no sliding detector \(make one with"):
        SlidingDetector(colour_finder(tmp_path / "export.onnx"))
    with pytest.raises(InputError, match=r"nowhere\.onnx: no such model file"):
        SlidingDetector(tmp_path / "nowhere.onnx")


@given(height=st.integers(1, 90), width=st.integers(1, 90), long_side=st.integers(1, 130))
@settings(max_examples=60, deadline=None)
def test_a_fitted_frame_is_whole_strides_of_picture_and_grey(height: int, width: int, long_side: int) -> None:
    canvas, scale = fit(np.full((height, width, 3), 255, np.uint8), long_side)

    assert all(side % STRIDE == 0 and side < long_side + STRIDE for side in canvas.shape[:2])
    assert scale == long_side / max(height, width)
    filled = (canvas == 255).all(axis=2)
    rows, columns = filled.any(axis=1).sum(), filled.any(axis=0).sum()
    assert max(rows, columns) == long_side
    assert filled[:rows, :columns].all()
    assert (canvas[~filled] == GREY).all()


def test_fine_patterns_are_averaged_when_a_frame_is_made_small() -> None:
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 254

    canvas, _ = fit(stripes, 16)

    assert (canvas[:16, :16] == 127).all()


@pytest.fixture(scope="module")
def street() -> list[Image]:
    """Frames of the demo clip: people on foot, and two cars that are parked."""
    video = cv2.VideoCapture(str(WALKERS))
    frames = [video.read()[1] for _ in range(240)]
    return [np.asarray(image, dtype=np.uint8) for image in frames[14::25]]


def test_the_embedded_detector_knows_a_real_street(street: list[Image]) -> None:
    detector = SlidingDetector(conf=0.4)
    found = [look(detector, image) for image in street]
    kept = [each[nms(each.boxes, each.scores, 0.6, each.class_ids)] for each in found]
    names = [detector.class_names[int(class_id)] for each in kept for class_id in each.class_ids]

    assert names.count("person") >= 5 * len(street)
    assert names.count("car") >= len(street)


def test_the_embedded_detector_finds_nothing_in_an_empty_picture() -> None:
    for grey in (0, GREY, 255):
        assert len(look(SlidingDetector(conf=0.3), np.full((360, 640, 3), grey, np.uint8))) == 0


def test_the_embedded_weights_are_small_and_described() -> None:
    assert EMBEDDED.stat().st_size < 6e6
    card = EMBEDDED.with_suffix(".md").read_text(encoding="utf-8").lower()
    assert all(word in card for word in ("data", "licence", "command", "seed", "ap50", "limits"))
