"""Tables of tracks and counts: types, what is there while a run goes on and after a kill, and later runs."""

from __future__ import annotations

import csv
import json
import re
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from detectors import Frame, InputError
from detectors.extras import install_extra
from tests.conftest import ROOT
from tests.tracker.commands.test_cli import run
from tests.tracker.writers.made_tracks import NOTHING, tracks_of
from tracker.regions.activity import Activity
from tracker.regions.option_text import parse_zones
from tracker.regions.regions import Regions
from tracker.run.run import Run
from tracker.tables.count_table import COUNT_COLUMNS, CountTable
from tracker.tables.csv_table import CsvTable
from tracker.tables.interval_counts import IntervalCounts
from tracker.tables.intervals import Intervals
from tracker.tables.track_rows import TRACK_COLUMNS, TrackRows
from tracker.tables.track_table import TrackTable, open_table

TRUTH = str(ROOT / "videos" / "crossing.txt")
NAMES = {0: "person", 1: "Müller, KG"}
MORNING = datetime(2026, 3, 1, 7, 42, 0, 310_000, tzinfo=timezone.utc)
FORMATS = ("csv", "sqlite", "parquet")


@pytest.fixture(params=FORMATS)
def ending(request: pytest.FixtureRequest) -> str:
    if request.param == "parquet":
        pytest.importorskip("pyarrow")
    return str(request.param)


def read(path: Path) -> list[dict[str, Any]]:
    """The rows of a table, values as the format has them."""
    if path.suffix == ".csv":
        with open(path, encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))
    if path.suffix == ".sqlite":
        with closing(sqlite3.connect(path)) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute("SELECT * FROM tracks")]
    import pyarrow.parquet

    return list(pyarrow.parquet.read_table(path).to_pylist())


def activity() -> Activity:
    zones = parse_zones(["Hof; 1:0,0,50,0,50,90,0,90", "yard:0,0,60,0,60,90,0,90"], {})
    return Activity(Regions(zones=zones, size=(100, 100)), NAMES)


def write(path: Path, frames: int = 2, live: bool = False, new: bool = True, first: int = 1) -> TrackTable:
    """A table with some frames, not yet closed."""
    known = activity()
    clock = (lambda time: MORNING + timedelta(seconds=time)) if live else None
    table = TrackTable(
        open_table(path, live, new, [*NAMES.values()]), lambda number: TrackRows(NAMES, known, clock, number)
    )
    for index in range(first, first + frames):
        frame = Frame(NOTHING, index, index / 10)
        tracks = tracks_of((3, [10, 20, 40, 80], 0.75, 0), (1, [0, 0, 5.5, 6.25], 1, 1)) if index > 1 else tracks_of()
        known.update(frame, tracks)
        table.write(frame, tracks)
    return table


