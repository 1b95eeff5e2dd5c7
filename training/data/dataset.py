"""Labelled pictures: COCO annotations or a YOLO-format folder, checked before anything is trained on them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from detectors import limits
from detectors.base import Bools, Floats, Ints
from detectors.boxes import cxcywh_to_xyxy, tlwh_to_xyxy
from detectors.codec_messages import codec_messages
from detectors.errors import InputError, refusing
from training.data.picture_names import is_listed, plain
from training.data.set_folders import COCO, LABELS, is_set, sets_in

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")
SLACK = 1.0  # pixels that a box may reach over the border, by rounding


@dataclass(frozen=True, eq=False)
class LabelledImage:
    """One picture and what is in it.

    boxes: ``(N, 4)`` xyxy pixels. class_ids: ``(N,)`` positions in the data set's class names. difficult: ``(N,)``
    neither a hit nor a miss. labelled: ``(C,)`` the classes that were looked for in this picture; of the others it may
    show objects without a box. source: where the picture comes from, as its data set says, or "". scores: ``(N,)`` how
    sure each box is, 1 for what a person has drawn.
    """

    path: Path
    width: int
    height: int
    boxes: Floats
    class_ids: Ints
    difficult: Bools
    labelled: Bools
    source: str = ""
    scores: Floats = None  # type: ignore[assignment]  # filled in below, so that it is an array for every reader

    def __post_init__(self) -> None:
        if self.scores is None:
            object.__setattr__(self, "scores", np.ones(len(self.boxes)))


@dataclass(frozen=True)
class Dataset:
    """Pictures and the names of their classes."""

    class_names: tuple[str, ...]
    images: tuple[LabelledImage, ...]

    def only(self, names: Iterable[str]) -> Dataset:
        """The pictures that are listed: by their file names, or with as many folders before them as are given."""
        wanted = {plain(name) for name in names}
        return Dataset(self.class_names, tuple(image for image in self.images if is_listed(image.path, wanted)))

    def without(self, other: Dataset) -> Dataset:
        """The pictures that another set does not have."""
        theirs = {image.path for image in other.images}
        return Dataset(self.class_names, tuple(image for image in self.images if image.path not in theirs))


def load_datasets(paths: Sequence[str | Path]) -> Dataset:
    """Several data sets as one; the first says which classes there are.

    A later one may be a folder of pictures without labels, or have fewer classes: in its pictures the others were not
    looked for. Raises InputError as `load_dataset` does, and when a later set has a class that the first has not.
    """
    first = load_dataset(paths[0])
    images = list(first.images)
    for path in map(Path, paths[1:]):
        images += _unlabelled(path, first.class_names) if is_unlabelled(path) else _in_classes(path, first.class_names)
    return Dataset(first.class_names, tuple(images))


def is_unlabelled(path: Path) -> bool:
    """Is this a folder of pictures without labels?"""
    return path.is_dir() and not is_set(path) and not sets_in(path)


def _unlabelled(folder: Path, class_names: tuple[str, ...]) -> list[LabelledImage]:
    """The pictures of a folder, or of its images/, in which nobody looked for anything."""
    place = folder / "images" if (folder / "images").is_dir() else folder
    files = pictures_in(place)
    if not files:
        raise InputError(folder, "has no pictures", "give a folder of pictures, or of images/ and labels/")
    return [_bare(file, len(class_names)) for file in files]


def pictures_in(folder: Path) -> list[Path]:
    """The pictures of a folder by name, none where there is no folder; hidden ones, as of macOS, do not count."""
    there = folder.iterdir() if folder.is_dir() else ()
    return sorted(file for file in there if file.suffix.lower() in IMAGE_SUFFIXES and not file.name.startswith("."))


def _bare(file: Path, classes: int) -> LabelledImage:
    with codec_messages():
        picture = cv2.imread(str(file), cv2.IMREAD_COLOR_BGR)
    if picture is None:
        raise InputError(file, "is not a picture that can be read", "mend or remove it")
    nothing = np.zeros(0, dtype=np.int64)
    return LabelledImage(
        path=file,
        width=picture.shape[1],
        height=picture.shape[0],
        boxes=np.zeros((0, 4)),
        class_ids=nothing,
        difficult=nothing.astype(bool),
        labelled=np.zeros(classes, dtype=bool),
        source=file.parent.name if file.parent.name != "images" else file.parent.parent.name,
    )


def _in_classes(path: Path, class_names: tuple[str, ...]) -> list[LabelledImage]:
    """A data set's pictures, their classes counted as in another set."""
    dataset = load_dataset(path)
    foreign = sorted(set(dataset.class_names) - set(class_names))
    if foreign:
        raise InputError(path, f"has a class that the first set has not: {foreign[0]}", "name this set first")
    return _renumbered(dataset, class_names)


