"""Video files as they are read, beside ffprobe and the ffmpeg program, which also make them.

usage: python -m benchmarks.reading [--only NAME,NAME] [--markdown] [--json PATH] [--keep FOLDER]

Of each clip: the number of frames, their times, and each value of each picture. The exit status is 0 if all are equal.
Clips that this ffmpeg cannot make are told and left out.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import zip_longest
from pathlib import Path

import numpy as np

from benchmarks.reading.clips import CLIPS, Clip, make
from benchmarks.reading.reference import check_programs, frame_times, pictures
from benchmarks.tables import print_circumstances, print_table
from detectors.errors import InputError
from tracker.sources import open_source
from tracker.writers.stats import write_stats

LEVELS = 3  # by which a value may differ
FEW = 2e-4  # share of the values that may differ by more: FFmpeg 5.1 and 8.1 deinterlace the edges differently
NEAR = 1e-3  # seconds by which a time may differ: containers that count milliseconds cannot tell 2,500 frames a second
HEADINGS = ("clip", "", "frames", "ffprobe", "times apart, ms", "values apart by > 3", "most", "warnings")


@dataclass
class Comparison:
    """A clip as we read it, beside the others. apart: seconds that times differ at most; most: levels of a value.

    outside: share of the values that differ by more than `LEVELS`.
    """

    frames: int
    expected: int
    shown: int
    apart: float
    outside: float
    most: int
    warnings: int

    @property
    def equal(self) -> bool:
        """Whether all is as it should be."""
        counts = self.frames == self.expected == self.shown
        return counts and self.apart <= NEAR and self.outside <= FEW and not self.warnings


def compare(path: Path, clip: Clip) -> Comparison:
    """Read a clip in all ways. Raises InputError when we cannot."""
    source = open_source(path)
    times, values, outside, most, shown = list[float](), 0, 0, 0, 0
    for frame, picture in zip_longest(
        source.frames, pictures(path, source.width, source.height, "tinterlace" in clip.filters)
    ):
        if frame is not None:
            times.append(frame.time)
        if picture is not None:
            shown += 1
        if frame is not None and picture is not None:
            differences = np.abs(frame.image.astype(np.int16) - picture)
            values, most = values + differences.size, max(most, int(differences.max()))
            outside += int((differences > LEVELS).sum())
    expected = frame_times(path)
    apart = max(
        (abs(time - other) for time, other in zip(times, expected, strict=False) if other is not None), default=0.0
    )
    return Comparison(len(times), len(expected), shown, apart, outside / max(values, 1), most, len(source.warnings))


def main(argv: Sequence[str] | None = None) -> int:
    """Make the clips, compare, print; the exit status is 0 if all are equal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="NAME,NAME", help="of the clips")
    parser.add_argument("--markdown", action="store_true", help="print the table in Markdown")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write all figures")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave the clips there; those there are not made")
    arguments = parser.parse_args(argv)
    wanted = arguments.only.split(",") if arguments.only else [clip.name for clip in CLIPS]
    try:
        check_programs()
        with tempfile.TemporaryDirectory(prefix="keeptrack-reading-") as scratch:
            folder = arguments.keep or Path(scratch)
            folder.mkdir(parents=True, exist_ok=True)
            found = compare_all([clip for clip in CLIPS if clip.name in wanted], folder)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    show(found, arguments.markdown)
    if arguments.json:
        write_stats(arguments.json, {clip.name: asdict(one) for clip, one in found})
    return int(not all(one.equal for _, one in found))


def compare_all(clips: Sequence[Clip], folder: Path) -> list[tuple[Clip, Comparison]]:
    """Each clip that can be made, and how it compares. Raises InputError when one cannot be read."""
    found = []
    for clip in clips:
        try:
            path = folder / clip.name
            made = path if path.exists() else make(clip, folder)
        except InputError as error:
            print(f"skipped: {error}")
            continue
        found.append((clip, compare(made, clip)))
    return found


def show(found: Sequence[tuple[Clip, Comparison]], markdown: bool) -> None:
    """Print the table, and how many rows are equal."""
    rows = [
        [
            clip.name,
            clip.note,
            str(one.frames),
            str(one.expected),
            f"{1000 * one.apart:.2f}",
            f"{one.outside:.4%}" if one.outside else "0",
            str(one.most),
            str(one.warnings or ""),
        ]
        for clip, one in found
    ]
    print_circumstances()
    print_table("Video files as they are read", HEADINGS, [rows], markdown)
    unequal = [clip.name for clip, one in found if not one.equal]
    print(f"\n{len(found) - len(unequal)} of {len(found)} equal{': not ' + ', '.join(unequal) if unequal else ''}")
