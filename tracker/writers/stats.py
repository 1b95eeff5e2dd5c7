"""The statistics of a run as a JSON file, and the memory it used."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tracker.file_names import draft_of
from tracker.writers.errors import write_error
from tracker.writers.exclusive import is_standard_output, publish, standard_output, write_whole


def write_stats(path: Path, stats: Mapping[str, Any], new: bool = False) -> None:
    """Write `stats` to `path`, whole or not at all. new: the file must not exist. Raises InputError when that fails."""
    text = json.dumps(stats, indent=2) + "\n"
    try:
        if is_standard_output(path):
            with standard_output() as file:
                write_whole(file, text.encode())
            return
        if path.exists() and not path.is_file():  # a device or a pipe
            path.write_text(text, encoding="utf-8")
            return
        path = path.resolve()  # the file itself, not a link to it
        draft = draft_of(path)
        try:
            draft.write_text(text, encoding="utf-8")
            publish(draft, path, new)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise write_error(path, error) from None


def peak_rss_mb() -> float | None:
    """The peak memory of this process in megabytes; None where the system does not tell."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1 << 20 if sys.platform == "darwin" else 1 << 10), 1)
