"""Videos in folders and behind patterns: those of a batch, and what to say where one source was expected."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from detectors.errors import InputError
from tracker.sources.sequence_info import is_sequence

SUFFIXES = frozenset(
    (
        *(".3gp", ".asf", ".avi", ".flv", ".m2ts", ".m4v", ".mjpeg", ".mjpg", ".mkv", ".mov", ".mp4", ".mpeg"),
        *(".mpg", ".mts", ".mxf", ".ogv", ".ts", ".vob", ".webm", ".wmv"),
    )
)
MOST_SHOWN = 3  # sources in a message


def is_video(path: Path) -> bool:
    """Whether a file is a video by its name, or a folder a MOTChallenge sequence."""
    return is_sequence(path) if path.is_dir() else path.suffix.lower() in SUFFIXES


def videos_in(folder: Path, without: Path | None = None, depth: float = math.inf) -> Iterator[Path]:
    """Videos and sequences, by name; links to folders are not followed, as they may lead in circles.

    without: a folder that is not searched, resolved. depth: how many folders deep is searched.
    """
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if is_video(path):
            yield path
        elif depth > 1 and path.is_dir() and not path.is_symlink() and path.resolve() != without:
            yield from videos_in(path, without, depth - 1)


def count_of(videos: Sequence[Path]) -> str:
    """How many videos there are, for messages: "3 videos"."""
    return "1 video" if len(videos) == 1 else f"{len(videos)} videos"


def how_to_track_all(*sources: str) -> str:
    """What to do with more than one video, for messages. sources: what names them, each as on the command line."""
    shown = " ".join(map(shlex.quote, sources[:MOST_SHOWN])) + (" ..." if len(sources) > MOST_SHOWN else "")
    return f"keeptrack annotate {shown} -o annotations does all of them; or name one"


def not_one_source(what: str, videos: Sequence[Path]) -> InputError:
    """The error for a folder or a pattern that stands for videos where one source was expected."""
    verb = "is a folder with" if Path(what).is_dir() else "matches"
    remedy = how_to_track_all(what) if len(videos) > 1 else f"keeptrack {shlex.quote(str(videos[0]))}"
    return InputError(what, f"{verb} {count_of(videos)}, and one source is tracked at a time", remedy)
