"""A live run with all parts on: does its memory grow?"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from benchmarks.live.endurance import EVERY, WINDOW, follow
from benchmarks.live.stream_kinds import TsHttpServer
from benchmarks.live.viewers import free_port
from benchmarks.speed.measurement import ROOT, Measurement, ResultTable, Setting

RATE = 8  # frames a second: what leaks, leaks with every frame, and a slow stream leaves the processor to others
SETTLED = 0.1  # of the time, after which nothing may grow
MOST = 0.02  # share by which it may grow nevertheless
PLACES = ("--line", "middle:160,0,160,240", "--zone", "left:0,0,160,0,160,240,0,240", "--mask", "0,0,20,0,20,20,0,20")
READERS, SILENT = 2, 1  # viewers of the page


def measure(clip: Path, folder: Path, minutes: float) -> Measurement:
    """The clip as an endless stream; video in segments, text, events, statistics, places and the page with viewers."""
    port = free_port()
    options = [*PLACES, "--stats", str(folder / "memory.stats.json"), "--detect-every", "auto", "--view", str(port)]
    words = [str(number) for number in (port, READERS, SILENT)]
    command = [sys.executable, "-m", "benchmarks.live.page_clients", *words]
    with TsHttpServer(clip, RATE) as server, subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as viewers:
        try:
            held, frames, seconds = follow(server.url, minutes, Setting(clip, folder), options)
        finally:
            viewers.kill()
    before, after, most = growth(held)
    row = [f"{frames / seconds:.1f}", f"{before:.1f}", f"{after:.1f}", f"{after / before - 1:+.1%}", f"{most:+.1%}"]
    headings = [
        "",
        "frames a second",
        f"MB after {minutes * SETTLED:g} min",
        "MB at the end",
        "growth",
        "most, over that",
    ]
    title = f"Memory: {minutes:g} minutes of {clip.name} as a stream at {RATE} frames a second, all parts on"
    figures = {"mb": held, "frames": frames, "seconds": seconds}
    table = ResultTable(title, headings, [["run", *row]], f"Means over {WINDOW:g} minute; {MOST:.0%} is allowed.")
    return Measurement([table], figures, failed=after / before - 1 > MOST)


def growth(held: list[float]) -> tuple[float, float, float]:
    """Means of the first window after settling and of the last, and the most over the first one as a share."""
    settled, window = round(SETTLED * len(held)), max(1, round(WINDOW * 60 / EVERY))
    window = min(window, max(1, (len(held) - settled) // 2))
    before, after = float(np.mean(held[settled : settled + window])), float(np.mean(held[-window:]))
    return before, after, max(held[settled:]) / before - 1
