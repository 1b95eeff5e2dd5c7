"""Crossings of a line by quarter of a minute, beside those that a person has counted in the pictures.

usage: python -m benchmarks.answers.counts CLIP... [--detector NAME] [--offline]

CLIP: one-by-one-person.mp4 and car-detection.mp4, the sample videos of Intel's IoT developer kit. The counts by eye are
of 29 November 2026, from pictures of each passage.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from benchmarks.tables import print_circumstances, print_table
from detectors import InputError
from tracker.run.track import track


class ByEye(NamedTuple):
    """line: NAME:X1,Y1,X2,Y2. into, out: seconds at which somebody crosses it."""

    line: str
    into: tuple[float, ...]
    out: tuple[float, ...]


CLIPS = {
    "one-by-one-person": ByEye("door:590,255,590,432", (), (19.2, 44.2, 69.2, 86.0, 119.2, 135.1)),
    "car-detection": ByEye("road:20,200,520,200", (15.8, 26.0), (7.0, 17.7)),
}
EVERY = 15


def measured(clip: Path, line: str, **options: str | bool) -> dict[int, tuple[int, int]]:
    """In and out by interval, from the table that a run writes."""
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "counts.csv"
        for _ in track(clip, line=line, counts=table, every=f"{EVERY}s", **options):
            pass
        with table.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["place"] == "line" and row["class"] == "all"]
    return {round(float(row["start"])): (int(row["in"]), int(row["out"])) for row in rows}


def rows_of(clip: Path, **options: str | bool) -> list[list[str]]:
    """A row for each interval."""
    eye = CLIPS[clip.stem]
    rows = []
    for start, found in measured(clip, eye.line, **options).items():
        counted = [sum(start <= time < start + EVERY for time in times) for times in (eye.into, eye.out)]
        same = "" if tuple(counted) == found else "differs"
        rows.append([clip.stem, f"{start} to {start + EVERY} s", *map(str, counted), *map(str, found), same])
    return rows


def main() -> None:
    """Print a table for each clip."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", nargs="+", type=Path, metavar="CLIP")
    parser.add_argument("--detector", default="auto", metavar="NAME")
    parser.add_argument("--offline", action="store_true")
    parser.add_argument("--markdown", action="store_true", help="print tables in Markdown")
    arguments = parser.parse_args()
    print_circumstances()
    headings = ("clip", "interval", "in by eye", "out by eye", "in", "out", "")
    for clip in arguments.clips:
        if clip.stem not in CLIPS:
            sys.exit(f"error: {clip}: nobody has counted in it (give {' or '.join(CLIPS)})")
        try:
            rows = rows_of(clip, detector=arguments.detector, offline=arguments.offline)
        except InputError as error:
            sys.exit(f"error: {error}")
        print_table(f"{clip.stem}, {arguments.detector}", headings, [rows], arguments.markdown)


if __name__ == "__main__":
    main()
