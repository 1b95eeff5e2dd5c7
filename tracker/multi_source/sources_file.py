"""The file of ``--sources``: what is tracked in one process, in TOML.

    detector = "yolo11n.onnx"            # at the top: options of all sources
    events = "{name}.jsonl"              # {name} is the source's

    [sources.door]
    source = "rtsp://user:password@192.168.1.20/stream"
    line = "door:600,200,600,700"        # options of this one

Options have the names of the command line's, and mean the same; the nearest wins: a source's own, the top of the file,
the command line.
"""

from __future__ import annotations

import dataclasses
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

from detectors.errors import InputError
from tracker.run.options import SOURCE_NAME, Options, check_options

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TABLE, SOURCE, NAME = "sources", "source", "{name}"
OF_THE_PROCESS = ("view", "view_token")
NOT_HERE = {"show": "a window belongs to one source", "source_name": "the name of its table is the source's"}
FILES = (
    *("output", "mot", "jsonl", "stats", "tracks", "counts", "events", "heatmap", "trails", "top_view"),
    *("mqtt", "queue"),
)
"""Options that name something which no two sources can share."""
MOST_SOURCES = 100
EXAMPLE = '[sources.door] and below it source = "rtsp://..." for each'


@dataclass(frozen=True)
class NamedSource:
    """A source, the name by which it is known, and the options of its run."""

    name: str
    source: str
    options: Options


class SourcesFile(NamedTuple):
    """What the file says. view, view_token: of the page that shows all; None for no page, and for no token."""

    sources: Sequence[NamedSource]
    view: str | int | None
    view_token: str | None


def read_sources(path: str | Path, given: Mapping[str, Any]) -> SourcesFile:
    """The sources in a file. given: options of the command line by name.

    Raises InputError, which names the source and the option, for whatever cannot be used.
    """
    content = _read(Path(path))
    tables = content.pop(TABLE, None)
    if not isinstance(tables, dict) or not tables or not all(isinstance(each, dict) for each in tables.values()):
        raise InputError(path, "names no sources", f"give {EXAMPLE}")
    if len(tables) > MOST_SOURCES:
        raise InputError(path, f"has {len(tables)} sources", f"give at most {MOST_SOURCES}")
    shared = {**given, **_options(f"{path}", content)}
    process = {name: shared.pop(name, None) for name in OF_THE_PROCESS}
    sources = [_source(path, name, table, shared) for name, table in tables.items()]
    _check_shared_files(path, sources)
    return SourcesFile(sources, process["view"], process["view_token"])


def _read(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        return found
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}", "check the path and its permissions") from None
    except UnicodeDecodeError:
        raise InputError(path, "is not UTF-8 text", "save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(path, f"is not TOML: {error}", f"give {EXAMPLE}") from None
    except RecursionError:
        raise InputError(path, "is not TOML that can be used: lists without end", f"give {EXAMPLE}") from None


def _source(path: str | Path, name: str, table: Mapping[str, Any], shared: Mapping[str, Any]) -> NamedSource:
    where = f"{path}: {name}"
    if SOURCE_NAME.fullmatch(name) is None:
        raise InputError(where, "is no name for files and topics", "use letters, digits, spaces, dots, - and _")
    own = dict(table)
    source = own.pop(SOURCE, None)
    if isinstance(source, bool) or not isinstance(source, (str, int)) or source == "":
        raise InputError(where, "has no source", 'add source = "..." with a file, an address or a camera\'s number')
    options = {**shared, **_options(where, own)}
    for wrong in OF_THE_PROCESS:
        if wrong in own:
            raise InputError(f"{where}: {wrong}", "is of the page that shows all", "write it at the top of the file")
    named = {key: _with_name(value, name) for key, value in options.items()}
    found = NamedSource(name, str(source), Options(**named, source_name=name))
    try:
        check_options(found.options)
    except InputError as error:
        raise InputError(f"{where}: {error.what}", error.why, error.remedy) from None
    return found


def _options(where: str, table: Mapping[str, Any]) -> dict[str, Any]:
    """Options by the names of `Options`, each of a type that it takes."""
    hints = get_type_hints(Options)
    found = {}
    for key, value in table.items():
        name = key.strip().removeprefix("--").replace("-", "_")
        name = "except_" if name == "except" else name
        if name in NOT_HERE:
            raise InputError(f"{where}: {key}", NOT_HERE[name], "leave it out")
        if name not in hints:
            known = ", ".join(sorted(each.name for each in dataclasses.fields(Options)))
            raise InputError(f"{where}: {key}", "is no option of a source", f"these are: {known}")
        if not _fits(value, get_args(hints[name]) or (hints[name],)):
            raise InputError(f"{where}: {key}", f"cannot be {value!r}", "write it as on the command line, in quotes")
        found[name] = value
    return found


def _fits(value: Any, kinds: Sequence[Any]) -> bool:
    """Whether a value of TOML is of one of the types that an option takes."""
    if isinstance(value, list):
        return any(get_origin(kind) is Sequence for kind in kinds) and all(
            isinstance(each, (str, int)) for each in value
        )
    return type(value) in kinds or (type(value) is int and float in kinds)


def _with_name(value: Any, name: str) -> Any:
    """The value with the source's name where it says so."""
    if isinstance(value, list):
        return [_with_name(each, name) for each in value]
    return value.replace(NAME, name) if isinstance(value, str) else value


def _check_shared_files(path: str | Path, sources: Sequence[NamedSource]) -> None:
    """Raise InputError where two sources would write one file, or use one topic."""
    users = defaultdict[tuple[str, str], list[str]](list)
    for each in sources:
        for option in FILES:
            value = getattr(each.options, option)
            if value is not None and str(value) not in ("auto", "none"):
                kind = option if option in ("mqtt", "queue") else "file"
                users[kind, str(value)].append(f"{each.name} ({option})")
    for who in users.values():
        if len(who) > 1:
            why = f"{who[0]} and {who[1]} name the same place"
            raise InputError(path, why, f"write {NAME} in it, which stands for the source's name")
