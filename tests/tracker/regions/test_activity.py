"""What happened to whom, and when: events of made-up tracks."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest

from detectors import Frame, InputError
from tests.tracker.writers.made_tracks import NOTHING, tracks_of
from tracker.association.tracks import Return
from tracker.drawing.regions import RegionPainter
from tracker.regions import presence
from tracker.regions.activity import Activity
from tracker.regions.events import Event
from tracker.regions.regions import Regions
from tracker.writers.events import EventWriter

REGIONS = Regions(
    lines={"door": np.array([[100.0, 0], [100, 300]])},
    zones={"hall": np.array([[0.0, 0], [100, 0], [100, 300], [0, 300]])},
)


def told(events: list[Event]) -> list[tuple[object, ...]]:
    return [(event.kind, event.track_id, event.time) for event in events]


def see(activity: Activity, time: float, *rows: tuple[int, float], cut: bool = False) -> list[Event]:
    """Shows tracks of (id, x of the foot)."""
    tracks = tracks_of(*((track_id, [x - 10, 50, x + 10, 90], 0.9, 0) for track_id, x in rows))
    return activity.update(Frame(NOTHING, round(10 * time) + 1, time, cut), tracks)


def test_objects_appear_leave_and_return() -> None:
    activity = Activity(Regions(), {0: "person"})
    assert told(see(activity, 0.0, (1, 50))) == [("appear", 1, 0.0)]
    assert told(see(activity, 0.1, (1, 50), (2, 90))) == [("appear", 2, 0.1)]
    assert see(activity, 1.0, (2, 90)) == see(activity, 2.0, (2, 90)) == []
    (left,) = see(activity, 2.2, (2, 90))
    assert (left.kind, left.track_id, left.time, left.frame, left.seconds) == ("leave", 1, 0.1, 2, 0.1)
    assert told(see(activity, 5.0, (1, 60), (2, 90))) == [("return", 1, 5.0)]
    assert told(activity.tick(6.9)) == []
    assert told(activity.tick(20.0)) == [("leave", 1, 5.0), ("leave", 2, 5.0)]
    assert activity.tick(21.0) == activity.finish() == []


@pytest.mark.parametrize("away", [48.0, 1e5])
def test_a_return_says_why_it_is_the_same_however_long_it_took(away: float) -> None:
    activity = Activity(Regions(), {2: "car"})
    see(activity, 0.0, (1, 50))
    see(activity, 0.1)
    assert told(see(activity, away - 1.0)) == [("leave", 1, 0.0)]
    tracks = replace(tracks_of((1, [40, 50, 60, 90], 0.9, 2)), returns=(Return(1, away, "looks", 0.8712),))
    (back,) = activity.update(Frame(NOTHING, 2, away), tracks)
    found = back.as_json()
    assert (found["event"], found["away"], found["by"], found["similarity"]) == ("return", away, "looks", 0.871)


def test_at_a_cut_and_at_the_end_everybody_leaves() -> None:
    activity = Activity(REGIONS, {0: "person"})
    see(activity, 0.0, (1, 50), (2, 150))
    events = see(activity, 0.5, (3, 150), cut=True)
    assert told(events) == [("exit", 1, 0.0), ("leave", 1, 0.0), ("leave", 2, 0.0), ("appear", 3, 0.5)]
    assert not any(event.end for event in events)
    (last,) = activity.finish()
    assert (last.kind, last.track_id, last.end) == ("leave", 3, True)


def test_who_is_seen_in_a_zone_is_known_without_waiting_for_an_exit() -> None:
    activity = Activity(REGIONS, {0: "person"})
    see(activity, 0.0, (1, 50), (2, 30), (3, 150))
    assert activity.seen_in_zones() == {"hall": 2}
    assert see(activity, 0.1, (1, 50), (3, 150)) == [], "track 2 may be hidden for a moment"
    assert (activity.seen_in_zones(), activity.zone_counts()["hall"]["inside"]) == ({"hall": 1}, 2)
    see(activity, 0.2, (1, 50), (2, 30))
    assert activity.seen_in_zones() == {"hall": 2}
    see(activity, 0.3, (1, 190), (2, 30))
    assert activity.seen_in_zones() == {"hall": 1}, "track 1 walked out"
    see(activity, 0.4)
    assert (activity.seen_in_zones(), activity.zone_counts()["hall"]["inside"]) == ({"hall": 0}, 1)
    assert ("exit", 2, 0.3) in told(see(activity, 2.5)), "events wait as before"


def test_the_number_beside_a_zone_is_of_those_in_the_frame() -> None:
    pictures = []
    for rows in (((1, 50), (2, 30)), ((1, 50),)):  # two objects of which one is hidden at once, and one alone
        activity = Activity(REGIONS, {0: "person"})
        see(activity, 0.0, *rows)
        see(activity, 0.1, (1, 50))
        picture = np.zeros((300, 400, 3), np.uint8)
        RegionPainter(activity).draw_above(picture)
        pictures.append(picture)
    assert pictures[0].any()
    assert np.array_equal(pictures[0], pictures[1])


def test_few_frames_a_second_make_nobody_leave_in_between() -> None:
    activity = Activity(Regions(), {})
    for time in range(0, 50, 5):
        events = see(activity, float(time), (1, 50)) + activity.tick(time + 4.9)
        assert told(events) == ([("appear", 1, 0.0)] if time == 0 else [])
    assert told(activity.tick(61.0)) == [("leave", 1, 45.0)]


def test_an_interruption_of_the_source_does_not_make_us_patient() -> None:
    activity = Activity(Regions(), {})
    for index in range(50):
        see(activity, index / 10, (1, 50))
    assert told(activity.tick(7.0)) == [("leave", 1, 4.9)]
    assert told(see(activity, 60.0, (1, 50))) == [("return", 1, 60.0)]
    assert told(activity.tick(62.1)) == [("leave", 1, 60.0)]


def test_the_last_who_left_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "REMEMBERED", 100)
    activity = Activity(Regions(), {})
    for index in range(300):
        see(activity, float(index), (index + 1, 50))
    assert len(activity.presence.present) + len(activity.presence._left) < 105
    activity.tick(400.0)
    assert told(see(activity, 1e4, (250, 50), (150, 90))) == [("appear", 150, 1e4), ("return", 250, 1e4)]


def test_nobody_crosses_a_line_by_a_cut() -> None:
    activity = Activity(REGIONS, {})
    see(activity, 0.0, (1, 50))
    assert [event.kind for event in see(activity, 0.1, (1, 150), cut=True)] == ["exit", "leave", "return"]
    assert [event.kind for event in see(activity, 0.2, (1, 50))] == ["cross", "enter"]


def test_crossings_and_visits_are_told_and_counted() -> None:
    activity = Activity(REGIONS, {0: "person", 1: "dog"})
    events = [event for time, x in enumerate((50, 80, 130, 150)) for event in see(activity, float(time), (1, x))]
    assert [(event.kind, event.time, event.line, event.direction, event.zone, event.dwell) for event in events] == [
        ("appear", 0.0, None, None, None, None),
        ("enter", 0.0, None, None, "hall", None),
        ("cross", 2.0, "door", "out", None, None),
        ("exit", 2.0, None, None, "hall", 2.0),
    ]
    see(activity, 4.0, (1, 60))
    see(activity, 5.0, (1, 60), (2, 20))
    assert activity.totals() == {"door": {"in": 1, "out": 1}, "hall": {"inside": 2, "entries": 3}}
    assert activity.zone_counts() == {"hall": {"inside": 2, "entries": 3, "mean_dwell": 1.0, "max_dwell": 2.0}}
    assert activity.report()["lines"]["door"]["classes"] == {"person": {"in": 1, "out": 1}}
    assert activity.dwells(1) == {"hall": 1.0}
    assert told(activity.tick(9.0)) == [("exit", 1, 5.0), ("leave", 1, 5.0), ("exit", 2, 5.0), ("leave", 2, 5.0)]
    assert activity.zone_counts()["hall"] == {"inside": 0, "entries": 3, "mean_dwell": 1.0, "max_dwell": 2.0}


def event(time: float = 1.5, **details: object) -> Event:
    return Event("leave", time, 16, 4, "person", np.array([1.0, 2, 3.456, 4]), seconds=1.23456, **details)  # type: ignore[arg-type]


def test_a_line_of_the_log(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    noon = datetime(2030, 1, 1, 12, 0, 0, tzinfo=timezone(timedelta(hours=2)))
    with EventWriter(path, lambda seconds: noon + timedelta(seconds=seconds)) as writer:
        writer.write([])
        assert path.read_text() == ""
        writer.write([event(), event(end=True)])
        lines = [json.loads(line) for line in path.read_text().splitlines()]  # while it is open
    assert list(lines[0].items()) == [
        ("time", 1.5),
        ("at", "2030-01-01T12:00:01.500+02:00"),
        ("frame", 16),
        ("event", "leave"),
        ("id", 4),
        ("class", "person"),
        ("box", [1.0, 2.0, 3.46, 4.0]),
        ("seconds", 1.235),
    ]
    assert lines[1] == lines[0] | {"end": True}


def test_a_log_goes_on_and_other_files_begin_anew(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    for append, count in ((False, 1), (True, 2), (False, 1)):
        with EventWriter(path, append=append) as writer:
            writer.write([event()])
        assert path.read_text().count("\n") == count
    assert json.loads(path.read_text()).keys().isdisjoint({"at", "run"})


def test_each_run_that_adds_to_a_log_has_a_number(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    for count in (1, 2):
        with EventWriter(path, append=True) as writer:
            writer.write([event()] * count)
    with path.open("a") as file:
        file.write('{"time": 7, "ru')  # killed in the middle of a line
    with EventWriter(path, append=True) as writer:
        writer.write([event()])
    lines = path.read_text().splitlines()
    assert [json.loads(lines[at])["run"] for at in (0, 1, 2, 4)] == [1, 2, 2, 3]


def test_a_log_of_before_runs_had_numbers_is_the_first(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"time": 7, "event": "leave"}\n')
    with EventWriter(path, append=True) as writer:
        writer.write([event()])
    assert json.loads(path.read_text().splitlines()[1])["run"] == 2


def test_a_log_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="log: cannot be written"), EventWriter(tmp_path / "nowhere" / "log") as writer:
        writer.write([event()])
