"""What a training run leaves to read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("pycocotools", reason="needs the extra `train`")
pytest.importorskip("matplotlib", reason="needs the extra `train`")

from training.evaluation.evaluate import Precision
from training.evaluation.retrieval import Separation
from training.loop.detector_trainer import Report
from training.loop.display import TrainingDisplay
from training.loop.embedder_trainer import EmbeddingReport
from training.loop.report import APPEARANCE, ROOM, Journal, show_precisions, show_separations

HEADINGS = "step,minutes,classification_loss,box_loss,validation_ap50"
REPORTS = [
    Report(step=50, progress=0.5, seconds=30.0, classification_loss=1.25, box_loss=0.5, validation=None),
    Report(step=100, progress=1.0, seconds=60.0, classification_loss=1.0, box_loss=0.25, validation=0.125),
]
ROWS = ["50,0.50,1.2500,0.5000,", "100,1.00,1.0000,0.2500,0.1250"]


def test_the_journal_can_be_read_at_any_time(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text().splitlines() == [HEADINGS]
    for count, report in enumerate(REPORTS, start=1):
        journal.write(report)
        assert (tmp_path / "a.csv").read_text().splitlines() == [HEADINGS, *ROWS[:count]]


def test_a_journal_that_goes_on_keeps_what_is_still_true(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "a.csv")
    for report in REPORTS:
        journal.write(report)
    again = Journal(tmp_path / "a.csv", after=60)
    assert (tmp_path / "a.csv").read_text().splitlines() == [HEADINGS, ROWS[0]]
    again.write(REPORTS[1])
    assert (tmp_path / "a.csv").read_text().splitlines() == [HEADINGS, *ROWS]
    Journal(tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text().splitlines() == [HEADINGS]


def test_a_journal_begins_with_what_the_run_starts_from(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "a.csv")
    journal.write_start(0.5)
    journal.write(REPORTS[0])
    rows = [HEADINGS, "0,0.00,,,0.5000", ROWS[0]]
    assert (tmp_path / "a.csv").read_text().splitlines() == rows
    again = Journal(tmp_path / "a.csv", after=60)
    assert (tmp_path / "a.csv").read_text().splitlines() == rows
    again.draw(tmp_path / "a.png")


def test_the_curve_has_room_above_its_top_and_shows_the_start(tmp_path: Path) -> None:
    from matplotlib import pyplot

    journal = Journal(tmp_path / "a.csv")
    journal.write_start(0.67)
    journal.write(REPORTS[1]._replace(validation=0.674))
    figure, axes = pyplot.subplots()
    journal._draw_judgements(axes)
    assert axes.get_ylim() == pytest.approx((0, 0.674 * ROOM))
    curve, start = axes.get_lines()
    assert np.column_stack(curve.get_data()).tolist() == [[0, 0.67], [1, 0.674]]
    assert start.get_label() == "the start: 0.670"
    pyplot.close(figure)


@pytest.mark.parametrize("rest", ["", "150", "150,1.5", "x,1,1,1,1", "120,1,nan,1,", "1e999,1,1,1,1"])
def test_a_journal_whose_last_row_was_cut_off_goes_on(tmp_path: Path, rest: str) -> None:
    (tmp_path / "a.csv").write_text("\n".join([HEADINGS, *ROWS, rest]))
    journal = Journal(tmp_path / "a.csv", after=200)
    assert (tmp_path / "a.csv").read_text().splitlines() == [HEADINGS, *ROWS]
    journal.draw(tmp_path / "a.png")


@pytest.mark.parametrize("count", [0, 1, 2])
def test_the_curves_are_drawn_however_short_the_run(tmp_path: Path, count: int) -> None:
    journal = Journal(tmp_path / "a.csv")
    for report in REPORTS[:count]:
        journal.write(report)
    journal.draw(tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_without_a_terminal_there_is_a_line_whenever_the_run_was_judged(capsys: pytest.CaptureFixture[str]) -> None:
    with TrainingDisplay() as display:
        for report in REPORTS:
            display.show(report, best=0.5)
    err = capsys.readouterr().err
    assert err.strip() == "100%  step 100  loss 1.00 + 0.25  best AP50 0.500  AP50 now 0.125"


def test_precisions_are_shown_by_class(capsys: pytest.CaptureFixture[str]) -> None:
    show_precisions({"car": Precision(0.5, 0.25, 7), "mean": Precision(0.5, 0.25, 7)}, "3 pictures")
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert lines == [
        ["3", "pictures"],
        ["class", "objects", "AP50", "AP"],
        ["car", "7", "0.500", "0.250"],
        ["mean", "7", "0.500", "0.250"],
    ]


def test_a_run_of_another_kind_has_names_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    journal = Journal(tmp_path / "a.csv", figures=APPEARANCE)
    report = EmbeddingReport(10, 0.5, 6.0, triplet_loss=0.25, distillation_loss=0.75, validation=0.5)
    journal.write(report)
    assert (tmp_path / "a.csv").read_text().splitlines() == [
        "step,minutes,triplet_loss,distillation_loss,validation_map",
        "10,0.10,0.2500,0.7500,0.5000",
    ]
    journal.draw(tmp_path / "a.png")
    with TrainingDisplay(APPEARANCE) as display:
        display.show(report, best=0.625)
    assert capsys.readouterr().err.strip() == " 50%  step 10  loss 0.25 + 0.75  best mAP 0.625  mAP now 0.500".strip()


def test_separations_are_shown_by_source(capsys: pytest.CaptureFixture[str]) -> None:
    show_separations({"street": Separation(0.5, 0.25, float("nan"), 7, 3)}, "a protocol")
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert lines == [
        ["a", "protocol"],
        ["source", "identities", "queries", "rank-1", "mAP", "AUC"],
        ["street", "3", "7", "0.500", "0.250", "-"],
    ]
