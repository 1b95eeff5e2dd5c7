"""Which videos a batch is about: files, folders, patterns, lists."""

from __future__ import annotations

import csv
import dataclasses
import glob
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_type_hints

from detectors.errors import InputError
from detectors.number_rows import read_text
from tracker.durations import seconds
from tracker.run.options import TIMES, Options
from tracker.sources.addresses import mistyped, short_hash
from tracker.sources.sequence_info import is_sequence
from tracker.sources.video_search import videos_in

LISTS = (".txt", ".csv")
SHOWN = 80  # characters of a name that is far too long
RUN_ONLY = (
    "output",
    "mot",
    "jsonl",
    "stats",
    "events",
    "source_name",
    "webhook",
    "webhook_secret",
    "mqtt",
    "queue",
    "tracks",
    "counts",
    "every",
    "heatmap",
    "trails",
    "map_by",
    "top_view",
    "calibrate",
    "speed_over",
    "view",
    "view_token",
    "show",
    "overwrite",
    "offline",
)


@dataclass(frozen=True)
class ListedVideo:
    """A video that is to be annotated. options: its own, fields of `Options`. missing: why it is not there, or ""."""

    source: str
    options: Mapping[str, Any] = field(default_factory=dict)
    missing: str = ""


def find_videos(sources: Sequence[str], out: Path) -> list[ListedVideo]:
    """All videos that `sources` name, each once, in their order; those of a folder by name.

    A source is a video, a MOTChallenge sequence folder, a folder that is searched to its depths, a pattern, or a list:
    a text file with one source a line, or a CSV file with a column ``source`` and options in the others. Names in a
    list are relative to its folder, and what they name may be missing; the results' own folder `out` is not searched.

    Raises InputError for a source that names nothing, and for a list that cannot be understood.
    """
    found: dict[str, ListedVideo] = {}
    for source in sources:
        for each in _expand(source, out.resolve()):
            found.setdefault(each.source, each)
    return list(found.values())


def _expand(source: str, out: Path, within: tuple[Path, ...] = ()) -> Iterator[ListedVideo]:
    """What a source names. within: the lists that it stands in, the outermost first."""
    try:
        yield from _expand_known(source, out, within)
    except OSError as error:  # a name that is too long, a folder that must not be read
        shown = source if len(source) <= SHOWN else f"{source[:SHOWN]}..."
        raise InputError(shown, f"cannot be looked up: {error.strerror or error}", "check the path") from None


def _expand_known(source: str, out: Path, within: tuple[Path, ...]) -> Iterator[ListedVideo]:
    path = Path(source)
    if "://" in source:
        yield ListedVideo(source)
    elif path.suffix.lower() in LISTS and path.is_file():
        if path.resolve() in within:
            raise InputError(path, "names itself, or a list that names it", "take that line out")
        for name, options in _read_list(path):
            yield from _list_line(name, options, out, (*within, path.resolve()))
    elif path.exists():
        yield from _in(path, out)
    elif glob.has_magic(source):
        matches = sorted(glob.glob(source, recursive=True))
        if not matches:
            raise InputError(source, "matches no file", "quote the pattern, and check the path")
        for match in matches:
            yield from _in(Path(match), out)
    else:
        raise InputError(mistyped(source), "no such file or folder", "check the path")


def _in(path: Path, out: Path) -> Iterator[ListedVideo]:
    """The videos in a folder, or the file itself."""
    if not path.is_dir() or is_sequence(path):
        yield ListedVideo(os.path.abspath(path))
        return
    videos = list(videos_in(path, out))
    if not videos:
        raise InputError(path, "has no video in it", "name the videos, or a folder of them")
    yield from (ListedVideo(os.path.abspath(each)) for each in videos)


def _list_line(name: str, options: Mapping[str, Any], out: Path, within: tuple[Path, ...]) -> Iterator[ListedVideo]:
    """What a line of a list names; a line that names nothing stands for a video that is missing."""
    try:
        for each in _expand(name, out, within):
            yield dataclasses.replace(each, options=options)
    except InputError as error:
        shown = mistyped(name)
        if shown != name:
            shown = f"{shown} #{short_hash(name)}"  # which tells two apart
        yield ListedVideo(shown, options, missing=f"{error.why} ({error.remedy})")


def _read_list(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each source in a list, with its options."""
    lines = read_text(path, "give a text file with one video a line").splitlines()
    if path.suffix.lower() == ".csv":
        rows = _read_csv(path, lines)
    else:
        names = (line.strip() for line in lines)
        rows = ((name, {}) for name in names if name and not name.startswith("#"))
    for name, options in rows:
        yield name if "://" in name else str(path.parent / name), options


def _delimiter(lines: Sequence[str]) -> str:
    """What separates the columns: a comma, or what spreadsheets take in its place."""
    heading = lines[0] if lines else ""
    return next((each for each in ";\t" if each in heading and "," not in heading), ",")


def _read_csv(path: Path, lines: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    rows = csv.DictReader(lines, strict=True, delimiter=_delimiter(lines))
    try:
        columns = rows.fieldnames or ()
        if "source" not in columns:
            raise InputError(path, "has no column called source", "name the columns in the first line")
        for name in columns:
            _check_option(path, name)
        for row in rows:
            where = f"{path}:{rows.line_num}"
            if None in row or None in row.values():
                raise InputError(where, f"does not have {len(columns)} columns", "give each row as many as the first")
            if row["source"].strip():
                values = {key: value.strip() for key, value in row.items() if key != "source" and value.strip()}
                yield row["source"].strip(), {_field(key): _value(where, key, text) for key, text in values.items()}
    except csv.Error as error:
        raise InputError(f"{path}:{rows.line_num}", f"is not CSV: {error}", "quote values that hold a comma") from None


def _field(column: str) -> str:
    return column.strip().removeprefix("--").replace("-", "_")


def _check_option(path: Path, column: str) -> None:
    known = {each.name for each in dataclasses.fields(Options)} - set(RUN_ONLY)
    if column != "source" and _field(column) not in known:
        there = ", ".join(sorted(known))
        raise InputError(path, f"its column {column!r} is no option of a video", f"these are: {there}")


def _value(where: str, column: str, text: str) -> Any:
    """A cell as the type of its option."""
    kinds = str(get_type_hints(Options)[_field(column)])
    try:
        if _field(column) in TIMES:
            return seconds(text)
        if "bool" in kinds:
            return {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}[text.lower()]
        if "float" in kinds and "str" not in kinds:
            return float(text)
        return int(text) if "int" in kinds and "str" not in kinds else text
    except (KeyError, ValueError):
        raise InputError(
            where, f"{column} is {text!r}", "give a number, a time such as 1:30, or yes or no, as it wants"
        ) from None
