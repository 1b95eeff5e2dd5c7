"""A contact sheet of a video: each track's best crop with its number, class, time and trust."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from detectors.base import Image
from tracker.annotations.document import Annotations
from tracker.drawing.colours import colour_of
from tracker.drawing.labels import Colour, make_tag, paste, text_mask
from tracker.review.summary import TrackSummary
from tracker.review.summary_file import seconds_of
from tracker.review.trust import DOUBTFUL, SURE

MOST = 96  # tracks in a sheet
COLUMNS, CELL, GAP, EDGE = 8, 144, 12, 24  # cells in a row, and pixels
FOOT = 44  # pixels below a view, for two lines
GROUND, CARD, INK, SOFT = (22, 19, 16), (32, 28, 24), (237, 235, 233), (165, 157, 151)  # BGR, of the page by night
TRUST = ((143, 142, 255), (96, 187, 242), (180, 219, 61))  # BGR: hardly, less, well trusted


def contact_sheet(annotations: Annotations, summaries: Sequence[TrackSummary], crops: Mapping[int, bytes]) -> Image:
    """A picture ``(h, w, 3)`` BGR: a title over a grid of views, those to be looked at first in front.

    views: a JPEG of each track, by its number; one that is missing or broken leaves its place empty. At most `MOST`
    tracks are shown, the others counted.
    """
    ordered = sorted(summaries, key=lambda each: (not each.reason, not each.missed, each.trust, each.track_id))[:MOST]
    lines = -(-len(ordered) // COLUMNS)
    width = 2 * EDGE + COLUMNS * CELL + (COLUMNS - 1) * GAP
    top = 92
    sheet = np.full((top + lines * (CELL + FOOT + GAP) + EDGE - GAP, width, 3), GROUND, dtype=np.uint8)
    _write(sheet, annotations.name, (EDGE, 18), 24, INK, width - 2 * EDGE)
    _write(sheet, _subtitle(annotations, summaries), (EDGE, 54), 15, SOFT, width - 2 * EDGE)
    for place, summary in enumerate(ordered):
        line, column = divmod(place, COLUMNS)
        corner = EDGE + column * (CELL + GAP), top + line * (CELL + FOOT + GAP)
        _draw_cell(sheet, corner, summary, crops.get(summary.track_id, b""))
    return sheet


def _subtitle(annotations: Annotations, summaries: Sequence[TrackSummary]) -> str:
    counts = Counter(summary.label for summary in summaries).most_common()
    parts = [_clock(seconds_of(annotations)), *(f"{count} {label}" for label, count in counts)]
    doubtful = sum(summary.to_look_at for summary in summaries)
    parts += [f"{doubtful} to look at"] if doubtful else []
    parts += ["objects may be missed"] if any(summary.missed for summary in summaries) else []
    parts += [] if summaries else ["no tracks"]
    parts += [f"{len(summaries) - MOST} of them not shown"] if len(summaries) > MOST else []
    return "   ".join(parts)


def _draw_cell(sheet: Image, corner: tuple[int, int], summary: TrackSummary, crop: bytes) -> None:
    left, top = corner
    sheet[top : top + CELL + FOOT, left : left + CELL] = CARD
    picture = cv2.imdecode(np.frombuffer(crop, dtype=np.uint8), cv2.IMREAD_COLOR) if crop else None
    if picture is not None:
        _fit(sheet[top : top + CELL, left : left + CELL], np.asarray(picture, dtype=np.uint8))
    tag = make_tag((str(summary.track_id),), colour_of(summary.track_id), 15)
    paste(sheet[top : top + CELL, left : left + CELL], tag, 0, 0)
    colour = TRUST[(summary.trust >= DOUBTFUL) + (summary.trust >= SURE)]
    sheet[top + CELL : top + CELL + 3, left : left + max(3, round(CELL * summary.trust))] = colour
    _write(sheet, summary.label, (left + 8, top + CELL + 6), 13, INK, CELL - 16)
    span = f"{_clock(summary.first)} - {_clock(summary.last)}"
    _write(sheet, span, (left + 8, top + CELL + 24), 12, SOFT, CELL - 16)


def _fit(place: Image, picture: Image) -> None:
    """Draw a picture as large as it fits into the middle of a place."""
    scale = CELL / max(picture.shape[:2])
    width, height = (max(1, round(side * scale)) for side in picture.shape[1::-1])
    left, top = (CELL - width) // 2, (CELL - height) // 2
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    place[top : top + height, left : left + width] = cv2.resize(picture, (width, height), interpolation=way)


def _write(sheet: Image, text: str, corner: tuple[int, int], size: int, colour: Colour, width: int) -> None:
    """Write a line, cut off with dots where it is wider than `width` pixels."""
    mask = _line(text, size)
    if mask.shape[1] > width:
        keep = next(end for end in range(len(text) * width // mask.shape[1], -1, -1) if _fits(text[:end], size, width))
        mask = _line(text[:keep] + "...", size)[:, :width]
    left, top = corner
    place = sheet[top : top + mask.shape[0], left : left + mask.shape[1]]
    share = mask[: place.shape[0], :, None].astype(np.float32) / 255
    place[:] = np.rint(place + share * (np.array(colour, dtype=np.float32) - place)).astype(np.uint8)


def _line(text: str, size: int) -> Image:
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return text_mask(tuple(printable.split(" ")) or ("",), size)


def _fits(text: str, size: int, width: int) -> bool:
    return len(_line(text + "...", size)[0]) <= width


def _clock(seconds: float) -> str:
    whole = int(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"
