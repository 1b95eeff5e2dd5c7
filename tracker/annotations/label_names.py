"""Names as every format can hold them: one line of text without characters that XML or YAML refuses."""

from __future__ import annotations

import unicodedata

NAMELESS = "object"  # what a class without a name is called
REFUSED = ("Cc", "Cs")  # control characters, and halves of characters
NONE = "\ufeff\ufffe\uffff"  # what is no character, and the mark of a file's beginning


def plain(name: str) -> str:
    """The name in one line: each run of white space is one space, and what no file can hold is an underscore.

    Most names stay as they are. Two that differ in nothing else become the same.
    """
    if name.isascii() and name.isprintable() and "  " not in name and name == name.strip():
        return name
    line = " ".join(name.split())
    return "".join("_" if unicodedata.category(each) in REFUSED or each in NONE else each for each in line)


def plain_label(label: str) -> str:
    """The same for a class, which has a name in any case."""
    return plain(label) or NAMELESS
