"""Camera motion from files, what it does to boxes and filters, and the option that chooses it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.base import Detections, Floats, Frame
from detectors.errors import InputError
from tests.conftest import MakeVideo
from tracker import Tracker, track
from tracker.association.kalman import KalmanFilter
from tracker.association.motion_models import CENTRE_AREA_RATIO, CENTRE_ASPECT_HEIGHT, CENTRE_SIZE, MotionModel
from tracker.commands.cli import main
from tracker.motion.camera_motion import RecordedCameraMotion, load_camera_motion, move_boxes

MODELS = {"size": CENTRE_SIZE, "aspect": CENTRE_ASPECT_HEIGHT, "area": CENTRE_AREA_RATIO}
each_model = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
seeds = st.integers(0, 2**32 - 1)
few = settings(deadline=None, derandomize=True, max_examples=25)
NOTHING = np.empty((0, 0, 3), np.uint8)


def told(motion: RecordedCameraMotion, index: int) -> Floats | None:
    return motion(Frame(NOTHING, index, index / 25), np.empty((0, 4)))


def similarity(rng: np.random.Generator, roll: float = 0.3) -> Floats:
    """A random shift, zoom and turn ``(2, 3)``."""
    zoom, turn = rng.uniform(0.7, 1.4), rng.uniform(-roll, roll)
    linear = zoom * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return np.column_stack([linear, rng.normal(0, 50, 2)])


def both(first: Floats, second: Floats) -> Floats:
    """The matrix of one motion after the other."""
    return np.column_stack([second[:, :2] @ first[:, :2], second[:, :2] @ first[:, 2] + second[:, 2]])


def boxes_of(rng: np.random.Generator, count: int = 6) -> Floats:
    corner = rng.uniform(-50, 900, (count, 2))
    return np.concatenate([corner, corner + rng.uniform(5, 200, (count, 2))], axis=1)


def running_filter(model: MotionModel, rng: np.random.Generator) -> KalmanFilter:
    """A filter with velocities and covariances."""
    motion, boxes = KalmanFilter(model), boxes_of(rng)
    motion.append(boxes)
    for _ in range(3):
        motion.predict(0.04)
        boxes = boxes + rng.normal(0, 4, (len(boxes), 1))
        motion.update(np.arange(len(boxes)), boxes)
    return motion


def state(motion: KalmanFilter) -> dict[str, Floats]:
    return {name: getattr(motion, name) for name in ("mean", "velocity", "var_mean", "cov", "var_velocity")}


def copy_of(motion: KalmanFilter) -> KalmanFilter:
    other = KalmanFilter(motion.model)
    other.state = motion.state.copy()
    return other


# Files


@given(seed=seeds)
@few
def test_a_file_says_what_was_written_into_it(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    rng = np.random.default_rng(seed)
    path = tmp_path_factory.mktemp("motion") / "gmc.txt"
    count = int(rng.integers(1, 12))
    frames = rng.permutation(np.arange(1, 40))[:count].tolist()
    written = {frame: similarity(rng) if rng.random() < 0.7 else np.eye(2, 3) for frame in frames}
    rows = [",".join([str(frame), *map(repr, matrix.ravel().tolist())]) for frame, matrix in written.items()]
    path.write_text("\n\n".join(rows) + "\n")
    motion = RecordedCameraMotion(path)
    assert motion.last_frame == max(frames)
    for index in range(1, 45):
        expected = written.get(index, np.eye(2, 3))
        found = told(motion, index)
        if np.array_equal(expected, np.eye(2, 3)):
            assert found is None
        else:
            np.testing.assert_array_equal(found, expected)
    motion.check_length(max(frames), "a source")
    with pytest.raises(InputError, match="is beyond the end of a source"):
        motion.check_length(max(frames) - 1, "a source")


WRONG_FILES: Mapping[str, tuple[str, str]] = {
    "six columns": ("1,1,0,0,0,1\n", ":1: the row has 6 columns, expected at least 7 (frame,a,b,x,c,d,y) ("),
    "eight columns": ("1,1,0,0,0,1,0,5\n", ":1: the row has 8 columns, expected 7 (frame,a,b,x,c,d,y) ("),
    "ragged": ("1,1,0,0,0,1,0\n\n2,1,0,0,0,1,0,9\n", ":3: the row has 8 columns, expected 7, like the first row ("),
    "word": ("1,1,0,0,0,1,0\n2,1,0,left,0,1,0\n", ":2: 'left' is not a finite number ("),
    "nan": ("1,1,0,nan,0,1,0\n", ":1: 'nan' is not a finite number ("),
    "infinity": ("1,1,0,0,0,1,inf\n", ":1: 'inf' is not a finite number ("),
    "frame 0": ("0,1,0,0,0,1,0\n", ":1: frame 0 is not a number from 1 on ("),
    "half a frame": ("1,1,0,0,0,1,0\n1.5,1,0,0,0,1,0\n", ":2: frame 1.5 is not a number from 1 on ("),
    "twice": ("1,1,0,0,0,1,0\n2,1,0,0,0,1,0\n1,1,0,3,0,1,0\n", ":3: frame 1 is there already ("),
    "singular": ("1,1,0,0,0,1,0\n2,1,2,0,2,4,0\n", ":2: the matrix flattens or mirrors the picture ("),
    "zeros": ("1,0,0,0,0,0,0\n", ":1: the matrix flattens or mirrors the picture ("),
    "mirror": ("1,-1,0,0,0,1,0\n", ":1: the matrix flattens or mirrors the picture ("),
    "too far": ("1,1,0,1e300,0,1,0\n", ":1: the matrix moves the picture too far ("),
    "too large": ("1,5000,0,0,0,5000,0\n", ":1: the matrix blows the picture up beyond reason ("),
    "huge frame": ("1e300,1,0,0,0,1,0\n", ":1: frame 1e+300 is too large ("),
    "empty": ("\n", ": has no rows ("),
}


@pytest.mark.parametrize("case", WRONG_FILES)
def test_a_wrong_file_is_named_with_its_line(tmp_path: Path, case: str) -> None:
    text, message = WRONG_FILES[case]
    path = tmp_path / "gmc.txt"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        RecordedCameraMotion(path)
    assert str(caught.value).startswith(f"{path}{message}")
    assert "\n" not in str(caught.value)


def test_what_is_no_text_and_what_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\x80\xfe\x00\xff")
    for name, why in (("binary", "it is not text"), ("nowhere", "No such file"), (".", "cannot be read")):
        with pytest.raises(InputError, match=why):
            RecordedCameraMotion(tmp_path / name)


def test_auto_needs_pictures_and_none_is_nothing(tmp_path: Path) -> None:
    (tmp_path / "auto").write_text("1,1,0,2,0,1,0\n")
    assert load_camera_motion("auto", has_images=False) is None
    assert load_camera_motion("none", has_images=True) is None
    assert isinstance(load_camera_motion(tmp_path / "auto", has_images=False), RecordedCameraMotion)
    assert callable(load_camera_motion("auto", has_images=True))


# What it does to boxes and filters


@given(seed=seeds)
@few
def test_boxes_go_one_motion_after_the_other_as_by_both_at_once(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, second, boxes = similarity(rng, roll=3), similarity(rng, roll=3), boxes_of(rng)
    np.testing.assert_allclose(
        move_boxes(move_boxes(boxes, first), second), move_boxes(boxes, both(first, second)), rtol=1e-9, atol=1e-7
    )


@given(seed=seeds)
@few
def test_without_a_turn_a_moved_box_is_the_box_of_its_moved_corners(seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrix, boxes = similarity(rng, roll=0), boxes_of(rng)
    corners = boxes.reshape(-1, 2) @ matrix[:, :2].T + matrix[:, 2]
    np.testing.assert_allclose(move_boxes(boxes, matrix), corners.reshape(-1, 4))


def test_a_turned_box_keeps_its_size() -> None:
    turn = np.array([[0.0, -1.0, 10.0], [1.0, 0.0, 20.0]])
    np.testing.assert_allclose(move_boxes(np.array([[0.0, 0.0, 4.0, 10.0]]), turn), [[3, 17, 7, 27]])


@each_model
@given(seed=seeds)
@few
def test_a_filter_goes_one_motion_after_the_other_as_by_both_at_once(model: MotionModel, seed: int) -> None:
    rng = np.random.default_rng(seed)
    one = running_filter(model, rng)
    other = copy_of(one)
    first, second = similarity(rng), similarity(rng)
    one.warp(first)
    one.warp(second)
    other.warp(both(first, second))
    for name, column in state(one).items():
        np.testing.assert_allclose(column, getattr(other, name), rtol=1e-9, atol=1e-9, err_msg=name)


@each_model
@given(seed=seeds)
@few
def test_a_filter_moves_its_boxes_as_boxes_are_moved(model: MotionModel, seed: int) -> None:
    rng = np.random.default_rng(seed)
    motion, matrix = running_filter(model, rng), similarity(rng)
    expected = move_boxes(motion.boxes(), matrix)
    motion.warp(matrix)
    np.testing.assert_allclose(motion.boxes(), expected, rtol=1e-9, atol=1e-7)


@pytest.mark.parametrize(("roll", "tolerance"), [(0.0, 1e-9), (0.02, 1e-3)])
@given(seed=seeds)
@few
def test_a_filter_moves_as_the_full_matrices_do(roll: float, tolerance: float, seed: int) -> None:
    # x' = T x, P' = T P T' with the 8x8 matrix T; a turn of a degree changes the blocks by less than 1 in 1000
    rng = np.random.default_rng(seed)
    motion, matrix = running_filter(CENTRE_SIZE, rng), similarity(rng, roll)
    linear, zoom = matrix[:, :2], np.sqrt(np.linalg.det(matrix[:, :2]))
    half = np.block([[linear, np.zeros((2, 2))], [np.zeros((2, 2)), zoom * np.eye(2)]])
    full = np.block([[half, np.zeros((4, 4))], [np.zeros((4, 4)), half]])
    before = state(copy_of(motion))
    motion.warp(matrix)
    for row in range(len(motion)):
        x = full @ np.concatenate([before["mean"][row], before["velocity"][row]])
        x[:2] += matrix[:, 2]
        covariance = np.diag(np.concatenate([before["var_mean"][row], before["var_velocity"][row]]))
        covariance += np.diag(before["cov"][row], 4) + np.diag(before["cov"][row], -4)
        moved = full @ covariance @ full.T
        np.testing.assert_allclose(motion.mean[row], x[:4], rtol=1e-9, atol=1e-7)
        np.testing.assert_allclose(motion.velocity[row], x[4:], rtol=1e-9, atol=1e-7)
        for found, true in (
            (motion.var_mean[row], np.diag(moved)[:4]),
            (motion.var_velocity[row], np.diag(moved)[4:]),
            (motion.cov[row], np.diag(moved, 4)),
        ):
            np.testing.assert_allclose(found, true, rtol=1e-9, atol=tolerance * np.abs(true).max())


def test_a_lost_track_is_taken_along_to_where_it_comes_back() -> None:
    box, pan = np.array([100.0, 50.0, 160.0, 170.0]), np.array([[1.0, 0.0, 40.0], [0.0, 1.0, 0.0]])
    for told, expected in ((True, [1]), (False, [2])):
        tracker = Tracker()
        for step in range(20):
            hidden = 8 <= step < 15  # while the camera turns
            there = box + np.clip(step - 7, 0, 7) * np.array([40.0, 0, 40, 0])
            found = Detections.empty() if hidden else Detections(there[None], np.array([0.9]))
            tracks = tracker.update(found, step / 25, pan if told and hidden else None)
        assert tracks.track_ids.tolist() == expected


# The command line


def jumping_sequence(folder: Path) -> Path:
    """Two people who stand, seen by a camera that jumps by twice their width in frame 10; without images."""
    folder.mkdir()
    lines, motion = [], []
    for frame in range(1, 21):
        shift = 90 if frame >= 10 else 0
        lines += [f"{frame},-1,{x + shift},50,40,100,0.9\n" for x in (100, 400)]
        motion.append(f"{frame},1,0,{90 if frame == 10 else 0},0,1,0\n")
    (folder / "det.txt").write_text("".join(lines))
    (folder / "gmc.txt").write_text("".join(motion))
    (folder / "seqinfo.ini").write_text("[Sequence]\nframeRate=25\nseqLength=20\n")
    return folder


def ids_at_the_end(folder: Path, camera_motion: str) -> list[int]:
    run = track(folder, detections=folder / "det.txt", camera_motion=camera_motion)
    ids: list[int] = [tracks.track_ids.tolist() for _, tracks in run][-1]
    return ids


def test_recorded_motion_is_followed_without_any_picture(tmp_path: Path) -> None:
    folder = jumping_sequence(tmp_path / "jump")
    assert ids_at_the_end(folder, str(folder / "gmc.txt")) == [1, 2]
    assert ids_at_the_end(folder, "none") == ids_at_the_end(folder, "auto") != [1, 2]


def test_a_file_that_the_tracker_cannot_use_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = jumping_sequence(tmp_path / "jump")
    command = [str(folder), "--detections", str(folder / "det.txt"), "--tracker", "sort", "--quiet"]
    assert main([*command, "--camera-motion", str(folder / "gmc.txt")]) == 0
    assert capsys.readouterr().err == f"warning: {folder / 'gmc.txt'}: not used: sort knows no camera motion\n"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("gmc.txt", "1,1,0,0,0,1,0\n21,1,0,5,0,1,0\n", "gmc.txt:2: frame 21 is beyond the end of"),
        ("gmc.txt", "1,1,0,0,0,1\n", "gmc.txt:1: the row has 6 columns"),
        ("gmc.txt", None, "gmc.txt: cannot be read: No such file"),
        ("automatic", None, "automatic: cannot be read: No such file"),
    ],
)
def test_a_wrong_file_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, text: str | None, message: str
) -> None:
    folder = jumping_sequence(tmp_path / "jump")
    (folder / "gmc.txt").unlink()
    if text is not None:
        (folder / name).write_text(text)
    command = [str(folder), "--detections", str(folder / "det.txt"), "--mot", str(tmp_path / "out.txt")]
    assert main([*command, "--camera-motion", str(folder / name)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert message in error
    assert not (tmp_path / "out.txt").exists()


def test_no_output_may_overwrite_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = jumping_sequence(tmp_path / "jump")
    command = [str(folder), "--detections", str(folder / "det.txt"), "--camera-motion", str(folder / "gmc.txt")]
    assert main([*command, "--mot", str(folder / "gmc.txt"), "--overwrite"]) == 1
    assert "is an input of this run" in capsys.readouterr().err


@pytest.mark.parametrize(("wanted", "spent"), [("auto", True), ("none", False)])
def test_the_time_it_takes_is_a_part_of_tracking(
    make_video: MakeVideo, tmp_path: Path, wanted: str, spent: bool
) -> None:
    clip, stats = make_video("clip.mp4"), tmp_path / "stats.json"
    command = [str(clip), "--detector", "motion", "-o", "none", "--stats", str(stats), "--quiet"]
    assert main([*command, "--camera-motion", wanted]) == 0
    found = json.loads(stats.read_text())
    assert (found["camera_seconds"] > 0) is spent
    assert found["stages"]["track"] >= found["camera_seconds"]
    assert set(found["stages"]) == {"read", "detect", "embed", "track", "draw", "write"}
