"""The camera's motion from pictures, against scenes whose motion is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.accuracy.sequences import SequenceSet, load_sequences, run_tracker, with_camera
from detectors.base import Detections, Floats, Frame, Image
from tests import scenes
from tracker.association.engine import Tracker
from tracker.association.presets import DEFAULT, PRESETS
from tracker.association.tracks import Tracks
from tracker.evaluation.evaluate import evaluate
from tracker.motion import camera_estimate
from tracker.motion.camera_estimate import RESTING_FRAMES, EstimatedCameraMotion
from tracker.motion.downscaling import SmallFrame
from tracker.run.detection import DetectionStage
from tracker.run.pipeline import track_frames
from tracker.run.tracking import TrackingStage

WIDTH, HEIGHT = 640, 360
RATE = 25
CORNERS = np.array([[0.0, 0.0], [WIDTH, 0.0], [0.0, HEIGHT], [WIDTH, HEIGHT]])
STILL = np.eye(2, 3)
NOBODY = np.empty((0, 4))

Thing = tuple[Floats, Image]  # its xyxy box, and what it looks like


def texture(seed: int, width: int, height: int, contrast: float = 35.0) -> Image:
    """A grey picture ``(height, width)`` with detail of every size."""
    rng = np.random.default_rng(seed)
    picture = np.zeros((height, width), np.float32)
    for size in (2, 4, 8, 16, 32, 64):
        patches = rng.normal(0, size**0.5, (height // size + 2, width // size + 2)).astype(np.float32)
        picture += cv2.resize(patches, (width, height), interpolation=cv2.INTER_CUBIC)
    picture = 128 + contrast * (picture - picture.mean()) / picture.std()
    return np.asarray(np.clip(picture, 0, 255), dtype=np.uint8)


def motion(x: float = 0.0, y: float = 0.0, zoom: float = 1.0, roll: float = 0.0) -> Floats:
    """Affine matrix ``(2, 3)``: zoom and roll (degrees) about the middle of the picture, then a shift in pixels."""
    middle = np.array([WIDTH / 2, HEIGHT / 2])
    turn = np.deg2rad(roll)
    linear = zoom * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return np.column_stack([linear, middle - linear @ middle + [x, y]])


class Scene:
    """A wall in front of which the camera moves, and things that move by themselves."""

    def __init__(self, noise: float = 2.0, contrast: float = 35.0) -> None:
        self._wall = texture(0, 1800, 1200, contrast)
        self._view = np.array([[1.0, 0.0, -580.0], [0.0, 1.0, -420.0]])
        self._rng, self._noise = np.random.default_rng(1), noise

    def picture(self, moved: Floats, things: Sequence[Thing] = (), gain: float = 1.0) -> Image:
        """What the camera sees ``(HEIGHT, WIDTH, 3)`` after it has moved."""
        self._view = moved[:, :2] @ self._view + np.column_stack([np.zeros((2, 2)), moved[:, 2]])
        centres = self._view.copy()  # OpenCV counts from the middle of the first pixel
        centres[:, 2] += self._view[:, :2].sum(axis=1) / 2 - 0.5
        seen = np.asarray(cv2.warpAffine(self._wall, centres, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC), np.float64)
        for box, look in things:
            x1, y1, x2, y2 = box.round().astype(int)
            left, top, right, bottom = max(x1, 0), max(y1, 0), min(x2, WIDTH), min(y2, HEIGHT)
            if right > left and bottom > top:
                seen[top:bottom, left:right] = look[top - y1 : bottom - y1, left - x1 : right - x1]
        noisy = gain * seen[..., None] + self._rng.normal(0, self._noise, (HEIGHT, WIDTH, 3))
        return np.clip(noisy, 0, 255).astype(np.uint8)


LOOKS = [texture(seed, 110, 210) for seed in range(10, 14)]


def walkers(frame: int) -> list[Thing]:
    """Four things of a fifth of the picture altogether, each on its way."""
    starts = [(20, 100, 4, 0), (200, 60, -3, 1), (330, 140, 2, -2), (480, 30, -5, 1)]
    return [
        (np.array([x + u * frame, y + v * frame, x + u * frame + 70, y + v * frame + 170]), look)
        for (x, y, u, v), look in zip(starts, LOOKS, strict=True)
    ]


def estimates(
    motions: Sequence[Floats],
    things: Callable[[int], list[Thing]] = lambda _: [],
    detected: bool = False,
    scene: Scene | None = None,
    gains: Sequence[float] | None = None,
) -> list[Floats | None]:
    """What is estimated for each frame of a scene; the first motion leads to the first frame."""
    scene, estimate, found = Scene() if scene is None else scene, EstimatedCameraMotion(), []
    for step, moved in enumerate(motions):
        there = things(step)
        boxes = np.array([box for box, _ in there]) if detected and there else NOBODY
        picture = scene.picture(moved, there, 1.0 if gains is None else gains[step])
        found.append(estimate(Frame(picture, step + 1, step / RATE), boxes))
    return found


def error(found: Floats | None, true: Floats) -> float:
    """Pixels by which a motion misplaces a corner of the picture, at most."""
    assert found is not None
    difference = found - true
    return float(np.abs(CORNERS @ difference[:, :2].T + difference[:, 2]).max())


MOTIONS = {
    "pan": motion(3, 1),
    "fast pan": motion(-14, 5),
    "slow pan": motion(0.8, 0),
    "zoom in": motion(zoom=1.015),
    "zoom out": motion(zoom=0.98),
    "roll": motion(roll=1.5),
    "all at once": motion(5, -3, 0.99, 0.7),
}


@pytest.mark.parametrize("detected", [False, True])
@pytest.mark.parametrize("name", MOTIONS)
def test_a_known_motion_is_found_to_a_quarter_of_a_pixel(name: str, detected: bool) -> None:
    true = MOTIONS[name]
    found = estimates([STILL, *[true] * 6], walkers, detected)
    assert found[0] is None
    assert max(error(one, true) for one in found[1:]) < 0.25


@pytest.mark.parametrize("jerk", [(30, -10), (80, 20), (-160, 60)])
def test_a_jerk_is_found_and_so_is_the_jerk_back(jerk: tuple[float, float]) -> None:
    there, back = motion(*jerk), motion(-jerk[0], -jerk[1])
    found = estimates([STILL, STILL, there, STILL, back, STILL], walkers, detected=True)
    assert [one is not None for one in found] == [False, False, True, False, True, False]
    assert error(found[2], there) < 0.2
    assert error(found[4], back) < 0.2


@pytest.mark.parametrize(("noise", "detected"), [(0.0, False), (3.0, False), (3.0, True), (10.0, False)])
def test_a_static_camera_has_exactly_no_motion(noise: float, detected: bool) -> None:
    found = estimates([STILL] * 60, walkers, detected, Scene(noise))
    assert found == [None] * 60


def test_a_static_camera_gives_the_same_tracks_to_the_last_bit() -> None:
    frames = [
        Frame(picture, index, (index - 1) / 12.5)
        for index, picture in enumerate(scenes.render(scenes.CROSSING, 60), start=1)
    ]
    runs = []
    for camera in (None, EstimatedCameraMotion()):
        tracks = track_frames(frames, DetectionStage(WalkerDetector()), TrackingStage(Tracker(DEFAULT), camera=camera))
        runs.append([bits(found) for _, found in tracks])
    assert runs[0] == runs[1]
    assert len(runs[0][-1]) > 100


class WalkerDetector:
    """Finds the walkers of the crossing, roughly."""

    name, suppressed, concurrent = "walkers", True, False
    class_names: Mapping[int, str] = {}

    def __call__(self, frame: Frame) -> Detections:
        return scenes.noisy_detections(scenes.CROSSING, frame.index, np.random.default_rng(frame.index))


def bits(tracks: Tracks) -> bytes:
    return tracks.track_ids.tobytes() + tracks.boxes.tobytes() + tracks.scores.tobytes()


def test_it_wakes_up_with_the_first_frame_that_moves_and_rests_again() -> None:
    still, pan = 20, motion(2, -1)
    found = estimates([STILL] * still + [pan] * 4 + [STILL] * still + [pan] * 2, walkers)
    moves = [index for index, one in enumerate(found) if one is not None]
    assert moves == [*range(still, still + 4), *range(2 * still + 4, 2 * still + 6)]
    assert max(error(found[index], pan) for index in moves) < 0.2


def test_a_camera_at_rest_is_only_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = list[float]()

    def counted(before: SmallFrame, now: SmallFrame) -> Floats | None:
        calls.append(now.time)
        return whole(before, now)

    whole = camera_estimate.estimate
    monkeypatch.setattr(camera_estimate, "estimate", counted)
    estimates([STILL] * 120)
    renewals = int(120 / RATE / camera_estimate.REFERENCE_MAX_AGE)
    assert len(calls) == RESTING_FRAMES + renewals


def test_a_slow_drift_adds_up_until_it_shows() -> None:
    steps, step = 60, 0.06
    found = [one for one in estimates([STILL, *[motion(step)] * steps]) if one is not None]
    total = sum(one[0, 2] for one in found)
    assert 3 <= len(found) <= steps / 3
    assert abs(total - steps * step) < 0.5


@pytest.mark.parametrize(("share", "speed"), [(0.3, 12.0), (0.5, 4.0), (0.65, 15.0)])
def test_a_truck_that_passes_a_static_camera_does_not_move_it(share: float, speed: float) -> None:
    side = texture(20, round(share * WIDTH), HEIGHT)

    def passing(frame: int) -> list[Thing]:
        x = -share * WIDTH + speed * (frame - 4)
        return [(np.array([x, 0, x + side.shape[1], HEIGHT]), side)]

    assert estimates([STILL] * 60, passing) == [None] * 60


def test_half_a_picture_that_moves_from_the_start_is_no_camera_motion() -> None:
    side = texture(20, WIDTH // 2, HEIGHT)
    found = estimates([STILL] * 25, lambda frame: [(np.array([6 * frame, 0, 6 * frame + WIDTH // 2, HEIGHT]), side)])
    assert found == [None] * 25


def test_what_is_detected_does_not_vote() -> None:
    crowd = texture(21, round(0.8 * WIDTH), HEIGHT)
    pan = motion(3, 0)

    def marching(frame: int) -> list[Thing]:
        x = 60.0 - 4 * frame
        return [(np.array([x, 0, x + crowd.shape[1], HEIGHT]), crowd)]

    seen = estimates([STILL, *[pan] * 5], marching, detected=True)
    assert max(error(one, pan) for one in seen[1:]) < 0.5
    unseen = estimates([STILL, *[pan] * 5], marching)
    assert min(error(one, pan) for one in unseen[1:]) > 3  # they would outvote the wall


def test_a_clock_burnt_into_the_picture_does_not_hold_the_camera() -> None:
    pan = motion(4, 1)
    bars = [texture(22, WIDTH, 40, 60.0), texture(23, 150, 60, 60.0)]
    places = [np.array([0.0, 0, WIDTH, 40]), np.array([480.0, 290, 630, 350])]
    overlay = list(zip(places, bars, strict=True))
    found = estimates([STILL, *[pan] * 6], lambda _: overlay)
    assert max(error(one, pan) for one in found[1:]) < 0.2


def test_exposure_is_no_motion_and_hides_none() -> None:
    gains = [1.0] * 6 + [1.3] * 6 + list(np.linspace(1.3, 0.6, 12))
    assert estimates([STILL] * len(gains), gains=gains) == [None] * len(gains)
    pan = motion(3, 0)
    found = estimates([STILL, *[pan] * (len(gains) - 1)], gains=gains)
    assert max(error(one, pan) for one in found[1:]) < 0.2


@pytest.mark.parametrize("moved", [STILL, motion(5, 0)], ids=["still", "moving"])
@pytest.mark.parametrize("noise", [0.0, 8.0])
def test_pictures_without_anything_to_see_tell_nothing(moved: Floats, noise: float) -> None:
    found = estimates([moved] * 12, scene=Scene(noise, contrast=0.0))
    assert found == [None] * 12


def test_a_dark_picture_with_little_contrast_is_enough() -> None:
    pan = motion(4, 1)
    found = estimates([STILL, *[pan] * 6], scene=Scene(noise=1.0, contrast=6.0))
    assert max(error(one, pan) for one in found[1:]) < 0.4


def test_objects_everywhere_tell_nothing() -> None:
    everything = np.array([[0.0, 0.0, WIDTH, HEIGHT]])
    scene, estimate = Scene(), EstimatedCameraMotion()
    for step in range(6):
        assert estimate(Frame(scene.picture(motion(4, 0)), step + 1, step / RATE), everything) is None


def test_after_a_cut_it_starts_anew() -> None:
    pan, scene = motion(4, 0), Scene()
    frames = [Frame(scene.picture(pan), index, index / RATE) for index in range(1, 7)]
    estimate = EstimatedCameraMotion()
    found = [estimate(replace(frame, cut=frame.index == 4), NOBODY) is not None for frame in frames]
    assert found == [False, True, True, False, True, True]


def test_pictures_that_are_missing_small_or_of_another_size_are_no_motion() -> None:
    pan, scene, estimate = motion(4, 0), Scene(), EstimatedCameraMotion()
    whole = [scene.picture(pan) for _ in range(9)]
    nothing, tiny = np.empty((0, 0, 3), np.uint8), np.full((1, 30, 3), 9, np.uint8)
    pictures = [nothing, *whole[:2], nothing, *whole[3:5], tiny, *whole[6:8], whole[8][:300]]
    found = [estimate(Frame(image, index, index / RATE), NOBODY) is not None for index, image in enumerate(pictures)]
    assert found == [False, False, True, False, False, True, False, False, True, False]


def test_a_black_frame_in_between_is_survived() -> None:
    scene, estimate = Scene(), EstimatedCameraMotion()
    pictures = [scene.picture(STILL) for _ in range(12)]
    pictures[6] = np.zeros_like(pictures[6])
    assert [estimate(Frame(image, i + 1, i / RATE), NOBODY) for i, image in enumerate(pictures)] == [None] * 12


@pytest.mark.parametrize("size", [(1920, 1080), (322, 242), (243, 1001)])
def test_the_matrix_is_in_pixels_of_the_frame_whatever_its_size(size: tuple[int, int]) -> None:
    scene, estimate = Scene(noise=0.0), EstimatedCameraMotion()
    pictures = [
        cv2.resize(scene.picture(moved), size, interpolation=cv2.INTER_CUBIC) for moved in (STILL, motion(6, 4))
    ]
    found = [estimate(Frame(np.asarray(one, np.uint8), i + 1, i / RATE), NOBODY) for i, one in enumerate(pictures)][1]
    zoom = np.array(size) / [WIDTH, HEIGHT]
    assert found is not None
    np.testing.assert_allclose(found[:, :2], np.eye(2), atol=2e-3)
    middle = np.array(size) / 2
    np.testing.assert_allclose(found[:, :2] @ middle + found[:, 2] - middle, [6, 4] * zoom, atol=0.15 * max(zoom))


def test_on_a_real_moving_camera_tracks_are_not_worse_for_it(shared: Path) -> None:
    pytest.importorskip("trackeval")
    (sequence,) = load_sequences(SequenceSet(shared / "sequences", "det/yolov8n.txt"), ["MOT16-11"])
    seen = with_camera(sequence)
    assert seen.camera is not None
    assert sum(one is not None for one in seen.camera) > 190
    without, given = (
        evaluate([one.truth], {one.name: run_tracker(one, PRESETS[DEFAULT], camera).rows}).combined.hota
        for one, camera in ((sequence, False), (seen, True))
    )
    assert given >= without


@pytest.mark.parametrize("name", ["KITTI-17", "TUD-Stadtmitte"])
def test_a_real_static_camera_has_exactly_no_motion(shared: Path, name: str) -> None:
    (sequence,) = load_sequences(SequenceSet(shared / "sequences", "det/yolov8n.txt"), [name])
    assert with_camera(sequence).camera == (None,) * len(sequence.detections)
