"""How the benchmarks of accuracy print: what they ran on, tables for the eye, and tables to paste."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import date
from importlib.metadata import PackageNotFoundError, version

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tracker import __version__

WIDTH = 100


def circumstances() -> dict[str, str]:
    """The date, the versions and the number of processors."""
    found = {"date": date.today().isoformat(), "keeptrack": __version__, "python": platform.python_version()}
    found |= {package: _version(package) for package in ("numpy", "scipy", "trackeval")}
    return found | {"processors": str(os.cpu_count())}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def print_circumstances() -> None:
    """`circumstances`, on a line."""
    print(", ".join(f"{name} {value}" if name != "date" else value for name, value in circumstances().items()))


def markdown_table(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A title, and below it rows of cells in Markdown."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join([title, "", *(f"| {' | '.join(cells)} |" for cells in lines)])


def print_table(title: str, headings: Sequence[str], blocks: Sequence[Sequence[Sequence[str]]], markdown: bool) -> None:
    """Print blocks of rows of cells, the first of which is a name."""
    if markdown:
        print("", markdown_table(title, headings, [row for block in blocks for row in block]), sep="\n")
        return
    table = Table(box=None, pad_edge=False)
    table.add_column(headings[0], max_width=40)
    for heading in headings[1:]:
        table.add_column(heading, justify="right", no_wrap=True)
    for block in blocks:
        for row in block:
            table.add_row(*map(Text, row))
        table.add_section()
    console = Console(width=WIDTH, highlight=False)
    console.print("", Text(title, "bold"), table, sep="\n")
