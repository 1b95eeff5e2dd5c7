"""Options of the source, of places in the picture, and of who is told and who is hidden."""

from __future__ import annotations

import argparse
from typing import Any

from tracker.commands.option_types import seconds


def add_regions(group: Any) -> None:
    """Add the options of regions, events and metres."""
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


def add_ignored(group: Any) -> None:
    """Add the options of regions of interest and masks."""
    more = {"action": "append"}
    group.add_argument("--roi", metavar="X1,Y1,...", help="ignore what stands outside this polygon", **more)
    group.add_argument("--mask", metavar="X1,Y1,...", help="ignore what stands inside this polygon", **more)
    group.add_argument(
        "--anchor", metavar="POINT", help="foot (default), or centre where the camera looks straight down"
    )


def add_privacy(group: Any) -> None:
    """Add the options of who is hidden."""
    group.add_argument("--blur", metavar="CLASS,...", help="blur these classes, by name or id; or faces, or all")
    group.add_argument("--pixelate", metavar="CLASS,...", help="the same in coarse squares")
    group.add_argument("--except", dest="except_", metavar="ID,...", help="but not the tracks of these numbers")
    group.add_argument("--only", metavar="ID,...", help="only the tracks of these numbers")


def add_messages(group: Any) -> None:
    """Add the options of messages to other programs."""
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


def add_range(group: Any) -> None:
    """Add the options that choose a part of the source."""
    group.add_argument("--start", type=seconds, metavar="TIME", help="begin at this time: seconds, or [HH:]MM:SS")
    group.add_argument("--end", type=seconds, metavar="TIME", help="stop before this time")
    group.add_argument("--max-frames", type=int, metavar="N", help="stop after N frames")
    group.add_argument("--fps", type=float, metavar="N", help="frames a second of a folder of images (default: 30)")


def add_live(group: Any) -> None:
    """Add the options of live sources."""
    group.add_argument("--size", metavar="WxH", help="ask a camera for pictures of this size, such as 1280x720")
    group.add_argument("--rate", type=float, metavar="N", help="ask a camera for N frames a second")
    group.add_argument(
        "--reconnect",
        action=argparse.BooleanOptionalAction,
        help="open a live source again when it is lost (default: addresses yes, cameras no)",
    )
