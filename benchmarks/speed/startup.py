"""How long it takes to begin: the help, and the first annotated frame, each from the start of a new process.

The first frame is the whole command on a clip of one frame, until its video is closed and holds that frame. Files that
were read before are in the system's memory, as they are for whoever runs a command twice.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

from benchmarks.speed.interleaved import interleaved, ratio
from benchmarks.speed.measurement import Measurement, ResultTable, Setting
from benchmarks.speed.peer_process import peer_environment
from benchmarks.speed.processes import KEEPTRACK, Cost, run
from benchmarks.speed.whole_run import PEER, track, track_by_ultralytics, why_no_peer
from detectors import InputError
from tracker.sources import open_source
from tracker.writers.h264 import VideoFormat
from tracker.writers.video import VideoWriter

PYTHON, HELP, FIRST, THEIR_HELP, THEIR_FIRST = (
    "python, doing nothing",
    "keeptrack --help",
    "keeptrack, first frame",
    "yolo help",
    "ultralytics track, first frame",
)


def measure(setting: Setting) -> Measurement:
    """The times, as ratios to Python itself and to ours."""
    clip, log = cut_first_frame(setting.clip, setting.folder / "first.mp4"), setting.folder / "startup.log"
    calls: dict[str, Callable[[], Cost]] = {
        PYTHON: partial(run, [sys.executable, "-c", "pass"], log),
        HELP: partial(run, [*KEEPTRACK, "--help"], log),
        FIRST: partial(first_frame, setting, clip),
    }
    skipped = []
    if why := why_no_peer(setting):
        skipped.append(f"{PEER}: {why}")
    elif setting.yolo is not None:
        calls[THEIR_HELP] = partial(run, [setting.yolo, "help"], log, setting.folder, peer_environment(setting.folder))
        calls[THEIR_FIRST] = lambda: track_by_ultralytics(setting, clip).cost
    costs = interleaved(calls, setting.rounds)
    figures = {name: [asdict(cost) for cost in rounds] for name, rounds in costs.items()}
    return Measurement([make_table(costs)], figures, skipped)


def first_frame(setting: Setting, clip: Path) -> Cost:
    """Our command on a clip of one frame. Raises InputError when its video does not hold that."""
    cost = track(setting, clip).cost
    written = setting.folder / "ours" / "tracked.mp4"
    if (count := sum(1 for _ in open_source(written).frames)) != 1:
        raise InputError(written, f"holds {count} frames instead of one", "look at what the command prints")
    return cost


def cut_first_frame(clip: Path, target: Path) -> Path:
    """Write the first frame of a clip as a clip of its own. Raises InputError when there is none."""
    source = open_source(clip)
    with VideoWriter(target, VideoFormat(source.frame_rate, source.time_base)) as video:
        for frame in source.frames:
            video.write(frame.image, 0.0)
            return target
    raise InputError(clip, "has no frames", "give a clip that has")


def make_table(costs: Mapping[str, Sequence[Cost]]) -> ResultTable:
    """Rows of medians; theirs is compared with ours of the same kind."""
    ours = {HELP: HELP, FIRST: FIRST, THEIR_HELP: HELP, THEIR_FIRST: FIRST}
    seconds = {name: [cost.seconds for cost in rounds] for name, rounds in costs.items()}
    rows = [
        [
            name,
            f"{1000 * statistics.median(seconds[name]):.0f}",
            f"{1000 * statistics.median(cost.cpu for cost in rounds):.0f}",
            f"{ratio(seconds[name], seconds[PYTHON]):.1f}",
            f"{ratio(seconds[name], seconds[ours[name]]):.2f}" if name in ours else "",
        ]
        for name, rounds in costs.items()
    ]
    return ResultTable(
        "From a cold start, of a new process",
        ["", "milliseconds", "CPU milliseconds", "times Python's", "times keeptrack's"],
        rows,
        "The first frame: until its annotated video is written and closed.",
    )
