"""The bar moves with time; without a terminal there are lines."""

from __future__ import annotations

import io
import time

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

from rich.console import Console

from training.loop import display
from training.loop.detector_trainer import Report
from training.loop.display import TrainingDisplay, stage


def report(step: int, validation: float | None = None) -> Report:
    return Report(step, step / 100, 60.0, 1.25, 0.5, validation)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    text = io.StringIO()
    monkeypatch.setattr(display, "Console", lambda **options: Console(file=text, force_terminal=True, width=120))
    return text


def test_the_bar_moves_between_reports_and_says_what_is_going_on(terminal: io.StringIO) -> None:
    began, doing = time.monotonic(), ["reading the first pictures"]
    with TrainingDisplay(progress=lambda: time.monotonic() - began, activity=lambda: doing[0]) as shown:
        time.sleep(0.35)
        doing[0] = ""
        shown.show(report(40), 0.5)
        time.sleep(0.25)
    text = terminal.getvalue()
    assert "reading the first pictures" in text
    assert "step 40  loss 1.25 + 0.50  best AP50 0.500" in text
    shares = {word for word in text.replace("\x1b", " ").split() if word.endswith("%")}
    assert len(shares) > 2, "it was drawn at several moments"


def test_without_a_terminal_there_is_a_line_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with TrainingDisplay() as shown:
        shown.show(report(1), -1.0)
        monkeypatch.setattr(display, "LINE_SECONDS", 0.0)
        shown.show(report(2), -1.0)
    assert capsys.readouterr().err == "  2%  step 2  loss 1.25 + 0.50\n"


def test_a_stage_without_a_known_length_is_shown(terminal: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    with stage("reading the pictures"):
        time.sleep(0.1)
    assert "reading the pictures" in terminal.getvalue()
    assert capsys.readouterr().err == ""


def test_a_stage_is_a_line_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with stage("reading the pictures"):
        pass
    assert capsys.readouterr().err == "reading the pictures\n"