def numbered_as(dataset: Dataset, class_names: tuple[str, ...]) -> Dataset:
    """A data set whose class names are the same but for their order and capital letters, with these names."""
    by_letters = {name.casefold(): name for name in class_names}
    names = tuple(name if name in class_names else by_letters[name.casefold()] for name in dataset.class_names)
    return Dataset(class_names, tuple(_renumbered(Dataset(names, dataset.images), class_names)))


def _renumbered(dataset: Dataset, class_names: tuple[str, ...]) -> list[LabelledImage]:
    """The pictures of a data set whose classes are among `class_names`, with these numbers."""
    place = np.array([class_names.index(name) for name in dataset.class_names], dtype=np.int64)
    images = []
    for image in dataset.images:
        labelled = np.zeros(len(class_names), dtype=bool)
        labelled[place] = image.labelled
        images.append(dataclasses.replace(image, class_ids=place[image.class_ids], labelled=labelled))
    return images


def load_dataset(path: str | Path) -> Dataset:
    """The data set in `path`.

    A .json file, or a folder with annotations.json, is COCO; its pictures lie beside it or in images/. A folder with
    labels/ is YOLO: ``class cx cy w h`` in shares of the picture, a text file a picture, names in classes.txt, a line
    each. A folder of such folders is all of them (see `sets_in`); a class that one of them lacks was not looked for
    in its pictures.

    Raises InputError, naming file and line or entry, for missing pictures, boxes outside their picture or without area,
    unknown classes, rows that are no numbers, and for a set without any box.
    """
    path = Path(path)
    inside = sets_in(path)
    dataset = _joined([_load_one(each) for each in inside]) if inside else _load_one(path)
    if not any(len(image.boxes) for image in dataset.images):
        raise InputError(path, "has no labelled object", "give pictures with boxes")
    return dataset


def _joined(datasets: Sequence[Dataset]) -> Dataset:
    names = tuple(dict.fromkeys(name for dataset in datasets for name in dataset.class_names))
    return Dataset(names, tuple(image for dataset in datasets for image in _renumbered(dataset, names)))


def _load_one(path: Path) -> Dataset:
    if path.suffix == ".json":
        return _load_coco(path)
    if (path / COCO).is_file():
        return _load_coco(path / COCO)
    if (path / LABELS).is_dir():
        return _load_yolo(path)
    remedy = "give a COCO .json file, a folder with images/ and labels/, or a folder of such folders"
    raise InputError(path, "is no data set", remedy)


def _load_coco(path: Path) -> Dataset:
    with refusing(path, "is no COCO file", "it needs images, annotations and categories"), np.errstate(all="ignore"):
        return _read_coco(path, json.loads(path.read_text(encoding="utf-8")))


def _read_coco(path: Path, document: Mapping[str, Any]) -> Dataset:
    categories = {int(entry["id"]): str(entry["name"]) for entry in document["categories"]}
    entries, annotations = document["images"], document["annotations"]
    position = {category: index for index, category in enumerate(categories)}
    of_image: dict[Any, list[Mapping[str, Any]]] = {entry["id"]: [] for entry in entries}
    for annotation in annotations:
        where = f"{path}: annotation {annotation.get('id')}"
        if annotation.get("image_id") not in of_image:
            raise InputError(where, f"belongs to no picture: {annotation.get('image_id')}", "mend or remove it")
        if annotation.get("category_id") not in position:
            raise InputError(where, f"has the unknown class {annotation.get('category_id')}", "add it to categories")
        of_image[annotation["image_id"]].append(annotation)
    folder = path.parent / "images" if (path.parent / "images").is_dir() else path.parent
    images = []
    for entry in entries:
        picture = folder / entry["file_name"]
        rows = of_image[entry["id"]]
        boxes = tlwh_to_xyxy(np.array([row["bbox"] for row in rows], dtype=np.float64).reshape(-1, 4))
        if not picture.is_file():
            raise InputError(picture, f"is missing, but {path.name} lists it", "add the picture or remove its entry")
        places = [f"{path}: annotation {row.get('id')}" for row in rows]
        _check_boxes(boxes, entry["width"], entry["height"], places)
        looked_for = entry.get("labelled_category_ids", list(categories))
        images.append(
            LabelledImage(
                path=picture,
                width=int(entry["width"]),
                height=int(entry["height"]),
                boxes=boxes,
                class_ids=np.array([position[row["category_id"]] for row in rows], dtype=np.int64),
                difficult=np.array([bool(row.get("difficult") or row.get("iscrowd")) for row in rows], dtype=bool),
                labelled=np.array([category in looked_for for category in categories], dtype=bool),
                source=str(entry.get("source", "")),
            )
        )
    return Dataset(tuple(categories.values()), tuple(images))


