"""Names of files that are made of other names: file systems take 255 bytes, and less is left for what is added."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

LONGEST = 255  # bytes of a file's name, on nearly all systems
ROOM = 64  # bytes for what is added to the name of a draft


def size_of(name: str) -> int:
    """Bytes of a name on the disk."""
    return len(os.fsencode(name))


def shortened(name: str, most: int) -> str:
    """As much of a name from its beginning as takes `most` bytes, in whole characters."""
    while size_of(name) > most:
        name = name[: max(most, 1)] if len(name) > most else name[:-1]
    return name


def hidden_beside(path: Path, label: str, ending: str) -> Path:
    """A hidden name in the folder of `path`, made of its name as far as there is room: ``.NAME.LABELENDING``."""
    return path.with_name(f".{shortened(path.name, LONGEST - ROOM)}.{label}{ending}")


def draft_of(path: Path) -> Path:
    """A name for a draft of `path` beside it, which no other process uses."""
    return hidden_beside(path, f"{os.getpid()}-{uuid.uuid4().hex[:8]}", ".part")
