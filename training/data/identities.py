"""Whom pictures show: crops of people, or of other things, by identity, from three kinds of sources.

- A MOTChallenge sequence, or a folder of such: images and gt/gt.txt. With nine columns, rows of class 1 whose flag is
  not 0 count; with ten, as in MOT15, all rows. Boxes that others in front mostly hide, or that are tiny, are left out.
- A folder with a folder of crops for each identity.
- A COCO .json file: each box of the wanted class is an identity of its own, of which there is this one crop.

The same number in two sources means two identities, and nothing is known of who in one source is who in another.
"""

from __future__ import annotations

import configparser
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from detectors.base import Bools, Floats
from detectors.boxes import areas, overlap_areas
from detectors.errors import InputError
from detectors.number_rows import read_text, split_rows
from training.data.dataset import load_dataset, pictures_in

PERSON = "person"
MOST_CROPS = 40  # of an identity, spread over its time: neighbouring frames show the same
HIDDEN = 0.5  # share of a box covered by others in front above which it shows them rather than its owner
SHORTEST, NARROWEST = 24.0, 8.0  # pixels
GT = Path("gt", "gt.txt")
Item = TypeVar("Item")
KINDS = "give sequence folders with gt/gt.txt, folders with a folder of crops for each identity, or COCO .json files"


@dataclass(frozen=True)
class Crop:
    """What one picture shows of one identity.

    box: xyxy pixels; None for the whole picture. scene: crops of one scene were taken by the same camera, so that
    others in it are the hardest to tell from. seconds: when, within the scene.
    """

    picture: Path
    box: tuple[float, float, float, float] | None
    identity: int
    scene: int
    source: int
    seconds: float = 0.0


def load_crops(paths: Sequence[Path], class_name: str = PERSON) -> list[Crop]:
    """The crops of all sources, identities and scenes numbered from 0 through all of them.

    class_name: the class of boxes in COCO files. Raises InputError for a source without identities, an identity of a
    folder with one crop only, and rows that cannot be understood.
    """
    crops: list[Crop] = []
    for number, path in enumerate(paths):
        found = _load(path, class_name)
        if not found:
            raise InputError(path, "shows no identity that is large and clear enough", KINDS)
        crops += _renumbered(found, crops, number)
    return crops


def _load(path: Path, class_name: str) -> list[Crop]:
    if path.suffix == ".json":
        return _coco(path, class_name)
    if not path.is_dir():
        raise InputError(path, "no such folder or .json file", KINDS)
    if (path / GT).is_file():
        return _sequence(path, 0)
    sequences = sorted(each.parent.parent for each in path.glob(f"*/{GT.as_posix()}"))
    if sequences:
        return [crop for scene, folder in enumerate(sequences) for crop in _sequence(folder, scene)]
    return _folder(path)


def _renumbered(found: list[Crop], before: list[Crop], source: int) -> list[Crop]:
    """The crops of a source with numbers that none before it has."""
    who = {key: number for number, key in enumerate(dict.fromkeys((crop.scene, crop.identity) for crop in found))}
    first = 1 + max((crop.identity for crop in before), default=-1)
    first_scene = 1 + max((crop.scene for crop in before), default=-1)
    return [
        Crop(
            crop.picture,
            crop.box,
            first + who[crop.scene, crop.identity],
            first_scene + crop.scene,
            source,
            crop.seconds,
        )
        for crop in found
    ]


def _coco(path: Path, class_name: str) -> list[Crop]:
    """One crop for each box of the class that is neither difficult nor tiny; a picture is a scene."""
    dataset = load_dataset(path)
    if class_name not in dataset.class_names:
        raise InputError(path, f"has no class {class_name!r}", f"it has {', '.join(dataset.class_names)}: see --class")
    wanted = dataset.class_names.index(class_name)
    crops: list[Crop] = []
    for scene, image in enumerate(dataset.images):
        fits = (image.class_ids == wanted) & ~image.difficult & _large(image.boxes)
        crops += [
            Crop(image.path, _corners(box), len(crops) + at, scene, 0) for at, box in enumerate(image.boxes[fits])
        ]
    return crops


def _folder(path: Path) -> list[Crop]:
    """Crops of the folder of each identity, in the order of their names, each taken for another moment."""
    crops: list[Crop] = []
    for identity, folder in enumerate(sorted(each for each in path.iterdir() if each.is_dir() and each.name[0] != ".")):
        pictures = pictures_in(folder)
        if len(pictures) == 1:
            raise InputError(folder, "has one crop only", "add another of the same identity, or remove the folder")
        crops += [Crop(picture, None, identity, 0, 0, float(at)) for at, picture in enumerate(spread(pictures))]
    return crops