def _load_yolo(folder: Path) -> Dataset:
    names_file = folder / "classes.txt"
    if not names_file.is_file():
        raise InputError(names_file, "is missing", "write the class names into it, a line each")
    names = tuple(line.strip() for line in _lines(names_file) if line.strip())
    if not names:
        raise InputError(names_file, "is empty", "write the class names into it, a line each")
    pictures = pictures_in(folder / "images")
    stems = {picture.stem for picture in pictures}
    for label in sorted((folder / "labels").glob("*.txt")):
        if label.stem not in stems and not label.name.startswith("."):
            raise InputError(label, "has no picture of its name in images/", "add the picture or remove the labels")
    return Dataset(names, tuple(_read_yolo_image(picture, folder / "labels", names) for picture in pictures))


def _lines(path: Path) -> list[str]:
    with refusing(path, "cannot be read", "give text in UTF-8"):
        return path.read_text(encoding="utf-8-sig").splitlines()  # editors of Windows begin a text with a mark


def _read_yolo_image(picture: Path, labels: Path, names: tuple[str, ...]) -> LabelledImage:
    with codec_messages():
        image = cv2.imread(str(picture))
    if image is None:
        raise InputError(picture, "is not a picture that can be read", "mend or remove it")
    height, width = image.shape[:2]
    file = labels / f"{picture.stem}.txt"
    lines = _lines(file) if file.is_file() else []
    rows, places = [], []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            places.append(f"{file}:{number}")
            rows.append(_read_yolo_row(line, places[-1], len(names)))
    table = np.array(rows, dtype=np.float64).reshape(-1, 5)
    with np.errstate(all="ignore"):  # what overflows lies outside
        boxes = cxcywh_to_xyxy(table[:, 1:] * [width, height, width, height])
    _check_boxes(boxes, width, height, places)
    return LabelledImage(
        path=picture,
        width=width,
        height=height,
        boxes=boxes,
        class_ids=table[:, 0].astype(np.int64),
        difficult=np.zeros(len(table), dtype=bool),
        labelled=np.ones(len(names), dtype=bool),
    )


def _read_yolo_row(line: str, where: str, classes: int) -> list[float]:
    """Class, cx, cy, w, h; of an outline, as segmentation has it, the box around it."""
    try:
        row = [float(field) for field in line.split()]
    except ValueError:
        row = []
    outlined = len(row) >= 7 and len(row) % 2 == 1
    if (len(row) != 5 and not outlined) or not np.isfinite(row).all():
        shown = line.strip()[: limits.SHOWN]
        raise InputError(where, f"{shown!r} is no label", "rows are: class cx cy w h, in shares of the picture")
    if row[0] % 1 or not 0 <= row[0] < classes:
        raise InputError(where, f"has the unknown class {row[0]:g}", f"classes.txt names 0 to {classes - 1}")
    if not outlined:
        return row
    points = np.array(row[1:]).reshape(-1, 2)
    low, high = points.min(axis=0), points.max(axis=0)
    return [row[0], *((low + high) / 2).tolist(), *(high - low).tolist()]


def _check_boxes(boxes: Floats, width: float, height: float, places: list[str]) -> None:
    """Raise InputError for the first box that is empty or lies outside its picture."""
    low = boxes[:, :2] < -SLACK
    high = boxes[:, 2:] > np.array([width, height]) + SLACK
    empty = boxes[:, 2:] <= boxes[:, :2]
    for row in np.flatnonzero((low | high | empty).any(axis=1)):
        why = "has no area" if empty[row].any() else f"reaches outside its picture of {width}x{height}"
        raise InputError(places[row], f"the box {np.round(boxes[row], 1).tolist()} {why}", "mend or remove it")
