"""Association alone: milliseconds a frame by number of objects, for every preset.

usage: python -m benchmarks.association [--frames N] [--rounds N]

A crowd of boxes walks about on a 1080p picture; a tenth of the detections is missing in each frame. The figure is the
median of the rounds' means, without detector and without pictures.
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np
from rich.console import Console
from rich.table import Table

from detectors.base import Detections
from tracker.engine import Tracker
from tracker.presets import PRESETS

OBJECTS = (10, 30, 100, 300, 1000)


def crowd(objects: int, frames: int, seed: int = 0) -> list[Detections]:
    """Detections of `objects` walkers in each of `frames` frames."""
    rng = np.random.default_rng(seed)
    centres = rng.uniform((0, 0), (1920, 1080), (objects, 2))
    steps = rng.normal(0, 2, (objects, 2))
    sizes = rng.uniform(20, 40, (objects, 1)) * [1.0, 2.4]
    found = []
    for _ in range(frames):
        centres = np.mod(centres + steps, (1920, 1080))
        boxes = np.concatenate([centres - sizes / 2, centres + sizes / 2], axis=1)
        boxes += rng.normal(0, 0.5, boxes.shape)
        seen = rng.random(objects) > 0.1
        found.append(Detections(boxes[seen], rng.uniform(0.3, 0.95, objects)[seen]))
    return found


def milliseconds(preset: str, scene: list[Detections]) -> float:
    """Mean milliseconds of an update over a scene."""
    tracker = Tracker(preset)
    start = time.perf_counter()
    for detections in scene:
        tracker.update(detections)
    return 1000 * (time.perf_counter() - start) / len(scene)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    scenes = {objects: crowd(objects, arguments.frames) for objects in OBJECTS}
    rounds: dict[tuple[str, int], list[float]] = {(name, n): [] for name in PRESETS for n in OBJECTS}
    for _ in range(arguments.rounds):
        for (name, objects), times in rounds.items():
            times.append(milliseconds(name, scenes[objects]))
    table = Table("objects", *PRESETS, title="association, milliseconds a frame")
    for objects in OBJECTS:
        table.add_row(str(objects), *(f"{statistics.median(rounds[name, objects]):.2f}" for name in PRESETS))
    Console().print(table)


if __name__ == "__main__":
    main()
