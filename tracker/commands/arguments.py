"""The command line's arguments, as argparse takes them; their names are those of `tracker.run.options.Options`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, NoReturn

WRONG_ARGUMENTS = 2  # the exit status

COMMANDS = {"annotate": "annotate", "convert": "convert", "draw": "draw", "eval": "evaluate", "find": "find"}
"""Command -> its module in this folder, which has ``main(argv)`` and returns the exit status."""

TOPICS_BESIDE = (*COMMANDS, "training")
"""Topics of ``keeptrack help`` that are no group of options."""

EXAMPLES = """\
examples:
  keeptrack video.mp4                                  writes video.tracked.mp4
  keeptrack video.mp4 --offline --jsonl video.jsonl    looks twice: smooth paths without gaps, and all as data
  keeptrack video.mp4 --line door:600,200,600,700      counts who crosses a line
  keeptrack 0 --view                                   the first camera, with a page: http://127.0.0.1:8000/
  keeptrack rtsp://HOST/STREAM --segment 10min         a network camera, in files of ten minutes
  keeptrack --sources cameras.toml                     several cameras at once, with one page
  keeptrack video.mp4 --detector yolo11n.onnx --classes person,car --mot video.txt

other commands:
  keeptrack annotate CLIPS/ -o DIR                     many videos, for labelling tools
  keeptrack convert IN OUT                             annotations of one format into another
  keeptrack draw SOURCE                                lines, zones and metres, drawn on a frame in the browser
  keeptrack find PICTURE|VIDEO:ID ANNOTATIONS          who looks like that, in all annotated videos
  keeptrack eval GT_ROOT RESULTS...                    HOTA, MOTA, IDF1 of result files
  python -m training detector PICTURES/ -o my.onnx     a detector of your own: keeptrack help training
"""

REGIONS = """\
Places in the picture, in pixels from its top-left corner. An object is where its foot is, the middle of its box's lower
edge. --line, --zone, --roi and --mask may be
given several times."""

PRIVACY = """\
Who is made unrecognisable in the pictures, by mask where there is one, else by box, with a margin; also for a while
after they were lost, and with --offline before they were found. Who is never detected is not hidden: look at the
result."""


MESSAGES = """\
Each event, as in --events, with an id that stays the same when it has to be sent again. What cannot be delivered waits
on disk, over restarts too; tracking waits for nobody."""


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Exit with status 2."""
        self.exit(WRONG_ARGUMENTS, f"error: {message} (see {self.prog} --help)\n")


def build_parser() -> argparse.ArgumentParser:
    """The command line's arguments; their names are those of `tracker.run.options.Options`."""
    parser = Parser(
        prog="keeptrack",
        usage="keeptrack SOURCE [OPTIONS]",
        description=f"Track the objects in a video, a camera's picture or a folder of images.\n\n{EXAMPLES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
    )
    parser.add_argument(
        "source",
        metavar="SOURCE",
        nargs="*",
        help="video file, camera number or device, rtsp:// or http:// address, folder or quoted glob of images, "
        "or MOTChallenge sequence folder",
    )
    _add_outputs(parser.add_argument_group("outputs"))
    _add_watching(parser.add_argument_group("watching"))
    models = parser.add_argument_group("models")
    add_models(models)
    models.add_argument(
        "--segmenter",
        metavar="PATH.onnx",
        help="tint what python -m training segmenter has learnt to see: floor, grass...",
    )
    models.add_argument(
        "--offline",
        action="store_true",
        help="read all of it before anything is written: joined tracks, filled gaps, no doubtful ones",
    )
    _add_regions(parser.add_argument_group("regions and events", REGIONS))
    _add_privacy(parser.add_argument_group("privacy", PRIVACY))
    _add_messages(parser.add_argument_group("messages to other programs", MESSAGES))
    source = parser.add_argument_group("source: which part of it, and how")
    source.add_argument(
        "--sources",
        metavar="FILE.toml",
        help="track all that this file names, in one process with one model and one page, in the place of SOURCE",
    )
    source.add_argument(
        "--source-name", metavar="NAME", help="call it that in names of files, on the page and in messages"
    )
    add_range(source)
    _add_live(source)
    parser.add_argument("--debug", action="store_true", help="show where an error that nobody has foreseen comes from")
    parser.add_argument("--version", action="version", version=_version())
    topics = ", ".join([*option_groups(parser), *TOPICS_BESIDE])
    parser.epilog = f"keeptrack --help lists all options; keeptrack help TOPIC shows one of:\n  {topics}"
    return parser


def parse_arguments(argv: Sequence[str]) -> dict[str, Any]:
    """The options of ``keeptrack SOURCE`` by name, and "source" or "sources". Exits with 2 where they are wrong."""
    parser = build_parser()
    found = vars(parser.parse_intermixed_args(argv))
    sources = found.pop("source", [])
    if found.get("sources") is not None and sources:
        parser.error("--sources names the sources, and SOURCE another: leave one of them out")
    if not sources and found.get("sources") is None:
        parser.error("SOURCE is missing: a video, a camera, an address, a folder of images")
    if not sources:
        return found
    if len(sources) > 1:
        parser.exit(WRONG_ARGUMENTS, f"error: {several_sources(sources)}\n")
    return {"source": sources[0], **found}


