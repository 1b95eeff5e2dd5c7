"""Pictures with silhouettes: COCO's polygons and run lengths, YOLO's polygons, folders of class-number pictures."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from pycocotools import mask as run_lengths

from detectors.base import Bools, Floats, Image, Ints
from detectors.codec_messages import codec_messages
from detectors.errors import InputError, refusing
from training.data.dataset import pictures_in
from training.data.picture_names import is_listed, plain
from training.losses.masks import IGNORED

MOST_CLASSES = 254
INDICES, LABELS = "masks", "labels"
REMEDY = "polygons are [[x1, y1, x2, y2, x3, y3, ...], ...], run lengths {size: [height, width], counts: ...}"

Classes = npt.NDArray[np.uint8]
"""The class of each pixel: 0 for the background, then 1 + the class id."""
Runs = Mapping[str, Any]
"""A mask of a whole picture as pycocotools compresses it."""


@dataclass(frozen=True, eq=False)
class SegmentedImage:
    """One picture and what is where in it.

    class_ids: ``(N,)`` positions in the data set's class names. boxes: ``(N, 4)`` xyxy pixels. masks: N silhouettes.
    crowd: ``(N,)`` True for a mask of many objects at once. index: a picture of the pixels' classes instead of these.
    """

    path: Path
    width: int
    height: int
    class_ids: Ints
    boxes: Floats
    masks: tuple[Runs, ...]
    crowd: Bools
    index: Path | None = None

    def silhouette(self, row: int) -> Bools:
        """One object's mask ``(H, W)``."""
        return decoded(self.masks[row])

    def classes(self) -> Classes:
        """The class of each pixel ``(H, W)``; small objects lie on larger ones, crowds are `IGNORED`."""
        if self.index is not None:
            return read_index(self.index, (self.height, self.width))
        pixels = np.zeros((self.height, self.width), np.uint8)
        areas = [int(run_lengths.area(mask)) for mask in self.masks]
        for row in sorted(range(len(areas)), key=lambda row: (not self.crowd[row], -areas[row])):
            pixels[self.silhouette(row)] = IGNORED if self.crowd[row] else 1 + self.class_ids[row]
        return pixels


@dataclass(frozen=True)
class Segmentation:
    """Pictures and the names of their classes, the background not among them."""

    class_names: tuple[str, ...]
    images: tuple[SegmentedImage, ...]

    def only(self, names: Iterable[str]) -> Segmentation:
        """The pictures that are listed: by their file names, or with as many folders before them as are given."""
        wanted = {plain(name) for name in names}
        return Segmentation(self.class_names, tuple(image for image in self.images if is_listed(image.path, wanted)))

    def without(self, other: Segmentation) -> Segmentation:
        """The pictures that another set does not have."""
        theirs = {image.path for image in other.images}
        return Segmentation(self.class_names, tuple(image for image in self.images if image.path not in theirs))


def load_segmentation(path: str | Path) -> Segmentation:
    """The data set in `path`.

    A .json file, or a folder with masks.json or annotations.json, is COCO; its pictures lie beside it or in images/. A
    folder with images/ and masks/ has a PNG of class numbers for each picture, 0 for the background and 255 for what is
    not known. One with images/ and labels/ is YOLO: ``class x1 y1 x2 y2 x3 y3 ...`` in shares of the picture, a text
    file a picture. Both name their classes in classes.txt, a line each, without the background.

    Raises InputError, naming file and line or entry, for what is not so, and for a set that shows nothing.
    """
    path = Path(path)
    coco = [path] if path.suffix == ".json" else [path / "masks.json", path / "annotations.json"]
    found = next((each for each in coco if each.is_file()), None)
    if found is not None or path.suffix == ".json":
        dataset = _load_coco(found or path)
    elif (path / INDICES).is_dir() or (path / LABELS).is_dir():
        dataset = _load_folder(path)
    else:
        remedy = "give a COCO .json file, or a folder with images/ and masks/ or labels/"
        raise InputError(path, "is no data set with masks", remedy)
    if not any(len(image.masks) or image.index for image in dataset.images):
        raise InputError(path, "shows nothing", "give pictures with masks")
    return dataset


