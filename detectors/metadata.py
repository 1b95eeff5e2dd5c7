"""What a model file says about itself: somebody else may have written it, so nothing of it is believed unchecked."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from typing import Any

from detectors import limits

MONSTROUS = (OverflowError, MemoryError, RecursionError)
ODD = (ValueError, SyntaxError, TypeError, AttributeError)


def literal(metadata: Mapping[str, str], key: str, default: Any) -> Any:
    """The value of a Python literal, as ultralytics writes them; `default` for what is none.

    Raises ValueError for what cannot have been meant well: too long, or nested without end.
    """
    text = metadata.get(key, "")
    if len(text) > limits.METADATA:
        raise ValueError(f"its {key!r} has {len(text)} characters")
    try:
        return ast.literal_eval(text) if text else default
    except ODD:
        return default
    except MONSTROUS:
        raise ValueError(f"its {key!r} cannot be understood: {text[:40]!r}") from None


def class_names(metadata: Mapping[str, str], key: str = "names") -> dict[int, str]:
    """Class names by id, out of a dict or list in Python's spelling; empty where there are none.

    Raises ValueError as `literal`, and for ids that are no numbers of this world.
    """
    names = literal(metadata, key, {})
    try:
        pairs = names.items() if isinstance(names, dict) else enumerate(names)
        return {int(key): plain(name) for key, name in pairs}
    except ODD:
        return {}
    except MONSTROUS:
        raise ValueError(f"its {key!r} cannot be understood: {str(names)[:40]!r}") from None


def listed_names(metadata: Mapping[str, str], key: str) -> dict[int, str]:
    """Class names by id, out of a JSON list of texts. Raises ValueError when it is none."""
    try:
        names = json.loads(metadata[key][: limits.METADATA])
    except (KeyError, *ODD, *MONSTROUS):
        raise ValueError(f"its {key!r} is no JSON list") from None
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise ValueError(f"its {key!r} is no list of names")
    return dict(enumerate(map(plain, names)))


def plain(name: object) -> str:
    """A name in one line of characters that print: it goes to screens, pages and files."""
    return "".join(each if each.isprintable() else " " for each in str(name)[: limits.NAME]).strip()


def input_size(metadata: Mapping[str, str], key: str, default: int) -> int:
    """The longer side of the input in pixels, out of a number or a list of two; `default` for what is neither.

    Raises ValueError for a size beyond `limits.MODEL_SIDES`: the pictures would not fit into memory.
    """
    value = literal(metadata, key, default)
    try:
        size = int(max(value)) if isinstance(value, (list, tuple)) else int(value)
    except ODD:
        size = default
    except MONSTROUS:
        size = 0
    if size not in limits.MODEL_SIDES:
        raise ValueError(
            f"its {key!r} is {str(value)[:40]}, not between {limits.MODEL_SIDES[0]} and {limits.MODEL_SIDES[-1]} pixels"
        )
    return size