def several_sources(sources: Sequence[str]) -> str:
    """What to say where a shell has made many names of one pattern, or somebody has named many."""
    from detectors.errors import printable
    from tracker.sources.addresses import mistyped, without_secrets
    from tracker.sources.images import SUFFIXES  # OpenCV takes a moment, which only this error costs
    from tracker.sources.video_search import how_to_track_all

    names = [without_secrets(name) if "://" in name else mistyped(name) for name in sources]
    how = how_to_track_all(*names)
    if any("://" in name or name.isdecimal() for name in names):
        how = "keeptrack --sources FILE.toml tracks several at once: docs/live.md"
    if all(name.lower().endswith(SUFFIXES) for name in names):
        how = "quote the pattern, as in 'frames/*.jpg', and they are one source"
    shown = f"{names[0]}, {names[1]}{', ...' if names[2:] else ''}"
    return printable(f"{shown}: {len(names)} sources, and one is tracked at a time ({how})")


def option_groups(parser: argparse.ArgumentParser) -> dict[str, argparse._ArgumentGroup]:
    """The groups of options that have a topic of their own in ``keeptrack help``, by the first word of their title."""
    titled = {
        str(group.title).split()[0].strip(":,"): group for group in parser._action_groups[2:]
    }  # after positional and options
    return {name: group for name, group in titled.items() if group._group_actions}


def _add_outputs(group: Any) -> None:
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
    group.add_argument("--heatmap", metavar="PATH.png", help="a picture of where objects were, and for how long")
    group.add_argument("--trails", metavar="PATH.png", help="a picture of the paths that they took")
    group.add_argument("--top-view", metavar="PATH.png", help="a picture of these paths from above, with --calibrate")
    group.add_argument(
        "--map-by",
        metavar="GROUPS",
        help="class, time or zone: a panel for each in the heat map (default: one for all), a colour in the trails "
        "(default: class)",
    )
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


def _add_watching(group: Any) -> None:
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


def add_models(group: Any) -> None:
    """Add the options of the detector and the tracker."""
    group.add_argument(
        "--detector",
        metavar="NAME|PATH",
        help="auto (default: sliding), motion, a model: PATH.onnx (docs/detectors.md), PATH.pt (extra: yolo), or "
        "package.module:Name (docs/python.md)",
    )
    group.add_argument("--detections", metavar="PATH", help="take detections from a MOTChallenge text file instead")
    group.add_argument(
        "--rescale-scores",
        action="store_true",
        help="map the scores in --detections from their own range to [0, 1]; percentages are known as such without it",
    )
    group.add_argument(
        "--appearance",
        metavar="NAME|PATH",
        help="auto (default: people), none, a re-identification model: PATH.onnx, or package.module:Name",
    )
    group.add_argument("--tracker", metavar="NAME", help="keeptrack (default), bytetrack, deepsort or sort")
    group.add_argument(
        "--camera-motion",
        metavar="NAME|PATH",
        help="auto (default: estimated from the pictures), none, or a text file: frame, then the 2x3 matrix row by row",
    )
    group.add_argument(
        "--detect-every",
        metavar="N|auto",
        help="detect in each N-th frame (default: 1), or where it is needed; tracks are carried through the others",
    )
    group.add_argument("--classes", metavar="A,B", help="names or ids of the classes to track (default: all)")
    group.add_argument(
        "--masks",
        action="store_true",
        help="cut each object out of its box: its silhouette, drawn and written; models that tell masks need it not",
    )
    _add_search(group)
    _add_model_settings(group)


def _add_search(group: Any) -> None:
    """Add how frames are searched, and what counts as found."""
    group.add_argument(
        "--conf", type=float, metavar="SCORE", help="ignore detections below this score (default: 0.1; for files 0)"
    )
    group.add_argument(
        "--iou", type=float, metavar="IOU", help="overlap that non-max suppression allows (default: 0.7)"
    )
    group.add_argument(
        "--imgsz", type=int, metavar="PIXELS", help="longer side that frames are searched at (default: what suits them)"
    )
    group.add_argument(
        "--tiles",
        metavar="N|auto",
        help="also search N x N overlapping parts of each frame, or as many as it takes, for small objects",
    )
    group.add_argument(
        "--device",
        metavar="NAME",
        help="auto (default), cpu, cuda, tensorrt, openvino, coreml or directml; the CPU where that is not to be had",
    )


