from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.base import Detections, Floats, Frame, Image
from detectors.errors import InputError
from detectors.families.preprocessing import PAD_GREY, Preprocessing, place
from detectors.model import PictureModel
from detectors.onnx import OnnxDetector
from detectors.runtime import open_session
from tests import onnx_models
from tests.onnx_models import cell_count, colour_finder, constant_model, size_reporter

# What every layout has to say about a picture of 64 x 64 pixels.
BOXES = np.array([[8.0, 4, 24, 60], [30, 10, 50, 40], [0, 0, 64, 64]])
SCORES = np.array([0.9, 0.75, 0.5])  # the last one is exact in any floating point
CLASS_IDS = [2, 0, 1]
CLASSES = 3
CELLS, CELLS_P6 = cell_count(64, 64), cell_count(64, 64, (8, 16, 32, 64))
DESCRIBED = {"names": {0: "person", 1: "bicycle", 2: "car"}, "task": "detect", "imgsz": [64, 64]}
RED = (0, 0, 255)  # BGR

LAYOUTS = {
    "v8": onnx_models.v8_table(BOXES, SCORES, CLASS_IDS, CLASSES, CELLS),
    "v8 with stride 64": onnx_models.v8_table(BOXES, SCORES, CLASS_IDS, CLASSES, CELLS_P6),
    "v5": onnx_models.v5_table(BOXES, SCORES, CLASS_IDS, CLASSES, 3 * CELLS),
    "v5 with stride 64": onnx_models.v5_table(BOXES, SCORES, CLASS_IDS, CLASSES, 3 * CELLS_P6),
    "end to end": onnx_models.end_to_end_table(BOXES, SCORES, CLASS_IDS),
}


def frame_of(height: int, width: int, colour: tuple[int, int, int] = (0, 0, 0)) -> Frame:
    return Frame(np.full((height, width, 3), colour, np.uint8), 1, 0.0)


def by_score(found: Detections) -> Detections:
    return found[np.argsort(-found.scores, kind="stable")]


def around(found: Detections) -> Floats:
    """The box ``(4,)`` around all that was found."""
    return np.concatenate([found.boxes[:, :2].min(axis=0), found.boxes[:, 2:].max(axis=0)])


def refusal(path: Path, imgsz: int | None = None) -> str:
    """What the user reads; always one line that names the file."""
    with pytest.raises(InputError) as caught:
        OnnxDetector(path, imgsz=imgsz, device="cpu")
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert len(message.splitlines()) == 1
    return message


