"""Text on its way to a terminal or a log."""

from __future__ import annotations

import sys

from detectors.errors import printable


def shown(text: object) -> str:
    """`text` as rich prints it literally: its markup escaped, its control characters spelled out."""
    from rich.markup import escape  # only where there is a display

    return escape(printable(str(text)))


def warn(text: object) -> None:
    """Print ``warning: text`` in one line on standard error, at once."""
    print(f"warning: {printable(str(text))}", file=sys.stderr, flush=True)
