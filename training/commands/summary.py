"""What a detector's training tells at its end: how good it is, whether it learnt anything, and a picture to look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from detectors.base import Detections, Image
from training.data.counts import counted
from training.data.dataset import Dataset, LabelledImage
from training.data.feed import PictureReader
from training.evaluation.contact_sheet import draw_contact_sheet, write_contact_sheet
from training.evaluation.evaluate import Precision, evaluate
from training.loop.display import stage
from training.loop.report import show_precisions

MOST_LEARNT = 100  # pictures that were learnt from are judged, where there are no others: it takes a few seconds
NOTHING_UNSEEN, NOTHING_LEARNT = 0.05, 0.1  # mean AP50 below which a network has learnt nothing to speak of
LEAST_GAIN = 0.01  # of a score: less is chance
USABLE = 0.3  # score of a start that is worth taking as it is
SUFFIX = ".found.jpg"


def judged_by(learnt: Dataset, held_out: Dataset | None) -> Dataset:
    """The pictures that a run is judged by at its end: those held back, or some that it learnt from."""
    return held_out or Dataset(learnt.class_names, _spread(learnt, MOST_LEARNT))


def summarise(
    detect: Callable[[Image], Detections],
    learnt: Dataset,
    held_out: Dataset | None,
    output: Path,
    before: Mapping[str, Precision] | None = None,
) -> None:
    """Print AP50 by class, what was gained, and a warning where it is next to nothing; draw the sheet of `output`.

    before: precision by class of what the run has started from, on the same pictures, where that is known.
    """
    judged = judged_by(learnt, held_out)
    count, read = len(judged.images), PictureReader()
    with stage(f"looking at what it finds in {counted(count, 'picture')}"):
        precisions = evaluate(detect, read, judged)
        sheet = draw_contact_sheet(detect, read, judged)
    write_contact_sheet(sheet, output.with_suffix(SUFFIX))
    title = counted(count, "held-out picture") if held_out else f"{count} of the pictures it learnt from"
    show_precisions(precisions, title, before)
    if before and "mean" in precisions:
        print(gain_of(before["mean"].ap50, precisions["mean"].ap50))
    if not held_out:
        print("note: of pictures it has not seen it will find less; --validation LIST names some to judge by")
    warning = warning_of(precisions, held_out is not None)
    if warning:
        print(warning)
    print(f"{output.with_suffix(SUFFIX)}: what it finds; try: keeptrack VIDEO --detector {output}")


def gain_of(before: float, after: float, score: str = "AP50") -> str:
    """A line that compares a score before and after, and one that says what to do where nothing was gained."""
    told = f"before: {score} {before:.3f}, after: {score} {after:.3f}"
    if after >= before + LEAST_GAIN or after < LEAST_GAIN:
        return told
    start = "what it started from is as good and can be taken as it is; " if before >= USABLE else ""
    return f"{told}\nnote: nothing was gained: {start}to gain, give more pictures, or more --minutes"


def _spread(dataset: Dataset, most: int) -> tuple[LabelledImage, ...]:
    able = [image for image in dataset.images if image.labelled.any()]
    return tuple(able[:: -(-len(able) // most)])


def warning_of(precisions: Mapping[str, Precision], held_out: bool) -> str:
    """One line where nothing was learnt, "" otherwise."""
    ap50 = precisions["mean"].ap50 if "mean" in precisions else 0.0
    if ap50 >= (NOTHING_UNSEEN if held_out else NOTHING_LEARNT):
        return ""
    where = "" if held_out else ", even in the pictures it learnt from"
    remedy = "train for longer (--minutes 30), with more pictures, and check that the boxes are where the objects are"
    return f"warning: it finds next to nothing (AP50 {ap50:.2f}){where}: {remedy}"
