"""``keeptrack convert``: annotations of one format into another, also corrected ones from a labelling tool."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from detectors.errors import InputError
from tracker.annotations.atomic_replacement import atomic_replacement
from tracker.annotations.document import Annotations, labels_of
from tracker.annotations.formats import FORMATS, Format
from tracker.annotations.keyframes import Keyframes, parse_keyframes, with_keyframes
from tracker.annotations.known_videos import KnownVideos
from tracker.commands.arguments import Parser
from tracker.commands.convert_input import Input, read_input
from tracker.commands.convert_output import (
    Pictures,
    Videos,
    check_given,
    check_shape,
    check_target,
    format_for,
    one_format,
    pictures_wanted,
    write_output,
)
from tracker.commands.screen import warn
from tracker.durations import frame_rate

MANY = {"video": "videos", "track": "tracks", "box": "boxes"}
EXAMPLES = """\
examples:
  keeptrack convert corrected.xml tracks.json --format coco
  keeptrack convert corrected.xml truth/ --format mot           a MOTChallenge sequence, for keeptrack eval
  keeptrack convert corrected.xml task.zip                      CVAT's "MOT 1.1"
  keeptrack convert annotations/ all.json --format coco         the results of a batch in one file
  keeptrack convert annotations/ set/ --format coco --video clips/ --every 10       for python -m training
"""


def main(argv: Sequence[str]) -> int:
    """Run the command; returns the exit status. Raises InputError."""
    arguments = build_parser().parse_args(argv)
    check_given(arguments.input, arguments.output)
    source, target = Path(arguments.input), Path(arguments.output)
    wanted = format_for(arguments.format, target)
    origin = None if arguments.source is None else one_format(arguments.source, "--from").name
    keyframes = parse_keyframes(arguments.keyframes)
    pictures = _pictures(arguments)
    fps, size = _rate(arguments.fps), _size(arguments.size)
    try:
        check_target(source, target, wanted, arguments.overwrite)
        found = read_input(source, origin, _known(size, pictures))
        check_shape(target, wanted, found.many, pictures)
    except OSError as error:
        what = error.filename or source
        raise InputError(what, f"cannot be read: {error.strerror or error}", "check the permissions") from None
    shown = pictures if pictures_wanted(target, wanted) else None
    tally = Counter[str]()
    with atomic_replacement(target, new=not arguments.overwrite) as draft:
        labels = _labels(found) if wanted.name == "yolo" and found.many else ()
        ready = _counted(_prepared(found, pictures, fps, size, keyframes, labels), tally, _box_count(wanted, shown))
        note = write_output(ready, found.many, wanted, draft, shown)
        tally["picture"] = 0 if shown is None else sum(1 for _ in draft.rglob("*.jpg"))
    for warning in (*found.warnings, *(each.note for each in found.videos if each.note)):
        warn(warning)
    print(f"wrote    {target}: {_summary(tally)}{f'; {note}' if note else ''}")
    if hint := _hint(wanted, pictures):
        print(f"         {hint}")
    return 0


def _known(size: tuple[int, int] | None, pictures: Pictures | None) -> KnownVideos | None:
    """What the arguments say about videos of which IN does not say how large they are."""
    if size is not None:
        return lambda name, source: size
    return None if pictures is None else pictures.size_of


def _counted(videos: Videos, tally: Counter[str], box_count: Callable[[Annotations], int]) -> Videos:
    """The same videos, counted in `tally` as they pass. box_count: how many of a video's boxes are written."""
    for video, file in videos:
        tally.update({"video": 1, "track": len(video.tracks), "box": box_count(video)})
        yield video, file


def _box_count(wanted: Format, pictures: Pictures | None) -> Callable[[Annotations], int]:
    """How many boxes of a video are written: all, or those of a training set's pictures."""
    if pictures is None or wanted.name == "mot":
        return lambda video: sum(len(track) for track in video.tracks)
    from tracker.annotations.training_set import boxes_in_set

    return lambda video: boxes_in_set(video, pictures.every)


def _labels(found: Input) -> tuple[str, ...]:
    """All classes of all videos, so that each set numbers them alike."""
    return tuple(dict.fromkeys(label for each in found.videos for label in labels_of(each.load())))


def _summary(tally: Counter[str]) -> str:
    pictures = tally.pop("picture")
    told = ", ".join(f"{count:,} {what if count == 1 else MANY[what]}" for what, count in tally.items())
    return f"{told} in {pictures:,} {'picture' if pictures == 1 else 'pictures'}" if pictures else told


