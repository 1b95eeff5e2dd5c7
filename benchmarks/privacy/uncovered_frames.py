"""How many frames show somebody who should be hidden, by the written video alone.

usage: python -m benchmarks.privacy VIDEO... [--blur CLASS,...] [--live] [--masks]

Each video is tracked with ``--blur`` into a file, which is then read beside the source. Every box of every track is cut
into parts as large as a head; of each, the fine structure (what is finer than a sixteenth of the part) of the source is
looked for in the file. Where more than half of it is still there, the part can be made out: the box is uncovered. A
part without structure in the source has nothing to make out. With masks, only the pixels of the mask count. ``--live``
leaves the hindsight out, and counts the boxes of that run. Printed are the tracks' boxes, how many of them could be
made out in the source, by the same measure, how many in the file, and how many frames have any of these.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from benchmarks.tables import print_circumstances, print_table
from detectors.base import Floats, Image
from detectors.boxes import clip
from detectors.columns import masks_in
from detectors.masks import Mask
from tracker.association.tracks import Tracks
from tracker.run.track import track
from tracker.sources import open_source

PARTS = 8  # heads that a standing person is tall: parts of the longer side
FINE = 16  # of a part's side: what is smaller than one of these is fine
SMALLEST = 8  # pixels of a part's side
STRUCTURE = 3.0  # standard deviation of grey levels, below which there is nothing to make out
LEFT = 0.5  # share of the source's structure from which it can be made out: video that is only encoded keeps 0.96
CORE = 0.1  # of a box's sides left out on each side: there is background


@dataclass(frozen=True)
class Count:
    """What was found in one video.

    boxes: of tracks. before: those that can be made out in the source. shown: those in the file. frames: that have any
    such box.
    """

    boxes: int
    before: int
    shown: int
    frames: int
    all_frames: int


def count_uncovered(video: Path, blur: str, offline: bool, masks: bool = False, detector: str = "auto") -> Count:
    """Track a video with `blur`, and look at what was written. detector: whose objects are to be hidden."""
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "hidden.mp4"
        options = {"offline": offline, "output": written, "draw": "none", "quality": "high"}
        options |= {"masks": masks, "detector": detector, "blur": blur, "classes": None if blur == "all" else blur}
        tracked = [tracks for _, tracks in track(video, **options)]
        boxes = known = shown = frames = 0
        for tracks, (before, after) in zip(tracked, pictures(video, written), strict=True):
            known += sum(uncovered(before, before, *row) for row in rows_of(tracks))
            found = [uncovered(before, after, *row) for row in rows_of(tracks)]
            boxes, shown, frames = boxes + len(found), shown + sum(found), frames + any(found)
    return Count(boxes, known, shown, frames, len(tracked))


def rows_of(tracks: Tracks) -> Iterator[tuple[Floats, Mask | None]]:
    """The box and the mask of each track."""
    yield from zip(tracks.boxes, masks_in(tracks.columns, len(tracks)), strict=True)


def pictures(before: Path, after: Path) -> Iterator[tuple[Image, Image]]:
    """The frames of two videos side by side, in grey."""
    for one, other in zip(open_source(before).frames, open_source(after).frames, strict=True):
        grey = [cv2.cvtColor(frame.image, cv2.COLOR_BGR2GRAY) for frame in (one, other)]
        yield np.asarray(grey[0], np.uint8), np.asarray(grey[1], np.uint8)


def uncovered(before: Image, after: Image, box: Floats, mask: Mask | None = None) -> bool:
    """Whether any part of a box ``(4,)`` of `before` can be made out in `after`: grey pictures ``(H, W)``."""
    height, width = before.shape
    margin = CORE * np.tile(box[2:] - box[:2], 2) * np.array([1, 1, -1, -1])
    x1, y1, x2, y2 = clip((box + margin)[None], width, height)[0].round().astype(int).tolist()
    side = max(SMALLEST, round(float((box[2:] - box[:2]).max()) / PARTS))
    inside = np.ones((height, width), bool) if mask is None else mask.on_frame(height, width)
    places = [(x, y) for y in range(y1, y2 - side + 1, side) for x in range(x1, x2 - side + 1, side)]
    return any(
        _is_left(*(picture[y : y + side, x : x + side] for picture in (before, after)))
        for x, y in places
        if inside[y : y + side, x : x + side].mean() > 0.9
    )


def _is_left(before: Image, after: Image) -> bool:
    """Whether the fine structure of a part is still there in another picture of it."""
    fine = [
        each - cv2.GaussianBlur(each, (0, 0), max(1.0, len(each) / FINE)) for each in map(np.float32, (before, after))
    ]
    power = float((fine[0] ** 2).mean())
    return power > STRUCTURE**2 and float((fine[0] * fine[1]).mean()) > LEFT * power


def main() -> None:
    """Check all videos that are named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("videos", nargs="+", type=Path, metavar="VIDEO")
    parser.add_argument("--blur", default="person", metavar="CLASS,...", help="names of classes, or all (not faces)")
    parser.add_argument("--live", action="store_true")
    parser.add_argument("--masks", action="store_true")
    parser.add_argument("--markdown", action="store_true")
    arguments = parser.parse_args()
    print_circumstances()
    rows = []
    for video in arguments.videos:
        found = count_uncovered(video, arguments.blur, not arguments.live, arguments.masks)
        numbers = found.all_frames, found.boxes, found.before, found.shown, found.frames
        rows.append([video.name, *map(str, numbers)])
    headings = ["video", "frames", "boxes of tracks", "made out in the source", "uncovered", "frames with any"]
    print_table(f"Hidden: {arguments.blur}", headings, [rows], arguments.markdown)


if __name__ == "__main__":
    main()
