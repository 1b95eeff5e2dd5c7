"""Every speed figure of the project, each a ratio of things that were timed in turn, in this one run.

usage: python -m benchmarks.speed [--clip VIDEO] [--model ONNX] [--mot FOLDER] [--peers PYTHON]... [--only PART,PART]
                                  [--rounds N] [--smoke] [--markdown] [--json PATH] [-o FOLDER]

parts:
  association   association alone, by number of objects; our presets and the peers
  sequences     the same on the detections of MOTChallenge sequences (--mot)
  run           the whole command: seconds, processors, memory, video, stages; beside `yolo track` (--peers, --model)
  startup       the help, and the first annotated frame
  sliding       one pass of the sliding detector against all of its windows (extra `train`)
  memory        what is held over 20,000 frames, tracking alone and in a whole run

Figures are medians over the rounds, ratios those of the same round. Peers are run by a Python of their own:

  python3 -m venv PEERS; PEERS/bin/pip install -r benchmarks/speed/peers.txt
  python -m benchmarks.speed --peers PEERS/bin/python --clip VIDEO --model yolo11n.onnx

FOLDER (bench) gets the tables as speed.md and, with matplotlib, a picture, speed.png. What lacks its input is skipped
and told; without --clip, the demo's clip is taken or else the one in videos/.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.speed import association, memory, plot, sliding_window, startup, whole_run
from benchmarks.speed.measurement import ROOT, Measurement, Setting, SkippedError
from benchmarks.speed.peer_process import PeerProcess
from benchmarks.tables import circumstances, markdown_table, print_circumstances, print_table
from detectors import InputError
from tracker.writers.stats import write_stats
from videos.serve import WALKERS

CROSSING = ROOT / "videos" / "crossing.mp4"

PARTS: dict[str, Callable[[Setting], Measurement]] = {
    "association": association.measure_walkers,
    "sequences": association.measure_sequences,
    "run": whole_run.measure,
    "startup": startup.measure,
    "sliding": sliding_window.measure,
    "memory": memory.measure,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print and write; the exit status is 0 if no part has failed."""
    arguments = build_parser().parse_args(argv)
    found: dict[str, Measurement] = {}
    try:
        names = chosen_parts(arguments.only)
        with prepare(arguments) as setting:
            print_circumstances()
            print(beside(setting))
            for name in names:
                found[name] = measure(name, setting)
                show(name, found[name], arguments.markdown)
            save(found, arguments, beside(setting))
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return int(any(one.failed for one in found.values()))


def measure(part: str, setting: Setting) -> Measurement:
    """Measure a part; of one that cannot be, only the reason: the other parts' figures are worth having."""
    try:
        return PARTS[part](setting)
    except SkippedError as reason:
        return Measurement(skipped=[str(reason)])
    except InputError as error:
        return Measurement(skipped=[f"failed: {error}"], failed=True)