def _add_model_settings(group: Any) -> None:
    """Add what a user says of an .onnx model because its file does not say it."""
    group.add_argument(
        "--names", metavar="FILE", help="of an .onnx model that does not name its classes: one a line; or coco"
    )
    group.add_argument(
        "--preprocess",
        metavar="WORDS",
        help="how pictures go into an .onnx model, where not as its family's do: rgb or bgr; unit ([0, 1]), bytes, "
        "signed ([-1, 1]), imagenet, mean=A:B:C, std=A:B:C; letterbox, corner, stretch or whole; pad=N; with commas",
    )
    group.add_argument("--family", metavar="NAME", help="of an .onnx model that fits several; see docs/detectors.md")


def _add_regions(group: Any) -> None:
    add_ignored(group)
    group.add_argument(
        "--line",
        metavar="NAME:X1,Y1,X2,Y2",
        action="append",
        help="count who crosses this line; walking from its first point to its second, 'in' is from left to right",
    )
    group.add_argument(
        "--zone",
        metavar="NAME:X1,Y1,...",
        action="append",
        help="tell who is in this polygon, and for how long",
    )
    group.add_argument(
        "--regions",
        metavar="PATH",
        help='the same from a JSON file: {"roi": [[[x, y], ...]], "mask": [...], "lines": {"door": [[x, y], [x, y]]}, '
        '"zones": {"hall": [[x, y], ...]}, "anchor": "foot"}',
    )
    group.add_argument(
        "--events",
        metavar="PATH",
        help="one JSON object when an object appears, leaves, returns, crosses a line, enters or exits a zone",
    )
    group.add_argument(
        "--calibrate",
        metavar="PATH",
        help="a JSON file that tells how the ground lies, for metres and km/h; keeptrack draw makes one",
    )
    group.add_argument("--speed-over", type=float, metavar="KMH", help="an event for each object that is faster")


def _add_privacy(group: Any) -> None:
    group.add_argument("--blur", metavar="CLASS,...", help="blur these classes, by name or id; or faces, or all")
    group.add_argument("--pixelate", metavar="CLASS,...", help="the same in coarse squares")
    group.add_argument("--except", dest="except_", metavar="ID,...", help="but not the tracks of these numbers")
    group.add_argument("--only", metavar="ID,...", help="only the tracks of these numbers")


def _add_messages(group: Any) -> None:
    group.add_argument("--webhook", metavar="URL", help="post each event as JSON to this http:// or https:// address")
    group.add_argument(
        "--webhook-secret",
        metavar="SECRET",
        help="sign what is posted (HMAC-SHA256, Standard Webhooks); KEEPTRACK_WEBHOOK_SECRET in the environment does "
        "the same, unseen by others",
    )
    group.add_argument(
        "--mqtt",
        metavar="HOST[:PORT]/TOPIC",
        help="publish events, counts and whether the run is there below this topic, and tell Home Assistant of it; or "
        "mqtt[s]://USER:PASSWORD@HOST[:PORT]/TOPIC (extra: mqtt)",
    )
    group.add_argument(
        "--queue", metavar="DIR", help="where messages wait (default: NAME.queue in the current folder, while any do)"
    )


def add_ignored(group: Any) -> None:
    """Add the options of regions of interest and masks."""
    more = {"action": "append"}
    group.add_argument("--roi", metavar="X1,Y1,...", help="ignore what stands outside this polygon", **more)
    group.add_argument("--mask", metavar="X1,Y1,...", help="ignore what stands inside this polygon", **more)
    group.add_argument(
        "--anchor", metavar="POINT", help="foot (default), or centre where the camera looks straight down"
    )


def add_range(group: Any) -> None:
    """Add the options that choose a part of the source."""
    group.add_argument("--start", type=seconds, metavar="TIME", help="begin at this time: seconds, or [HH:]MM:SS")
    group.add_argument("--end", type=seconds, metavar="TIME", help="stop before this time")
    group.add_argument("--max-frames", type=int, metavar="N", help="stop after N frames")
    group.add_argument("--fps", type=float, metavar="N", help="frames a second of a folder of images (default: 30)")


def _add_live(group: Any) -> None:
    group.add_argument("--size", metavar="WxH", help="ask a camera for pictures of this size, such as 1280x720")
    group.add_argument("--rate", type=float, metavar="N", help="ask a camera for N frames a second")
    group.add_argument(
        "--reconnect",
        action=argparse.BooleanOptionalAction,
        help="open a live source again when it is lost (default: addresses yes, cameras no)",
    )


def seconds(text: str) -> float:
    """Seconds of a time written as seconds, MM:SS or HH:MM:SS. Raises ValueError for anything else."""
    total = 0.0
    for part in text.split(":"):
        total = total * 60 + float(part)
    if text.count(":") > 2 or not 0 <= total < float("inf"):
        raise ValueError(text)
    return total


def address(text: str) -> str:
    """Check that a text is an address: else `--view` would take the source that follows it. Raises InputError."""
    from tracker.view.address import parse_address

    parse_address(text)
    return text


def _version() -> str:
    from tracker import __version__

    return f"keeptrack {__version__}"
