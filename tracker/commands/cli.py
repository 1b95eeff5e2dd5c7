"""The command line: which command runs, and how it ends. Heavy modules load only after the arguments are checked."""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections.abc import Sequence

from tracker.commands.arguments import COMMANDS, WRONG_ARGUMENTS, parse_arguments
from tracker.commands.help import overview
from tracker.commands.interruption import Interrupted, Interruption

FAILED = 1
CLOSED_PIPE = 141  # what a shell reports of a program that such a pipe ended: 128 + SIGPIPE
DEBUG = "--debug"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    given = sys.argv[1:] if argv is None else list(argv)
    if not given:
        print(overview(), file=sys.stderr)
        return WRONG_ARGUMENTS
    debug, given = DEBUG in given, [each for each in given if each != DEBUG]
    module = {**COMMANDS, "help": "help"}.get(given[0])  # a source of such a name is ./eval
    interruption = Interruption()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a file's name may hold what a terminal cannot show
    try:
        os.getcwd()
    except OSError:
        return _fail("the current folder: is not there any more (go to another one: cd)")
    try:
        return _track(given) if module is None else _run(module, given[1:])
    except Interrupted:
        return interruption.status
    except BrokenPipeError:  # who reads our output, as `head`, has enough
        return CLOSED_PIPE
    except ImportError as error:
        # An interruption in the middle of an import reaches us as a failed import.
        return interruption.status or _fail(explain_import_error(error))
    except Exception as error:
        from detectors.errors import InputError, unexpected

        if debug and not isinstance(error, InputError):
            raise
        return _fail(str(error if isinstance(error, InputError) else unexpected(error)))


def _track(argv: Sequence[str]) -> int:
    arguments = parse_arguments(argv)
    if "sources" in arguments:
        from tracker.commands.several_sources import track_all

        return track_all(arguments)
    source, quiet, profile = (arguments.pop(name) for name in ("source", "quiet", "profile"))
    from tracker.commands.screen import warn
    from tracker.commands.warning_printer import printed_warnings
    from tracker.run.options import Options
    from tracker.run.run import Run
    from tracker.writers.exclusive import is_standard_output

    piped = any(is_standard_output(value) for value in arguments.values())
    if quiet:
        from tracker.commands.status_log import StatusLog
    else:
        from tracker.commands.run_progress import RunDisplay

    run = Run(source, Options(**arguments), pictures=False)
    display = StatusLog(piped=piped) if quiet else RunDisplay(profile, piped)
    run.callbacks.idle = lambda: display.advance(run)
    ended = "failed"
    try:
        with printed_warnings(), run:
            display.start(run)
            for _ in run.look_ahead():
                display.advance(run)
            for _ in run:
                display.advance(run)
        ended = "done"
    except (Interrupted, BrokenPipeError):
        ended = "interrupted"
        raise
    finally:
        display.stop()
        for warning in run.state.warnings:
            warn(warning)
        if run.has_results:
            display.summary(run, ended)
    return 0


def _run(module: str, argv: Sequence[str]) -> int:
    """Run a command; its module is imported only now."""
    return int(importlib.import_module(f"tracker.commands.{module}").main(argv))


def explain_import_error(error: ImportError) -> str:
    """What to do about a library that cannot be loaded, in one line."""
    if "libGL" in str(error) or "cv2" in str(error) or "libgthread" in str(error):
        remedy = "pip uninstall -y opencv-python; pip install opencv-python-headless"
        return f"OpenCV: cannot be loaded on this system: {error} ({remedy})"
    name = error.name or "a library"
    return f"{name}: cannot be loaded: {error} (pip install --force-reinstall {error.name or 'keeptrack'})"


def _fail(message: str) -> int:
    print(f"error: {message}", file=sys.stderr)
    return FAILED
