"""Pictures by name, as a list of them names them: the file, perhaps with folders before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from pathlib import Path, PurePosixPath


def plain(name: str) -> str:
    """A name as it is compared: with slashes, without ./ before it."""
    return PurePosixPath(name.replace("\\", "/")).as_posix()


def is_listed(path: Path, wanted: Set[str]) -> bool:
    """Whether a picture is among these `plain` names."""
    return not wanted.isdisjoint(_names_of(path))


def unknown_names(names: Iterable[str], pictures: Iterable[Path]) -> list[str]:
    """Those of the names that are of none of the pictures."""
    known = {name for path in pictures for name in _names_of(path)}
    return [name for name in names if plain(name) not in known]


def _names_of(path: Path) -> Iterator[str]:
    """What a picture may be called: its file name, that with its folder before it, with two folders, and so on."""
    return (Path(*path.parts[start:]).as_posix() for start in range(len(path.parts)))
