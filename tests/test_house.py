"""The house as CONTRIBUTING draws it: rooms in one order, no circles, short argument lists, no class of everything."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("detectors", "tracker", "training", "benchmarks")
FILES_AT_THE_DOOR = {"tracker": 6, "training": 4}
MOST_ARGUMENTS = 7
MOST_ATTRIBUTES = 12

RECORDS = {
    "Options": "the options of the command line, one for one",
    "Preset": "the options of a tracker",
    "Cues": "the weights of a tracker's cues",
    "Plan": "the options of a training run",
    "EmbeddingPlan": "the options of a training run",
    "SegmenterPlan": "the options of a training run",
    "Event": "the keys of a line of --events",
    "TrackSummary": "a row of summary.csv",
    "Source": "what is known of a source before its first frame",
}
"""Dataclasses that only hold values somebody else has named."""


def modules() -> dict[str, Path]:
    """Every module of ours by its dotted name; a package is its __init__.py."""
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in files}


def imported(path: Path, known: Mapping[str, Path]) -> Iterator[str]:
    """The modules of ours that a file imports, at its top, inside a function or for type checking only."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module in known:
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                yield submodule if submodule in known else str(node.module)


def stated_order(package: str) -> list[str]:
    """The rooms of a package as CONTRIBUTING lists them, the ground floor first."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(rf"^\| `{package}/([a-z_]+)(?:\.py|/)?` \|", text, flags=re.MULTILINE)
    assert rows, f"CONTRIBUTING.md has no table of {package}/"
    return rows


@pytest.mark.parametrize("package", ["tracker", "training"])
def test_contributing_lists_every_room(package: str) -> None:
    entries = {
        path.stem for path in (ROOT / package).iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    rooms = stated_order(package)
    assert set(rooms) == entries - {"__init__", "__main__"}
    assert len(rooms) == len(set(rooms))


@pytest.mark.parametrize("package", ["tracker", "training"])
def test_no_room_imports_one_above_it(package: str) -> None:
    order, known = stated_order(package), modules()
    wrong = []
    for name, path in known.items():
        if name.startswith(f"{package}.") and name.split(".")[1] in order:
            floor = order.index(name.split(".")[1])
            for target in imported(path, known):
                above = target.startswith(f"{package}.") and order.index(target.split(".")[1]) > floor
                wrong += [f"{name} imports {target}"] if above else []
    assert wrong == []


def test_no_file_imports_itself_by_way_of_others() -> None:
    known = modules()
    graph = {name: set(imported(path, known)) - {name} for name, path in known.items()}
    assert circle_in(graph) == []


def circle_in(graph: Mapping[str, set[str]]) -> list[str]:
    """The files of one circle, if there is any."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_a_circle_would_be_found() -> None:
    assert set(circle_in({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}})) == {"a", "b", "c"}


@pytest.mark.parametrize("package", FILES_AT_THE_DOOR)
def test_few_files_stand_at_the_door(package: str) -> None:
    assert len(list((ROOT / package).glob("*.py"))) <= FILES_AT_THE_DOOR[package]


def definitions(kind: type[ast.AST]) -> Iterator[tuple[Path, ast.AST]]:
    """Every function or class of ours with its file."""
    for path in modules().values():
        yield from ((path, node) for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, kind))


def test_no_function_takes_many_arguments() -> None:
    wrong = []
    for path, node in definitions(ast.FunctionDef):
        assert isinstance(node, ast.FunctionDef)
        names = [each.arg for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
        if len([name for name in names if name not in ("self", "cls")]) > MOST_ARGUMENTS:
            wrong.append(f"{path.relative_to(ROOT)}: {node.name}")
    assert wrong == []


def attributes(node: ast.ClassDef) -> set[str]:
    """What instances carry: fields, and whatever methods set on self."""
    fields = {
        each.target.id for each in node.body if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
    }
    return fields | {
        each.attr
        for each in ast.walk(node)
        if isinstance(each, ast.Attribute) and isinstance(each.ctx, ast.Store)
        if isinstance(each.value, ast.Name) and each.value.id == "self"
    }


def test_no_class_carries_many_attributes() -> None:
    wrong, names = [], set()
    for path, node in definitions(ast.ClassDef):
        assert isinstance(node, ast.ClassDef)
        count = len(attributes(node))
        names.add(node.name)
        if count > MOST_ATTRIBUTES and node.name not in RECORDS:
            wrong.append(f"{path.relative_to(ROOT)}: {node.name} has {count}")
    assert wrong == []
    assert set(RECORDS) <= names
