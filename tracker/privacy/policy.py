"""Who is hidden, and in which way: the options ``--blur``, ``--pixelate``, ``--except`` and ``--only``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from detectors import limits
from detectors.errors import InputError

Style = Literal["blur", "pixelate"]
Names = str | Sequence[str | int] | None

FACES, ALL = "faces", "all"
PEOPLE = ("person", "people", "pedestrian")
"""What detectors call those who have a face."""


@dataclass(frozen=True)
class Manner:
    """How an object is hidden. head: its upper part alone."""

    style: Style
    head: bool = False


@dataclass(frozen=True)
class Policy:
    """Which objects are hidden, and how.

    by_class: of the classes by id. default: of all other classes, None for not at all. spared: numbers of tracks that
    are not hidden. only: those that alone are hidden, None for all.
    """

    by_class: Mapping[int, Manner]
    default: Manner | None = None
    spared: frozenset[int] = frozenset()
    only: frozenset[int] | None = None

    def manner(self, track_id: int, class_id: int) -> Manner | None:
        """How a track is hidden, None for not at all. track_id: 0 for an object that has no number yet."""
        if track_id in self.spared or (self.only is not None and track_id not in self.only):
            return None
        return self.by_class.get(class_id, self.default)


def find_policy(
    blur: Names, pixelate: Names, spared: Names, only: Names, class_names: Mapping[int, str], shown_name: str
) -> Policy | None:
    """Who is hidden; None for nobody. class_names: of the detector `shown_name`. Raises InputError.

    Where whole objects and faces are both named, the whole object is hidden.
    """
    check_hiding(blur, pixelate, spared, only)
    by_class: dict[int, Manner] = {}
    default: Manner | None = None
    options: tuple[tuple[Style, Names], ...] = (("pixelate", pixelate), ("blur", blur))
    named = [(name, style) for style, names in options for name in _listed(names)]
    for name, style in sorted(named, key=lambda each: (each[0] != FACES, each[0] != ALL)):  # later ones prevail
        found = _classes(name, f"--{style}", class_names, shown_name)
        manner = Manner(style, head=name == FACES)
        if found is None:
            default, by_class = manner, {}
        else:
            by_class |= dict.fromkeys(found, manner)
    if not by_class and default is None:
        return None
    return Policy(
        by_class, default, parse_ids(spared, "--except"), parse_ids(only, "--only") if _listed(only) else None
    )


def check_hiding(blur: Names, pixelate: Names, spared: Names, only: Names) -> None:
    """Raise InputError for options that say nothing or contradict each other; before anything is opened."""
    for option, names in (("--blur", blur), ("--pixelate", pixelate)):
        if names is not None and not _listed(names):
            raise InputError(option, "names no class", f"name classes, {FACES}, or {ALL}")
    for option, ids in (("--except", spared), ("--only", only)):
        if ids is None:
            continue
        parse_ids(ids, option)
        if not _listed(blur) and not _listed(pixelate):
            raise InputError(option, "is about who is hidden, and nobody is", "add --blur or --pixelate")
    if _listed(spared) and _listed(only):
        raise InputError("--except and --only", "only one can be used", "leave one of them out")


def _listed(names: Names | int) -> list[str]:
    values = names.split(",") if isinstance(names, str) else [] if names is None else names
    values = [values] if isinstance(values, int) else values
    return [text for text in (str(value).strip() for value in values) if text]


def parse_ids(ids: Names, option: str) -> frozenset[int]:
    """Numbers of tracks, as text with commas or a sequence. Raises InputError for none, and for others."""
    listed = _listed(ids)
    if ids is not None and not listed:
        raise InputError(option, "names no track", "give the numbers of tracks, such as 3,7")
    for text in listed:
        if not text.isdecimal() or len(text) > limits.DIGITS or int(text) < 1:
            raise InputError(f"{option} {text}", "is no number of a track", "give numbers from 1, such as 3,7")
    return frozenset(map(int, listed))


def _classes(name: str, option: str, class_names: Mapping[int, str], shown_name: str) -> list[int] | None:
    """The ids of a class by its name or id, of people for faces; None for all."""
    if name == ALL or (name == FACES and not class_names):
        return None
    wanted = PEOPLE if name == FACES else (name,)
    found = [class_id for class_id, known in class_names.items() if known in wanted]
    if not found and name.isdecimal() and len(name) <= limits.DIGITS and (int(name) in class_names or not class_names):
        found = [int(name)]
    if not found:
        there = ", ".join(class_names.values()) or "none, only ids"
        raise InputError(f"{option} {name}", f"{shown_name} does not know it", f"it knows: {there}; or {FACES}, {ALL}")
    return found
