"""``keeptrack help [TOPIC]``: examples, and the options of one topic at a time, or one option."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Iterable, Sequence

from tracker.commands.arguments import COMMANDS, EXAMPLES, TOPICS_BESIDE, WRONG_ARGUMENTS, build_parser, option_groups

TOPICS = {
    "outputs": """\
  keeptrack video.mp4 -o seen.mp4 --quality high       another name, finer pictures
  keeptrack video.mp4 -o none --jsonl video.jsonl      no video, but data: one JSON object a frame
  keeptrack video.mp4 --heatmap heat.png --trails t.png  pictures of where objects were, and of their paths
  keeptrack rtsp://HOST/STREAM --segment 10min         files of ten minutes, each of which plays""",
    "watching": """\
  keeptrack 0 --view                                   a page at http://127.0.0.1:8000/, on this computer only
  keeptrack 0 --view 0.0.0.0:8000 --view-token SECRET  for others in the network, who know the token
  keeptrack video.mp4 --show                           a window; q closes it""",
    "models": """\
  keeptrack video.mp4 --detector yolo11n.onnx          an export of YOLO, RT-DETR, YOLOX...: docs/detectors.md
  keeptrack video.mp4 --detector motion                whatever moves, of any kind
  keeptrack video.mp4 --classes person,bicycle         only these
  keeptrack drone.mp4 --tiles auto                     small objects in large pictures
  keeptrack video.mp4 --segmenter ground.onnx          tint the classes of pixels that you have trained
  keeptrack video.mp4 --detect-every auto              half of the time, much the same tracks
  keeptrack car-park.mp4 --memory 10min                who comes back within it has the number of before""",
    "regions": """\
  keeptrack video.mp4 --line door:600,200,600,700      count who crosses it
  keeptrack video.mp4 --zone hall:0,400,900,400,900,1080,0,1080 --events hall.jsonl
  keeptrack street.mp4 --calibrate street.json --speed-over 50 --events fast.jsonl
  keeptrack video.mp4 --mask 0,0,300,0,300,200,0,200   ignore what stands there""",
    "privacy": """\
  keeptrack video.mp4 --offline --blur person          nobody is recognised, not even for a frame
  keeptrack video.mp4 --offline --blur faces --draw none  faces alone, and no boxes over the picture
  keeptrack video.mp4 --offline --blur person --except 3  all but one, to hand out what shows that one
  keeptrack 0 --pixelate person --view                 a camera that shows nobody""",
    "messages": """\
  keeptrack 0 --webhook https://HOST/hooks/door        post each event as JSON
  keeptrack 0 --mqtt HOST/home/door                    events and counts to a broker, and to Home Assistant""",
    "source": """\
  keeptrack video.mp4 --start 1:30 --end 2:00          half a minute of it
  keeptrack frames/ --fps 12.5 -o frames.mp4           a folder of images
  keeptrack --sources cameras.toml --view              all that a file names, in one process: docs/live.md
  keeptrack /dev/video2 --size 1280x720 --rate 30      a certain camera""",
}
"""Topic -> its examples."""
TRAINING = """\
examples:
  python -m training detector pictures/ -o my.onnx     COCO, or images/ beside YOLO labels/; 50 pictures are a start
  keeptrack convert annotations/ set/ --format coco --video clips/ --every 10   pictures of what annotate has made
  keeptrack video.mp4 --detector my.onnx               track with it

python -m training --help lists its commands; docs/tutorials/train-on-your-own.md is the way through it. It needs an
extra, of several GB: {install}"""
"""Training is a program of its own: nothing else here needs torch."""
OF_TRAINING = ("training", "train")  # what it may be called as a topic


def main(argv: Sequence[str]) -> int:
    """Print the help of a topic or an option, or what there is; returns the exit status."""
    if not argv:
        print(overview())
        return 0
    topic = argv[0]
    if topic in COMMANDS:
        return _help_of_command(COMMANDS[topic])
    if topic in OF_TRAINING:
        from detectors.extras import install_extra

        print(TRAINING.format(install=install_extra("train")))
        return 0
    parser = build_parser()
    groups = option_groups(parser)
    if topic not in groups:
        of_that_name = _options_called(topic, groups.values())
        if of_that_name:
            print(_options(parser, None, of_that_name))
            return 0
        print(f"error: {topic}: is no topic ({', '.join([*groups, *TOPICS_BESIDE])})", file=sys.stderr)
        return WRONG_ARGUMENTS
    if topic in TOPICS:
        print(f"examples:\n{TOPICS[topic]}\n")
    print(_options(parser, groups[topic], groups[topic]._group_actions))
    return 0


def overview() -> str:
    """Examples, and which topics there are."""
    return f"{EXAMPLES}\n{build_parser().epilog}"


def _options_called(name: str, groups: Iterable[argparse._ArgumentGroup]) -> list[argparse.Action]:
    """The options of that name, with or without its dashes."""
    actions = (action for group in groups for action in group._group_actions)
    return [action for action in actions if {name, f"--{name}"} & set(action.option_strings)]


def _options(
    parser: argparse.ArgumentParser, group: argparse._ArgumentGroup | None, actions: Sequence[argparse.Action]
) -> str:
    """What ``--help`` says of the options of a group, or of some."""
    formatter = parser.formatter_class(prog=parser.prog)
    formatter.start_section("options" if group is None else group.title)
    formatter.add_text(None if group is None else group.description)
    formatter.add_arguments(actions)
    formatter.end_section()
    return formatter.format_help().rstrip()


def _help_of_command(module: str) -> int:
    return int(importlib.import_module(f"tracker.commands.{module}").main(["--help"]))
