"""Tables of a run, read by other programs: pandas, DuckDB, SQLite, and LibreOffice without a screen.

usage: python -m benchmarks.answers.tables CLIP [--detector motion]

Whatever is not installed is left out, and said. Needs: pip install pandas duckdb openpyxl pyarrow, and soffice.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import closing
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.tables import print_circumstances, print_table
from tracker.run.track import track

WANTED = {
    "frame": "int",
    "time": "float",
    "id": "int",
    "class": "text",
    "score": "float",
    "x1": "float",
    "state": "text",
}
LINE = "middle:160,0,160,240"  # of videos/crossing.mp4
COUNTED = {"start": "float", "place": "text", "in": "int", "mean": "float"}


def kind(value: Any) -> str:
    """What a value is, in one word."""
    if isinstance(value, str):
        return "text"
    return "int" if isinstance(value, int) or float(value).is_integer() else "float"


def from_pandas(path: Path) -> tuple[int, dict[str, str]]:
    """Rows and types, as pandas has them."""
    pandas: Any = import_module("pandas")
    if path.suffix == ".sqlite":
        with closing(sqlite3.connect(path)) as database:
            frame = pandas.read_sql("SELECT * FROM tracks", database)
    else:
        frame = pandas.read_parquet(path) if path.suffix == ".parquet" else pandas.read_csv(path)
    kinds = {"i": "int", "f": "float", "O": "text", "U": "text", "T": "text"}
    return len(frame), {name: kinds.get(getattr(frame[name].dtype, "kind", "O"), "text") for name in frame.columns}


def from_duckdb(path: Path) -> tuple[int, dict[str, str]]:
    """Rows and types, as DuckDB has them."""
    duckdb: Any = import_module("duckdb")
    about = duckdb.sql(f"DESCRIBE SELECT * FROM '{path}'").fetchall()
    kinds = {"BIGINT": "int", "DOUBLE": "float", "FLOAT": "float", "VARCHAR": "text"}
    ((count,),) = duckdb.sql(f"SELECT count(*) FROM '{path}'").fetchall()
    return int(count), {row[0]: kinds.get(str(row[1]), str(row[1])) for row in about}


def from_sqlite(path: Path) -> tuple[int, dict[str, str]]:
    """Rows and types, as SQLite has them."""
    with closing(sqlite3.connect(path)) as database:
        (count,) = database.execute("SELECT count(*) FROM tracks").fetchone()
        about = database.execute("PRAGMA table_info(tracks)").fetchall()
    kinds = {"INTEGER": "int", "REAL": "float", "TEXT": "text"}
    return count, {row[1]: kinds[row[2]] for row in about}


def from_spreadsheet(path: Path) -> tuple[int, dict[str, str]]:
    """Rows and types, as LibreOffice has them after it has opened the CSV file as it is."""
    openpyxl: Any = import_module("openpyxl")
    with tempfile.TemporaryDirectory() as folder:
        command = ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", "xlsx"]
        subprocess.run([*command, "--outdir", folder, str(path)], check=True, capture_output=True, timeout=300)
        sheet = openpyxl.load_workbook(Path(folder) / f"{path.stem}.xlsx").active
        heading, *rows = sheet.iter_rows(values_only=True)
    found: dict[str, str] = {}
    for name, *column in zip(heading, *rows, strict=True):
        kinds = {kind(value) for value in column if value is not None}
        found[str(name)] = "float" if kinds == {"int", "float"} else kinds.pop() if len(kinds) == 1 else "mixed"
    return len(rows), found


READERS: tuple[tuple[str, Callable[[Path], tuple[int, dict[str, str]]], str, tuple[str, ...]], ...] = (
    ("pandas", from_pandas, "pandas", (".csv", ".parquet", ".sqlite")),
    ("DuckDB", from_duckdb, "duckdb", (".csv", ".parquet")),
    ("SQLite", from_sqlite, "sqlite3", (".sqlite",)),
    ("LibreOffice", from_spreadsheet, "openpyxl", (".csv",)),
)


def check(
    path: Path, reader: Callable[[Path], tuple[int, dict[str, str]]], rows: int, wanted: dict[str, str]
) -> list[str]:
    """How many rows there are, and how many columns have the right type."""
    found, kinds = reader(path)
    wrong = [f"{name}: {kinds.get(name)}" for name, each in wanted.items() if not fits(kinds.get(name, ""), each)]
    right = f"{len(wanted) - len(wrong)} of {len(wanted)}" + (f" ({', '.join(wrong)})" if wrong else "")
    return [path.name, f"{found} of {rows}", right]


def fits(found: str, wanted: str) -> bool:
    """Whether a type will do: numbers with empty cells are floats for some, and whole ones integers for others."""
    numbers = {"int", "float"}
    return found == wanted or (found in numbers and wanted in numbers)


def measure(clip: Path, detector: str, folder: Path) -> list[list[str]]:
    """A row for each file and reader."""
    boxes = 0
    counts = folder / "counts.csv"
    for ending in (".csv", ".parquet", ".sqlite"):
        more = {"counts": counts, "every": "2s", "line": LINE} if ending == ".csv" else {}
        run = track(clip, detector=detector, tracks=folder / f"tracks{ending}", appearance="none", **more)
        boxes = sum(len(tracks) for _, tracks in run)
    lines = len(counts.read_text(encoding="utf-8-sig").splitlines()) - 1
    rows = []
    for name, reader, needs, endings in READERS:
        if find_spec(needs) is None or (name == "LibreOffice" and shutil.which("soffice") is None):
            rows.append([name, "not installed", "", ""])
            continue
        rows += [[name, *check(folder / f"tracks{ending}", reader, boxes, WANTED)] for ending in endings]
        if ".csv" in endings:
            rows.append([name, *check(counts, reader, lines, COUNTED)])
    return rows


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path, metavar="CLIP")
    parser.add_argument("--detector", default="motion", metavar="NAME")
    parser.add_argument("--markdown", action="store_true", help="print tables in Markdown")
    arguments = parser.parse_args()
    print_circumstances()
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(arguments.clip, arguments.detector, Path(folder))
    print_table("tables", ("program", "file", "rows", "columns with the right type"), [rows], arguments.markdown)


if __name__ == "__main__":
    main()
