"""The error message for a file that cannot be written."""

from __future__ import annotations

from pathlib import Path

from detectors.errors import InputError


def write_error(path: Path, error: Exception) -> Exception:
    """The message for an `error` that writing to `path` raised; a reader who wants no more of a pipe is no error."""
    if isinstance(error, BrokenPipeError):
        return error
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    known = isinstance(error, OSError)
    remedy = "free some space, or choose another place" if known else "please report this, with the command line"
    return InputError(path, f"cannot be written: {reason}", remedy)