def _hint(wanted: Format, pictures: Pictures | None) -> str:
    """What is missing to train on what was written, "" for nothing."""
    if wanted.name != "yolo" or pictures is not None:
        return ""
    return "labels without pictures; to train on them, add --video VIDEO, or the folder of all videos, and --every 10"


def _prepared(
    found: Input,
    pictures: Pictures | None,
    fps: Fraction | None,
    size: tuple[int, int] | None,
    keys: Keyframes | None,
    labels: Sequence[str] = (),
) -> Videos:
    """Each video as it will be written, with its video file where pictures are wanted. labels: of all videos."""
    for each in found.videos:
        given = each.load()
        file = None if pictures is None else pictures.file_of(given, each.source, found.many)
        video = _described(given, fps, size, file)
        video = replace(video, labels=labels) if labels else video
        yield (video if keys is None else with_keyframes(video, *keys)), file


def _described(
    video: Annotations, fps: Fraction | None, size: tuple[int, int] | None, file: Path | None
) -> Annotations:
    """The video with what the options say about it, completed from its file."""
    if fps is not None:
        video = replace(video, frame_rate=fps, times=None)
    if size is not None:
        video = replace(video, width=size[0], height=size[1])
    if file is None:
        return video
    from tracker.annotations.frame_extraction import complete_from_video

    return complete_from_video(video, file)


def build_parser() -> Parser:
    """The arguments of the command."""
    parser = Parser(
        prog="keeptrack convert",
        description="Turn annotations of one format into another.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "input", metavar="IN", help="a file or folder of annotations, a folder of such, or the folder of a batch"
    )
    parser.add_argument("output", metavar="OUT", help="a file or folder to write; several videos make a folder")
    parser.add_argument(
        "--format",
        metavar="NAME",
        help=f"{', '.join(FORMATS)} (default: .xml is cvat, .txt and .zip are mot); mot makes OUT a MOTChallenge "
        "sequence folder if it is called otherwise",
    )
    parser.add_argument(
        "--from",
        dest="source",
        metavar="NAME",
        help="format to read IN as, or of a batch the one to read (default: what IN is; of a batch what was corrected, "
        "or says most)",
    )
    parser.add_argument(
        "--keyframes",
        default="all",
        metavar="WHICH",
        help="all boxes (default), or auto, few that keep each box at an IoU of 0.9; auto:0.95 for another",
    )
    parser.add_argument("--fps", metavar="N", help="frames a second, where IN does not say")
    parser.add_argument("--size", metavar="WxH", help="of the picture, where IN does not say, such as 1280x720")
    _add_pictures(parser.add_argument_group("pictures"))
    parser.add_argument("--overwrite", action="store_true", help="replace OUT if it exists")
    return parser


def _add_pictures(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--video",
        metavar="VIDEO",
        help="the video that was annotated, or the folder of all of them: says what IN does not, and gives coco, yolo "
        "and mot its frames as pictures, where OUT is a folder, to train on",
    )
    group.add_argument(
        "--every", type=int, metavar="N", help="take frame 1 and each N-th after it (default: 1, all frames)"
    )
    group.add_argument(
        "--partial", action="store_true", help="the video may go on after the last frame of the annotations"
    )


def _pictures(arguments: argparse.Namespace) -> Pictures | None:
    every = 1 if arguments.every is None else arguments.every
    if arguments.video is None and (arguments.every is not None or arguments.partial):
        given = "--partial" if arguments.partial else f"--every {every}"
        raise InputError(given, "is about pictures, and there is no --video", "add --video VIDEO")
    if every < 1:
        raise InputError(f"--every {every}", "is not above 0", "give a number of frames")
    if arguments.video is None:
        return None
    video = Path(arguments.video)
    if not video.exists():
        raise InputError(video, "no such file or folder", "check --video")
    return Pictures(video, every, arguments.partial)


def _rate(text: str | None) -> Fraction | None:
    if text is None:
        return None
    try:
        fps = frame_rate(text)
    except ValueError:
        fps = Fraction(0)
    if not Fraction(1, 10_000) <= fps <= 10_000:
        raise InputError(f"--fps {text}", "is no frame rate", "give frames a second, such as 25 or 30000/1001")
    return fps


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    width, cross, height = text.lower().partition("x")
    sides = [int(side) for side in (width, height) if side.isdecimal() and len(side) < 7]
    if not cross or len(sides) < 2 or not all(sides):
        raise InputError(f"--size {text}", "is no size", "give it as 1280x720")
    return sides[0], sides[1]
