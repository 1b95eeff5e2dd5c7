"""A run of half an hour: does it keep up, and does its memory grow?"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.live.background_run import read_lines, running, wait_for
from benchmarks.live.stream_kinds import TsHttpServer
from benchmarks.speed.measurement import Measurement, ResultTable, Setting, SkippedError

RATE = 25  # frames a second
MINUTES, SMOKE_MINUTES = 30.0, 0.1
SETTLED = 2.0  # minutes after which nothing may grow
WINDOW = 1.0  # minutes over which memory is averaged
EVERY = 1.0  # seconds between two samples


def measure(setting: Setting) -> Measurement:
    """The clip as an endless stream, with everything written that can be."""
    if not Path("/proc/self/statm").exists():
        raise SkippedError("there is no /proc, which tells what memory a process holds")
    minutes = SMOKE_MINUTES if setting.smoke else MINUTES
    with TsHttpServer(setting.clip, RATE) as server:
        held, frames, seconds = follow(server.url, minutes, setting)
    figures = {"mb": held, "frames": frames, "seconds": seconds}
    settled, window = round(SETTLED * 60 / EVERY), round(WINDOW * 60 / EVERY)
    settled = min(settled, len(held) // 2)
    before, after = np.mean(held[settled : settled + window]), np.mean(held[-window:])
    growth, most = after / before - 1, max(held[settled:]) / before - 1
    row = [f"{frames / seconds:.1f}", f"{before:.1f}", f"{after:.1f}", f"{growth:+.1%}", f"{most:+.1%}"]
    title = f"{minutes:g} minutes of {setting.clip.name} as a stream at {RATE} frames a second"
    after_minutes = f"after {SETTLED:g} min"
    headings = ["", "frames a second", f"MB {after_minutes}", "MB at the end", "growth", "most, over that"]
    note = f"Means over {WINDOW:g} minute. Written: segments of a minute, JSONL, MOT, events; the page is served."
    return Measurement([ResultTable(title, headings, [["run", *row]], note)], figures)


def follow(
    url: str, minutes: float, setting: Setting, more: Sequence[str] = ("--view", "127.0.0.1:0")
) -> tuple[list[float], int, float]:
    """Megabytes held by a run, a value every second; frames, and the seconds between the first and the last.

    more: options of the run, beside those of the files that it writes.
    """
    folder = setting.folder
    lines, log = folder / "endurance.jsonl", folder / "endurance.log"
    files: list[str | Path] = [
        "-o",
        folder / "endurance.mp4",
        "--segment",
        "1min",
        "--jsonl",
        lines,
        "--mot",
        folder / "endurance.txt",
    ]
    files += ["--events", folder / "endurance.events.jsonl", *more]
    model: list[str | Path] = [] if setting.model is None else ["--detector", setting.model]
    held = []
    with running([url, *model, *files], log) as process:
        wait_for("frames", lambda: lines.exists() and lines.stat().st_size > 0, process, log)
        end = time.monotonic() + 60 * minutes
        while time.monotonic() < end:
            wait_for("run", lambda: True, process, log)
            held.append(resident_mb(process.pid))
            time.sleep(EVERY)
    written = read_lines(lines)
    return held, len(written), written[-1]["time"] - written[0]["time"]


def resident_mb(process: int) -> float:
    """Memory that a process holds."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * 4096 / 1e6
