"""What must never happen, whatever arrives from outside.

usage: python -m benchmarks.faults [--only PART,PART] [--inputs N] [--seed N] [--number N] [--keep FOLDER]
                                   [--minutes M] [--clip VIDEO] [--markdown] [--json PATH]

parts:
  fuzz       each parser: valid inputs, which the product makes itself, are damaged and read by the command line. Counts
             tracebacks and whatever is not one clear line, signals, hangs over 60 s (and inputs under 1 MB that take
             more than 10 s), more than 1.5 GB of memory (1 GB for inputs under 1 MB), files outside of the output
             folder, files that were there before and are lost, and half-written ones
  PARSER     one of them: see the first column of the table
  http       requests to the page's port
  addresses  secrets in addresses, and all places that print, store or name files by them
  port       1,200 half-open connections for a minute, and 500 viewers at once
  memory     a live run with all parts on (--minutes, default 30); only where asked for

The exit status is 0 if nothing has happened. A seed gives the same inputs always.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmarks.faults.fuzz import HEADINGS, Fault, Fuzz, Tally
from benchmarks.faults.parsers import PARSERS
from benchmarks.speed.comparison import default_clip, show
from benchmarks.speed.measurement import Measurement
from benchmarks.tables import circumstances, markdown_table, print_circumstances
from detectors import InputError
from tracker.writers.stats import write_stats

FUZZ, MEMORY = "fuzz", "memory"
PARTS = ("http", "addresses", "port", MEMORY)
FULL = sum(parser.inputs for parser in PARSERS)


def main(argv: Sequence[str] | None = None) -> int:
    """Run what is asked for, and print tables; 0 if there was no fault."""
    arguments = build_parser().parse_args(argv)
    try:
        names = chosen(arguments.only)
        print_circumstances()
        with tempfile.TemporaryDirectory(prefix="keeptrack-faults-") as folder:
            tallies = fuzz(names, arguments, Path(folder))
            measured = {name: measure(name, arguments, Path(folder, name)) for name in PARTS if name in names}
        if arguments.json:
            figures = {
                "circumstances": circumstances(),
                "fuzz": [dict(zip(HEADINGS, each.cells(), strict=True)) for each in tallies],
            }
            write_stats(arguments.json, figures | {name: each.figures for name, each in measured.items()})
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return int(any(each.faults for each in tallies) or any(each.failed for each in measured.values()))


def build_parser() -> argparse.ArgumentParser:
    """The arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="PART,PART", help="default: each but memory")
    parser.add_argument("--inputs", type=int, metavar="N", help=f"in all, in the parsers' shares; default: {FULL}")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--number", type=int, metavar="N", help="this input alone, of each parser")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="copy the inputs of faults to it")
    parser.add_argument("--minutes", type=float, default=30.0, metavar="M", help="of memory")
    parser.add_argument("--clip", type=Path, metavar="VIDEO", help="of port and memory")
    parser.add_argument("--markdown", action="store_true", help="print tables in Markdown")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write all figures")
    return parser


def chosen(only: str | None) -> list[str]:
    """The names of parsers and parts. Raises InputError for an unknown one."""
    parsers = [parser.name for parser in PARSERS]
    if only is None:
        return [*parsers, *(name for name in PARTS if name != MEMORY)]
    found: list[str] = []
    for name in map(str.strip, only.split(",")):
        if name not in (FUZZ, *parsers, *PARTS):
            raise InputError(f"--only {name}", "is no part", f"these are: {', '.join((FUZZ, *parsers, *PARTS))}")
        found += parsers if name == FUZZ else [name]
    return found


def fuzz(names: Sequence[str], arguments: argparse.Namespace, folder: Path) -> list[Tally]:
    """Run the parsers among `names`; each fault is printed as it comes, the table at the end."""
    wanted = [parser for parser in PARSERS if parser.name in names]
    whole = sum(parser.inputs for parser in wanted)
    tallies = []
    with Fuzz(folder, arguments.seed, arguments.keep) as run:
        for parser in wanted:
            share = 1.0 if arguments.inputs is None else arguments.inputs / whole
            numbers = range(max(1, round(share * parser.inputs))) if arguments.number is None else [arguments.number]
            tallies.append(run.run(parser, numbers, tell))
            print(*tallies[-1].cells(), sep="  ", file=sys.stderr, flush=True)
    if tallies:
        print(markdown_table("Fuzz", HEADINGS, [each.cells() for each in (*tallies, _total(tallies))]))
    return tallies


def tell(fault: Fault) -> None:
    """Print a fault at once."""
    print(fault, flush=True)


def _total(tallies: Sequence[Tally]) -> Tally:
    faults = sum((each.faults for each in tallies), Counter[str]())
    inputs, refused, seconds = (
        sum(getattr(each, name) for each in tallies) for name in ("inputs", "refused", "seconds")
    )
    longest, most = max(each.longest for each in tallies), max(each.peak_mb for each in tallies)
    return Tally("all", inputs, refused, faults, longest, most, seconds)


def measure(name: str, arguments: argparse.Namespace, folder: Path) -> Measurement:
    """Run another part than the fuzz, and print its tables."""
    from benchmarks.faults import addresses, http_requests, memory, port

    folder.mkdir()
    clip = arguments.clip.resolve() if arguments.clip else default_clip(smoke=True)
    calls = {
        "http": lambda: http_requests.measure(clip, folder, arguments.seed, arguments.inputs),
        "addresses": lambda: addresses.measure(folder),
        "port": lambda: port.measure(clip, folder),
        MEMORY: lambda: memory.measure(clip, folder, arguments.minutes),
    }
    found = calls[name]()
    show(name, found, arguments.markdown)
    return found


if __name__ == "__main__":
    sys.exit(main())
