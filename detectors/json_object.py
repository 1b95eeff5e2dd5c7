"""A JSON object from a file that a person has written."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from detectors.errors import InputError


def read_object(path: Path, how: str) -> dict[str, Any]:
    """The object in a file. how: to write one, for messages. Raises InputError for anything else."""
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_once)
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}", "check the path") from None
    except (ValueError, RecursionError) as error:
        raise InputError(path, f"is no JSON that can be used: {error}", how) from None
    if not isinstance(content, dict):
        raise InputError(path, "is no JSON object", how)
    return content


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The members of a JSON object. A name that is given twice is an error: JSON would silently lose the first."""
    found = dict(pairs)
    if len(found) < len(pairs):
        (name, _), *_ = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"{name!r} is given twice")
    return found
