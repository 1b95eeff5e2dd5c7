"""Help: examples first, one topic at a time, and each option under one of them."""

from __future__ import annotations

import re
import shlex

import pytest

from tracker.commands.arguments import COMMANDS, build_parser, option_groups
from tracker.commands.cli import main
from tracker.commands.help import TOPICS


def test_no_arguments_show_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith("examples:\n  keeptrack video.mp4 ")
    assert printed.out == ""


@pytest.mark.parametrize("topic", option_groups(build_parser()))
def test_a_topic_shows_its_options_and_no_others(topic: str, capsys: pytest.CaptureFixture[str]) -> None:
    groups = option_groups(build_parser())
    assert main(["help", topic]) == 0
    listed = set(re.findall(r"^  (?:-\w \w+, )?(--[a-z-]+)", capsys.readouterr().out, re.MULTILINE))
    mine = {action.option_strings[-1] for action in groups[topic]._group_actions}
    theirs = {action.option_strings[-1] for name in groups if name != topic for action in groups[name]._group_actions}
    assert listed >= mine - {"--no-reconnect"}
    assert not listed & theirs


@pytest.mark.parametrize("name", ["memory", "--memory", "detect-every", "-o", "--no-reconnect"])
def test_an_option_shows_itself_alone(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help", name]) == 0
    listed = re.findall(r"^  -", capsys.readouterr().out, re.MULTILINE)
    assert len(listed) == 1


def test_examples_are_commands_that_parse() -> None:
    lines = [line for text in TOPICS.values() for line in text.splitlines()]
    for line in lines:
        words = shlex.split(line.strip().split("  ")[0])
        assert words[0] == "keeptrack"
        build_parser().parse_args(words[1:])


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_shows_its_own_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["help", command])
    assert ended.value.code == 0
    assert f"keeptrack {command}" in capsys.readouterr().out


def test_an_unknown_topic_names_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help", "everything"]) == 2
    assert capsys.readouterr().err.startswith("error: everything: is no topic (outputs, ")


def test_training_is_a_topic_though_a_program_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    for word in ("train", "training"):
        assert main(["help", word]) == 0
        assert "python -m training detector pictures/ -o my.onnx" in capsys.readouterr().out
    assert main(["help"]) == 0
    assert "python -m training detector" in capsys.readouterr().out
