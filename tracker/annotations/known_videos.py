"""What somebody says about videos of which a file of annotations does not say it."""

from __future__ import annotations

from collections.abc import Callable

from detectors.errors import InputError

KnownVideos = Callable[[str, str], tuple[int, int]]
"""Width and height in pixels of the pictures of a video, by its name and its source; 0 and 0 where unknown."""


def size_of(known: KnownVideos | None, name: str, source: str, place: str) -> tuple[int, int]:
    """The size of a picture of which the annotations are shares. place: in the file, for the message.

    Raises InputError where nobody says it.
    """
    width, height = (0, 0) if known is None else known(name, source)
    if not (width and height):
        why = "does not say how large its video is, and its boxes are shares of the picture"
        raise InputError(place, why, "add --size, such as --size 1280x720, or --video VIDEO")
    return width, height