@pytest.mark.parametrize("half", [False, True], ids=["float32", "float16"])
@pytest.mark.parametrize("described", [True, False], ids=["with names", "without names"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_decodes_to_the_same_boxes(tmp_path: Path, layout: str, described: bool, half: bool) -> None:
    path = constant_model(tmp_path / "a.onnx", [LAYOUTS[layout]], metadata=DESCRIBED if described else None, half=half)

    found = by_score(OnnxDetector(path, conf=0.3)(frame_of(64, 64)))

    np.testing.assert_allclose(found.boxes, BOXES, atol=0.05 if half else 1e-4)
    np.testing.assert_allclose(found.scores, SCORES, atol=2e-3 if half else 1e-6)
    np.testing.assert_array_equal(found.class_ids, CLASS_IDS)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("conf", "kept"), [(0.499, 3), (0.501, 2), (0.76, 1), (0.91, 0)])
def test_candidates_below_the_threshold_go(tmp_path: Path, layout: str, conf: float, kept: int) -> None:
    detector = OnnxDetector(constant_model(tmp_path / "a.onnx", [LAYOUTS[layout]]), conf=conf)

    np.testing.assert_allclose(by_score(detector(frame_of(64, 64))).scores, SCORES[:kept], atol=1e-6)


@pytest.mark.parametrize("layout", ["v8", "end to end"])
def test_a_candidate_at_the_threshold_stays(tmp_path: Path, layout: str) -> None:
    detector = OnnxDetector(constant_model(tmp_path / "a.onnx", [LAYOUTS[layout]]), conf=0.5)

    assert len(detector(frame_of(64, 64))) == 3


def test_two_classes_of_v8_are_no_end_to_end_rows(tmp_path: Path) -> None:
    table = onnx_models.v8_table(BOXES[:2], SCORES[:2], [1, 0], 2, CELLS)  # (6, N)

    found = by_score(OnnxDetector(constant_model(tmp_path / "a.onnx", [table]), conf=0.3)(frame_of(64, 64)))

    np.testing.assert_allclose(found.boxes, BOXES[:2], atol=1e-4)
    np.testing.assert_array_equal(found.class_ids, [1, 0])


def test_one_class_of_v5_is_no_end_to_end_row(tmp_path: Path) -> None:
    table = onnx_models.v5_table(BOXES[:2], SCORES[:2], [0, 0], 1, 3 * CELLS)  # (N, 6)

    found = by_score(OnnxDetector(constant_model(tmp_path / "a.onnx", [table]), conf=0.3)(frame_of(64, 64)))

    np.testing.assert_allclose(found.boxes, BOXES[:2], atol=1e-4)
    np.testing.assert_allclose(found.scores, SCORES[:2], atol=1e-6)


def test_columns_behind_the_classes_are_no_classes(tmp_path: Path) -> None:
    # A segmentation export has 32 mask coefficients there, some of them larger than any score.
    v8 = np.vstack([LAYOUTS["v8"], np.full((32, CELLS), 7.0)])
    v5 = np.hstack([LAYOUTS["v5"], np.full((3 * CELLS, 32), 7.0)])
    described = {**DESCRIBED, "task": "segment"}

    for table in (v8, v5):
        path = constant_model(tmp_path / "a.onnx", [table], metadata=described)
        found = by_score(OnnxDetector(path, conf=0.3)(frame_of(64, 64)))
        np.testing.assert_allclose(found.scores, SCORES, atol=1e-6)
        np.testing.assert_array_equal(found.class_ids, CLASS_IDS)


@pytest.mark.parametrize("rows", [0, 1, 3, 5])
def test_an_end_to_end_model_may_answer_with_few_rows(tmp_path: Path, rows: int) -> None:
    table = onnx_models.end_to_end_table(BOXES[:rows], SCORES[:rows], CLASS_IDS[:rows], rows)

    found = OnnxDetector(constant_model(tmp_path / "a.onnx", [table]), conf=0.3)(frame_of(64, 64))

    assert len(found) == min(rows, 3)


@pytest.mark.parametrize("row", [[40, 10, 20, 30], [10, 30, 20, 20], [np.nan, 0, 9, 9], [10, 10, 10, 30]])
def test_rows_that_are_no_box_are_left_out(tmp_path: Path, row: list[float]) -> None:
    table = onnx_models.end_to_end_table(np.vstack([BOXES, row]), np.append(SCORES, 0.8), [*CLASS_IDS, 0])

    found = OnnxDetector(constant_model(tmp_path / "a.onnx", [table]), conf=0.3)(frame_of(64, 64))

    np.testing.assert_allclose(found.boxes, BOXES)


def test_boxes_end_at_the_border_and_those_on_the_margin_alone_go(tmp_path: Path) -> None:
    # A frame of 64 x 32 lies between the rows 16 and 48 of its square.
    rows = np.array([[10.0, 0, 30, 30], [10, 0, 30, 15], [-20, 40, 90, 90]])
    path = constant_model(tmp_path / "a.onnx", [onnx_models.end_to_end_table(rows, SCORES, CLASS_IDS)])

    found = OnnxDetector(path, conf=0.3)(frame_of(32, 64))

    np.testing.assert_allclose(found.boxes, [[10, 0, 30, 14], [0, 24, 64, 32]])
    np.testing.assert_array_equal(found.class_ids, [CLASS_IDS[0], CLASS_IDS[2]])


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({0: "person", 7: "truck"}, {0: "person", 7: "truck"}),
        (["cat", "dog"], {0: "cat", 1: "dog"}),
        ("no Python", {}),
        ("{'a': 'b'}", {}),
        ("3", {}),
    ],
)
def test_class_names_come_from_the_metadata(tmp_path: Path, names: object, expected: dict[int, str]) -> None:
    path = constant_model(tmp_path / "a.onnx", [LAYOUTS["end to end"]], metadata={"names": names})

    assert OnnxDetector(path).class_names == expected


