"""The command line's arguments, as argparse takes them; their names are those of `tracker.run.options.Options`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, NoReturn

from tracker.commands.model_options import add_models
from tracker.commands.output_options import add_outputs, add_watching
from tracker.commands.scene_options import add_live, add_messages, add_privacy, add_range, add_regions

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
    add_outputs(parser.add_argument_group("outputs"))
    add_watching(parser.add_argument_group("watching"))
    _add_run_models(parser.add_argument_group("models"))
    add_regions(parser.add_argument_group("regions and events", REGIONS))
    add_privacy(parser.add_argument_group("privacy", PRIVACY))
    add_messages(parser.add_argument_group("messages to other programs", MESSAGES))
    _add_source(parser.add_argument_group("source: which part of it, and how"))
    parser.add_argument("--debug", action="store_true", help="show where an error that nobody has foreseen comes from")
    parser.add_argument("--version", action="version", version=_version())
    topics = ", ".join([*option_groups(parser), *TOPICS_BESIDE])
    parser.epilog = (
        f"keeptrack --help lists all options; keeptrack help OPTION shows one, keeptrack help TOPIC one of:\n  {topics}"
    )
    return parser


def _add_run_models(group: Any) -> None:
    add_models(group)
    group.add_argument(
        "--segmenter",
        metavar="PATH.onnx",
        help="tint what python -m training segmenter has learnt to see: floor, grass...",
    )
    group.add_argument(
        "--offline",
        action="store_true",
        help="read all of it before anything is written: joined tracks, filled gaps, no doubtful ones",
    )


def _add_source(group: Any) -> None:
    group.add_argument(
        "--sources",
        metavar="FILE.toml",
        help="track all that this file names, in one process with one model and one page, in the place of SOURCE",
    )
    group.add_argument(
        "--source-name", metavar="NAME", help="call it that in names of files, on the page and in messages"
    )
    add_range(group)
    add_live(group)


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


def _version() -> str:
    from tracker import __version__

    return f"keeptrack {__version__}"
