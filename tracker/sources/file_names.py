"""File names as FFmpeg and OpenCV take them."""

from __future__ import annotations

import os
from pathlib import Path

from detectors.errors import InputError


def plain_name(path: Path) -> str:
    """The absolute name: in a relative one, FFmpeg takes the part before a colon for a protocol.

    Raises InputError for a name that is not valid UTF-8, on which OpenCV crashes.
    """
    name = os.path.abspath(path)
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        raise InputError(repr(str(path)), "the name is not valid UTF-8", "rename the file") from None
    return name
