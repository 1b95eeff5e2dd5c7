"""Sanitised names, which every format can hold: one line of text without characters that XML or YAML refuses."""

from __future__ import annotations

import unicodedata

from detectors import limits

NAMELESS = "object"  # what a class without a name is called
REFUSED = ("Cc", "Cs")  # control characters, and halves of characters
NONE = "\ufeff\ufffe\uffff"  # what is no character, and the mark of a file's beginning


def sanitise(name: str) -> str:
    """The name in one line: a run of white space becomes one space, a character that a format refuses an underscore.

    It is cut off after `limits.NAME` characters. Most names stay as they are. Names that differ only in this become the
    same.
    """
    name = name[: limits.NAME]
    if name.isascii() and name.isprintable() and "  " not in name and name == name.strip():
        return name
    line = " ".join(name.split())
    return "".join("_" if unicodedata.category(each) in REFUSED or each in NONE else each for each in line)


def sanitise_label(label: str) -> str:
    """The same for the name of a class, which is never empty."""
    return sanitise(label) or NAMELESS
