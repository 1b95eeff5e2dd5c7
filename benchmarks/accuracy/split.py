"""A video looked at in pieces against the same looked at as one, and, where there is ground truth, both against that.

usage: python -m benchmarks.accuracy.split [--clip VIDEO_OR_SEQUENCE]... [--pieces N] [--overlap SECONDS]
                                          [--detector NAME|PATH]

Offline, with the settings of a run that says nothing else. The first figures of a row take the unsplit result as the
truth: 100 is "as if it had never been split". Sequence folders are scored against their gt/gt.txt, too.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.accuracy.sequences import rows_of
from benchmarks.tables import print_circumstances, print_table
from detectors import InputError
from detectors.base import Floats
from tracker.batch.piecewise import piece_options
from tracker.evaluation.evaluate import Scores, evaluate
from tracker.evaluation.ground_truth import GroundTruth, load_ground_truth, make_ground_truth
from tracker.offline.first_pass import FirstPass
from tracker.offline.pieces import OVERLAP, plan_pieces
from tracker.offline.postprocess import postprocess
from tracker.offline.stitch import stitch
from tracker.offline.trajectory import tracks_by_frame
from tracker.run.options import Options
from tracker.run.run import Run

HEADINGS = ("", "pieces", "frames", "looked at", "tracks", "HOTA", "AssA", "IDF1", "IDSW", "truth: whole", "split")


@dataclass(frozen=True, eq=False)
class Split:
    """One source both ways. parts: how many pieces there were. seen: frames looked at in all pieces."""

    name: str
    whole: FirstPass
    split: FirstPass
    parts: int
    seen: int


def first_pass_over(source: Path, options: Options) -> FirstPass:
    """The first pass of a run."""
    with Run(source, options, pictures=False) as run:
        for _ in run.record(midway=options.span.start > 0):
            pass
    assert run.first_pass is not None
    return run.first_pass


def split_and_whole(source: Path, options: Options, count: int, overlap: float) -> Split:
    """A source as one, and in pieces."""
    whole = first_pass_over(source, options)
    times = whole.history.times
    pieces = plan_pieces(float(times[-1]) + whole.history.interval, count, overlap=overlap)
    parts = [first_pass_over(source, piece_options(piece, options)) for piece in pieces]
    return Split(source.stem, whole, stitch(parts, pieces), len(parts), sum(len(part.indices) for part in parts))


def result(found: FirstPass) -> Floats:
    """Rows frame,id,x,y,w,h ``(N, 6)`` of the second stage, which is the same either way."""
    return rows_of(tracks_by_frame(postprocess(found.history), found.history.times))


def against(name: str, truth: Floats, found: Floats, length: int) -> Scores:
    """The scores of a result where another one is the truth."""
    return evaluate([make_ground_truth(name, truth, length)], {name: found}).combined


def row(one: Split, truth: GroundTruth | None) -> list[str]:
    """A line of the table."""
    whole, split = result(one.whole), result(one.split)
    length = len(one.whole.indices)
    scores = against(one.name, whole, split, length)
    counts = "/".join(str(len(np.unique(rows[:, 1]))) for rows in (whole, split))
    cells = [one.name, str(one.parts), str(length), str(one.seen), counts]
    cells += [f"{value:.2f}" for value in (scores.hota, scores.assa, scores.idf1)] + [str(scores.idsw)]
    if truth is None:
        return [*cells, "", ""]
    real = [evaluate([truth], {truth.name: rows}).combined for rows in (whole, split)]
    return cells + [f"{each.hota:.2f} {each.idf1:.2f}" for each in real]


def truth_of(source: Path) -> GroundTruth | None:
    """The ground truth of a sequence folder, if it has any."""
    return load_ground_truth(source)[0] if (source / "gt" / "gt.txt").is_file() else None


def main(argv: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clip", type=Path, action="append", required=True, metavar="VIDEO_OR_SEQUENCE")
    parser.add_argument("--pieces", type=int, default=4)
    parser.add_argument("--overlap", type=float, default=OVERLAP, metavar="SECONDS")
    parser.add_argument("--detector", default="auto", metavar="NAME|PATH")
    parser.add_argument("--detections", help="a file in each sequence folder, instead of the detector")
    arguments = parser.parse_args(argv)
    rows = []
    print_circumstances()
    try:
        for clip in arguments.clip:
            found = None if arguments.detections is None else clip / arguments.detections
            options = Options(offline=True, detector=arguments.detector, detections=found)
            rows.append(row(split_and_whole(clip, options, arguments.pieces, arguments.overlap), truth_of(clip)))
    except InputError as error:
        sys.exit(f"error: {error}")
    title = f"In pieces, {arguments.overlap:g} s of overlap, against the whole; {arguments.detector}"
    print_table(title, HEADINGS, [rows], markdown=True)


if __name__ == "__main__":
    main()