def test_without_metadata_no_class_has_a_name(tmp_path: Path) -> None:
    detector = OnnxDetector(constant_model(tmp_path / "export.onnx", [LAYOUTS["v8"]]))

    assert detector.class_names == {}
    assert (detector.name, detector.suppressed) == ("export.onnx", False)


@pytest.mark.parametrize("half", [False, True], ids=["float32", "float16"])
@pytest.mark.parametrize("layout", ["v8", "v5"])
@pytest.mark.parametrize(("colour", "class_id"), [((0, 0, 204), 0), ((0, 204, 0), 1), ((204, 0, 0), 2)])
def test_the_model_sees_rgb_between_0_and_1(
    tmp_path: Path, layout: str, colour: tuple[int, int, int], class_id: int, half: bool
) -> None:
    detector = OnnxDetector(colour_finder(tmp_path / "a.onnx", layout, half=half), conf=0.6, imgsz=64)
    frame = frame_of(64, 64)
    frame.image[16:48, 32:64] = colour

    found = detector(frame)

    assert len(found)
    np.testing.assert_array_equal(found.class_ids, np.full(len(found), class_id))
    np.testing.assert_allclose(found.scores, 0.8 if layout == "v8" else 0.8**2, atol=1e-3)
    np.testing.assert_allclose(around(found), [32, 16, 64, 48])


