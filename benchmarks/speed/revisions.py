"""The whole command of another checkout and of this one, in turn: whether a change has made it slower.

usage: python -m benchmarks.speed.revisions CHECKOUT --clip VIDEO [--rounds N] [--markdown] [OPTION ...]

CHECKOUT is a clone of this repository at an earlier commit; both run with this Python. OPTIONs go to both commands.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks.speed.interleaved import interleaved, ratio
from benchmarks.speed.measurement import ROOT
from benchmarks.speed.processes import KEEPTRACK, Cost, processors, run
from benchmarks.tables import print_circumstances, print_table
from detectors.errors import InputError

BEFORE, AFTER = "the other checkout", "this one"


def track(checkout: Path, clip: Path, folder: Path, options: Sequence[str]) -> Cost:
    """Run the command of a checkout once. Raises InputError when it fails."""
    (folder / "tracked.mp4").unlink(missing_ok=True)
    environment = os.environ | {"PYTHONPATH": str(checkout)}
    command: list[str | Path] = [*KEEPTRACK, clip, "-o", folder / "tracked.mp4", "--quiet", *options]
    return run(command, folder / "printed.log", checkout, environment)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--clip", type=Path, required=True, metavar="VIDEO")
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--markdown", action="store_true", help="print the table in Markdown")
    arguments, options = parser.parse_known_args(argv)
    clip, checkouts = arguments.clip.resolve(), {BEFORE: arguments.checkout.resolve(), AFTER: ROOT}
    with tempfile.TemporaryDirectory(prefix="keeptrack-revisions-") as folder:
        calls = {name: partial(track, checkout, clip, Path(folder), options) for name, checkout in checkouts.items()}
        try:
            found = interleaved(calls, arguments.rounds)
        except InputError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
    rows = []
    for name, costs in found.items():
        row = [name]
        for figure in ("seconds", "cpu", "peak_mb"):
            values, base = ([getattr(cost, figure) for cost in of] for of in (costs, found[BEFORE]))
            row += [f"{statistics.median(values):.2f}", f"{ratio(values, base):.3f}"]
        rows.append(row)
    print_circumstances()
    headings = ["", "seconds", "ratio", "CPU seconds", "ratio", "memory, MB", "ratio"]
    title = f"{clip.name}, medians of {arguments.rounds} rounds in turn on {processors()} processors"
    print_table(title, headings, [rows], arguments.markdown)
    return 0


if __name__ == "__main__":
    sys.exit(main())
