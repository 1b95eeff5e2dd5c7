"""Options of what a run writes, and of how it is watched."""

from __future__ import annotations

from typing import Any

from tracker.commands.option_types import address


def add_outputs(group: Any) -> None:
    """Add the options of all files that a run writes."""
    _add_video(group)
    _add_data(group)
    _add_maps(group)
    group.add_argument("--stats", metavar="PATH", help="what the run did and what it took, as JSON")
    group.add_argument(
        "--profile", action="store_true", default=False, help="say where the time went, and what bounds the speed"
    )
    group.add_argument("--overwrite", action="store_true", help="replace files that exist")
    group.add_argument(
        "--quiet",
        action="store_true",
        default=False,
        help="print warnings and errors only, and a line a minute of a live source",
    )


def _add_video(group: Any) -> None:
    group.add_argument(
        "-o",
        "--output",
        default="auto",
        metavar="PATH",
        help="annotated mp4; 'none' writes none (default: NAME.tracked.mp4 in the current folder)",
    )
    group.add_argument(
        "--quality",
        metavar="Q",
        help="of that video: low, medium (default), high, or 0 to 100; 20 more double the file",
    )
    group.add_argument(
        "--segment",
        metavar="TIME",
        help="write that video in files of this length: NAME.LABEL.mp4; as 90s, 10min or 1h",
    )
    group.add_argument(
        "--draw",
        metavar="PARTS",
        help="what is drawn: all (default), none, or some of boxes, labels, trails, masks, keypoints, regions",
    )


def _add_data(group: Any) -> None:
    group.add_argument("--mot", metavar="PATH", help="MOTChallenge text: frame,id,x,y,w,h,conf,-1,-1,-1")
    group.add_argument("--jsonl", metavar="PATH", help="one JSON object a frame: index, time, tracks")
    group.add_argument(
        "--tracks", metavar="PATH", help="a table with a row a box: NAME.csv, .parquet (extra: tables) or .sqlite"
    )
    group.add_argument(
        "--counts",
        metavar="PATH.csv",
        help="a table of crossings by line, direction and class, and of who was in zones and in the picture",
    )
    group.add_argument("--every", metavar="TIME", help="of that table: a row for each 15min (default), or 30s, 1h")


def _add_maps(group: Any) -> None:
    group.add_argument("--heatmap", metavar="PATH.png", help="a picture of where objects were, and for how long")
    group.add_argument("--trails", metavar="PATH.png", help="a picture of the paths that they took")
    group.add_argument("--top-view", metavar="PATH.png", help="a picture of these paths from above, with --calibrate")
    group.add_argument(
        "--map-by",
        metavar="GROUPS",
        help="class, time or zone: a panel for each in the heat map (default: one for all), a colour in the trails "
        "(default: class)",
    )


def add_watching(group: Any) -> None:
    """Add the options of the page and the window."""
    group.add_argument(
        "--view",
        nargs="?",
        const="127.0.0.1:8000",
        type=address,
        metavar="HOST:PORT",
        help="serve a page that shows the run while it goes on (default: 127.0.0.1:8000, this computer only)",
    )
    group.add_argument(
        "--view-token",
        metavar="TOKEN",
        help="what viewers must know, for any other address than this computer's own; KEEPTRACK_VIEW_TOKEN in the "
        "environment does the same, unseen by others",
    )
    group.add_argument("--show", action="store_true", help="a window; q or Esc closes it and ends the run")
