"""Heat maps and trails: seconds in their places, groups, long runs, and files that are there however a run ends."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from detectors import Frame, InputError
from detectors.base import Image
from tests.conftest import ROOT
from tests.tracker.commands.test_cli import run
from tests.tracker.writers.made_tracks import NOTHING, tracks_of
from tracker.maps.background import Background
from tracker.maps.colour_scale import ROUND_COUNTS, ROUND_SECONDS, ColourScale, duration
from tracker.maps.grouping import CLASS, NO_ZONE, TIME, ZONE, Grouping
from tracker.maps.heat_map import CELL, SPREAD, HeatMap
from tracker.maps.journeys import MOST_POINTS, Journey, Journeys
from tracker.maps.layers import MOST, OTHERS, Layers
from tracker.maps.map_files import MapFiles, RunMap
from tracker.maps.sheet import Sheet
from tracker.maps.time_spans import TimeSpans
from tracker.maps.trail_map import COLOURS, TrailMap, add_path, smooth
from tracker.regions.activity import Activity
from tracker.regions.option_text import parse_zones
from tracker.regions.regions import Regions
from tracker.run.options import Options
from tracker.run.run import Run
from tracker.run.track import track

DETECTIONS = ROOT / "tests" / "golden" / "crossing.det.txt"
NAMES = {0: "person", 1: "car"}
SHEET = Sheet.of(960, 540)


def activity(*zones: str) -> Activity:
    return Activity(Regions(zones=parse_zones(list(zones), {}), size=(960, 540)), NAMES)


def walk(known: Activity, boxes: dict[int, list[tuple[float, float]]], class_id: int = 0, rate: float = 10) -> Journeys:
    """Journeys of objects whose feet take these places, a frame each."""
    journeys = Journeys(known, 960, 1 / rate)
    for index in range(max(map(len, boxes.values()))):
        rows = [
            (key, [feet[index][0] - 5, feet[index][1] - 30, feet[index][0] + 5, feet[index][1]], 0.9, class_id)
            for key, feet in boxes.items()
            if index < len(feet)
        ]
        frame, tracks = Frame(NOTHING, index + 1, index / rate), tracks_of(*rows)
        known.update(frame, tracks)
        journeys.update(frame, tracks)
    return journeys


def grouping(by: str | None, until: float = 1.0) -> Grouping:
    spans = TimeSpans()
    spans.reach(0.0)
    spans.reach(until)
    return Grouping(by, NAMES, spans)


def test_a_path_holds_all_seconds_in_few_points() -> None:
    rng = np.random.default_rng(0)
    journey = Journey(0, step=2.0)
    for index in range(50_000):
        journey.add(index / 10, 100 + rng.normal(0, 3), 100 + rng.normal(0, 3), 0.1)
    assert len(journey.points) <= 2 * MOST_POINTS
    assert math.isclose(journey.rows()[:, 3].sum(), 5000, rel_tol=1e-9)
    assert len(list(journey.parts())) == 1


def test_a_path_is_parted_where_nobody_was_seen() -> None:
    journey = Journey(0, step=2.0)
    for time in (0.0, 0.1, 0.2, 9.0, 9.1):
        journey.add(time, 100 * time, 50, 0.1)
    assert [part[:, 0].tolist() for part in journey.parts()] == [[0.0, 0.1, 0.2], [9.0, 9.1]]


def test_journeys_end_with_a_cut_and_after_a_minute() -> None:
    known = activity()
    journeys = Journeys(known, 960, 0.1)
    here = tracks_of((1, [0, 0, 10, 20], 0.9, 0))
    assert journeys.update(Frame(NOTHING, 1, 0.0), here) == []
    assert journeys.update(Frame(NOTHING, 2, 59.0), tracks_of()) == []
    assert len(journeys.update(Frame(NOTHING, 3, 61.0), here)) == 1
    assert len(journeys.update(Frame(NOTHING, 4, 61.1, cut=True), tracks_of())) == 1
    assert list(journeys.going) == []


def test_the_heat_of_a_place_is_the_seconds_spent_there() -> None:
    heat = HeatMap(SHEET, grouping(None), "made")
    journeys = walk(activity(), {1: [(480.0, 270.0)] * 50})
    for journey in journeys.going:
        heat.add(journey)
    (layer,) = heat._layers.listed()
    smeared = heat._smeared(layer.grid)
    row, column = np.unravel_index(int(smeared.argmax()), smeared.shape)
    assert (abs(column * CELL - 480), abs(row * CELL - 270)) <= (CELL, CELL)
    assert smeared.max() == pytest.approx(5.0, rel=0.05)
    away = round(3 * SPREAD * 960 / CELL)
    assert smeared[row, column + away] < 0.1


def test_groups_are_classes_zones_and_spans_of_time() -> None:
    known = activity("left:0,0,400,0,400,540,0,540", "right:500,0,960,0,960,540,500,540")
    journeys = walk(known, {1: [(20.0 * i, 300.0) for i in range(45)], 2: [(450.0, 300.0 + i) for i in range(45)]})
    first, second = journeys.going
    assert grouping(CLASS).groups(first, True) == ["person"]
    assert set(grouping(ZONE).groups(first, True)) == {"left", "right"}
    assert grouping(ZONE).groups(first, False) == ["left"]
    assert grouping(ZONE).groups(second, True) == [NO_ZONE]
    by_time = grouping(TIME, 4.4)
    parts = list(by_time.parts(first, True))
    assert [start for start, _ in parts] == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert by_time.name(3.0) == "0:03 to 0:04"
    assert all(np.allclose(before[-1], after[0]) for (_, before), (_, after) in pairwise(parts))


def test_spans_of_time_grow_and_what_was_summed_stays() -> None:
    spans, layers = TimeSpans(), Layers(2, 2)
    for time in range(100):
        if spans.reach(float(time)):
            layers.merge(spans.start_of)
        layers.grid(spans.start_of(float(time)))[0, 0] += 1
    assert spans.length == 15
    assert [(layer.group, layer.grid[0, 0]) for layer in layers.listed()] == [
        *((15.0 * k, 15.0) for k in range(6)),
        (90.0, 10.0),
    ]


def test_spans_of_a_camera_stand_on_the_clock() -> None:
    start = datetime(2026, 3, 1, 7, 58, 30).astimezone()
    spans = TimeSpans(lambda time: start + timedelta(seconds=time))
    for time in (0.0, 3000.0):
        spans.reach(time)
    assert spans.length == 300
    assert [spans.name(spans.start_of(time)) for time in (0.0, 90.0)] == ["07:55 to 08:00", "08:00 to 08:05"]


def test_many_groups_become_others() -> None:
    layers = Layers(1, 1)
    for number in range(60):
        layers.grid(f"class {number}")[0, 0] += 100 - number
        layers.count(f"class {number}")
    found = layers.listed()
    assert len(found) == MOST
    assert (found[0].group, found[-1].group) == ("class 0", OTHERS)
    assert sum(layer.grid[0, 0] for layer in found) == sum(100 - number for number in range(60))
    assert sum(layer.objects or 0 for layer in found) == 60


def test_a_scale_is_logarithmic_where_it_has_to_be() -> None:
    even = ColourScale.fit(np.linspace(1, 10, 50, dtype=np.float32), 0.1)
    assert not even.logarithmic
    assert [words for _, words in even.marks(ROUND_SECONDS, duration)] == ["0 s", "2 s", "4 s", "6 s", "8 s", "10 s"]
    uneven = ColourScale.fit(np.array([1.0] * 50 + [200.0], np.float32), 0.1)
    assert uneven.logarithmic
    marks = uneven.marks(ROUND_COUNTS, str)
    assert [words for _, words in marks] == ["1", "2", "5", "10", "20", "50", "100", "200"]
    assert marks[-1][0] == pytest.approx(1.0)
    assert np.allclose(uneven.shares(np.array([uneven.low, uneven.high], np.float32)), [0, 1], atol=1e-6)
    assert ColourScale.fit(np.zeros(4, np.float32), 0.1).shares(np.zeros(1, np.float32))[0] < 0
    assert [duration(seconds) for seconds in (0.03, 30, 180, 10800, 172800)] == [
        "0.03 s",
        "30 s",
        "3 min",
        "3 h",
        "2 d",
    ]


def test_a_path_counts_once_where_it_leads_twice() -> None:
    grid = np.zeros((100, 100), np.float32)
    add_path(grid, np.array([[10.0, 50.0], [90.0, 50.0], [10.0, 50.0]]), 2)
    assert grid.max() == pytest.approx(1.0)
    assert (grid[49:51, 20:80] > 0.5).all()
    add_path(grid, np.array([[-500.0, 50.0], [500.0, 50.0]]), 2)
    assert grid.max() == pytest.approx(2.0)
    add_path(grid, np.array([[-500.0, -50.0]]), 2)
    assert np.allclose(smooth(np.array([[float(i), 0.0] for i in range(9)]))[2:-2, 0], range(2, 7))


def test_trails_have_the_colours_of_their_groups() -> None:
    trails = TrailMap(SHEET, grouping(CLASS), "made")
    person = walk(activity(), {1: [(100.0 + 10 * i, 100.0) for i in range(40)]})
    car = walk(activity(), {1: [(100.0 + 10 * i, 400.0) for i in range(40)]}, class_id=1)
    for journey in person.going:
        trails.add(journey)
    picture = trails.draw(np.zeros((540, 960, 3), np.uint8), car.going)
    assert picture.shape[1] == 960
    for row, colour in ((100, COLOURS[0]), (400, COLOURS[1])):
        seen = picture[row, 300].astype(float)
        assert np.abs(seen / seen.max() - np.array(colour) / max(colour)).max() < 0.05
    assert not picture[250, 300].any()


def test_the_background_forgets_who_passes() -> None:
    background = Background(Sheet.of(960, 540))
    for index in range(40):
        image = np.full((540, 960, 3), 100, np.uint8)
        image[:, 20 * index : 20 * index + 20] = 250
        background.update(Frame(image, index, index * 1.0))
        background.update(Frame(np.zeros_like(image), index, index + 0.5))  # too soon after it
    assert np.abs(background.picture.astype(int) - 100).max() < 10


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_map_is_written_every_minute_and_at_the_end(tmp_path: Path) -> None:
    clock, path, spans = Clock(), tmp_path / "m.png", TimeSpans()
    heat = HeatMap(SHEET, Grouping(TIME, NAMES, spans), "made")
    files = MapFiles({path: heat}, Journeys(activity(), 960, 0.1), Background(SHEET), spans, True, clock)
    with files:
        files.write(Frame(NOTHING, 1, 0.0), tracks_of((1, [0, 0, 10, 20], 0.9, 0)))
        assert not path.exists()
        clock.now = 61
        files.write(Frame(NOTHING, 2, 61.0), tracks_of((1, [0, 0, 10, 20], 0.9, 0)))
        first = path.read_bytes()
        files.write(Frame(NOTHING, 3, 61.1), tracks_of((2, [500, 400, 600, 500], 0.9, 0)))
    assert path.read_bytes() != first
    assert list(tmp_path.iterdir()) == [path]


def test_maps_of_a_scene_without_tracks_are_empty(tmp_path: Path) -> None:
    scene = np.full((SHEET.height, SHEET.width, 3), 90, np.uint8)
    spans, clock = TimeSpans(), Clock()
    maps: dict[Path, RunMap] = {
        tmp_path / "heat.png": HeatMap(SHEET, Grouping(None, NAMES, spans), "made"),
        tmp_path / "trails.png": TrailMap(SHEET, Grouping(None, NAMES, spans), "made"),
    }
    background = Background(SHEET)
    with MapFiles(maps, Journeys(activity(), 960, 0.1), background, spans, new=True, clock=clock) as files:
        for index in range(3):
            clock.now = 61.0 * index  # a save after each frame
            files.write(Frame(np.full((540, 960, 3), 90, np.uint8), index + 1, index / 10), tracks_of())
    for path in maps:
        picture = cv2.imread(str(path))
        assert picture is not None
        assert (picture[: SHEET.height] == SHEET.ground(scene)).all()


def test_a_run_draws_its_maps_however_it_ends(crossing: Path, tmp_path: Path) -> None:
    for name, by in (("a", None), ("b", "time"), ("c", "zone")):
        options: dict[str, Any] = {"heatmap": tmp_path / f"{name}.png", "trails": tmp_path / f"{name}t.png"}
        run_of = track(
            crossing, detections=DETECTIONS, appearance="none", map_by=by, zone="all:0,0,320,0,320,240", **options
        )
        if by == "time":  # somebody stops in the middle of it
            next(run_of)
            run_of.close()
        else:
            assert len(list(run_of)) == 110
        for path in options.values():
            picture: Image = cv2.imread(str(path))  # type: ignore[assignment]
            assert picture.shape[1] == 960


def test_maps_need_no_pictures_but_their_size(tmp_path: Path) -> None:
    (tmp_path / "det").mkdir()
    (tmp_path / "det" / "det.txt").write_bytes(DETECTIONS.read_bytes())
    about = "[Sequence]\nname=made\nframeRate=10\nseqLength=110\n"
    (tmp_path / "seqinfo.ini").write_text(f"{about}imWidth=320\nimHeight=240\n")
    options = ("--detections", DETECTIONS, "-o", "none", "--quiet", "--heatmap", tmp_path / "h.png")
    assert run(tmp_path, *options) == 0
    assert (tmp_path / "h.png").stat().st_size > 1000


def test_an_interrupted_run_changes_no_result(crossing: Path, tmp_path: Path) -> None:
    files = [tmp_path / "a.txt", tmp_path / "b.txt"]
    common = ("--detections", DETECTIONS, "--appearance", "none", "-o", "none", "--quiet")
    assert run(crossing, *common, "--mot", files[0]) == 0
    assert run(crossing, *common, "--mot", files[1], "--trails", tmp_path / "t.png") == 0
    assert files[0].read_bytes() == files[1].read_bytes()
    assert run(crossing, *common, "--trails", tmp_path / "t.png") == 1, "nothing is overwritten"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"heatmap": "h.jpg"}, r"--heatmap h.jpg: is written as PNG \(name it h.png\)"),
        ({"trails": "t.png", "map_by": "colour"}, "--map-by colour: no such groups"),
        ({"map_by": "time"}, "--map-by: is about --heatmap and --trails"),
        ({"heatmap": "h.png", "trails": "h.png"}, "is asked for twice"),
    ],
)
def test_bad_maps_are_one_line(options: dict[str, Any], message: str, crossing: Path) -> None:
    with pytest.raises(InputError, match=message), Run(crossing, Options(detections=DETECTIONS, **options)):
        pass