@pytest.mark.parametrize("fixed", [None, (128, 128), (96, 160)])
@pytest.mark.parametrize("layout", ["v8", "v5"])
@pytest.mark.parametrize(("height", "width"), [(97, 131), (333, 251), (480, 640), (61, 200), (40, 40), (719, 1281)])
def test_boxes_come_back_in_pixels_of_the_frame(
    tmp_path: Path, height: int, width: int, layout: str, fixed: tuple[int, int] | None
) -> None:
    path = colour_finder(tmp_path / "a.onnx", layout, (1, 3, *(fixed or ("height", "width"))))
    half = {"v8": 0.5, "v5": 0.25}[layout]  # of a cell that the object covers; v5 multiplies two scores
    detector = OnnxDetector(path, conf=half, imgsz=None if fixed else 160)
    frame = frame_of(height, width)
    truth = np.array([width // 4, height // 3, width - width // 5, height - height // 7])
    frame.image[truth[1] : truth[3], truth[0] : truth[2]] = RED

    found = detector(frame)

    rows, columns = fixed or (160, 160)
    scale = min(rows / height, columns / width)
    finest = found[found.boxes[:, 2] - found.boxes[:, 0] <= 8.01 / scale]
    # Seen through cells of 8 pixels: an edge is off by half a cell, and by what resizing rounds.
    assert np.abs(around(finest) - truth).max() <= 5 / scale


@pytest.mark.parametrize(
    ("frame_size", "imgsz", "input_size"),
    [
        ((480, 640), 640, (480, 640)),
        ((1080, 1920), 640, (384, 640)),
        ((1920, 1080), 640, (640, 384)),
        ((100, 100), 64, (64, 64)),
        ((101, 99), 64, (64, 64)),
        ((3, 900), 320, (32, 320)),
        ((480, 640), 100, (96, 128)),
    ],
)
def test_a_free_input_is_the_smallest_rectangle_of_whole_strides(
    tmp_path: Path, frame_size: tuple[int, int], imgsz: int, input_size: tuple[int, int]
) -> None:
    detector = OnnxDetector(size_reporter(tmp_path / "a.onnx", (1, 3, "height", "width")), imgsz=imgsz)

    (class_id,) = detector(frame_of(*frame_size)).class_ids

    assert divmod(class_id, 1000) == input_size


@pytest.mark.parametrize("input_size", [(64, 64), (96, 160)])
@pytest.mark.parametrize("frame_size", [(480, 640), (101, 37)])
def test_a_fixed_input_keeps_its_size(tmp_path: Path, frame_size: tuple[int, int], input_size: tuple[int, int]) -> None:
    detector = OnnxDetector(size_reporter(tmp_path / "a.onnx", (1, 3, *input_size)))

    (class_id,) = detector(frame_of(*frame_size)).class_ids

    assert divmod(class_id, 1000) == input_size


@pytest.mark.parametrize("input_shape", [(1, 3, "height", "width"), (1, 3, 64, 64)])
def test_the_middle_of_the_input_is_the_middle_of_the_frame(tmp_path: Path, input_shape: tuple[int | str, ...]) -> None:
    detector = OnnxDetector(size_reporter(tmp_path / "a.onnx", input_shape))

    (x1, y1, x2, y2) = detector(frame_of(301, 777)).boxes[0]

    assert (x1 + x2) / 2 == pytest.approx(777 / 2, abs=777 / 64)
    assert (y1 + y2) / 2 == pytest.approx(301 / 2, abs=777 / 64)


@pytest.mark.parametrize(
    ("metadata", "imgsz", "side"),
    [
        ({"imgsz": [96, 160]}, None, 160),
        ({"imgsz": 320}, None, 320),
        ({}, None, 640),
        ({"imgsz": "large"}, None, 640),
        ({"imgsz": [96, 160]}, 224, 224),
    ],
)
def test_a_free_input_takes_the_size_of_the_export_unless_told(
    tmp_path: Path, metadata: dict[str, object], imgsz: int | None, side: int
) -> None:
    path = size_reporter(tmp_path / "a.onnx", (1, 3, "height", "width"), metadata)

    (class_id,) = OnnxDetector(path, imgsz=imgsz)(frame_of(100, 100)).class_ids

    assert divmod(class_id, 1000) == (side, side)


@given(
    height=st.integers(1, 90),
    width=st.integers(1, 90),
    size=st.sampled_from([(32, 32), (64, 64), (32, 96), (96, 32), (64, 160)]),
)
@settings(deadline=None, max_examples=60)
def test_letterbox_scales_alike_both_ways_and_centres_on_grey(height: int, width: int, size: tuple[int, int]) -> None:
    canvas, (scale, _, left, top) = place(np.full((height, width, 3), 255, np.uint8), size, Preprocessing())

    ys, xs = np.nonzero((canvas == 255).all(axis=2))
    inside = canvas[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1]
    assert canvas.shape == (*size, 3)
    assert (inside == 255).all()
    assert np.count_nonzero(canvas != PAD_GREY) == inside.size
    assert (ys.min(), xs.min()) == (top, left)
    assert abs(inside.shape[0] - height * scale) <= 1
    assert abs(inside.shape[1] - width * scale) <= 1
    assert inside.shape[0] == size[0] or inside.shape[1] == size[1]
    assert abs(top - (size[0] - top - inside.shape[0])) <= 1
    assert abs(left - (size[1] - left - inside.shape[1])) <= 1


def test_a_picture_of_the_right_size_stays_as_it_is() -> None:
    picture: Image = np.random.default_rng(0).integers(0, 256, (64, 96, 3), dtype=np.uint8)

    canvas, placement = place(picture, (64, 96), Preprocessing())

    np.testing.assert_array_equal(canvas, picture)
    assert placement == (1, 1, 0, 0)


def test_the_same_frame_gives_the_same_detections(tmp_path: Path) -> None:
    detector = OnnxDetector(colour_finder(tmp_path / "a.onnx"), conf=0.0, imgsz=96)
    picture = np.random.default_rng(1).integers(0, 256, (75, 101, 3), dtype=np.uint8)

    first, _, second = (detector(Frame(image, 1, 0.0)) for image in (picture, picture[:50], picture))

    np.testing.assert_array_equal(first.boxes, second.boxes)
    np.testing.assert_array_equal(first.scores, second.scores)


def _missing(path: Path) -> None:
    """Nothing is written."""


def _damaged(path: Path) -> None:
    whole = constant_model(path, [LAYOUTS["v8"]]).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


BAD_FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (_missing, "no such model file"),
    "folder": (Path.mkdir, "no such model file"),
    "empty": (lambda path: path.write_bytes(b""), "no ONNX model"),
    "random bytes": (lambda path: path.write_bytes(np.random.default_rng(0).bytes(2000)), "no ONNX model"),
    "cut off": (_damaged, "no ONNX model"),
    "text": (lambda path: path.write_text("not a model\nat all\n"), "no ONNX model"),
    "classifier": (onnx_models.classifier, "its output has the shape (1, 3)"),
    "classifier that says so": (
        lambda path: onnx_models.classifier(path, {"task": "classify"}),
        "the task 'classify'",
    ),
    "wrong task": (lambda path: constant_model(path, [LAYOUTS["v8"]], metadata={"task": "obb"}), "the task 'obb'"),
    "no picture": (lambda path: constant_model(path, [LAYOUTS["v8"]], (1, 64)), "takes inputs of the shapes"),
    "grey picture": (lambda path: colour_finder(path, input_shape=(1, 1, 64, 64)), "takes inputs of the shapes"),
    "batch of four that makes one": (
        lambda path: colour_finder(path, input_shape=(4, 3, 64, 64)),
        "its output has the shape",
    ),
    "no input": (onnx_models.no_input, "takes"),
    "two inputs": (onnx_models.two_inputs, "takes inputs of the shapes"),
    "wrong cells": (lambda path: constant_model(path, np.zeros((1, 83, 99))), "its output has the shape"),
    "more names than columns": (
        lambda path: constant_model(path, [LAYOUTS["v8"]], metadata={"names": list("abcdefgh")}),
        "its output has the shape",
    ),
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_a_file_that_is_no_detector_is_refused_in_one_line(tmp_path: Path, kind: str) -> None:
    write, reason = BAD_FILES[kind]
    path = tmp_path / "bad.onnx"
    write(path)

    assert reason in refusal(path)


def test_a_fixed_input_refuses_another_imgsz(tmp_path: Path) -> None:
    path = constant_model(tmp_path / "a.onnx", [LAYOUTS["v8"]])

    message = refusal(path, imgsz=640)

    assert "64 pixels only, not 640" in message
    assert "--imgsz" in message
    assert len(OnnxDetector(path, conf=0.3, imgsz=64)(frame_of(64, 64))) == 3


def test_several_pictures_at_once_are_found_as_one_by_one(tmp_path: Path) -> None:
    rng, sizes = np.random.default_rng(0), [(64, 96), (96, 64), (64, 96), (48, 80), (64, 96)]
    pictures = [rng.integers(0, 255, size=(height, width, 3), dtype=np.uint8) for height, width in sizes]
    frames = [Frame(picture, index, index / 25) for index, picture in enumerate(pictures, start=1)]
    for layout in ("v8", "v5"):
        path = colour_finder(tmp_path / f"{layout}.onnx", layout, ("batch", 3, "height", "width"))
        detector = OnnxDetector(path, conf=0.1, imgsz=96)
        assert detector._model.batched
        assert not detector.batched, "on a processor, each picture is quicker alone"
        answers = detector.batch(frames)
        assert [len(answer) > 0 for answer in answers] == [True] * len(frames)
        for answer, alone in zip(answers, map(detector, frames), strict=True):
            np.testing.assert_allclose(answer.boxes, alone.boxes, atol=1e-4)
            np.testing.assert_allclose(answer.scores, alone.scores, atol=1e-6)
            np.testing.assert_array_equal(answer.class_ids, alone.class_ids)


def test_a_model_of_one_picture_is_no_batch(tmp_path: Path) -> None:
    alone = colour_finder(tmp_path / "a.onnx")
    assert not PictureModel(open_session(alone), alone).batched
    fixed = constant_model(tmp_path / "b.onnx", np.zeros((1, 84, 10)), ("batch", 3, 64, 64))
    assert not PictureModel(open_session(fixed), fixed).batched, "its output has one row whatever comes"
