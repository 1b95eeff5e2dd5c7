"""The ground in metres: homographies against a camera with known geometry, speeds and their errors, files."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from detectors import Frame, InputError
from tests.conftest import ROOT
from tests.tracker.commands.test_cli import run
from tests.tracker.ground_plane.camera import ABOVE, CORNERS, FOCAL, HEIGHT, HORIZON, WIDTH, drive, project
from tests.tracker.writers.made_tracks import NOTHING, tracks_of
from tracker.drawing.annotator import Annotator
from tracker.ground_plane.calibration import Calibration, KnownLength, from_horizon, from_points
from tracker.ground_plane.calibration_file import load_calibration
from tracker.ground_plane.ground_tracks import GroundTracks
from tracker.ground_plane.homography import Homography
from tracker.maps.ground_sheet import GroundSheet
from tracker.regions.activity import Activity
from tracker.regions.regions import Regions
from tracker.run.options import Options
from tracker.run.run import Run

PLACES = np.random.default_rng(0).uniform([-6, 8], [6, 60], (40, 2))
DETECTIONS = ROOT / "tests" / "golden" / "crossing.det.txt"
SIZE = WIDTH, HEIGHT


def known() -> Calibration:
    return from_points("made", project(CORNERS), CORNERS)


def ground(rate: float = 25.0) -> GroundTracks:
    return GroundTracks(known(), SIZE, 1 / rate)


def test_four_points_tell_all_others() -> None:
    found = known().homography
    assert np.allclose(found.to_metres(project(PLACES)), PLACES, atol=1e-9)
    assert np.allclose(found.to_pixels(PLACES), project(PLACES), atol=1e-6)
    above = np.array([[WIDTH / 2, HORIZON[0, 1] - 5]])
    assert not found.on_ground(above).any()
    assert np.isnan(found.to_metres(above)).all()


def test_it_is_the_homography_of_opencv() -> None:
    noisy = project(PLACES) + np.random.default_rng(1).normal(0, 0.5, PLACES.shape)
    ours = Homography.fit(noisy[:4], PLACES[:4])
    theirs = cv2.getPerspectiveTransform(noisy[:4].astype(np.float32), PLACES[:4].astype(np.float32))
    assert ours is not None
    assert np.allclose(ours.matrix / ours.matrix[2, 2], theirs / theirs[2, 2], rtol=1e-3, atol=1e-6)


def test_derivatives_are_those_of_small_steps() -> None:
    found, points, step = known().homography, project(PLACES), 1e-4
    for axis in range(2):
        aside = np.eye(2)[axis] * step
        difference = (found.to_metres(points + aside) - found.to_metres(points - aside)) / (2 * step)
        assert np.allclose(found.metres_per_pixel(points)[:, :, axis], difference, rtol=1e-5, atol=1e-8)


def test_a_horizon_and_lengths_tell_the_same() -> None:
    ends = project(np.array([[0.0, 12], [0, 16.5], [-3, 12], [3, 12]]))
    lengths = [KnownLength(ends[0], ends[1], 4.5), KnownLength(ends[2], ends[3], 6.0)]
    found = from_horizon("made", HORIZON, lengths, SIZE, None)
    assert np.allclose(found.homography.to_metres(project(PLACES)), PLACES, atol=1e-4)
    degrees = float(np.rad2deg(2 * np.arctan(WIDTH / 2 / FOCAL)))
    one = from_horizon("made", HORIZON, lengths[:1], SIZE, degrees)
    assert np.allclose(one.homography.to_metres(project(PLACES)), PLACES, atol=1e-6)
    assert one.warnings == ()
    assert "field of view" in from_horizon("made", HORIZON, lengths[:1], SIZE, None).warnings[0]


@pytest.mark.parametrize("velocity", [(0.0, -50 / 3.6), (8.0, 2.0), (0.0, 1.4)])
def test_speed_without_noise_is_exact(velocity: tuple[float, float]) -> None:
    tracks, start = ground(), np.array([-5.0, 32])
    for frame, found, feet in drive(start, np.array(velocity), 1.4):
        tracks.update(frame, found, feet)
    track = tracks.tracks[1]
    assert track.kmh == pytest.approx(3.6 * np.hypot(*velocity), rel=1e-6)
    assert track.travelled == pytest.approx(1.36 * np.hypot(*velocity), abs=0.5)


def test_the_error_of_a_speed_is_as_large_as_it_says() -> None:
    velocity, off = np.array([0.3, -50 / 3.6]), []
    for seed in range(30):
        tracks = ground()
        for frame, found, feet in drive(np.array([1.5, 44.0]), velocity, 2.0, jitter=0.03, seed=seed):
            tracks.update(frame, found, feet)
            motion = tracks.tracks[1].motion
            if frame.index in (30, 50) and motion is not None:
                off.append((motion.speed - np.hypot(*velocity)) / motion.error)
    assert 0.6 < np.std(off) < 1.3
    assert abs(np.mean(off)) < 0.4


def test_what_stands_travels_nowhere() -> None:
    tracks = ground()
    for frame, found, feet in drive(np.array([1.0, 20.0]), np.zeros(2), 20.0, jitter=0.02):
        tracks.update(frame, found, feet)
    assert tracks.tracks[1].travelled < 1.5
    assert tracks.tracks[1].kmh_error is not None


def test_nobody_knows_where_a_cut_off_foot_is() -> None:
    tracks = ground()
    here = tracks_of((1, [600, 500, 700, 720], 0.9, 0), (2, [0, 300, 80, 400], 0.9, 0), (3, [600, 10, 700, 20], 0.9, 0))
    tracks.update(Frame(NOTHING, 1, 0.0), here, np.array([[650.0, 719], [40, 400], [650, 20]]))
    assert [tracks.tracks[key].place for key in (1, 2, 3)] == [None, None, None]
    near = tracks_of((4, [300, 300, 400, 400], 0.9, 0), (5, [500, 300, 600, 400], 0.9, 0))
    tracks.update(Frame(NOTHING, 2, 0.1), near, np.array([[350.0, 400], [550, 400]]))
    apart = np.linalg.norm(np.subtract(*known().homography.to_metres(np.array([[350.0, 400], [550, 400]]))))
    assert tracks.tracks[4].nearest == pytest.approx(apart)
    tracks.update(Frame(NOTHING, 3, 0.2, cut=True), tracks_of(), np.empty((0, 2)))
    assert tracks.tracks == {}


def test_whoever_is_too_fast_is_told_once() -> None:
    activity, events = Activity(Regions(size=SIZE), {0: "car"}, ground(), 45.0), []
    for frame, found, _ in drive(np.array([-5.0, 52.0]), np.array([0.0, -50 / 3.6]), 2.5, jitter=0.002):
        events += [event.as_json() for event in activity.update(frame, found)]
    (event,) = [event for event in events if event["event"] == "speed"]
    assert event["kmh"] == pytest.approx(50, rel=0.05)
    assert event["kmh"] - event["kmh_error"] > event["limit"] == 45
    slow = Activity(Regions(size=SIZE), {0: "car"}, ground(), 55.0)
    told = [slow.update(frame, found) for frame, found, _ in drive(np.array([-5.0, 52.0]), np.array([0.0, -13.9]), 2.5)]
    assert not [event for events in told for event in events if event.kind == "speed"]


def test_labels_tell_the_speed() -> None:
    activity = Activity(Regions(size=SIZE), {0: "car"}, ground())
    annotator = Annotator({0: "car"}, activity=activity)
    for frame, found, _ in drive(np.array([-5.0, 42.0]), np.array([0.0, -50 / 3.6]), 1.0):
        activity.update(frame, found)
    assert annotator._forms(1, 0, 0.9) == [("1", "car", "50", "km/h"), ("1", "50", "km/h"), ("1",)]
    assert annotator._forms(2, 0, 0.9) == [("2", "car", "0.90"), ("2", "car"), ("2",)]


def test_the_view_from_above_is_not_mirrored_and_has_a_grid() -> None:
    sheet = GroundSheet.of(known(), SIZE)
    left, right, far = sheet.places(project(np.array([[-3.0, 15], [3, 15], [-3, 35]])))
    assert left[0] < right[0]
    assert far[1] < left[1]
    assert sheet.places(np.array([[640.0, 2.0]])).shape == (0, 2)
    scene = np.full((720, 1280, 3), 200, np.uint8)
    drawn = sheet.ground(scene)
    assert drawn.shape == (sheet.height, sheet.width, 3)
    assert len(np.unique(drawn[sheet.height // 2])) > 1
    turned = from_points("made", project(CORNERS), CORNERS * (1, -1))  # y towards the camera
    a, b = GroundSheet.of(turned, SIZE).places(project(np.array([[0.0, 15], [0, 35]])))
    assert b[1] < a[1]


def write(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content))
    return path


def four_points() -> list[dict[str, Any]]:
    return [
        {"picture": pixel, "metres": metre}
        for pixel, metre in zip(project(CORNERS).tolist(), CORNERS.tolist(), strict=True)
    ]


def test_a_file_of_another_size_is_scaled(tmp_path: Path) -> None:
    path = write(tmp_path / "c.json", {"calibration": {"size": [1280, 720], "points": four_points()}, "lines": {}})
    half = load_calibration(path, (640, 360)).homography
    assert np.allclose(half.to_metres(project(PLACES) / 2), PLACES, atol=1e-6)
    with pytest.raises(InputError, match="is for pictures of 1280x720, and these are 640x480"):
        load_calibration(path, (640, 480))


def test_points_that_disagree_are_told(tmp_path: Path) -> None:
    points = [*four_points(), {"picture": [640, 500], "metres": [9, 9]}]
    found = load_calibration(write(tmp_path / "c.json", {"points": points}), SIZE)
    assert "disagree by up to" in found.warnings[0]
    assert found.error > 0.03


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("nonsense", "is no JSON object"),
        ({}, "has neither points, nor a horizon"),
        ({"points": []}, "has 0 points, and it takes four"),
        ({"points": [{"picture": [1, 2]}]}, "point 1: has no picture and metres"),
        ({"points": [{"picture": [1, "2"], "metres": [1, 2]}] * 4}, "point 1: has something that is no pair"),
        ({"points": [{"picture": [k, k], "metres": [k, 0]} for k in range(4)]}, "do not tell how the ground lies"),
        ({"points": [{"picture": [5, 5], "metres": [1, 0]}] * 4}, "do not tell how the ground lies"),
        ({"point": []}, "'point': is not known"),
        ({"horizon": [[0, 10], [90, 10]]}, "a horizon needs a length"),
        ({"horizon": [[0, 1], [0, 9]], "lengths": [1]}, "horizon: is no line from left to right"),
        ({"horizon": [[0, 9], [9, 9]], "lengths": [{"picture": [[0, 50], [9, 50]], "metres": 0}]}, "are no length"),
        (
            {"horizon": [[0, 90], [9, 90]], "lengths": [{"picture": [[0, 50], [9, 50]], "metres": 1}]},
            "over the horizon",
        ),
        ({"size": [0, 1.5], "points": []}, "size: is no width and height"),
        ({"size": [0, 720], "points": []}, "size: is no width and height"),
        ({"size": [1280, 10**400], "points": []}, "size: is no width and height"),
        ({"points": [{"picture": [1e8, 1], "metres": [1, 2]}] * 4}, "a number is too large"),
        ({"calibration": 5}, "is no JSON object"),
    ],
)
def test_bad_files_are_one_line(content: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        load_calibration(write(tmp_path / "c.json", content), SIZE)


def test_a_run_with_metres_writes_them_and_one_without_is_the_same_as_ever(crossing: Path, tmp_path: Path) -> None:
    square = [[20, 120], [300, 120], [20, 230], [300, 230]]
    points = [
        {"picture": pixel, "metres": metre}
        for pixel, metre in zip(square, [[0, 6], [10, 6], [0, 0], [10, 0]], strict=True)
    ]
    file = write(tmp_path / "c.json", {"size": [320, 240], "points": points})
    common = (crossing, "--detections", DETECTIONS, "--appearance", "none", "-o", "none", "--quiet")
    plain = ("--jsonl", tmp_path / "plain.jsonl", "--tracks", tmp_path / "plain.csv", "--events", tmp_path / "plain.ev")
    assert run(*common, *plain) == 0
    metres = ("--calibrate", file, "--jsonl", tmp_path / "m.jsonl", "--tracks", tmp_path / "m.csv")
    rest = ("--events", tmp_path / "m.ev", "--speed-over", "1", "--top-view", tmp_path / "above.png")
    assert run(*common, *metres, *rest) == 0
    tracks = [track for line in (tmp_path / "m.jsonl").read_text().splitlines() for track in json.loads(line)["tracks"]]
    assert any("kmh" in track and "metres" in track for track in tracks)
    for track in tracks:
        for name in ("metres", "kmh", "kmh_error", "travelled", "nearest"):
            track.pop(name, None)
    before = [
        track for line in (tmp_path / "plain.jsonl").read_text().splitlines() for track in json.loads(line)["tracks"]
    ]
    assert tracks == before
    with open(tmp_path / "m.csv") as file_m, open(tmp_path / "plain.csv") as file_p:
        rows, old = list(csv.DictReader(file_m)), list(csv.DictReader(file_p))
    assert [{name: row[name] for name in old[0]} for row in rows] == old
    assert {"ground_x", "ground_y", "kmh", "kmh_error", "travelled", "nearest"} == set(rows[0]) - set(old[0])
    assert any(float(row["kmh"] or 0) > 1 for row in rows)
    events = [json.loads(line) for line in (tmp_path / "m.ev").read_text().splitlines()]
    assert [event for event in events if event["event"] != "speed"] == [
        json.loads(line) for line in (tmp_path / "plain.ev").read_text().splitlines()
    ]
    assert any(event["event"] == "speed" and event["limit"] == 1.0 for event in events)
    picture = cv2.imread(str(tmp_path / "above.png"))
    assert picture is not None
    assert picture.shape[1] >= 700


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"speed_over": 50.0}, r"--speed-over: needs to know how the ground lies \(give --calibrate FILE"),
        ({"top_view": "t.png"}, "--top-view: needs to know how the ground lies"),
        ({"speed_over": -1.0, "calibrate": "c.json"}, "--speed-over -1: is not between"),
        ({"calibrate": "nothing.json"}, "nothing.json: cannot be read"),
    ],
)
def test_bad_options_are_one_line(options: dict[str, Any], message: str, crossing: Path) -> None:
    with pytest.raises(InputError, match=message), Run(crossing, Options(detections=DETECTIONS, **options)):
        pass


def test_the_camera_stands_above_the_origin_of_a_horizon() -> None:
    found = Homography.of_horizon(HORIZON, FOCAL, np.array([WIDTH, HEIGHT]) / 2, ABOVE)
    assert np.allclose(found.to_metres(project(PLACES)), PLACES, atol=1e-9)
