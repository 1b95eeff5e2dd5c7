"""The one error a user is meant to read."""

from __future__ import annotations


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
