"""Association alone: milliseconds a frame by number of objects, for every preset and for other trackers.

usage: python -m benchmarks.speed.association [--frames N] [--rounds N] [--processor]
                                                                    (beside others: python -m benchmarks.speed)

Synthetic walkers move on a 1080p picture; a tenth of the detections is missing in each frame. The figure is the
median of the rounds' means, without detector and without pictures. With --processor only the default tracker runs, the
clock counts the processor's time alone, which other programs disturb less, and the figure is the fastest round's.
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.accuracy.sequences import DEFAULT_DETECTIONS, SequenceSet, load_sequences
from benchmarks.speed.interleaved import interleaved, ratio
from benchmarks.speed.measurement import Measurement, ResultTable, Setting, SkippedError
from benchmarks.speed.peer_process import PeerProcess, save_detections
from benchmarks.tables import print_table
from detectors.base import Detections
from tracker.association.engine import Tracker
from tracker.association.presets import DEFAULT, PRESETS

OBJECTS = (10, 30, 100, 300, 1000)
FRAMES, SMOKE_FRAMES = 60, 4

THRESHOLDS = "Each tracker has thresholds of its own, so some keep fewer tracks than others."

Scene = Sequence[Detections]
Times = dict[str, dict[str, list[float]]]
"""Tracker -> scene -> milliseconds a frame, of each round."""


def walkers(objects: int, frames: int, seed: int = 0) -> list[Detections]:
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


def milliseconds(preset: str, scene: Scene, clock: Callable[[], float] = time.perf_counter) -> float:
    """Mean milliseconds of an update over a scene."""
    tracker = Tracker(preset)
    start = clock()
    for detections in scene:
        tracker.update(detections)
    return 1000 * (clock() - start) / len(scene)


def print_processor_time(scenes: Mapping[str, Scene], rounds: int) -> None:
    """Print the default tracker's milliseconds of processor time a frame."""
    rows = [
        [objects, f"{min(milliseconds(DEFAULT, scene, time.process_time) for _ in range(rounds)):.3f}"]
        for objects, scene in scenes.items()
    ]
    print_table("Association alone: milliseconds of a processor, a frame", ["objects", DEFAULT], [rows], markdown=False)


def time_all(
    scenes: Mapping[str, Scene], rounds: int, peers: Sequence[PeerProcess] = (), folder: Path = Path()
) -> Times:
    """Every preset and every peer on every scene, in turn. folder: where peers find the scenes."""
    calls: dict[tuple[str, str], Callable[[], float]] = {}
    for number, (scene, detections) in enumerate(scenes.items()):
        calls |= {(name, scene): partial(milliseconds, name, detections) for name in PRESETS}
        for peer in peers:
            saved = save_detections(folder / f"scene{number}.npz", detections)
            calls |= {(name, scene): partial(peer.milliseconds, name, saved) for name in peer.trackers}
    found = interleaved(calls, rounds)
    names = dict.fromkeys(name for name, _ in calls)
    return {name: {scene: found[name, scene] for scene in scenes} for name in names}


def growth(times: Mapping[str, Sequence[float]]) -> float:
    """The power of the number of objects by which time grows, from 100 objects (or the fewest) to the most."""
    counts = [int(scene) for scene in times]
    low, high = (100 if 100 in counts[:-1] else counts[0]), counts[-1]
    few, many = (statistics.median(times[str(count)]) for count in (low, high))
    return math.log(many / few) / math.log(high / low)


def measure_walkers(setting: Setting) -> Measurement:
    """By the number of objects."""
    counts, frames = (OBJECTS[:2], SMOKE_FRAMES) if setting.smoke else (OBJECTS, FRAMES)
    scenes = {str(objects): walkers(objects, frames) for objects in counts}
    times = time_all(scenes, setting.rounds, setting.peers, setting.folder)
    grown = {name: growth(of) for name, of in times.items()}
    tables = make_tables("Association alone, by number of objects", times, grown)
    return Measurement(tables, {"milliseconds": times, "growth": grown}, missing(setting.peers))


def measure_sequences(setting: Setting) -> Measurement:
    """On the detections of MOTChallenge sequences."""
    if setting.mot is None:
        raise SkippedError("--mot FOLDER names the sequences, and is not given")
    sequences = load_sequences(SequenceSet(setting.mot, DEFAULT_DETECTIONS))
    scenes = {one.name: one.detections[: SMOKE_FRAMES if setting.smoke else None] for one in sequences}
    times = time_all(scenes, setting.rounds, setting.peers, setting.folder)
    lengths = [len(scene) for scene in scenes.values()]
    for of in times.values():
        of["all"] = [float(np.average(means, weights=lengths)) for means in zip(*of.values(), strict=True)]
    return Measurement(
        make_tables(f"Association alone on {setting.mot.name}", times), {"milliseconds": times}, missing(setting.peers)
    )


def missing(peers: Sequence[PeerProcess]) -> list[str]:
    """The trackers that none of the peers has, and why; nothing where there are no peers at all."""
    why = {name: reason for peer in peers for name, reason in peer.missing.items()}
    return [f"{name}: {reason}" for name, reason in why.items() if not any(name in peer.trackers for peer in peers)]


def make_tables(title: str, times: Times, grown: Mapping[str, float] | None = None) -> list[ResultTable]:
    """Milliseconds, frames a second, and the ratio to the default tracker. grown: `growth` of each tracker."""
    headings = ["tracker", *times[DEFAULT]]

    def rows(cell: Callable[[str, str], str]) -> list[list[str]]:
        return [[name, *(cell(name, scene) for scene in of)] for name, of in times.items()]

    slow = rows(lambda name, scene: f"{statistics.median(times[name][scene]):.2f}")
    fast = rows(lambda name, scene: f"{1000 / statistics.median(times[name][scene]):.0f}")
    against = rows(lambda name, scene: f"{ratio(times[name][scene], times[DEFAULT][scene]):.2f}")
    if grown:
        slow = [[*row, f"n^{grown[row[0]]:.2f}"] for row in slow]
    return [
        ResultTable(f"{title}: milliseconds a frame", [*headings, "growth"] if grown else headings, slow, THRESHOLDS),
        ResultTable("The same: frames a second", headings, fast),
        ResultTable(f"The same: its time divided by that of {DEFAULT}", headings, against),
    ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=FRAMES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--processor", action="store_true", help="processor time of the default tracker")
    arguments = parser.parse_args()
    scenes = {str(objects): walkers(objects, arguments.frames) for objects in OBJECTS}
    if arguments.processor:
        print_processor_time(scenes, arguments.rounds)
        return
    times = time_all(scenes, arguments.rounds)
    table = make_tables("Association alone, by number of objects", times, {n: growth(of) for n, of in times.items()})[0]
    print_table(table.title, table.headings, [table.rows], markdown=False)


if __name__ == "__main__":
    main()
