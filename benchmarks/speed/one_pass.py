"""The sliding detector's one pass against the naive window: `benchmarks.detection.sliding`, in a process of its own.

Ours stays without it: the system counts a process's memory as that of the commands which it starts.
"""

from __future__ import annotations

import importlib.util
import json
import sys

from benchmarks.speed.parts import Found, Setting, Sheet, SkippedError
from benchmarks.speed.processes import run

SIDE, SMOKE_SIDE = 640, 96


def measure(setting: Setting) -> Found:
    """The table of trunks."""
    if importlib.util.find_spec("torchvision") is None:
        raise SkippedError("there is no torch here (pip install 'keeptrack[train]')")
    side = SMOKE_SIDE if setting.smoke else SIDE
    path = setting.folder / "sliding.json"
    options = ["--trunks", "lenet5"] if setting.smoke else []
    rounds = ["--rounds", str(setting.rounds), "--side", str(side), "--json", str(path)]
    run([sys.executable, "-m", "benchmarks.detection.sliding", *rounds, *options], setting.folder / "sliding.log")
    found = json.loads(path.read_text(encoding="utf-8"))
    headings = ["", "window, stride", "windows", "one pass, ms", "naive, ms", "ratio"]
    rows = [
        [
            name,
            f"{one['window']}, {one['stride']}",
            f"{one['windows']}",
            f"{one['one pass, ms']:.1f}",
            f"{one['naive, ms']:.0f}",
            f"{one['ratio']:.0f}",
        ]
        for name, one in found.items()
    ]
    note = "At the trunk's own stride; the ratio is the naive window's time divided by that of one pass."
    return Found([Sheet(f"One pass against the sliding window, {side} x {side} pixels", headings, rows, note)], found)
