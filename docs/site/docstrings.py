"""An extension of griffe: our docstrings describe arguments and attributes in sentences, the reference as a list.

``boxes: (N, 4) float, xyxy pixels. scores: (N,) float in [0, 1].`` becomes an item for each name.
"""

from __future__ import annotations

import re
from typing import Any

import griffe

NAMES = re.compile(r"(?:^|(?<=[.)\]]\s)|(?<=\n))([a-z_]+(?:, [a-z_]+)*): ")
RAISES = re.compile(r"(?:(?<=[.)]\s)|(?<=\n))(?=Raises [A-Z]|Returns )")


def listed(text: str, known: set[str]) -> str:
    """The docstring with an item for each description of a name in `known`."""
    paragraphs = text.split("\n\n")
    return "\n\n".join(_listed(paragraph, known) for paragraph in paragraphs)


def _listed(paragraph: str, known: set[str]) -> str:
    pieces: list[str] = []
    end = 0
    for found in NAMES.finditer(paragraph):
        if not set(found[1].split(", ")) <= known:
            continue
        pieces.append(paragraph[end : found.start()])
        names = ", ".join(f"`{name}`" for name in found[1].split(", "))
        end, pieces = found.end(), [*pieces, f"\n- {names}: "]
    text = "".join([*pieces, paragraph[end:]]) if pieces else paragraph
    return RAISES.sub("\n\n", text)


class Descriptions(griffe.Extension):
    """Lists what docstrings say about arguments and attributes."""

    def on_function(self, *, func: griffe.Function, **kwargs: Any) -> None:
        """A function's arguments."""
        self._list(func, {parameter.name for parameter in func.parameters})

    def on_class(self, *, cls: griffe.Class, **kwargs: Any) -> None:
        """A class's attributes, and what it is made of."""
        made = cls.members.get("__init__")
        names = {parameter.name for parameter in made.parameters} if isinstance(made, griffe.Function) else set()
        self._list(cls, names | set(cls.members))

    @staticmethod
    def _list(what: griffe.Function | griffe.Class, known: set[str]) -> None:
        if what.docstring:
            what.docstring.value = listed(what.docstring.value, known)
