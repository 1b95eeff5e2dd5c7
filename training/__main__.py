"""``python -m training detector DATA -o my.onnx``; also ``segmenter``, ``box-masks`` and the others in `COMMANDS`."""

from __future__ import annotations

import importlib
import signal
import sys
from collections.abc import Callable

from rich.console import Console

from detectors.errors import InputError, unexpected
from detectors.extras import install_extra

COMMANDS = {
    "detector": "a detector from labelled pictures, for --detector",
    "average": "one detector from the weights of several",
    "segmenter": "a class for each pixel, from pictures with masks",
    "box-masks": "silhouettes out of boxes, from pictures with masks",
    "embedder": "an appearance network from pictures by identity, for --appearance",
    "pack": "one folder of everything, to train from elsewhere",
    "anchors": "the usual shapes of boxes, by k-means",
}
"""Module of training.commands with a main(), imported only when asked for, as torch takes seconds -> what it makes."""
EXAMPLES = """\
examples:
  python -m training detector pictures/ -o my.onnx --minutes 30     COCO, or images/ beside YOLO labels/
  python -m training detector set/ -o my.onnx --validation val.txt  judged by the pictures that val.txt names
  keeptrack video.mp4 --detector my.onnx                            track with it
"""
HELP = ("--help", "-h", "help")
WRONG_ARGUMENTS = 2  # the exit status
TRAINING = ("detector", "average", "segmenter", "box-masks", "embedder")
DEBUG = "--debug"
LIBRARIES = ("torch", "torchvision", "safetensors", "onnx", "pycocotools", "matplotlib")
"""The extra `train`: what a training would otherwise miss in its last minute is looked for in its first second."""


def overview() -> str:
    """What there is, and how to begin."""
    commands = "".join(f"  {name:<10} {what}\n" for name, what in COMMANDS.items())
    more = (
        "python -m training COMMAND --help has the options; docs/tutorials/train-on-your-own.md is the way through it"
    )
    return f"usage: python -m training COMMAND [OPTIONS]\n\n{EXAMPLES}\ncommands:\n{commands}\n{more}"


def load(command: str) -> Callable[[list[str]], None]:
    """The main() of a command. Raises InputError when a library cannot be loaded that only training needs."""
    with Console(stderr=True).status("loading torch"):
        for library in LIBRARIES if command in TRAINING else ():
            require(library)
        run: Callable[[list[str]], None] = importlib.import_module(
            f"training.commands.{command.replace('-', '_')}"
        ).main
    return run


def require(library: str) -> None:
    """Load a library, or raise InputError that tells how to install it."""
    try:
        importlib.import_module(library)
    except ImportError as error:
        raise missing(library) from error


def missing(library: str) -> InputError:
    """What to tell where a library of the extra `train` is not there."""
    return InputError(library, "is needed here, but cannot be imported", install_extra("train"))


def main(arguments: list[str]) -> int:
    """Run one of the commands; returns the exit status."""
    debug, arguments = DEBUG in arguments, [each for each in arguments if each != DEBUG]
    if not arguments or arguments[0] in HELP:
        print(overview(), file=sys.stdout if arguments else sys.stderr)
        return 0 if arguments else WRONG_ARGUMENTS
    if arguments[0] not in COMMANDS:
        print(f"error: {arguments[0]}: is no command (choose one of: {', '.join(COMMANDS)})", file=sys.stderr)
        return WRONG_ARGUMENTS
    try:
        load(arguments[0])(arguments[1:])
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if debug and library not in LIBRARIES:
            raise
        print(f"error: {missing(library) if library in LIBRARIES else unexpected(error)}", file=sys.stderr)
        return 1
    except Exception as error:
        if debug:
            raise
        print(f"error: {unexpected(error)}", file=sys.stderr)
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
