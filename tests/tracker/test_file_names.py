from __future__ import annotations

from pathlib import Path

import pytest

from detectors.errors import InputError
from tracker.annotations.atomic_replacement import atomic_replacement
from tracker.file_names import LONGEST, draft_of, shortened, size_of
from tracker.writers.path_checks import check_outputs
from tracker.writers.stats import write_stats

LETTERS = ("x", "\u00e9", "\u4e16", "\U0001f600")


@pytest.mark.parametrize("letter", LETTERS)
def test_names_are_cut_between_characters(letter: str) -> None:
    for most in (1, 7, 120):
        name = shortened(letter * 200, most)
        assert most - 4 < size_of(name) <= most or (name, most) == ("", 1)
        assert set(name) <= {letter}
    assert shortened("short", 10) == "short"


@pytest.mark.parametrize("letter", LETTERS)
def test_the_longest_name_that_there_is_can_be_written(tmp_path: Path, letter: str) -> None:
    path = tmp_path / (shortened(letter * 300, LONGEST - 5) + ".json")
    with atomic_replacement(path) as draft:
        draft.write_text("{}")
    write_stats(path, {"frames": 1})
    draft_of(path).touch()
    assert "frames" in path.read_text()
    check_outputs({"--stats": path}, [], overwrite=True)


@pytest.mark.parametrize("length", [LONGEST + 1, 5000])
def test_a_name_that_is_too_long_is_told_with_its_option(tmp_path: Path, length: int) -> None:
    with pytest.raises(InputError, match=r"its name would be too long \(choose another with --output\)"):
        check_outputs({"--output": tmp_path / ("x" * length)}, [], overwrite=False)
