"""How often the tracker looks at an object, against what it might look at, and what that costs.

The default looks where it decides something; `deepsort`, by its paper, at every object that is believed in; the boxes
in the default's result are what could be looked at once a frame each.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import partial

from benchmarks.parts import Found, Setting, Sheet
from benchmarks.rounds import in_turn
from benchmarks.whole_run import SMOKE_FRAMES, Ran, track
from tracker.presets import DEFAULT

ALL = "deepsort"


def measure(setting: Setting) -> Found:
    """Two runs."""
    listed = setting.folder / "looks.txt"
    part = ("--max-frames", str(SMOKE_FRAMES)) if setting.smoke else ()
    people = ("--classes", "person", *part)
    ways = {DEFAULT: ("--mot", str(listed), "--overwrite"), ALL: ("--tracker", ALL)}
    runs = in_turn(
        {way: partial(track, setting, setting.clip, (*options, *people)) for way, options in ways.items()}, 1
    )
    first = {way: rounds[0] for way, rounds in runs.items()}
    boxes = len(listed.read_text(encoding="utf-8").splitlines())
    rows = [_row(way, ran, first[ALL], boxes) for way, ran in first.items()]
    headings = ["", "looks", f"of {ALL}'s", "of the boxes", "milliseconds a frame", "milliseconds a look"]
    title = f"Looks at objects: {setting.clip.name}, {boxes} boxes of people in {DEFAULT}'s result"
    figures = {way: asdict(ran) for way, ran in first.items()} | {"boxes": boxes}
    return Found([Sheet(title, headings, rows)], figures)


def _row(way: str, ran: Ran, every: Ran, boxes: int) -> list[str]:
    looks, seconds = ran.stats["embeddings"], ran.stats["stages"]["embed"]
    shares = [f"{looks / max(count, 1):.2f}" for count in (every.stats["embeddings"], boxes)]
    return [
        way,
        str(looks),
        *shares,
        f"{1000 * seconds / ran.stats['frames']:.2f}",
        f"{1000 * seconds / max(looks, 1):.2f}",
    ]
