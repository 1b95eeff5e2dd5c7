"""``python -m training detector DATA -o my.onnx`` and ``python -m training anchors DATA``."""

from __future__ import annotations

import sys

from detectors.errors import InputError
from training import anchors, detector

COMMANDS = {"detector": detector.main, "anchors": anchors.main}


def main(arguments: list[str]) -> int:
    """Run one of the commands; returns the exit status."""
    if not arguments or arguments[0] not in COMMANDS:
        print(f"error: which command? (choose one of: {', '.join(COMMANDS)})", file=sys.stderr)
        return 2
    try:
        COMMANDS[arguments[0]](arguments[1:])
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
