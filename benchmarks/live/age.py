"""A consumer that is five times slower than its camera: how old the picture is that it gets."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from benchmarks.live.servers import kinds, serving
from benchmarks.live.stamps import age, read_stamp
from benchmarks.parts import Found, Setting, Sheet
from tracker import track

RATE = 25  # frames a second
SLOWER = 5  # times
SECONDS, SMOKE_SECONDS = 60.0, 2.0
MOST = 2.0  # intervals between two frames that a picture may be old, besides the time that its tracking takes


def follow(url: str, seconds: float) -> tuple[list[float], int]:
    """Age of each tracked picture less the time that its tracking took, in seconds, and the last frame's index.

    The age is read off the picture itself, on which the server has written when it was sent.
    """
    ages: list[float] = []
    index = 0
    begin = asked = time.monotonic()
    for frame, _ in track(url, detector="motion"):
        done, sent = time.monotonic(), read_stamp(frame.image)
        if sent is not None:
            ages.append(age(sent) - (done - asked if ages else 0.0))
        index = frame.index
        if done - begin > seconds:
            return ages, index
        time.sleep(SLOWER / RATE)
        asked = time.monotonic()
    return ages, index


def measure(setting: Setting) -> Found:
    """Each kind of stream, one after the other."""
    there, skipped = kinds()
    seconds = SMOKE_SECONDS if setting.smoke else SECONDS
    found = {}
    for kind in there:
        with serving(kind, RATE) as url:
            ages, captured = follow(url, seconds)
        found[kind] = {"ages": [round(value, 4) for value in ages], "captured": captured}
    limit = MOST / RATE
    rows = [_row(kind, one["ages"], one["captured"], limit) for kind, one in found.items()]  # type: ignore[arg-type]
    title = f"A consumer {SLOWER} times slower than {RATE} frames a second, {seconds:.0f} s"
    headings = ["stream", "tracked", "captured", "age, median", "99 %", "most", f"over {1000 * limit:.0f} ms"]
    note = "Age: from the moment of sending, as written on the picture, less the time that its tracking took."
    return Found([Sheet(title, headings, rows, note)], found, skipped)


def _row(kind: str, ages: Sequence[float], captured: int, limit: float) -> list[str]:
    late = sum(value > limit for value in ages)
    values = (np.median(ages), np.quantile(ages, 0.99), max(ages))
    return [kind, str(len(ages)), str(captured), *(f"{1000 * value:.0f} ms" for value in values), str(late)]
