"""``keeptrack convert``: annotations of one format into another, so that corrected ones come back in."""

from __future__ import annotations

import argparse
import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from detectors.errors import InputError
from tracker.annotations.document import Annotations
from tracker.annotations.formats import FORMATS, Format, parse_formats, read_annotations
from tracker.annotations.keyframes import parse_keyframes, with_keyframes
from tracker.arguments import Parser

SUFFIXES = {".xml": "cvat", ".txt": "mot"}


def main(argv: Sequence[str]) -> int:
    """Read, write; returns the exit status. Raises InputError."""
    arguments = build_parser().parse_args(argv)
    source, target = Path(arguments.input), Path(arguments.output)
    wanted = _format(arguments.format, target)
    keyframes = parse_keyframes(arguments.keyframes)
    videos = [_completed(video, arguments) for video in read_annotations(source)]
    if keyframes is not None:
        videos = [with_keyframes(video, *keyframes) for video in videos]
    _check(source, target, len(videos), arguments.overwrite)
    draft = target.with_name(f"{target.name}.part")
    _remove(draft)
    try:
        _write(videos, wanted, draft)
        if target.exists():
            _remove(target)
        os.replace(draft, target)
    except OSError as error:
        raise InputError(target, f"cannot be written: {error.strerror}", "choose another place") from None
    finally:
        _remove(draft)
    return 0


def build_parser() -> Parser:
    """The arguments of the command."""
    parser = Parser(prog="keeptrack convert", description="Turn annotations of one format into another.")
    parser.add_argument("input", metavar="IN", help="a file or folder of annotations")
    parser.add_argument("output", metavar="OUT", help="a file or folder to write; several videos make a folder")
    names = ", ".join(FORMATS)
    parser.add_argument("--format", metavar="NAME", help=f"{names} (default: .xml is cvat, .txt is mot)")
    parser.add_argument(
        "--keyframes",
        default="all",
        metavar="WHICH",
        help="all boxes (default), or auto, few that keep each box at an IoU of 0.9; auto:0.95 for another",
    )
    parser.add_argument("--fps", type=Fraction, metavar="N", help="frames a second, where IN does not say")
    parser.add_argument("--size", metavar="WxH", help="of the picture, where IN does not say, such as 1280x720")
    parser.add_argument("--overwrite", action="store_true", help="replace OUT if it exists")
    return parser


def _format(name: str | None, target: Path) -> Format:
    if name is None:
        name = SUFFIXES.get(target.suffix.lower())
        if name is None:
            raise InputError(target, "does not tell its format", f"add --format with one of: {', '.join(FORMATS)}")
    formats = parse_formats(name)
    if len(formats) > 1:
        raise InputError(f"--format {name}", "names several formats", "convert once for each")
    return formats[0]


def _completed(video: Annotations, arguments: argparse.Namespace) -> Annotations:
    """With what the options say of the video."""
    if arguments.fps is not None:
        if not 0 < arguments.fps < 10**6:
            raise InputError(f"--fps {arguments.fps}", "is no frame rate", "give frames a second")
        video = replace(video, frame_rate=arguments.fps, times=None)
    if arguments.size is not None:
        width, cross, height = arguments.size.lower().partition("x")
        if not (cross and width.isdecimal() and height.isdecimal() and 0 < int(width) * int(height) < 10**10):
            raise InputError(f"--size {arguments.size}", "is no size", "give it as 1280x720")
        video = replace(video, width=int(width), height=int(height))
    return video


def _check(source: Path, target: Path, count: int, overwrite: bool) -> None:
    if not count:
        raise InputError(source, "has no video in it", "give another file")
    if target.exists() and not overwrite:
        raise InputError(target, "exists already", "add --overwrite, or choose another name")
    if target.exists() and target.samefile(source):
        raise InputError(target, "is the input and would be overwritten", "choose another name")
    if source.resolve().is_relative_to(target.resolve()):
        raise InputError(target, "holds the input and would be overwritten", "choose another name")
    if not target.parent.is_dir():
        raise InputError(target, f"the folder {target.parent} does not exist", "create it, or choose another")


def _write(videos: Sequence[Annotations], wanted: Format, draft: Path) -> None:
    module = wanted.load()
    if len(videos) == 1:
        module.write(videos[0], draft)
    elif hasattr(module, "write_many"):
        module.write_many(videos, draft)
    else:
        draft.mkdir()
        for video in videos:
            (draft / video.name).mkdir()
            module.write(video, draft / video.name / wanted.place)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
