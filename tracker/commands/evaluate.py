"""``keeptrack eval``: result files scored against ground truth, as a table and as JSON."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, astuple
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from detectors.errors import InputError, printable
from tracker.commands.arguments import Parser
from tracker.commands.screen import warn
from tracker.evaluation.evaluate import Evaluation, Scores, evaluate, read_results
from tracker.evaluation.ground_truth import GT, GroundTruth, load_ground_truth
from tracker.evaluation.mots import MotsTruth, evaluate_mots, is_mots, load_mots
from tracker.writers.path_checks import check_outputs
from tracker.writers.stats import write_stats

HEADINGS = ("HOTA", "DetA", "AssA", "MOTA", "IDF1", "IDSW")
FEWER_IS_BETTER = "IDSW"


def main(argv: Sequence[str]) -> int:
    """Run the command; returns the exit status. Raises InputError."""
    arguments = build_parser().parse_intermixed_args(argv)
    try:
        return _score(arguments)
    except OSError as error:  # a folder without permission, a name that the system does not take
        why = f"cannot be used: {error.strerror or error}"
        raise InputError(error.filename or "a file", why, "check the name and the permissions") from None


def _score(arguments: argparse.Namespace) -> int:
    root, json = Path(arguments.gt_root), arguments.json
    places = _by_name(arguments.results)
    masks = is_mots(root)
    chosen = _listed(arguments.sequences)
    ground_truth = load_mots(root, chosen) if masks else load_ground_truth(root, chosen, arguments.mot15_flags)
    if json is not None:
        names = [truth.name for truth in ground_truth]
        inputs = [root / name / GT for name in names]
        inputs += [path / f"{name}.txt" for path in places.values() for name in names]
        check_outputs({"--json": Path(json)}, [*inputs, root / GT, *places.values()], arguments.overwrite)
    _warn(warning for truth in ground_truth for warning in getattr(truth, "warnings", ()))
    evaluations = {name: _evaluated(ground_truth, place) for name, place in places.items()}
    if json is not None:
        write_stats(Path(json), as_json(evaluations), new=not arguments.overwrite)
    Console(highlight=False).print(make_table(evaluations))
    return 0


def _evaluated(ground_truth: Sequence[GroundTruth] | Sequence[MotsTruth], place: Path) -> Evaluation:
    """The scores of one place of results; warnings are printed."""
    masks = [truth for truth in ground_truth if isinstance(truth, MotsTruth)]
    if masks:
        evaluation, missing = evaluate_mots(masks, place)
        _warn(missing)
        return evaluation
    boxes = [truth for truth in ground_truth if isinstance(truth, GroundTruth)]
    results, missing = read_results(place, boxes)
    _warn(missing)
    return evaluate(boxes, results)


def build_parser() -> Parser:
    """The arguments of the command."""
    parser = Parser(
        prog="keeptrack eval",
        description="Score result files against MOTChallenge or MOTS ground truth, with TrackEval's metrics.",
    )
    parser.add_argument("gt_root", metavar="GT_ROOT", help="folder of sequences NAME/gt/gt.txt, or one such sequence")
    parser.add_argument(
        "results",
        metavar="RESULTS",
        nargs="+",
        help="folder of NAME.txt (frame,id,x,y,w,h,...), one a sequence; or a file, for one sequence",
    )
    parser.add_argument("--json", metavar="PATH", help="write the scores in full precision, too")
    parser.add_argument("--sequences", metavar="A,B", help="names of the sequences to score (default: all in GT_ROOT)")
    parser.add_argument(
        "--mot15-flags",
        action="store_true",
        help="leave out ground truth rows of ten columns whose seventh is 0, as TrackEval's MOT15 benchmark does; all "
        "such rows count otherwise, because converted copies of those files have confidences or 0 there",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace the JSON file if it exists")
    return parser


def as_json(evaluations: Mapping[str, Evaluation]) -> dict[str, Any]:
    """What --json writes."""
    return {
        "results": {
            name: {
                "combined": _row(evaluation.combined),
                "sequences": {sequence: _row(scores) for sequence, scores in evaluation.sequences.items()},
            }
            for name, evaluation in evaluations.items()
        }
    }


def _row(scores: Scores) -> dict[str, float | int]:
    return dict(zip(HEADINGS, asdict(scores).values(), strict=True))


def make_table(evaluations: Mapping[str, Evaluation]) -> Table:
    """Rows for each result: all sequences combined, then each one. The best of several results is bold."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="")
    table.add_column("", overflow="fold")
    for heading in HEADINGS:
        table.add_column(heading, justify="right", no_wrap=True, min_width=6)
    combined = [_cells(evaluation.combined) for evaluation in evaluations.values()]
    best = _best(combined) if len(combined) > 1 else ()
    for (name, evaluation), cells in zip(evaluations.items(), combined, strict=True):
        marked = [Text(cell, "bold" if (column, cell) in best else "") for column, cell in enumerate(cells)]
        table.add_row(Text(printable(name)), *marked)
        for sequence, scores in evaluation.sequences.items():
            table.add_row(Text(f"  {printable(sequence)}"), *_cells(scores))
        table.add_section()
    return table


def _cells(scores: Scores) -> list[str]:
    *percentages, switches = astuple(scores)
    return [*(f"{value:.2f}" for value in percentages), str(switches)]


def _best(rows: Sequence[Sequence[str]]) -> set[tuple[int, str]]:
    """Column and text of the best value of each column. Values that look equal are marked alike."""
    choose = [min if heading == FEWER_IS_BETTER else max for heading in HEADINGS]
    columns = zip(*rows, strict=True)
    return {(at, pick(column, key=float)) for at, (pick, column) in enumerate(zip(choose, columns, strict=True))}


def _by_name(places: Sequence[str]) -> dict[str, Path]:
    """A name for each result: the last part of its path, or the whole path where two would be the same."""
    paths = [Path(place) for place in places]
    short = [path.resolve().stem if path.is_file() else path.resolve().name for path in paths]
    named: dict[str, Path] = {}
    for path, name in zip(paths, short, strict=True):
        key = name if short.count(name) == 1 else str(path)
        if key in named:
            raise InputError(path, "is given twice", "give each of the results once")
        named[key] = path
    return named


def _listed(names: str | None) -> list[str] | None:
    return None if names is None else [name.strip() for name in names.split(",") if name.strip()]


def _warn(warnings: Iterable[str]) -> None:
    for warning in warnings:
        warn(warning)
