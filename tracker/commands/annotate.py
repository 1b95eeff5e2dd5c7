"""``keeptrack annotate``: many videos in, a folder of annotations for each out."""

from __future__ import annotations

import argparse
import functools
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from detectors.cores import available_cores
from detectors.errors import InputError
from tracker.annotations.formats import FORMATS, parse_formats
from tracker.annotations.keyframes import parse_keyframes
from tracker.batch.batch import AnnotateOptions, Batch, Engine
from tracker.batch.listing import find_videos
from tracker.batch.local_engine import STALL_SECONDS, run_local
from tracker.batch.manifest import VideoStatus
from tracker.batch.splitting import SHORTEST
from tracker.commands.arguments import Parser
from tracker.commands.batch_progress import BatchDisplay
from tracker.commands.interruption import Interrupted
from tracker.commands.model_options import add_models
from tracker.commands.scene_options import add_ignored, add_range
from tracker.durations import duration
from tracker.run.options import Options, check_options

if TYPE_CHECKING:
    from tracker.review.report import ToLookAt, VideoEntry

FAILED = 1
REPORT = "report.html"
MOST_JOBS = 256
CORES_A_JOB = 2  # a job keeps that many busy, and gains little from more
OWN_OPTIONS = (  # of this command; all others are those of a run
    *("sources", "out", "format", "keyframes", "video", "crops"),
    *("jobs", "engine", "ray_address", "split", "stall", "quiet"),
)

EXAMPLES = """\
examples:
  keeptrack annotate clips/ -o annotations                          every video in the folder, however deep
  keeptrack annotate 'cam*/2026-*.mp4' -o out --format cvat --keyframes auto --video
  keeptrack annotate clips.csv -o out --jobs 4                      columns: source, and options such as classes
  keeptrack annotate day.mp4 -o out --split 10min --jobs 4          a long video in pieces, side by side
  keeptrack annotate clips/ -o out --engine ray --ray-address auto  on all nodes of a Ray cluster

Give the same command again after an interruption: what is done is skipped, what has changed is done again.
"""


def main(argv: Sequence[str]) -> int:
    """Run the command; returns the exit status, 1 if any video failed. Raises InputError."""
    given = vars(build_parser().parse_intermixed_args(argv))
    own = {name: given.pop(name) for name in OWN_OPTIONS}
    wanted = _wanted(own, given)
    out = Path(own["out"])
    videos = find_videos(own["sources"], out)
    started = time.perf_counter()
    display = BatchDisplay(len(videos), own["quiet"])
    try:
        with _engine(own) as engine, Batch(videos, wanted, out) as batch:
            try:
                for event in batch.run(engine):
                    display.update(event)
            except Interrupted:
                _report(out, batch.statuses)  # so that finished videos can be reviewed
                raise
            statuses, skipped = batch.statuses, batch.skipped
            to_look_at = _report(out, statuses)
    finally:
        display.stop()
    display.summary(statuses, skipped, time.perf_counter() - started, out / REPORT, to_look_at)
    return FAILED if any(entry.state == "failed" for entry in statuses) else 0


def _report(out: Path, statuses: Sequence[VideoStatus]) -> ToLookAt:
    """Write the page about the batch; returns what there is to look at. Raises InputError."""
    from tracker.review.report import write_report

    path = out / REPORT
    try:
        return write_report(path, (_on_page(out, entry) for entry in statuses))
    except OSError as error:
        remedy = "free some space and give the same command again; what is done is kept"
        raise InputError(path, f"cannot be written: {error.strerror}", remedy) from error


def _on_page(out: Path, entry: VideoStatus) -> VideoEntry:
    from tracker.review.report import VideoEntry
    from tracker.review.summary_file import SUMMARY_FILE, read_summary

    if entry.state != "done":
        return VideoEntry(entry.name, "waiting" if entry.state == "running" else entry.state, entry.reason)
    try:
        return VideoEntry(entry.name, entry.state, "", entry.name, read_summary(out / entry.name / SUMMARY_FILE))
    except InputError as error:  # its files were changed since; the other videos are still shown
        return VideoEntry(entry.name, "failed", str(error))


