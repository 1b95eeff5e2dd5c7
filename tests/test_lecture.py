"""The programs of docs/lecture.md run, one after the other, and print what they say; its figures have a function."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent
LECTURE = (ROOT / "docs/lecture.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"^```python\n(.*?)^```", LECTURE, re.DOTALL | re.MULTILINE)
USUAL: Any = {"precision": 8, "suppress": False, "floatmode": "maxprec", "formatter": None}
PRINTED = re.compile(r"^print\(.*\)  # ((?:Geometry|\[).*?)(?:;.*)?$", re.MULTILINE)


def test_programs_run_and_print_what_they_say(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torchvision")
    names: dict[str, object] = {}
    told = 0
    for program in PROGRAMS:
        with np.printoptions(**USUAL):  # other libraries change how NumPy prints
            exec(program, names)
        printed = capsys.readouterr().out
        for expected in PRINTED.findall(program):
            assert expected in printed
            told += 1
    assert told == 8


def test_figures_are_drawn_by_a_function_each() -> None:
    script = (ROOT / "docs/figures/lecture.py").read_text(encoding="utf-8")
    shown = re.findall(r"\]\(lecture/([\w-]+)\.(\w+)\)", LECTURE)
    assert shown
    assert shown == re.findall(r'^    "([\w-]+)": \(\w+, "(\w+)"\),$', script, re.MULTILINE)
