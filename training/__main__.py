"""``python -m training detector DATA -o my.onnx``; also ``embedder``, ``anchors`` and ``pack``."""

from __future__ import annotations

import importlib
import signal
import sys

from detectors.errors import InputError

COMMANDS = ("detector", "embedder", "anchors", "pack")
"""Modules of training.commands with a main(); imported only when asked for, since torch takes seconds."""


def main(arguments: list[str]) -> int:
    """Run one of the commands; returns the exit status."""
    if not arguments or arguments[0] not in COMMANDS:
        print(f"error: which command? (choose one of: {', '.join(COMMANDS)})", file=sys.stderr)
        return 2
    try:
        importlib.import_module(f"training.commands.{arguments[0]}").main(arguments[1:])
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted: the command again with --resume and its .checkpoint goes on", file=sys.stderr)
        return 130
    return 0


def interrupt_when_stopped() -> None:
    """Take a request to end (SIGTERM), and Ctrl-C also in the background, as an interruption: a run saves itself."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)


if __name__ == "__main__":
    interrupt_when_stopped()
    sys.exit(main(sys.argv[1:]))