def decoded(mask: Runs) -> Bools:
    """A mask's pixels ``(H, W)``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # pycocotools', of NumPy 2
        return np.asarray(run_lengths.decode(mask)).astype(bool)


def read_index(path: Path, size: tuple[int, int]) -> Classes:
    """The numbers ``(H, W)`` in a picture of classes. Raises InputError when it is none, or of another size."""
    with codec_messages():
        pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.ndim != 2 or pixels.dtype != np.uint8:
        raise InputError(path, "is no picture of class numbers", "give a grey or palette PNG of 8 bits")
    if pixels.shape != size:
        told, found = (f"{width}x{height}" for height, width in (size, pixels.shape))
        raise InputError(path, f"is {found}, its picture {told}", "give both the same size")
    return np.asarray(pixels, dtype=np.uint8)


def _load_coco(path: Path) -> Segmentation:
    with refusing(path, "is no COCO file", "it needs images, annotations and categories"), np.errstate(all="ignore"):
        return _read_coco(path, json.loads(path.read_text(encoding="utf-8")))


def _read_coco(path: Path, document: Mapping[str, Any]) -> Segmentation:
    names = {int(entry["id"]): str(entry["name"]) for entry in document["categories"]}
    position = {category: place for place, category in enumerate(names)}
    rows: dict[Any, list[Mapping[str, Any]]] = {entry["id"]: [] for entry in document["images"]}
    for annotation in document["annotations"]:
        where = f"{path}: annotation {annotation.get('id')}"
        if annotation.get("image_id") not in rows:
            raise InputError(where, f"belongs to no picture: {annotation.get('image_id')}", "mend or remove it")
        if annotation.get("category_id") not in position:
            raise InputError(where, f"has the unknown class {annotation.get('category_id')}", "add it to categories")
        rows[annotation["image_id"]].append(annotation)
    folder = path.parent / "images" if (path.parent / "images").is_dir() else path.parent
    images = [_coco_image(path, folder, entry, rows[entry["id"]], position) for entry in document["images"]]
    return Segmentation(tuple(names.values()), tuple(images))


def _coco_image(
    path: Path,
    folder: Path,
    entry: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    position: Mapping[int, int],
) -> SegmentedImage:
    picture = folder / entry["file_name"]
    if not picture.is_file():
        raise InputError(picture, f"is missing, but {path.name} lists it", "add the picture or remove its entry")
    height, width = int(entry["height"]), int(entry["width"])
    masks = [_coco_mask(row.get("segmentation"), height, width, f"{path}: annotation {row.get('id')}") for row in rows]
    return _image(
        picture,
        (height, width),
        [position[row["category_id"]] for row in rows],
        masks,
        [bool(row.get("iscrowd")) for row in rows],
    )


def _coco_mask(given: Any, height: int, width: int, where: str) -> Runs:
    """Polygons, or run lengths as numbers or compressed, of a picture."""
    with refusing(where, "has no mask", REMEDY):
        if isinstance(given, list):
            return _of_polygons([np.asarray(each, dtype=np.float64).reshape(-1) for each in given], height, width)
        if list(given["size"]) != [height, width]:
            raise ValueError(f"its size is {given['size']}, not {[height, width]}")
        if isinstance(given["counts"], list) and sum(given["counts"]) != height * width:
            raise ValueError(f"its counts add up to {sum(given['counts'])}, not {height * width}")
        found = run_lengths.frPyObjects(given, height, width) if isinstance(given["counts"], list) else dict(given)
        decoded(found)
        return dict(found)


def _of_polygons(polygons: Sequence[Floats], height: int, width: int) -> Runs:
    """The union of polygons ``(2 * points,)`` in pixels. Raises ValueError where one is none."""
    if not polygons:
        raise ValueError("it has no polygon")
    for polygon in polygons:
        if polygon.size < 6 or polygon.size % 2 or not np.isfinite(polygon).all():
            raise ValueError(f"a polygon has {polygon.size} numbers, not three points or more")
        if polygon.min() < -width - height or polygon.max() > 2 * (width + height):
            raise ValueError(f"a polygon reaches far outside its picture of {width}x{height}")
    parts = run_lengths.frPyObjects([polygon.tolist() for polygon in polygons], height, width)
    return dict(run_lengths.merge(parts))


def _image(
    picture: Path, size: tuple[int, int], class_ids: Sequence[int], masks: Sequence[Runs], crowd: Sequence[bool]
) -> SegmentedImage:
    """A picture with those of the masks that show anything."""
    seen = [row for row, mask in enumerate(masks) if run_lengths.area(mask) > 0]
    boxes = np.array([run_lengths.toBbox(masks[row]) for row in seen], dtype=np.float64).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    return SegmentedImage(
        path=picture,
        width=size[1],
        height=size[0],
        class_ids=np.array([class_ids[row] for row in seen], dtype=np.int64),
        boxes=boxes,
        masks=tuple(masks[row] for row in seen),
        crowd=np.array([crowd[row] for row in seen], dtype=bool),
    )


def _load_folder(folder: Path) -> Segmentation:
    """A folder with images/, and masks/ or labels/."""
    names_file = folder / "classes.txt"
    if not names_file.is_file():
        raise InputError(names_file, "is missing", "write the class names into it, a line each")
    with refusing(names_file, "cannot be read", "give text in UTF-8"):
        names = tuple(line.strip() for line in names_file.read_text(encoding="utf-8-sig").splitlines() if line.strip())
    if not 1 <= len(names) <= MOST_CLASSES:
        raise InputError(names_file, f"names {len(names)} classes", f"name 1 to {MOST_CLASSES}")
    pictures = pictures_in(folder / "images")
    if not pictures:
        raise InputError(folder / "images", "has no pictures", "put the pictures there")
    read = _indexed_image if (folder / INDICES).is_dir() else _yolo_image
    return Segmentation(names, tuple(read(picture, folder, len(names)) for picture in pictures))


def _indexed_image(picture: Path, folder: Path, classes: int) -> SegmentedImage:
    """A picture with its classes in masks/, checked."""
    height, width = read_picture(picture).shape[:2]
    index = folder / INDICES / f"{picture.stem}.png"
    if not index.is_file():
        raise InputError(index, "is missing", f"add the classes of {picture.name}, or remove the picture")
    found = np.unique(read_index(index, (height, width)))
    foreign = found[(found > classes) & (found != IGNORED)]
    if len(foreign):
        raise InputError(index, f"has the unknown class {foreign[0]}", f"classes.txt names 1 to {classes}; 255 is none")
    nothing = np.zeros(0, np.int64)
    return SegmentedImage(picture, width, height, nothing, np.zeros((0, 4)), (), nothing.astype(bool), index)


def _yolo_image(picture: Path, folder: Path, classes: int) -> SegmentedImage:
    height, width = read_picture(picture).shape[:2]
    file = folder / LABELS / f"{picture.stem}.txt"
    lines: list[str] = []
    if file.is_file():
        with refusing(file, "cannot be read", "give text in UTF-8"):
            lines = file.read_text(encoding="utf-8").splitlines()
    class_ids, masks = [], []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            class_id, polygon = _yolo_row(line, f"{file}:{number}", classes)
            class_ids.append(class_id)
            masks.append(_of_polygons([polygon * np.tile([width, height], len(polygon) // 2)], height, width))
    return _image(picture, (height, width), class_ids, masks, [False] * len(masks))


def _yolo_row(line: str, where: str, classes: int) -> tuple[int, Floats]:
    """The class id and the polygon, in shares of the picture, of a line."""
    try:
        row = np.array([float(field) for field in line.split()])
    except ValueError:
        row = np.zeros(0)
    if len(row) < 7 or len(row) % 2 == 0 or not np.isfinite(row).all() or np.abs(row[1:]).max() > 2:
        raise InputError(
            where, f"{line.strip()[:40]!r} is no polygon", "rows are: class x1 y1 x2 y2 x3 y3 ..., in shares"
        )
    if row[0] % 1 or not 0 <= row[0] < classes:
        raise InputError(where, f"has the unknown class {row[0]:g}", f"classes.txt names 0 to {classes - 1}")
    return int(row[0]), row[1:]


def read_picture(path: Path, size: tuple[int, int] | None = None) -> Image:
    """A picture ``(H, W, 3)`` BGR. size: H, W, as its labels say. Raises InputError when it is none, or of another."""
    with codec_messages():
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR_BGR)
    if picture is None:
        raise InputError(path, "is not a picture that can be read", "mend or remove it")
    if size and picture.shape[:2] != size:
        told = f"{size[1]}x{size[0]}"
        raise InputError(path, f"is {picture.shape[1]}x{picture.shape[0]}, its labels say {told}", "mend its entry")
    return np.asarray(picture, dtype=np.uint8)
