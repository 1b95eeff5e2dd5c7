"""Several sources in one process against as many processes on the same cores: frames a second, memory.

usage: python -m benchmarks.multi_source [--clip VIDEO] [--sources N] [--frames N] [--rounds N] [--live]
                                         [--model ONNX] [--markdown] [--json PATH]

Both ways do the same work in turn, no video written. As files, every frame of the clip is tracked. With --live,
a made scene is served by so many cameras of 50 frames a second, and what is too much is left out: only the frames that
were tracked count. "at work" counts for each source from its first frame to its end; "with the start" is all of it.
Memory is the peak of all processes together, where shared pages count once; RSS counts them in each.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.live.server_process import serving
from benchmarks.multi_source.process_tree import Cost, run_together
from benchmarks.speed.comparison import show
from benchmarks.speed.measurement import ROOT, Measurement, ResultTable
from benchmarks.tables import circumstances, print_circumstances
from tracker.writers.stats import write_stats

CLIP = ROOT / "videos" / "walkers.mp4"
RATE = 50  # frames a second of each camera: more than two cores track of four
ONE, MANY = "one process", "processes"


class Round(NamedTuple):
    """One way, once. frames: of all sources. fps: at work. cost: of all processes."""

    frames: int
    fps: float
    cost: Cost


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clip", type=Path, default=CLIP, metavar="VIDEO", help="default: the demo's")
    parser.add_argument("--sources", type=int, default=4, metavar="N", help="default: 4")
    parser.add_argument("--frames", type=int, default=240, metavar="N", help="of each (default: 240)")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="default: 3")
    parser.add_argument("--live", action="store_true", help="cameras instead of files")
    parser.add_argument("--model", type=Path, metavar="ONNX", help="detector; default: the package's own")
    parser.add_argument("--markdown", action="store_true", help="print tables in Markdown")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write all figures")
    arguments = parser.parse_args(argv)
    print_circumstances()
    with addresses(arguments) as sources:
        found = measure(sources, arguments)
    show("several sources", found, arguments.markdown)
    if arguments.json:
        write_stats(arguments.json, {"circumstances": circumstances(), "parts": found.figures})
    return 0


@contextmanager
def addresses(arguments: argparse.Namespace) -> Iterator[list[str]]:
    """What is tracked: the clip so many times, or so many cameras."""
    if not arguments.live:
        yield [str(arguments.clip.resolve())] * arguments.sources
        return
    with ExitStack() as stack:
        yield [stack.enter_context(serving("MJPEG over HTTP", RATE)) for _ in range(arguments.sources)]


def measure(sources: Sequence[str], arguments: argparse.Namespace) -> Measurement:
    """Both ways in turn, `rounds` times."""
    rounds: dict[str, list[Round]] = {ONE: [], MANY: []}
    for _ in range(arguments.rounds):
        for way, command in ((ONE, in_one), (MANY, in_many)):
            with tempfile.TemporaryDirectory(prefix="keeptrack-sources-") as folder:
                rounds[way].append(run_round(command(sources, arguments, Path(folder)), Path(folder)))
    rows = [row(way, rounds[way], rounds[MANY]) for way in rounds]
    headings = ["", "fps at work", "with the start", "CPU ms a frame", "MB", "RSS, MB", "times"]
    title = f"{len(sources)} {'cameras' if arguments.live else 'files'}, median of {arguments.rounds} rounds"
    figures = {
        way: [{"frames": one.frames, "fps": one.fps, **one.cost._asdict()} for one in rounds[way]] for way in rounds
    }
    note = "times: frames a second at work, and megabytes, against as many processes"
    return Measurement([ResultTable(title, headings, rows, note)], figures)


def in_one(sources: Sequence[str], arguments: argparse.Namespace, folder: Path) -> list[list[str]]:
    """The command that tracks all of them."""
    tables = "".join(f'[sources.s{number}]\nsource = "{source}"\n' for number, source in enumerate(sources))
    (folder / "sources.toml").write_text(f'stats = "{{name}}.json"\n{tables}')
    return [[*keeptrack(arguments), "--sources", "sources.toml"]]


def in_many(sources: Sequence[str], arguments: argparse.Namespace, _folder: Path) -> list[list[str]]:
    """The commands that track one each."""
    return [[*keeptrack(arguments), source, "--stats", f"s{number}.json"] for number, source in enumerate(sources)]


def keeptrack(arguments: argparse.Namespace) -> list[str]:
    """The command line without its source."""
    model = ["--detector", str(arguments.model.resolve())] if arguments.model else []
    limit = ["--end", str(arguments.frames / RATE)] if arguments.live else ["--max-frames", str(arguments.frames)]
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from tracker.commands.cli import main; sys.exit(main())"
    return [sys.executable, "-c", code, "-o", "none", "--quiet", *limit, *model]


def run_round(commands: Sequence[Sequence[str]], folder: Path) -> Round:
    """Run them, and read what they say of themselves."""
    cost = run_together(commands, folder)
    told: list[dict[str, Any]] = [json.loads(path.read_text()) for path in sorted(folder.glob("s*.json"))]
    rates = [(one["frames"] - 1) / (one["seconds"] - one["first_frame_seconds"]) for one in told]
    return Round(sum(one["frames"] for one in told), sum(rates), cost)


def row(way: str, rounds: Sequence[Round], against: Sequence[Round]) -> list[str]:
    """The cells of one way."""
    fps, other = (statistics.median(one.fps for one in each) for each in (rounds, against))
    memory, theirs = (statistics.median(one.cost.pss for one in each) for each in (rounds, against))
    whole = statistics.median(one.frames / one.cost.wall for one in rounds)
    cpu = statistics.median(1000 * one.cost.cpu / one.frames for one in rounds)
    rss = statistics.median(one.cost.rss for one in rounds)
    times = f"{fps / other:.2f}, {memory / theirs:.2f}"
    return [way, f"{fps:.1f}", f"{whole:.1f}", f"{cpu:.1f}", f"{memory:.0f}", f"{rss:.0f}", times]


if __name__ == "__main__":
    sys.exit(main())
