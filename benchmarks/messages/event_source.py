"""A run's messages without a run: events at a steady rate to a webhook and a broker, in a process of its own.

usage: python -m benchmarks.messages.event_source FOLDER RATE [--webhook URL] [--mqtt ADDRESS]

Events are numbered by their frame, from 1 on, over kills of this process too. Each number is written to FOLDER/told.txt
once its messages have been handed over, with the milliseconds that it took. It ends in order when a line comes on
standard input.
"""

from __future__ import annotations

import argparse
import itertools
import select
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path

import numpy as np

from tracker.regions.activity import Activity
from tracker.regions.events import APPEAR, Event
from tracker.regions.regions import Regions
from tracker.run.messages import Messages
from tracker.run.options import Options
from tracker.sources.base import Source

BOX = np.array([10.0, 20.0, 30.0, 80.0])
NAMES = {0: "person"}


def main(argv: Sequence[str]) -> None:
    """Tell events until a line comes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("rate", type=float, help="events a second")
    parser.add_argument("--webhook")
    parser.add_argument("--mqtt")
    given = parser.parse_args(argv)
    messages = Messages(Options(webhook=given.webhook, mqtt=given.mqtt, queue=given.folder / "queue"))
    messages.check()
    with ExitStack() as opening:
        source = Source(iter(()), "bench", 640, 480, Fraction(25))
        messages.open(opening, source, NAMES, Activity(Regions(), NAMES))
        tell_until_told(messages, given.folder / "told.txt", given.rate)
    for warning in messages.warnings:
        print(warning, file=sys.stderr)


def tell_until_told(messages: Messages, log: Path, rate: float) -> None:
    """Tell `rate` events a second until a line comes on standard input."""
    lines = log.read_text().splitlines() if log.exists() else []
    first = int(lines[-1].split()[0]) + 2 if lines else 1  # the next one may have been told before a kill
    started = time.monotonic()
    with open(log, "ab", buffering=0) as told:
        for number in itertools.count(first):
            began = time.perf_counter()
            messages.tell([Event(APPEAR, number / 25, number, number, NAMES[0], BOX)])
            told.write(f"{number} {1000 * (time.perf_counter() - began):.3f}\n".encode())
            wait = started + (number - first + 1) / rate - time.monotonic()
            if select.select([sys.stdin], [], [], max(0.0, wait))[0]:
                return


if __name__ == "__main__":
    main(sys.argv[1:])
