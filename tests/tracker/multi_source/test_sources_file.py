"""The file of --sources: what it says, and what is said of one that cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from detectors.errors import InputError
from tracker.multi_source.sources_file import SourcesFile, read_sources

TWO = '[sources.door]\nsource = "door.mp4"\n[sources.hall]\nsource = 0\n'


def read(folder: Path, text: str, **given: object) -> SourcesFile:
    (folder / "s.toml").write_text(text, encoding="utf-8")
    return read_sources(folder / "s.toml", given)


def test_the_nearest_wins_and_the_name_is_put_in(tmp_path: Path) -> None:
    text = f"""view = 8001
view-token = "word"
detect-every = "auto"
events = "{{name}}.jsonl"
conf = 0.3
{TWO}conf = 0.4
classes = ["person", "car"]
line = "in {{name}}:0,0,5,5"
except = "3"
blur = "person"
"""
    found = read(tmp_path, text, conf=0.2, iou=0.5, output="auto")
    door, hall = found.sources
    assert (found.view, found.view_token) == (8001, "word")
    assert [(each.name, each.source) for each in found.sources] == [("door", "door.mp4"), ("hall", "0")]
    assert (door.options.conf, hall.options.conf, hall.options.iou) == (0.3, 0.4, 0.5)
    assert [each.options.events for each in found.sources] == ["door.jsonl", "hall.jsonl"]
    assert [each.options.source_name for each in found.sources] == ["door", "hall"]
    assert hall.options.line == "in hall:0,0,5,5"
    assert hall.options.classes == ["person", "car"]
    assert hall.options.detect_every == "auto"
    assert hall.options.except_ == "3"
    assert door.options.view is None


def test_times_are_written_as_on_the_command_line(tmp_path: Path) -> None:
    door, hall = read(tmp_path, f'start = "1:30"\n{TWO}end = 95').sources
    assert (door.options.span, hall.options.span) == ((90.0, None), (90.0, 95.0))


BAD = {
    "no file": (None, r"s\.toml: cannot be read: No such file"),
    "no TOML": ("[sources", r"s\.toml: is not TOML: "),
    "no sources": ("conf = 0.3", r"s\.toml: names no sources \(give \[sources\.door\]"),
    "no tables": ("sources = 3", r"names no sources"),
    "no source": ("[sources.door]\nconf = 0.3", r"s\.toml: door: has no source"),
    "bad name": ('[sources."a/b"]\nsource = "x"', r"s\.toml: a/b: is no name for files"),
    "unknown option": (f"{TWO}linne = 3", r"s\.toml: hall: linne: is no option of a source"),
    "wrong type": (f'conf = "high"\n{TWO}', r"s\.toml: conf: cannot be 'high'"),
    "wrong number": (f"conf = 3\n{TWO}", r"s\.toml: door: --conf 3: is not between 0 and 1"),
    "number in the place of a text": (f"except = 3\n{TWO}", r"s\.toml: except: cannot be 3"),
    "wrong list": (f"line = [1.5]\n{TWO}", r"s\.toml: line: cannot be \[1\.5\]"),
    "a window": (f"show = true\n{TWO}", r"s\.toml: show: a window belongs to one source"),
    "own page": (f"{TWO}view = 8001", r"hall: view: is of the page that shows all"),
    "same file": (
        f'events = "all.jsonl"\n{TWO}',
        r"door \(events\) and hall \(events\) name the same place \(write \{name\}",
    ),
    "no end": (f"a = {'[' * 5000}", r"s\.toml: is not TOML that can be used: lists without end"),
    "same topic": (f'mqtt = "broker/door"\n{TWO}', r"door \(mqtt\) and hall \(mqtt\) name the same place"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_used_is_named(case: str, tmp_path: Path) -> None:
    text, message = BAD[case]
    if text is not None:
        (tmp_path / "s.toml").write_text(text)
    with pytest.raises(InputError, match=message):
        read_sources(tmp_path / "s.toml", {})


def test_files_that_differ_by_the_name_are_no_clash(tmp_path: Path) -> None:
    text = f'mot = "{{name}}.txt"\nmqtt = "broker/{{name}}"\nwebhook = "http://host/"\noutput = "none"\n{TWO}'
    assert [each.options.mot for each in read(tmp_path, text).sources] == ["door.txt", "hall.txt"]
