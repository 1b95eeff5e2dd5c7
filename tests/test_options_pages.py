"""Every option of every command has a heading in docs/options*.md, and an example that its command takes.

A new option needs there a heading with its names as they are in --help, a sentence, and an indented command with it.
"""

from __future__ import annotations

import argparse
import importlib
import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, NoReturn
from unittest import mock

import pytest

from tracker.annotations.formats import FORMATS
from tracker.commands.arguments import COMMANDS, build_parser
from tracker.run.options import Options, check_options

DOCS = Path(__file__).parent.parent / "docs"
TRAINING = "python -m training "
HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
INDENTED = re.compile(r"^    ((?:keeptrack|python -m training) ?.*)$", re.MULTILINE)


class Entry(NamedTuple):
    """A heading that names an option, in the section of a command."""

    command: str
    options: tuple[str, ...]
    text: str


class Seen(Exception):  # noqa: N818
    """A parser that was about to parse."""


def parser_of(command: str) -> argparse.ArgumentParser:
    """The parser of ``keeptrack SOURCE``, ``keeptrack annotate``, ``python -m training detector``, ..."""
    if command == "keeptrack SOURCE":
        return build_parser()
    if not command.startswith(TRAINING):
        module = importlib.import_module(f"tracker.commands.{COMMANDS[command.removeprefix('keeptrack ')]}")
        parser: argparse.ArgumentParser = module.build_parser()
        return parser
    pytest.importorskip("torch")
    module = importlib.import_module(f"training.commands.{command.removeprefix(TRAINING).replace('-', '_')}")

    def stop(self: argparse.ArgumentParser, *rest: Any) -> NoReturn:
        raise Seen(self)

    with mock.patch.object(argparse.ArgumentParser, "parse_args", stop), pytest.raises(Seen) as seen:
        module.main([])
    found: argparse.ArgumentParser = seen.value.args[0]
    assert isinstance(found, argparse.ArgumentParser)
    return found


def commands() -> list[str]:
    """Whatever has options."""
    from training.__main__ import COMMANDS as TRAININGS

    return ["keeptrack SOURCE", *(f"keeptrack {name}" for name in COMMANDS), *(TRAINING + name for name in TRAININGS)]


def page_of(command: str) -> Path:
    return DOCS / ("options-training.md" if command.startswith(TRAINING) else "options.md")


def entries(page: Path) -> Iterator[Entry]:
    """The options of a page, with what stands below each."""
    parts = HEADING.split(page.read_text(encoding="utf-8"))
    command = ""
    for level, title, text in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        command = title if len(level) == 2 else command
        if title.startswith("`-"):
            yield Entry(command, tuple(re.findall(r"(?<![\w-])--?[a-z][\w-]*", title)), text)


def examples(page: Path) -> list[str]:
    return INDENTED.findall(page.read_text(encoding="utf-8"))


def options_of(parser: argparse.ArgumentParser) -> dict[tuple[str, ...], str | None]:
    """The names of each option, and its help."""
    return {tuple(each.option_strings): each.help for each in parser._actions if each.option_strings}


@pytest.mark.parametrize("command", commands())
def test_every_option_has_a_heading_and_no_heading_is_stale(command: str) -> None:
    options = options_of(parser_of(command))
    inherited = {} if command == "keeptrack SOURCE" else options_of(build_parser())
    told = {entry.options for entry in entries(page_of(command)) if entry.command == command}
    own = {names for names, text in options.items() if inherited.get(names) != text or names in told}
    place = f"docs/{page_of(command).name}, below '## {command}': a heading, a sentence and an example for each"
    assert own - told == set(), place
    assert told - set(options) == set(), f"{place}; these are there, but the command has them no more"


@pytest.mark.parametrize("page", [DOCS / "options.md", DOCS / "options-training.md"], ids=lambda page: page.stem)
def test_every_option_has_an_example(page: Path) -> None:
    missing = []
    for entry in entries(page):
        used = {word for line in INDENTED.findall(entry.text) for word in shlex.split(line, comments=True)}
        missing += [] if used & set(entry.options) else [f"{entry.command}: {', '.join(entry.options)}"]
    assert missing == []


@pytest.mark.parametrize("command", ["keeptrack annotate", "keeptrack convert"])
def test_every_format_is_named(command: str) -> None:
    (text,) = (
        entry.text for entry in entries(page_of(command)) if (entry.command, entry.options) == (command, ("--format",))
    )
    assert set(FORMATS) <= set(re.findall(r"`([\w-]+)`", text))


@pytest.mark.parametrize("command", commands())
def test_every_example_is_taken(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    parser = parser_of(command)
    for line in examples(page_of(command)):
        if command_of(line) != command or "DATA" in line or "SOURCES" in line or "IN OUT" in line:
            continue
        words = shlex.split(line, comments=True)[len(shlex.split(command)) - command.count(" SOURCE") :]
        try:
            found = parse(parser, words)
        except SystemExit as error:
            if error.code:
                pytest.fail(f"{line}: {capsys.readouterr().err}")
            continue
        if command == "keeptrack SOURCE":
            check_options(Options(**found))


def command_of(line: str) -> str:
    """Which command an example is of."""
    words = shlex.split(line, comments=True)
    if words[0] == "python":
        return " ".join(words[:4])
    return " ".join(words[:2]) if len(words) > 1 and words[1] in COMMANDS else "keeptrack SOURCE"


def parse(parser: argparse.ArgumentParser, words: Sequence[str]) -> dict[str, Any]:
    """What the parser makes of the words, without what is not of `Options`."""
    found = vars(parser.parse_intermixed_args(words))
    return {name: value for name, value in found.items() if name in Options.__dataclass_fields__}


def test_an_option_without_a_heading_would_be_found(tmp_path: Path) -> None:
    page = tmp_path / "options.md"
    page.write_text("## keeptrack SOURCE\n\n#### `-o, --output PATH`\n\nText.\n\n    keeptrack video.mp4 -o a.mp4\n")
    (entry,) = entries(page)
    assert entry.command == "keeptrack SOURCE"
    assert entry.options == ("-o", "--output")
    assert examples(page) == ["keeptrack video.mp4 -o a.mp4"]
