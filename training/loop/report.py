"""What a training run leaves to read: metrics.csv, a picture of its curves, a table of its precision."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from detectors.errors import refusing
from training.evaluation.evaluate import Precision
from training.evaluation.retrieval import Separation
from training.loop.detector_trainer import Report
from training.loop.embedder_trainer import EmbeddingReport
from training.loop.mask_report import MaskReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes

AnyReport = Report | EmbeddingReport | MaskReport


START = "0"  # the step of the row that tells how good the start is
FEW = 20  # points of a curve: fewer are marked one by one, and not smoothed
ROOM = 1.12  # of the highest judgement: the curve's height, so that its top is seen


@dataclass(frozen=True)
class Figures:
    """What the reports of a kind of run tell: the names of two losses, and of the figure that is judged by."""

    losses: tuple[str, str]
    score: str
    title: str

    @property
    def columns(self) -> tuple[str, ...]:
        """Of the CSV file."""
        return ("step", "minutes", *(f"{loss}_loss" for loss in self.losses), f"validation_{self.score.lower()}")


DETECTION = Figures(("classification", "box"), "AP50", "how well it finds what it has not seen")
MASKS = Figures(("pixel", "dice"), "IoU", "how well its masks fit what it has not seen")
CLASSES = Figures(("pixel", "dice"), "mIoU", "how well it tells classes in what it has not seen")
APPEARANCE = Figures(("triplet", "distillation"), "mAP", "how well it tells apart whom it has not seen")


def is_report(row: Sequence[str], columns: int) -> bool:
    """Whether a row is one that `Journal` has written, and whole."""
    if len(row) != columns:
        return False
    losses = ["0", "0"] if list(row[:1]) == [START] else row[2:-1]  # what a run starts from has none
    try:
        return all(math.isfinite(float(value)) for value in (*row[:2], *losses, row[-1] or "0"))
    except ValueError:
        return False


class Journal:
    """Appends reports to a CSV file, a row each, readable at any time; draws them as curves.

    after: keep the rows that are there up to this step, for a run that resumes.
    """

    def __init__(self, path: Path, after: int = 0, figures: Figures = DETECTION) -> None:
        self.path, self._figures = path, figures
        self._rows: list[list[str]] = []
        if after and path.is_file():
            with refusing(path, "cannot be read", "move it away"), path.open(newline="", encoding="utf-8") as file:
                rows = list(csv.reader(file))[1:]
            self._rows = [row for row in rows if is_report(row, len(figures.columns)) and float(row[0]) <= after]
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([figures.columns, *self._rows])

    def write_start(self, score: float) -> None:
        """The first row: how good that is what the run starts from."""
        self._append([START, "0.00", "", "", f"{score:.4f}"])

    def write(self, report: AnyReport) -> None:
        """One more row."""
        step, _, seconds, first, second, validation = report
        judged = "" if validation is None else f"{validation:.4f}"
        self._append([str(step), f"{seconds / 60:.2f}", f"{first:.4f}", f"{second:.4f}", judged])

    def _append(self, row: list[str]) -> None:
        self._rows.append(row)
        with self.path.open("a", newline="", encoding="utf-8") as file:
            csv.writer(file).writerow(row)

    def draw(self, path: Path) -> None:
        """The losses and the judgements over time, as PNG."""
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import pyplot

        figure, (left, right) = pyplot.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
        steps = [row for row in self._rows if row[0] != START]
        minutes = [float(row[1]) for row in steps]
        for column, label in enumerate(self._figures.losses, start=2):
            values = [float(row[column]) for row in steps]
            if len(values) < FEW:  # a line of one point would not be seen
                left.plot(minutes, values, marker="o", markersize=3.5, label=label)
                continue
            (line,) = left.plot(minutes, values, alpha=0.25, linewidth=0.8)
            left.plot(minutes, _smooth(values), color=line.get_color(), label=label)
        left.set(xlabel="minutes", ylabel="loss", title="what it learns from", xlim=(0, None), ylim=(0, None))
        left.legend(frameon=False)
        self._draw_judgements(right)
        for axes in (left, right):
            axes.spines[["top", "right"]].set_visible(False)
            axes.grid(alpha=0.25)
        figure.savefig(path, dpi=110)
        pyplot.close(figure)

    def _draw_judgements(self, axes: Axes) -> None:
        """The judgements over time, with that of the start as a line across: below it, nothing is gained."""
        judged = [(float(row[1]), float(row[4])) for row in self._rows if row[4]]
        starts = [float(row[4]) for row in self._rows if row[0] == START]
        if judged:
            axes.plot(*zip(*judged, strict=True), marker="o", markersize=3.5, color="tab:green")
        for score in starts:
            axes.axhline(score, color="0.5", linewidth=0.9, linestyle="--", label=f"the start: {score:.3f}", zorder=0)
            axes.legend(frameon=False, loc="lower right")
        highest = max((score for _, score in judged), default=0.0)
        axes.set(xlabel="minutes", ylabel=self._figures.score, title=self._figures.title, xlim=(0, None))
        axes.set_ylim(0, ROOM * highest or 1.0)


def _smooth(values: list[float], keep: float = 0.75) -> list[float]:
    """Exponential running mean."""
    smooth: list[float] = []
    for value in values:
        smooth.append(value if not smooth else keep * smooth[-1] + (1 - keep) * value)
    return smooth


def show_precisions(
    precisions: Mapping[str, Precision], title: str, before: Mapping[str, Precision] | None = None
) -> None:
    """Print average precision by class. before: the same of what the run has started from, where that is known."""
    table = Table(box=None, pad_edge=False)
    table.add_column("class")
    for heading in ("objects", *(() if before is None else ("AP50 before",)), "AP50", "AP"):
        table.add_column(heading, justify="right")
    for name, precision in precisions.items():
        style = "bold" if name == "mean" else ""
        shown = [] if before is None else [f"{before[name].ap50:.3f}"]
        table.add_row(name, str(precision.boxes), *shown, f"{precision.ap50:.3f}", f"{precision.ap:.3f}", style=style)
    console = Console()
    console.print(title, highlight=False)  # a title of the table would be folded to its width
    console.print(table)


def show_separations(separations: Mapping[str, Separation], title: str) -> None:
    """Print rank-1, mAP and AUC by source."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for heading, side in (("source", "left"), ("identities", "right"), ("queries", "right")):
        table.add_column(heading, justify=side, overflow="fold")  # type: ignore[arg-type]  # a literal
    for heading in ("rank-1", "mAP", "AUC"):
        table.add_column(heading, justify="right")
    for name, found in separations.items():
        shares = ("-" if value != value else f"{value:.3f}" for value in (found.rank1, found.mean_ap, found.auc))
        table.add_row(name, str(found.identities), str(found.queries), *shares)
    Console().print(table)


def show_ious(found: Mapping[str, float], title: str) -> None:
    """Print IoU by class."""
    table = Table(box=None, pad_edge=False)
    table.add_column("class")
    table.add_column("IoU", justify="right")
    for name, iou in found.items():
        table.add_row(name, f"{iou:.3f}", style="bold" if name == "mean" else "")
    console = Console()
    console.print(title, highlight=False)
    console.print(table)