def _wanted(own: dict[str, Any], options: dict[str, Any]) -> AnnotateOptions:
    """The checked options, before any folder is made or video is opened. Raises InputError."""
    formats = tuple(each.name for each in parse_formats(own["format"]))
    parse_keyframes(own["keyframes"])
    check_options(Options(**options))
    if own["jobs"] is not None and not 1 <= own["jobs"] <= MOST_JOBS:
        raise InputError(f"--jobs {own['jobs']}", f"is not between 1 and {MOST_JOBS}", "give a number that is")
    if own["stall"] <= 0:
        raise InputError(f"--stall {own['stall']:g}", "is not above 0", "give a number of seconds")
    if own["ray_address"] is not None and own["engine"] != "ray":
        raise InputError("--ray-address", "is of a Ray cluster, and none is used", "add --engine ray, or leave it out")
    split = None if own["split"] is None else duration("--split", own["split"], SHORTEST)
    return AnnotateOptions(options, formats, own["keyframes"], own["video"], own["crops"], split)


@contextmanager
def _engine(own: dict[str, Any]) -> Iterator[Engine]:
    """The engine that runs the jobs, and the cluster it needs while it does."""
    if own["engine"] == "local":
        yield functools.partial(
            run_local, count=own["jobs"] or max(1, available_cores() // CORES_A_JOB), stall=own["stall"]
        )
        return
    from tracker.batch.ray_cluster import ray_cluster
    from tracker.batch.ray_engine import run_ray

    with ray_cluster(own["ray_address"]):
        yield functools.partial(run_ray, count=own["jobs"], stall=own["stall"])


def build_parser() -> Parser:
    """The arguments of the command."""
    parser = Parser(
        prog="keeptrack annotate",
        description="Annotate many videos: tracks as labelling tools take them, found in two passes over each video.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
    )
    parser.add_argument(
        "sources",
        metavar="SOURCES",
        nargs="+",
        help="videos, MOTChallenge sequence folders, folders of either, quoted patterns, or lists: a text file with "
        "one a line, or CSV with a column 'source' and options in the others",
    )
    _add_results(parser.add_argument_group("results"))
    _add_work(parser.add_argument_group("work"))
    add_models(parser.add_argument_group("models"))
    add_ignored(parser.add_argument_group("places in the picture"))
    add_range(parser.add_argument_group("which part of each video"))
    return parser


def _add_results(group: Any) -> None:
    group.add_argument("-o", "--out", required=True, metavar="DIR", help="a new folder, or that of an earlier run")
    group.add_argument(
        "--format", default="mot", metavar="A,B", help=f"one or several of: {', '.join(FORMATS)} (default: mot)"
    )
    group.add_argument(
        "--keyframes",
        default="all",
        metavar="WHICH",
        help="where a tool interpolates: all boxes (default), or auto, few that keep each box at an IoU of 0.9; "
        "auto:0.95 for another",
    )
    group.add_argument("--video", action="store_true", default=False, help="the annotated video, too")
    group.add_argument("--crops", action="store_true", default=False, help="the best picture of each object, too")


def _add_work(group: Any) -> None:
    group.add_argument(
        "--jobs",
        type=int,
        default=None,
        metavar="N",
        help="videos at once, which share the cores (default: one for every two cores; with --engine ray, one on each "
        "CPU of the cluster)",
    )
    group.add_argument(
        "--engine",
        choices=("local", "ray"),
        default="local",
        help="local: processes of this computer (default). ray: a Ray cluster, whose nodes see videos, models and DIR "
        "at the same paths (extra: ray)",
    )
    group.add_argument(
        "--ray-address",
        default=None,
        metavar="ADDRESS",
        help="of the cluster's head, HOST:PORT; auto for the one that this computer is part of; ray://HOST:PORT from "
        "outside (default: a Ray of this computer alone, for this batch)",
    )
    group.add_argument(
        "--split",
        default=None,
        metavar="LENGTH",
        help="do a video that is longer, such as 10min, in overlapping pieces of at most that, which --jobs takes at "
        "once and an interruption does not cost again (default: each video as one)",
    )
    group.add_argument(
        "--stall",
        type=float,
        default=STALL_SECONDS,
        metavar="SECONDS",
        help=f"give a video up when nothing has happened for so long (default: {STALL_SECONDS:g})",
    )
    group.add_argument("--quiet", action="store_true", default=False, help="print warnings and errors only")