def test_a_row_a_box(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"t.{ending}"
    with write(path):
        pass
    first, second = read(path)
    assert tuple(first) == tuple(column.name for column in TRACK_COLUMNS)
    plain = {"frame": 2, "time": 0.2, "id": 3, "class": "person", "score": 0.75, "run": 1, "state": "detected"}
    box = {"x1": 10.0, "y1": 20.0, "x2": 40.0, "y2": 80.0, "foot_x": 25.0, "foot_y": 80.0}
    for name, value in (plain | box).items():
        assert first[name] == (str(value) if ending == "csv" else value), name
    assert second["class"] == "Müller, KG"
    zones = {"csv": "Hof; 1; yard", "sqlite": '["Hof; 1", "yard"]', "parquet": ["Hof; 1", "yard"]}
    assert first["zones"] == zones[ending]
    assert not first["at_utc"]


def test_live_runs_add_to_a_table_and_have_numbers(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"t.{ending}"
    for _ in range(3):
        with write(path, live=True):
            pass
    rows = read(path)
    assert [int(row["run"]) for row in rows] == [1, 1, 2, 2, 3, 3]
    moment = MORNING + timedelta(seconds=0.2)
    assert rows[0]["at_utc"] == (moment if ending == "parquet" else "2026-03-01 07:42:00.510")


def test_what_is_no_such_table_is_not_added_to(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"t.{ending}"
    there = path / "part-000001.parquet" if ending == "parquet" else path
    there.parent.mkdir(exist_ok=True)
    there.write_text("name,phone\nAnna,5\n")
    with pytest.raises(InputError, match=r"other columns|no table of tracks"), write(path, live=True):
        pass
    assert there.read_text() == "name,phone\nAnna,5\n"


def test_a_killed_run_leaves_whole_tables(ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("sqlite_table", "parquet_table"):
        monkeypatch.setattr(f"tracker.tables.{module}.PERIOD", 0.0)
    path = tmp_path / f"t.{ending}"
    going = write(path, frames=6)  # and never closed
    rows = read(path.with_name(path.name + ".parts") if ending == "parquet" else path)
    assert len(rows) == 10
    assert int(rows[-1]["frame"]) == 6
    if ending == "parquet":
        with pytest.raises(InputError, match=r"has what an interrupted run wrote \(move it away, or add --overwrite"):
            write(path)
    going.__exit__(None, None, None)
    assert len(read(path)) == 10
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_parquet_has_types_and_joins_its_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr("tracker.tables.parquet_table.ROWS", 4)
    path = tmp_path / "t.parquet"
    with write(path, frames=9):
        parts = tmp_path / "t.parquet.parts"
        assert len(list(parts.iterdir())) == 4
    table = parquet.read_table(path)
    assert table["frame"].to_pylist() == [frame for frame in range(2, 10) for _ in "ab"]
    types = {field.name: str(field.type) for field in table.schema}
    assert (types["frame"], types["score"], types["class"]) == ("int64", "double", "string")
    assert (types["at_utc"], types["zones"][:4]) == ("timestamp[ms, tz=UTC]", "list")


def test_a_heading_with_other_letters_has_a_mark_for_excel(tmp_path: Path) -> None:
    for names, mark in (({0: "person"}, b""), (NAMES, b"\xef\xbb\xbf")):
        path = tmp_path / f"{len(names)}.csv"
        table = open_table(path, False, True, [*names.values()])
        table.write([])
        table.close()
        assert path.read_bytes().startswith(mark + b"frame,time")


def test_without_pyarrow_one_line_tells(monkeypatch: pytest.MonkeyPatch, crossing: Path, tmp_path: Path) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match=re.escape(f"pyarrow is not installed ({install_extra('tables')}, or")):
        open_table(tmp_path / "t.parquet", False, True, [])


def test_a_count_that_was_killed_is_added_by_the_next_run(tmp_path: Path) -> None:
    def going() -> CountTable:
        intervals = Intervals(60, lambda time: MORNING + timedelta(seconds=time))
        table = CsvTable(tmp_path / "c.csv", COUNT_COLUMNS, grow=True)
        counts = CountTable(table, IntervalCounts(intervals, [], [], True), intervals, True, clock=lambda: 0.0)
        for index in range(10):
            counts.write(Frame(NOTHING, index, 1.0 * index), tracks_of())
        return counts

    killed = going()
    killed._save()  # as every few seconds
    killed._table.close()  # as the system does
    with going():
        pass
    rows = read(tmp_path / "c.csv")
    assert [row["observed"] for row in rows] == ["9.0", "9.0"]
    assert [row["place"] for row in rows] == ["picture", "picture"]
    assert list(tmp_path.iterdir()) == [tmp_path / "c.csv"]


def test_a_run_counts_its_walkers_by_interval(crossing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    options = ["--detections", TRUTH, "--appearance", "none", "--line", "middle:160,0,160,240", "-o", "none"]
    tables = ["--tracks", "t.csv", "--counts", "c.csv", "--every", "2s", "--jsonl", "o.jsonl"]
    assert run(crossing, *options, *tables, "--quiet") == 0
    rows = read(Path("c.csv"))
    lines = [row for row in rows if row["place"] == "line" and row["class"] == "all"]
    assert [(row["in"], row["out"]) for row in lines] == [("0", "0"), ("0", "0"), ("1", "3"), ("0", "0"), ("0", "0")]
    boxes = [track for line in Path("o.jsonl").read_text().splitlines() for track in json.loads(line)["tracks"]]
    assert [int(row["id"]) for row in read(Path("t.csv"))] == [track["id"] for track in boxes]
    assert run(crossing, *options, *tables, "--quiet") == 1, "nothing is overwritten"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tracks": "t.txt"}, "--tracks t.txt: does not tell its format"),
        ({"counts": "c.parquet"}, "counts are written as CSV .name it c.csv"),
        ({"every": "1h"}, "--every: is about the table of --counts"),
        ({"every": "2d", "counts": "c.csv"}, "--every 2d: is more than a day"),
        ({"every": "soon", "counts": "c.csv"}, "--every soon: is no length of time"),
        ({"tracks": "c.csv", "counts": "c.csv"}, "is asked for twice"),
    ],
)
def test_bad_tables_are_one_line(options: dict[str, Any], message: str, crossing: Path) -> None:
    from tracker.run.options import Options

    with pytest.raises(InputError, match=message), Run(crossing, Options(detections=TRUTH, **options)):
        pass
