"""``python -m benchmarks.batch``: jobs side by side, batches and nodes killed, damaged videos, what it costs."""

from __future__ import annotations

import argparse
import functools
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.batch.annotate_command import CommandResult, command, run, same, statuses
from benchmarks.batch.clips import cut, damaged
from benchmarks.batch.cost import rates
from benchmarks.speed.measurement import ROOT
from benchmarks.tables import print_circumstances, print_table

CLIPS, SECONDS = 12, 8.0
KILLS, MUTATED = 10, 500
CAUSES = 60  # characters of a reason that make a kind


def main() -> int:
    """Run the parts that are asked for; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.batch", description=__doc__)
    parser.add_argument("--clip", type=Path, action="append", required=True, help="a video; may be given several times")
    parser.add_argument(
        "--detector", action="append", metavar="NAME|PATH", help="of the rates; may be given several times"
    )
    parser.add_argument(
        "--only", default="jobs,kills,mutated,rates", help="parts, separated by commas; also: pieces, ray"
    )
    parser.add_argument("--markdown", action="store_true")
    arguments = parser.parse_args()
    print_circumstances()
    parts: dict[str, Callable[..., bool]] = {
        "jobs": jobs,
        "kills": kills,
        "pieces": functools.partial(kills, split="60s"),
        "mutated": mutated,
        "rates": functools.partial(rates, detectors=arguments.detector or ["auto"]),
        "ray": ray,
    }
    fine = True
    for name in arguments.only.split(","):
        with tempfile.TemporaryDirectory() as folder:
            fine &= parts[name](arguments.clip, Path(folder), markdown=arguments.markdown)
    return 0 if fine else 1


def _clips(videos: list[Path], folder: Path, count: int, seconds: float) -> list[Path]:
    (folder / "clips").mkdir()
    each = -(-count // len(videos))
    return [clip for video in videos for clip in cut(video.resolve(), folder / "clips", each, seconds)][:count]


def jobs(videos: list[Path], folder: Path, markdown: bool) -> bool:
    """The same clips by one job and by two, three times in turn, medians; one job on one core for comparison."""
    clips = _clips(videos, folder, CLIPS, SECONDS)
    ways = {"1 job, all cores": (1, None), "2 jobs": (2, None), "1 job, bound to one core": (1, 1)}
    found: dict[str, list[CommandResult]] = {way: [] for way in ways}
    for number in range(3):
        for way, (count, cores) in ways.items():
            done = run(command(clips, folder / f"{way}{number}", "--jobs", str(count)), cores)
            if done.status:
                print(done.said)
                return False
            found[way].append(done)
    medians = {way: float(np.median([each.seconds for each in runs])) for way, runs in found.items()}
    base = medians["1 job, all cores"]
    rows = []
    for way, value in medians.items():
        busy = float(np.median([each.cores for each in found[way]]))
        rows.append([way, f"{value:.1f}", f"{busy:.2f}", f"{3600 * CLIPS / value:.0f}", f"{base / value:.2f}x"])
    headings = ["", "seconds", "cores busy", "videos an hour", "speed"]
    print_table(f"{CLIPS} clips of {SECONDS:g} s", headings, [rows], markdown)
    return True


def kills(videos: list[Path], folder: Path, markdown: bool, split: str | None = None) -> bool:
    """Whole batches killed at random moments and then resumed, against one that nobody has disturbed.

    split: length of the pieces that the videos themselves are done in; None for short clips of them.
    """
    clips = _clips(videos, folder, CLIPS, SECONDS) if split is None else videos
    options = ("--jobs", "2", *(() if split is None else ("--split", split)))
    whole = run(command(clips, folder / "whole", *options)).seconds
    rows, fine = [], True
    for number, moment in enumerate(np.random.default_rng(0).uniform(0.3, 0.95, KILLS) * whole):
        out = folder / f"killed{number}"
        arguments = command(clips, out, *options)
        process = subprocess.Popen(arguments, cwd=ROOT, start_new_session=True, stderr=subprocess.DEVNULL)
        time.sleep(float(moment))
        process.send_signal(signal.SIGKILL)  # its workers notice by themselves
        process.wait()
        there = {path.name: path.stat().st_ino for path in out.iterdir() if (path / "done.json").is_file()}
        pieces = len(list(out.glob(".pieces/*/*.npz")))
        status = run(arguments).status
        kept = all((out / name).stat().st_ino == inode for name, inode in there.items())
        equal = same(folder / "whole", out)
        fine &= equal and kept and status == 0
        done = f"{len(there)}" if split is None else f"{len(there)}, and {pieces} pieces"
        rows.append([f"{moment:.1f} s", done, "yes" if kept else "NO", "yes" if equal else "NO"])
    headings = ["killed after", "done by then", "not done again", "identical"]
    print_table(f"{len(clips)} clips, 2 jobs, kill -9, resumed", headings, [rows], markdown)
    return fine


def ray(videos: list[Path], folder: Path, markdown: bool) -> bool:
    """On a Ray cluster: nodes that are killed, and how fast it is."""
    from benchmarks.batch.ray_nodes import killed_nodes, throughput

    clips = _clips(videos, folder, CLIPS, SECONDS)
    fine = killed_nodes(clips, folder, markdown)
    return throughput(clips, folder, markdown) and fine


def mutated(videos: list[Path], folder: Path, markdown: bool) -> bool:
    """Damaged clips, all in one batch."""
    clips = _clips(videos, folder, 10, 1.0)
    (folder / "damaged").mkdir()
    total = len(list(damaged(clips, folder / "damaged", MUTATED)))
    done = run(command([folder / "damaged"], folder / "out", "--jobs", "2", "--stall", "60"))
    found = statuses(folder / "out")
    states = Counter(entry.state for entry in found)
    crashed = sum("crashed" in entry.reason or "by itself" in entry.reason for entry in found)
    hung = sum("nothing happened" in entry.reason for entry in found)
    silent = sum(entry.state == "failed" and not entry.reason for entry in found)
    rows = [["clips", str(total)], *([state, str(count)] for state, count in states.items())]
    rows += [["a library crashed", str(crashed)], ["hung", str(hung)], ["failed without a reason", str(silent)]]
    rows += [["the batch's exit status", str(done.status)], ["seconds", f"{done.seconds:.0f}"]]
    print_table("damaged clips", ["", "count"], [rows], markdown)
    causes = Counter(entry.reason[:CAUSES] for entry in found if entry.state == "failed")
    print_table("why", ["reason", "count"], [[[why, str(count)] for why, count in causes.most_common(12)]], markdown)
    return len(found) == total and not (crashed or hung or silent)


if __name__ == "__main__":
    raise SystemExit(main())
