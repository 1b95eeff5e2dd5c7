"""Latency: how old the pictures are that a consumer gets which is five times slower than its camera."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from benchmarks.live.frame_stamps import age, read_stamp
from benchmarks.live.server_process import kinds, serving
from benchmarks.speed.measurement import Measurement, ResultTable, Setting
from tracker.run.options import Options
from tracker.run.run import Run

RATE = 25  # frames a second
SLOWER = 5  # times
SECONDS, SMOKE_SECONDS = 60.0, 2.0
MOST = 2.0  # intervals between two frames that a picture may be old, besides the time that its tracking takes


class FrameAge(NamedTuple):
    """Of a tracked picture, in seconds, less the time that its tracking took.

    sent: since it was sent, as the server has written on it. came: since it came, by the source's own clock.
    """

    sent: float
    came: float


def follow(url: str, seconds: float) -> tuple[list[FrameAge], int]:
    """The ages of the tracked pictures, and the last frame's index."""
    ages: list[FrameAge] = []
    index = 0
    begin = asked = time.monotonic()
    with Run(url, Options(detector="motion")) as run:
        for frame, _ in run:
            done, sent = time.monotonic(), read_stamp(frame.image)
            worked = done - asked if index else 0.0  # the first one had to be waited for
            index = frame.index
            if sent is not None:
                ages.append(FrameAge(age(sent) - worked, run.state.latency - worked))
            if done - begin > seconds:
                break
            time.sleep(SLOWER / RATE)
            asked = time.monotonic()
    return ages, index


def measure(setting: Setting) -> Measurement:
    """Each kind of stream, one after the other."""
    there, skipped = kinds()
    seconds = SMOKE_SECONDS if setting.smoke else SECONDS
    figures, rows = {}, []
    for kind in there:
        with serving(kind, RATE) as url:
            ages, captured = follow(url, seconds)
        figures[kind] = {"ages": [[round(value, 4) for value in one] for one in ages], "captured": captured}
        rows.append([kind, f"{len(ages)} of {captured}", *_cells(ages)])
    title = f"A consumer {SLOWER} times slower than {RATE} frames a second, {seconds:.0f} s: ages of what is tracked"
    late = f"over {1000 * MOST / RATE:.0f} ms"
    headings = ["stream", "tracked", "since it was sent", "most", late, "since it came", "most", late]
    note = "Medians, and the most, less the time that the tracking took. Sent: as written on the picture."
    return Measurement([ResultTable(title, headings, rows, note)], figures, skipped)


def _cells(ages: Sequence[FrameAge]) -> list[str]:
    cells = []
    for values in zip(*ages, strict=True):
        late = sum(value > MOST / RATE for value in values)
        cells += [f"{1000 * np.median(values):.0f} ms", f"{1000 * max(values):.0f} ms", str(late)]
    return cells