def _sequence(folder: Path, scene: int) -> list[Crop]:
    """Crops of the objects of one MOTChallenge sequence."""
    rows = _read_rows(folder / GT)
    pictures, rate = _frames(folder)
    crops: dict[int, list[Crop]] = defaultdict(list)
    for frame in np.unique(rows[:, 0]).astype(int).tolist():
        there = rows[rows[:, 0] == frame]
        boxes = np.concatenate([there[:, 2:4], there[:, 2:4] + there[:, 4:6]], axis=1)
        clear = _large(boxes) & (hidden(boxes) <= HIDDEN)
        if clear.any() and frame not in pictures:
            raise InputError(folder / GT, f"has boxes in frame {frame}, of which there is no image", "add the images")
        for identity, box in zip(there[clear, 1].astype(int).tolist(), boxes[clear], strict=True):
            crops[identity].append(Crop(pictures[frame], _corners(box), identity, scene, 0, frame / rate))
    return [crop for each in crops.values() if len(each) > 1 for crop in spread(each)]


def _read_rows(path: Path) -> Floats:
    """The rows of gt.txt that count ``(N, 6 or more)``: frame, id, left, top, width, height, ..."""
    try:
        listed = [[float(field) for field in fields] for _, fields in split_rows(str(path), read_text(path, "mend it"))]
        rows = np.array(listed, dtype=np.float64) if listed else np.empty((0, 6))
    except ValueError as error:
        raise InputError(path, f"cannot be understood: {error}", "expected frame,id,x,y,w,h,...") from None
    if rows.shape[1] < 6:
        raise InputError(path, f"has {rows.shape[1]} columns", "expected frame,id,x,y,w,h,...")
    return rows[_counting(rows)]


def _counting(rows: Floats) -> Bools:
    """The conventions of tracker/evaluation/ground_truth.py, which training does not import."""
    count = np.ones(len(rows), dtype=bool)
    columns = rows.shape[1]
    if columns > 6 and columns != 10:
        count &= rows[:, 6] != 0
    if columns == 9 and (rows[:, 7] != -1).any():
        count &= rows[:, 7] == 1
    return count


def _frames(folder: Path) -> tuple[dict[int, Path], float]:
    """The images of a sequence by frame number, and frames a second."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(folder / "seqinfo.ini", encoding="utf-8-sig")
        info = parser["Sequence"] if parser.has_section("Sequence") else {}
        images, rate = folder / info.get("imDir", "img1"), float(info.get("frameRate", "30"))
    except (configparser.Error, ValueError) as error:
        raise InputError(folder / "seqinfo.ini", f"cannot be understood: {error}", "mend or remove it") from None
    found = [each for each in pictures_in(images) if each.stem.isdecimal()]
    if not found or not rate > 0:
        raise InputError(images, "has no numbered images", "ground truth without images shows nobody")
    return {int(each.stem): each for each in found}, rate


def hidden(boxes: Floats) -> Floats:
    """The largest share ``(N,)`` of each xyxy box that another one, which stands lower in the picture, covers."""
    covered = overlap_areas(boxes, boxes)
    covered[boxes[:, None, 3] >= boxes[None, :, 3]] = 0.0
    return np.asarray(covered.max(axis=1, initial=0.0) / np.maximum(areas(boxes), 1e-6))


def _large(boxes: Floats) -> Bools:
    return np.asarray((boxes[:, 3] - boxes[:, 1] >= SHORTEST) & (boxes[:, 2] - boxes[:, 0] >= NARROWEST))


def _corners(box: Floats) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = box.tolist()
    return x1, y1, x2, y2


def spread(items: Sequence[Item], most: int = MOST_CROPS) -> list[Item]:
    """At most so many of them, at equal distances from the first to the last."""
    chosen = np.unique(np.linspace(0, len(items) - 1, min(most, len(items))).round().astype(int))
    return [items[index] for index in chosen.tolist()]


def by_identity(crops: Iterable[Crop]) -> dict[int, list[Crop]]:
    """The crops of each identity, in their order."""
    found: dict[int, list[Crop]] = defaultdict(list)
    for crop in crops:
        found[crop.identity].append(crop)
    return dict(found)
