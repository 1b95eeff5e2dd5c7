"""The whole command, from a clip to an annotated video, in turn with that of ultralytics.

Our default also runs without appearance, with the detector on some frames only, and with the detector inside the
package. ultralytics tracks with ByteTrack and saves its video. What is not named is left to each one's defaults.
"""

from __future__ import annotations

import json
import shutil
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.speed.interleaved import interleaved, ratio
from benchmarks.speed.measurement import Measurement, ResultTable, Setting
from benchmarks.speed.peer_process import peer_environment
from benchmarks.speed.processes import KEEPTRACK, Cost, processors, run

OURS, PEER = "keeptrack", "ultralytics track"
OWN = "keeptrack, its own detector"  # beside the model that both can use
VARIANTS: dict[str, tuple[str, ...]] = {
    OURS: (),
    "keeptrack --appearance none": ("--appearance", "none"),
    "keeptrack --detect-every auto": ("--detect-every", "auto"),
    "keeptrack --detect-every auto --appearance none": ("--detect-every", "auto", "--appearance", "none"),
}
SMOKE_FRAMES = 12


@dataclass(frozen=True)
class Ran:
    """What a command took, the size of its video, and, of ours, what it says in --stats."""

    cost: Cost
    video_mb: float
    stats: Mapping[str, Any] = field(default_factory=dict)


Figure = Callable[[Ran], float]
Runs = Mapping[str, Sequence[Ran]]
"""Command -> how it went in each round."""


def measure(setting: Setting) -> Measurement:
    """The commands, their processor time, and the stages."""
    part = ("--max-frames", str(SMOKE_FRAMES)) if setting.smoke else ()
    calls = {name: partial(track, setting, setting.clip, (*options, *part)) for name, options in VARIANTS.items()}
    if setting.model:
        calls[OWN] = partial(track, replace(setting, model=None), setting.clip, part)
    skipped = []
    if why := why_no_peer(setting):
        skipped.append(f"{PEER}: {why}")
    else:
        calls[PEER] = partial(track_by_ultralytics, setting, setting.clip)
    runs = interleaved(calls, setting.rounds)
    figures = {name: [asdict(ran) | {"limit": ran.cost.limit} for ran in rounds] for name, rounds in runs.items()}
    return Measurement(make_tables(setting, runs), figures, skipped)


def track(setting: Setting, clip: Path, options: Sequence[str] = ()) -> Ran:
    """Run our command once, from an empty folder."""
    folder = _empty(setting.folder / "ours")
    detector = ["--detector", str(setting.model)] if setting.model else []
    outputs = ["-o", str(folder / "tracked.mp4"), "--stats", str(folder / "stats.json"), "--quiet"]
    cost = run([*KEEPTRACK, clip, *detector, *outputs, *options], setting.folder / "ours.log")
    stats = json.loads((folder / "stats.json").read_text(encoding="utf-8"))
    return Ran(cost, _megabytes(folder / "tracked.mp4"), stats)


def track_by_ultralytics(setting: Setting, clip: Path) -> Ran:
    """Run their command once, from an empty folder."""
    assert setting.yolo is not None
    folder = _empty(setting.folder / "ultralytics")
    what = [f"model={setting.model}", f"source={clip}", "tracker=bytetrack.yaml", "save=True", "verbose=False"]
    where = [f"project={folder}", "name=saved", "exist_ok=True"]
    environment = peer_environment(setting.folder)
    cost = run([setting.yolo, "track", *what, *where], setting.folder / "ultralytics.log", folder, environment)
    return Ran(cost, sum(map(_megabytes, (folder / "saved").iterdir())))


def why_no_peer(setting: Setting) -> str:
    """What keeps the other command from running; "" if nothing."""
    if setting.yolo is None:
        return "--peers names no Python that has it"
    return "" if setting.model else "--model names no detector that both can use"


def make_tables(setting: Setting, runs: Runs) -> list[ResultTable]:
    """Ratios are to the other command where it has run, else to our default."""
    frames, base = runs[OURS][0].stats["frames"], PEER if PEER in runs else OURS
    detector = setting.model.name if setting.model else "the package's own detector"
    clip = f"{setting.clip.name}, {frames} frames, {_megabytes(setting.clip):.1f} MB, {detector}"
    return [
        ResultTable(
            f"The whole command: {clip}",
            ["", "seconds", "ratio", "frames/s", "memory, MB", "ratio", "video, MB", "ratio"],
            _rows(
                runs,
                lambda name: [
                    *_compared(runs, name, base, lambda ran: ran.cost.seconds, ".2f"),
                    _median(runs[name], lambda ran: frames / ran.cost.seconds, ".1f"),
                    *_compared(runs, name, base, lambda ran: ran.cost.peak_mb, ".0f"),
                    *_compared(runs, name, base, lambda ran: ran.video_mb, ".1f"),
                ],
            ),
            f"Ratios: divided by {base} in the same round. From the start of the process to its end.",
        ),
        ResultTable(
            f"Its processor time, on {processors()} processors",
            ["", "CPU seconds", "ratio", "limit, seconds", "seconds / limit"],
            _rows(
                runs,
                lambda name: [
                    *_compared(runs, name, base, lambda ran: ran.cost.cpu, ".2f"),
                    _median(runs[name], lambda ran: ran.cost.limit, ".2f"),
                    _median(runs[name], lambda ran: ran.cost.seconds / ran.cost.limit, ".2f"),
                ],
            ),
            "The limit: CPU seconds over processors, as if every one were at work all the time.",
        ),
        _stages({name: rounds for name, rounds in runs.items() if rounds[0].stats}, frames),
    ]


def _rows(runs: Runs, cells: Callable[[str], list[str]]) -> list[list[str]]:
    return [[name, *cells(name)] for name in runs]


def _compared(runs: Runs, name: str, base: str, figure: Figure, form: str) -> list[str]:
    """The figure, and its ratio."""
    of = ratio([figure(ran) for ran in runs[name]], [figure(ran) for ran in runs[base]])
    return [_median(runs[name], figure, form), f"{of:.2f}"]


def _median(rounds: Sequence[Ran], figure: Figure, form: str) -> str:
    return format(statistics.median(figure(ran) for ran in rounds), form)


def _stages(runs: Runs, frames: int) -> ResultTable:
    stages = list(runs[OURS][0].stats["stages"])
    return ResultTable(
        "Its stages: milliseconds a frame",
        ["", *stages],
        _rows(
            runs,
            lambda name: [
                _median(runs[name], lambda ran, stage=stage: 1000 * ran.stats["stages"][stage] / frames, ".2f")  # type: ignore[misc]
                for stage in stages
            ],
        ),
        "By the clock: waiting for a processor counts. Stages in threads of their own overlap with the others.",
    )


def _empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def _megabytes(path: Path) -> float:
    return path.stat().st_size / 1e6
