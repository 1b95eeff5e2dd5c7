"""Which frames are detected in, and what becomes of the others."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.base import Detections, Frame
from tests import scenes
from tests.conftest import ROOT
from tests.tracker.commands.test_cli import run
from tests.tracker.motion.test_camera_estimate import LOOKS, STILL, Scene, motion, walkers
from tracker import track
from tracker.association.engine import Tracker
from tracker.association.presets import PRESETS
from tracker.association.tracks import Tracks
from tracker.evaluation.evaluate import evaluate
from tracker.evaluation.ground_truth import load_ground_truth
from tracker.motion.camera_estimate import EstimatedCameraMotion
from tracker.motion.propagation import Propagator
from tracker.run.detection import DetectionStage
from tracker.run.detection_interval import LONGEST, ROUNDING, AdaptiveInterval, FixedInterval, make_interval
from tracker.run.measurements import Measurements
from tracker.run.pipeline import track_frames
from tracker.run.tracking import TrackingStage

GOLDEN = ROOT / "tests" / "golden"
DETECTIONS = GOLDEN / "crossing.det.txt"
NOTHING = np.empty((0, 0, 3), np.uint8)
RATE = 25


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


class Scripted:
    """A detector that finds what it is told, and notes where it is asked."""

    name = "scripted"
    class_names: Mapping[int, str] = {}
    suppressed, concurrent = True, False

    def __init__(self, found: Sequence[Detections]) -> None:
        self.asked = list[int]()
        self._found = found

    def __call__(self, frame: Frame) -> Detections:
        self.asked.append(frame.index)
        return self._found[frame.index - 1]


def people(*lefts: float, score: float = 0.9) -> Detections:
    boxes = [[left, 50.0, left + 40, 150] for left in lefts]
    return Detections(np.array(boxes), np.full(len(lefts), score))


def frames_at(times: Sequence[float], cuts: Sequence[int] = ()) -> list[Frame]:
    return [Frame(NOTHING, index, time, index in cuts) for index, time in enumerate(times, start=1)]


def asked(found: Sequence[Detections], times: Sequence[float], cuts: Sequence[int] = ()) -> tuple[list[int], Tracker]:
    """The frames that ``auto`` detects in."""
    detector, tracker = Scripted(found), Tracker()
    detection = DetectionStage(detector, interval=AdaptiveInterval(tracker, None))
    for _ in track_frames(frames_at(times, cuts), detection, TrackingStage(tracker)):
        pass
    return detector.asked, tracker


def steady(count: int, rate: float = RATE) -> list[float]:
    return [index / rate for index in range(count)]


@pytest.mark.parametrize(("every", "expected"), [(1, range(1, 8)), (2, [1, 3, 5, 7]), (3, [1, 4, 5]), (9, [1, 5])])
def test_every_nth_begins_anew_with_each_shot(every: int, expected: Sequence[int]) -> None:
    cadence = FixedInterval(every)
    assert [frame.index for frame in frames_at(steady(7), cuts=[5]) if cadence(frame)] == list(expected)


def test_a_fixed_cadence_needs_nobody_to_track() -> None:
    detector = Scripted([people(10)] * 10)
    detection = DetectionStage(detector, interval=FixedInterval(4))
    pairs = list(detection.over(frames_at(steady(10)), Measurements()))
    assert [found is not None for _, found in pairs] == [True, False, False, False] * 2 + [True, False]
    assert detector.asked == [1, 5, 9]


def test_steady_objects_are_looked_at_as_seldom_as_newcomers_allow() -> None:
    found, _ = asked([people(10, 200)] * 60, steady(60))
    gaps = np.diff(found)
    assert 4 <= gaps.max() <= LONGEST * RATE
    assert len(found) < 60 / 3


def test_at_few_frames_a_second_there_is_nothing_to_skip() -> None:
    assert asked([people(10)] * 20, steady(20, rate=7))[0] == list(range(1, 21))
    assert len(asked([people(10)] * 20, steady(20, rate=60))[0]) < 10


def test_a_newcomer_is_confirmed_in_the_next_frame() -> None:
    stream = [people(10)] * 40 + [people(10, 200)] * 80
    found, tracker = asked(stream, steady(120, rate=200))  # so fast that nothing else asks for a detection
    first = next(index for index in found if index > 40)
    assert np.diff([index for index in found if index <= first]).max() > 10
    assert found[found.index(first) + 1] == first + 1
    assert tracker.confirmed_count == 2


def test_a_box_whose_points_are_lost_is_looked_for() -> None:
    scene, ((box, _), *_) = Scene(), walkers(0)
    detector, tracker, propagator = Scripted([Detections(box[None], np.array([0.9]))] * 40), Tracker(), Propagator()
    frames = [
        Frame(scene.picture(STILL, [(box, LOOKS[max(index - 11, 0) % 4])]), index + 1, index / 60)
        for index in range(40)  # from the thirteenth on it looks different in each
    ]
    detection = DetectionStage(detector, interval=AdaptiveInterval(tracker, propagator))
    for _ in track_frames(frames, detection, TrackingStage(tracker, propagator=propagator)):
        pass
    before, after = ([index for index in detector.asked if (index <= 12) == early] for early in (True, False))
    assert len(before) <= 2
    assert np.diff(after).max() < LONGEST * 60 - 2


def test_a_lost_track_is_looked_for_again_after_as_long_as_it_was_out_of_sight() -> None:
    tracker = Tracker()
    for index in range(4):
        tracker.update(people(10, 200) if index < 3 else people(10), index / RATE)
    cadence = AdaptiveInterval(tracker, None)
    assert cadence(Frame(NOTHING, 4, 3 / RATE))  # the first that it is asked about; one track was lost there
    assert cadence(Frame(NOTHING, 5, 4 / RATE))
    tracker.update(people(10), 4 / RATE)
    assert not cadence(Frame(NOTHING, 6, 5 / RATE))
    tracker.propagate(5 / RATE)
    assert cadence(Frame(NOTHING, 7, 6 / RATE))  # out of sight for two frames, two frames later


def test_a_cut_is_detected_in() -> None:
    found, _ = asked([people(10)] * 30, steady(30), cuts=[9, 11, 26])
    assert {1, 9, 11, 26} <= set(found)


steps = st.lists(st.floats(1e-3, 1.0), min_size=1, max_size=30)


@given(steps, st.integers(0, 2**32 - 1))
@settings(deadline=None, derandomize=True, max_examples=50)
def test_no_time_without_a_look_is_longer_than_it_has_to_be(steps: list[float], seed: int) -> None:
    rng = np.random.default_rng(seed)
    stream = [
        people(*rng.uniform(0, 600, rng.integers(0, 4)), score=rng.uniform(0.2, 1)) for _ in range(len(steps) + 1)
    ]
    times = np.concatenate([[0.0], np.cumsum(steps)]).tolist()
    found, _ = asked(stream, times)
    assert found[0] == 1
    for before, after in pairwise(found):
        assert after == before + 1 or times[after - 2] - times[before - 1] <= LONGEST + ROUNDING


@pytest.mark.parametrize("every", [3, "auto"])
@pytest.mark.parametrize("preset", PRESETS)
def test_tracks_between_detections_are_there_and_marked(crossing: Path, preset: str, every: int | str) -> None:
    options: dict[str, Any] = {"detections": DETECTIONS, "tracker": preset, "appearance": "none"}
    before: Tracks | None = None
    frames = carried_frames = 0
    for _, tracks in track(crossing, detect_every=every, **options):
        assert tracks.carried.all() or not tracks.carried.any()
        assert np.isfinite(tracks.boxes).all()
        assert (tracks.boxes[:, 2:] >= tracks.boxes[:, :2]).all()
        if tracks.carried.any():
            assert before is not None
            assert tracks.track_ids.tolist() == before.track_ids.tolist()
            carried_frames += 1
        before, frames = tracks, frames + 1
    assert frames == scenes.CROSSING_FRAMES
    assert carried_frames > 25


def test_in_every_frame_is_what_it_was(crossing: Path) -> None:
    motion = ("--detections", DETECTIONS, "--appearance", "none", "-o", "none", "--quiet")
    assert run(crossing, *motion, "--detect-every", "1", "--mot", "out.txt") == 0
    assert Path("out.txt").read_text() == (GOLDEN / "crossing.keeptrack.txt").read_text()


def hota(rows: Path) -> float:
    Path("gt/crossing/gt").mkdir(parents=True, exist_ok=True)
    lines = (ROOT / "videos" / "crossing.txt").read_text().splitlines()
    text = "".join(f"{','.join(line.split(',')[:6])},1,1,1\n" for line in lines)
    Path("gt/crossing/gt/gt.txt").write_text(text)
    ini = f"[Sequence]\nname=crossing\nframeRate=12\nseqLength={scenes.CROSSING_FRAMES}\n"
    Path("gt/crossing/seqinfo.ini").write_text(ini)
    truths = load_ground_truth(Path("gt"))
    return evaluate(truths, {"crossing": np.loadtxt(rows, delimiter=",", ndmin=2)[:, :6]}).combined.hota


def test_carrying_by_pictures_holds_what_motion_alone_loses(crossing: Path) -> None:
    Path("det").write_text("\n".join(scenes.detection_lines(scenes.CROSSING, scenes.CROSSING_FRAMES)))
    scores = {}
    for every in ("1", "4", "auto"):
        options = ["--detections", "det", "--appearance", "none", "-o", "none", "--quiet", "--detect-every", every]
        assert run(crossing, *options, "--mot", f"{every}.txt") == 0
        scores[every] = hota(Path(f"{every}.txt"))
    assert scores["1"] > 95
    assert scores["4"] > scores["1"] - 15
    assert scores["auto"] > scores["1"] - 5


def test_what_is_carried_is_told_in_the_files(crossing: Path) -> None:
    options = ("--detections", DETECTIONS, "--appearance", "none", "-o", "none", "--quiet")
    assert run(crossing, *options, "--detect-every", "3", "--jsonl", "out.jsonl") == 0
    marked = 0
    for line in map(json.loads, Path("out.jsonl").read_text().splitlines()):
        for each in line["tracks"]:
            assert each.get("carried", False) is ((line["index"] - 1) % 3 != 0)
            assert "filled" not in each
            marked += "carried" in each
    assert marked > 100
    short = ("--detector", "sliding", "--detect-every", "3", "--max-frames", "10", "-o", "none", "--quiet")
    assert run(crossing, *short, "--stats", "out.json") == 0
    assert json.loads(Path("out.json").read_text())["detector_calls"] == 4


def test_offline_too(crossing: Path) -> None:
    motion = ("--detections", DETECTIONS, "--appearance", "none", "-o", "none", "--quiet", "--offline")
    assert run(crossing, *motion, "--detect-every", "3", "--jsonl", "out.jsonl", "--mot", "out.txt") == 0
    kinds = set[tuple[bool, str]]()
    for line in map(json.loads, Path("out.jsonl").read_text().splitlines()):
        for each in line["tracks"]:
            mark = next((name for name in ("carried", "filled") if name in each), "seen")
            kinds.add(((line["index"] - 1) % 3 == 0, mark))
    assert (True, "seen") in kinds
    assert (False, "carried") in kinds
    assert (False, "seen") not in kinds
    assert (True, "carried") not in kinds


def test_without_pictures_motion_alone_carries() -> None:
    Path("walk").mkdir()
    Path("walk/seqinfo.ini").write_text("[Sequence]\nname=walk\nframeRate=25\nseqLength=40\n")
    rows = "".join(f"{frame},-1,{3 * frame},50,40,100,0.9,-1,-1,-1\n" for frame in range(1, 41))
    Path("walk/det.txt").write_text(rows)
    found = list(track("walk", detections="walk/det.txt", detect_every=4))
    assert all(tracks.track_ids.tolist() == [1] for _, tracks in found)
    assert sum(bool(tracks.carried[0]) for _, tracks in found) == 30
    for frame, tracks in found[8:]:
        np.testing.assert_allclose(tracks.boxes[0, 0], 3 * frame.index, atol=1.5)


def test_there_is_a_cadence_for_each_wish() -> None:
    tracker, propagator = Tracker(), Propagator()
    assert make_interval(1, tracker, propagator) is make_interval("1", tracker, propagator) is None
    assert isinstance(make_interval("4", tracker, propagator), FixedInterval)
    assert isinstance(make_interval("auto", tracker, propagator), AdaptiveInterval)


def test_a_moving_camera_is_followed_through_frames_without_detections() -> None:
    scene, frames, found = Scene(), list[Frame](), list[Detections]()
    for index in range(24):
        things = sorted(walkers(index), key=lambda thing: float(thing[0][3]))  # who stands lower stands in front
        boxes = np.array([box for box, _ in things])
        frames.append(Frame(scene.picture(motion(9.0, -4.0), things), index + 1, index / RATE))
        found.append(Detections(boxes, np.full(len(boxes), 0.9)))
    tracker, propagator = Tracker(), Propagator()
    tracking = TrackingStage(tracker, camera=EstimatedCameraMotion(), propagator=propagator)
    tracks_of = track_frames(frames, DetectionStage(Scripted(found), interval=FixedInterval(4)), tracking)
    for frame, tracks in tracks_of:
        true = found[frame.index - 1].boxes
        assert tracks.track_ids.tolist() == [1, 2, 3, 4]
        distance = np.abs(tracks.boxes[:, None] - true[None]).max(axis=2).min(axis=0)
        assert distance.max() < 2.5
