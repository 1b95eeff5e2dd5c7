"""A contact sheet of what a detector finds: a few pictures side by side, boxes and names drawn with OpenCV alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from detectors.base import Detections, Floats, Image
from training.data.dataset import Dataset, LabelledImage

PICTURES = 3
SHOWN = 0.3  # weaker detections are left out
WIDTH, HEIGHT = 480, 400  # pixels of a cell
STRIP, MARGIN = 34, 10  # pixels: of the caption below, and around each cell
FONT, TEXT_SCALE = cv2.FONT_HERSHEY_SIMPLEX, 0.48
PAPER, INK = (255, 255, 255), (40, 40, 40)
COLOURS = ((60, 60, 220), (200, 120, 20), (40, 150, 40), (180, 50, 160), (20, 130, 220), (140, 140, 20))  # BGR


def draw_contact_sheet(
    detect: Callable[[Image], Detections], read: Callable[[LabelledImage], Image], dataset: Dataset
) -> Image:
    """Pictures ``(H, W, 3)`` of the data set that show something, with what `detect` finds in each."""
    cells = []
    for image in chosen(dataset.images):
        picture = read(image)
        found = detect(picture)
        found = found[found.scores >= SHOWN]
        labelled = int((~image.difficult).sum())
        cells.append(_cell(picture, found, dataset.class_names, f"{len(found)} found, {labelled} labelled"))
    return np.asarray(np.hstack(cells), dtype=np.uint8)


def chosen(images: Sequence[LabelledImage], count: int = PICTURES) -> list[LabelledImage]:
    """So many pictures with a clear object, from all over the list."""
    showing = [image for image in images if (~image.difficult).any()] or list(images)
    places = np.unique(np.linspace(0, len(showing) - 1, count).round().astype(int))
    return [showing[place] for place in places]


def write_contact_sheet(sheet: Image, path: Path) -> None:
    """Write the sheet as JPEG."""
    path.write_bytes(cv2.imencode(".jpg", sheet, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes())


def _cell(picture: Image, found: Detections, class_names: Sequence[str], caption: str) -> Image:
    """A picture as large as fits into the cell, its boxes, and a line of text below."""
    height, width = picture.shape[:2]
    scale = min(WIDTH / width, HEIGHT / height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    for row in np.argsort(found.scores):  # the best on top
        _draw_box(small, found.boxes[row] * scale, int(found.class_ids[row]), found.scores[row], class_names)
    cell = np.full((HEIGHT + STRIP + 2 * MARGIN, WIDTH + 2 * MARGIN, 3), PAPER, np.uint8)
    top, left = MARGIN + HEIGHT - size[1], MARGIN + (WIDTH - size[0]) // 2
    cell[top : top + size[1], left : left + size[0]] = small
    _write(cell, caption, (left, MARGIN + HEIGHT + 23), INK)
    return cell


def _draw_box(
    picture: cv2.typing.MatLike, box: Floats, class_id: int, score: float, class_names: Sequence[str]
) -> None:
    """A frame, and a plate with name and score above it, or inside where there is no room above."""
    left, top, right, bottom = (round(float(side)) for side in box)
    colour = COLOURS[class_id % len(COLOURS)]
    cv2.rectangle(picture, (left, top), (right - 1, bottom - 1), colour, 2, cv2.LINE_AA)
    text = f"{_ascii(class_names[class_id])} {score:.2f}"
    (width, height), _ = cv2.getTextSize(text, FONT, TEXT_SCALE, 1)
    left = max(0, min(left, picture.shape[1] - width - 6))
    base = top if top >= height + 8 else min(picture.shape[0], top + height + 8)
    cv2.rectangle(picture, (left - 1, base - height - 8), (left + width + 6, base), colour, cv2.FILLED)
    _write(picture, text, (left + 3, base - 4), PAPER)


def _write(picture: cv2.typing.MatLike, text: str, place: tuple[int, int], colour: tuple[int, int, int]) -> None:
    cv2.putText(picture, text, place, FONT, TEXT_SCALE, colour, 1, cv2.LINE_AA)


def _ascii(name: str) -> str:
    """OpenCV's fonts know no other letters."""
    return name.encode("ascii", "replace").decode()
