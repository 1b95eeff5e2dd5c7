"""One convolutional pass against the naive sliding window: `benchmarks.detection.sliding`, in its own process.

The system counts our memory as that of the commands we start, so torch must not be imported here.
"""

from __future__ import annotations

import importlib.util
import json
import sys

from benchmarks.speed.measurement import Measurement, ResultTable, Setting, SkippedError
from benchmarks.speed.processes import run

SIDE, SMOKE_SIDE = 640, 96


def measure(setting: Setting) -> Measurement:
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
    return Measurement(
        [ResultTable(f"One pass against the sliding window, {side} x {side} pixels", headings, rows, note)], found
    )
