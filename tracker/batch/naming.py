"""Names of the folders of results, one a video, which stay the same when more videos come."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath

from tracker.file_names import shortened
from tracker.sources.addresses import file_name

UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')  # what one file system or another does not take
LONGEST = 120  # bytes of a name in UTF-8; more are added to it, and file systems take 255
RESERVED = frozenset({"report.html", "batch.sqlite", "summary.csv"})  # names of a batch's own files


def name_folders(sources: Sequence[str], known: Mapping[str, str]) -> dict[str, str]:
    """A folder name for each source, no two the same even where capitals do not count. known: names given before.

    It is the file's name without suffix, with the suffix where another has that, and with as many of the folders above
    as tell the two apart.
    """
    names = {source: known[source] for source in sources if source in known}
    taken = {name.casefold() for name in (*known.values(), *RESERVED)}
    for source in sources:
        if source not in names:
            name = next(each for each in _candidates(source) if each.casefold() not in taken)
            taken.add(name.casefold())
            names[source] = name
    return names


def _candidates(source: str) -> Iterator[str]:
    """Names from short to long, then with numbers."""
    path = PurePath(file_name(source) if "://" in source else source)
    parts = [part for part in (*path.parent.parts, path.name) if part not in (path.anchor, "..", ".")]
    stem = safe_name(path.stem)
    yield from (stem, safe_name(path.name))
    yield from (safe_name("-".join([*parts[-more - 1 : -1], path.name])) for more in range(1, len(parts)))
    yield from (f"{stem}-{number}" for number in itertools.count(2))


def safe_name(text: str) -> str:
    """A folder's name that every file system takes and that hides nowhere."""
    plain = text.encode("utf-8", "replace").decode("utf-8")
    safe = shortened(UNSAFE.sub("_", plain).strip(" .").lstrip("-"), LONGEST).rstrip(" .")
    return safe or "video"