def build_parser() -> argparse.ArgumentParser:
    """The arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clip", type=Path, metavar="VIDEO", help="for whole runs")
    parser.add_argument("--model", type=Path, metavar="ONNX", help="detector of whole runs; default: the package's own")
    parser.add_argument("--mot", type=Path, metavar="FOLDER", help="of MOTChallenge sequences")
    parser.add_argument("--peers", type=Path, action="append", default=[], metavar="PYTHON", help="may be repeated")
    parser.add_argument("--only", metavar="PART,PART", help=f"of: {', '.join(PARTS)}; default: each")
    parser.add_argument("--rounds", type=int, metavar="N", help="of each comparison (default: 3)")
    parser.add_argument("--smoke", action="store_true", help="do very little: figures mean nothing")
    parser.add_argument("--markdown", action="store_true", help="print tables in Markdown")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write all figures, those of each round too")
    parser.add_argument("-o", "--output", default="bench", metavar="FOLDER", help="for tables and picture, or none")
    return parser


def chosen_parts(text: str | None, parts: Collection[str] = PARTS) -> list[str]:
    """The parts that a person has listed. Raises InputError for one that does not exist."""
    names = list(parts) if text is None else text.split(",")
    for name in names:
        if name not in parts:
            raise InputError(f"--only {name}", "no such part", f"choose from: {', '.join(parts)}")
    return names


@contextmanager
def prepare(arguments: argparse.Namespace) -> Iterator[Setting]:
    """What to measure with, for as long as the block lasts. Raises InputError for what is not there."""
    rounds = arguments.rounds or (1 if arguments.smoke else 3)
    if rounds < 1:
        raise InputError(f"--rounds {rounds}", "is below 1", "one round is the least")
    for option in ("clip", "model", "mot"):
        path = getattr(arguments, option)
        if path is not None and not path.exists():
            raise InputError(f"--{option} {path}", "is not there", "check the path")
    paths = {name: getattr(arguments, name) and getattr(arguments, name).resolve() for name in ("model", "mot")}
    clip = arguments.clip.resolve() if arguments.clip else default_clip(arguments.smoke)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="keeptrack-speed-")))
        peers = [stack.enter_context(PeerProcess(python, folder)) for python in arguments.peers]
        yield Setting(clip, folder, **paths, peers=peers, rounds=rounds, smoke=arguments.smoke)


def default_clip(smoke: bool) -> Path:
    """The demo's clip, or the small one for little work."""
    return CROSSING if smoke else WALKERS


def beside(setting: Setting) -> str:
    """What is measured, and beside what."""
    versions = sorted({version for peer in setting.peers for version in peer.trackers.values()})
    peers = f"beside {', '.join(versions)}" if versions else "no peers: --peers names none"
    return f"{peers}; medians of {setting.rounds} round{'s' * (setting.rounds > 1)}, in turn"


def show(part: str, found: Measurement, markdown: bool) -> None:
    """Print the tables of a part, and what was left out of it."""
    for table in found.tables:
        print_table(table.title, table.headings, [table.rows], markdown)
        if table.note:
            print(f"\n{table.note}" if markdown else table.note)
    for reason in found.skipped:
        print(f"skipped: {part}: {reason}")
    sys.stdout.flush()


def save(found: Mapping[str, Measurement], arguments: argparse.Namespace, footnote: str) -> None:
    """Write the figures, the tables, and the picture."""
    figures = {name: one.figures for name, one in found.items() if one.figures}
    if arguments.json:
        write_stats(arguments.json, {"circumstances": circumstances(), "how": footnote, "parts": figures})
    if arguments.output == "none":
        return
    folder = Path(arguments.output)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "speed.md").write_text(as_markdown(found, footnote), encoding="utf-8")
    except OSError as error:
        raise InputError(folder, f"cannot be written to: {error.strerror}", "-o names another folder") from None
    print(f"\nwrote {folder / 'speed.md'}")
    save_picture(folder / "speed.png", figures, footnote)


def save_picture(path: Path, figures: Mapping[str, Any], footnote: str) -> None:
    """Write the picture, or say why there is none."""
    try:
        plot.draw(path, figures, f"keeptrack {circumstances()['keeptrack']}, {circumstances()['date']}; {footnote}")
        print(f"wrote {path}")
    except ImportError:
        print("skipped: the picture: there is no matplotlib here (pip install 'keeptrack[train]')")
    except ValueError as reason:
        print(f"skipped: the picture: {reason}")


def as_markdown(found: Mapping[str, Measurement], footnote: str) -> str:
    """All tables, and what was left out."""
    blocks = ["# Speed", ", ".join(f"{name} {value}" for name, value in circumstances().items()), footnote]
    for part, one in found.items():
        for table in one.tables:
            blocks += [markdown_table(table.title, table.headings, table.rows), table.note]
        blocks += [f"Skipped: {part}: {reason}" for reason in one.skipped]
    return "\n\n".join(filter(None, blocks)) + "\n"


if __name__ == "__main__":
    sys.exit(main())
