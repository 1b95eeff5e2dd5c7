"""File names as FFmpeg and OpenCV take them."""

from __future__ import annotations

import os
from pathlib import Path

from detectors.errors import InputError


def plain_name(path: Path) -> str:
    """An absolute name: FFmpeg takes what stands before a colon in a relative one for a protocol.

    Raises InputError for a name that is not valid text, on which OpenCV crashes.
    """
    name = os.path.abspath(path)
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        raise InputError(repr(str(path)), "the name is not valid UTF-8", "rename the file") from None
    return name
