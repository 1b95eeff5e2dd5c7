"""A stream that breaks off again and again: does the run come back, and do the objects keep their numbers?"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.live.lanes import LANES, lane_of, pictures
from benchmarks.live.runs import read_lines, running, wait_for
from benchmarks.live.servers import KINDS, kinds
from benchmarks.live.streams import StreamServer
from benchmarks.parts import Found, Setting, Sheet

RATE = 25  # frames a second
DROPS = 10
SHORTEST, LONGEST = 1.0, 5.0  # seconds
BETWEEN = 6.0  # seconds from one to the next
SETTLED = 2.5  # seconds of the stream after which everybody has a number
SHORT = 2.0  # seconds of a gap over which numbers have to be kept


class Gap(NamedTuple):
    """Between two frames. lasted: seconds. kept, there: objects with the same number on both sides, and all of them."""

    lasted: float
    kept: int
    there: int


def measure(setting: Setting) -> Found:
    """A run for each kind of stream."""
    there, skipped = kinds()
    evenly = np.linspace(SHORTEST, LONGEST, 1 if setting.smoke else DROPS)
    lengths = np.random.default_rng(0).permutation(evenly).round(2).tolist()
    rows, figures = [], {}
    for kind in there[:1] if setting.smoke else there:
        alive, gaps = follow(kind, lengths, setting.folder)
        figures[kind] = {"drops": lengths, "gaps": gaps, "alive": alive}
        short = [gap for gap in gaps if gap.lasted < SHORT]
        kept = sum(gap.kept == gap.there for gap in short)
        delay = np.median([gap.lasted - length for gap, length in zip(gaps, lengths, strict=False)])
        cells = [f"{len(gaps)} of {len(lengths)}", "yes" if alive else "no", f"{delay:.2f} s"]
        people = f"{sum(gap.kept for gap in gaps)} of {sum(gap.there for gap in gaps)}"
        rows.append([kind, *cells, f"{kept} of {len(short)}", people])
    title = f"{len(lengths)} drops of {SHORTEST:g} to {LONGEST:g} s in one run, nobody listening meanwhile"
    headings = ["stream", "came back", "alive", "longer by", f"all ids kept, gaps under {SHORT:g} s", "ids, all gaps"]
    note = "Longer by: from the end of the drop to the first frame, median. A gap is that between two frames."
    return Found([Sheet(title, headings, rows, note)], figures, skipped)


def follow(kind: str, lengths: Sequence[float], folder: Path) -> tuple[bool, list[Gap]]:
    """Whether the run was alive at the end, and the gaps in its frames."""
    lines, log = folder / "drops.jsonl", folder / "drops.log"
    lines.unlink(missing_ok=True)
    with KINDS[kind](partial(pictures, RATE), RATE) as server:
        options: list[str | Path] = ["--detector", "motion", "--output", "none", "--jsonl", lines]
        with running([server.url, *options], log) as process:
            wait_for("objects", lambda: _settled(lines, 0.0), process, log)
            for length in lengths:
                drop(server, length)
                seen = len(read_lines(lines))
                wait_for("return", lambda: len(read_lines(lines)) > seen, process, log)  # noqa: B023
                back = read_lines(lines)[-1]["time"]
                wait_for("objects", lambda: _settled(lines, back), process, log)  # noqa: B023
            return process.poll() is None, gaps_in(read_lines(lines))


def drop(server: StreamServer, seconds: float) -> None:
    """End all connections, and take no new ones for a while."""
    server.refuse()
    server.drop()
    time.sleep(seconds)
    server.accept()


def _settled(lines: Path, since: float) -> bool:
    found = read_lines(lines)
    return bool(found) and found[-1]["time"] > since + max(SETTLED, BETWEEN * bool(since))


def gaps_in(lines: Sequence[dict[str, Any]]) -> list[Gap]:
    """The gaps of more than half a second, with who was there before and after."""
    times = np.array([line["time"] for line in lines])
    found = []
    for before in np.flatnonzero(np.diff(times) > SHORTEST / 2):
        old = numbers(lines, times[before] - 1.0, times[before])
        new = numbers(lines, times[before + 1], times[before + 1] + 1.0)
        kept = sum(new.get(lane) == number for lane, number in old.items())
        found.append(Gap(float(times[before + 1] - times[before]), kept, len(old)))
    return found


def numbers(lines: Sequence[dict[str, Any]], start: float, end: float) -> dict[int, int]:
    """Lane -> the number that its object had most of the time."""
    votes = np.zeros((len(LANES), 1 + max((track["id"] for line in lines for track in line["tracks"]), default=0)))
    for line in lines:
        if start <= line["time"] <= end:
            for track in line["tracks"]:
                lane = lane_of(np.array(track["box"]))
                if lane is not None:
                    votes[lane, track["id"]] += 1
    return {lane: int(votes[lane].argmax()) for lane in range(len(LANES)) if votes[lane].any()}
