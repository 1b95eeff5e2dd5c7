"""The one error a user is meant to read."""

from __future__ import annotations

import os
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

LONGEST = 200  # characters of what an unexpected error says


class InputError(Exception):
    """Something the user gave cannot be used: what it is, why not, and what to do about it.

    The command line prints it as ``error: WHAT: WHY (REMEDY)`` and exits with status 1; a program that calls the
    package catches it like any exception.
    """

    def __init__(self, what: object, why: str, remedy: str) -> None:
        self.what = printable(str(what))
        self.why = printable(" ".join(why.split()))
        self.remedy = remedy
        super().__init__(f"{self.what}: {self.why} ({remedy})")


def printable(text: str) -> str:
    """`text` with its control characters spelled out (``\\x1b``): names out of files may command a terminal."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


@contextmanager
def refusing(what: object, why: str, remedy: str) -> Iterator[None]:
    """Whatever a reader raises in the block, as InputError: what damaged files lead to in libraries has no end.

    InputErrors pass, since they know more.
    """
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        told = error.strerror if isinstance(error, OSError) and error.strerror else repr(error)
        raise InputError(what, f"{why}: {told[:LONGEST]}", remedy) from None


def unexpected(error: BaseException) -> InputError:
    """What to tell of an error that nobody has foreseen: its kind, and the file that its traceback was written to."""
    if isinstance(error, OSError) and error.filename is not None:
        name = str(error.filename)
        return InputError(name[:LONGEST], f"cannot be used: {error.strerror}", "check the path and its permissions")
    told = "".join(traceback.format_exception(error))
    kind, text = type(error).__name__, str(error).strip()
    why = f"an error that it does not know, {kind}{': ' if text else ''}{text[:LONGEST]}"
    try:
        handle, path = tempfile.mkstemp(".txt", "keeptrack-")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(told)
    except OSError:
        return InputError("keeptrack", why, "--debug shows where; please report it")
    return InputError("keeptrack", why, f"{path} tells where, as does --debug; please report it")
