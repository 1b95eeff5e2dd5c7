"""The annotation formats, and which of them a file has."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from detectors.errors import InputError
from tracker.annotations.document import Annotations
from tracker.annotations.known_videos import KnownVideos


class Format(NamedTuple):
    """One annotation format.

    module: has ``write(annotations, path)``, ``recognises(path)`` and ``read(path)``, which raises InputError for
    whatever is malformed. place: file or folder in a video's folder of results. interpolates: whether its readers draw
    the boxes between keyframes themselves. also: files that go with it, which the module tells apart by their names.
    implied: whether a file's ending alone means this format. shares: whether boxes are shares of the picture; ``read``
    then takes what is known of videos of which the file does not say how large they are.
    """

    name: str
    title: str
    module: str
    place: str
    interpolates: bool = False
    also: tuple[str, ...] = ()
    implied: bool = False
    shares: bool = False

    @property
    def endings(self) -> set[str]:
        """The endings of its files, "" for a folder."""
        return {Path(place).suffix for place in (self.place, *self.also)}

    def load(self) -> Any:
        """The module, which is imported only now."""
        return importlib.import_module(f"tracker.annotations.{self.module}")

    def read(self, path: Path, known: KnownVideos | None = None) -> list[Annotations]:
        """The videos in a file or folder of this format. Raises InputError."""
        found: list[Annotations] = self.load().read(path, known) if self.shares else self.load().read(path)
        return found


FORMATS = {
    each.name: each
    for each in (
        Format("mot", "MOTChallenge", "mot", "mot.txt", also=("mot.zip",), implied=True),
        Format("mots", "MOTS text", "mots", "mots.txt"),
        Format("cvat", "CVAT for video 1.1", "cvat", "cvat.xml", interpolates=True, implied=True),
        Format("cvat-polygons", "CVAT for video 1.1, polygons", "cvat_polygons", "cvat-polygons.xml"),
        Format("coco", "COCO of videos", "coco", "coco.json"),
        Format("coco-polygons", "COCO of videos, polygons", "coco_polygons", "coco-polygons.json"),
        Format(
            "labelstudio",
            "Label Studio video",
            "labelstudio",
            "labelstudio.json",
            True,
            ("labelstudio.xml",),
            shares=True,
        ),
        Format("yolo", "YOLO text", "yolo", "yolo"),
        Format("fiftyone", "FiftyOne", "fiftyone", "fiftyone", shares=True),
    )
}


BY_COMPLETENESS = ("coco", "coco-polygons", "fiftyone", "yolo", "cvat-polygons", "cvat", "labelstudio", "mots", "mot")
"""Formats that lose least come first: results are read from the first that is there. Others come after these."""


def most_complete_first() -> list[Format]:
    """All formats, those that lose least of a video's annotations first."""
    known = {name: rank for rank, name in enumerate(BY_COMPLETENESS)}
    return sorted(FORMATS.values(), key=lambda each: known.get(each.name, len(known)))


def implied_by(ending: str) -> Format | None:
    """The format that a file with this ending has where nobody says otherwise; None if that is not clear."""
    return next((each for each in FORMATS.values() if each.implied and ending in each.endings - {""}), None)


def parse_formats(text: str, option: str = "--format") -> tuple[Format, ...]:
    """The formats that are named, separated by commas, each once. Raises InputError for an unknown one, or none."""
    names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    there = f"these are: {', '.join(FORMATS)}"
    for name in names:
        if name not in FORMATS:
            raise InputError(f"{option} {name}", "there is no such format", there)
    if not names:
        raise InputError(option, "names no format", there)
    return tuple(FORMATS[name] for name in names)


def write_formats(formats: Iterable[Format], annotations: Annotations, folder: Path) -> list[Path]:
    """Write each format to its places in a video's folder of results."""
    places = []
    for each in formats:
        for place in (each.place, *each.also):
            each.load().write(annotations, folder / place)
            places.append(folder / place)
    return places


def format_of(path: Path) -> Format | None:
    """The format that a file or folder seems to have, by its name and first bytes."""
    return next((each for each in FORMATS.values() if each.load().recognises(path)), None)


def read_annotations(path: Path, known: KnownVideos | None = None) -> list[Annotations]:
    """The annotations in a file or folder of any format. Raises InputError if it has none that is known."""
    if not path.exists():
        raise InputError(path, "no such file or folder", "check the path")
    found = format_of(path)
    if found is not None:
        return found.read(path, known)
    titles = ", ".join(f"{each.title} ({each.name})" for each in FORMATS.values())
    raise InputError(path, f"is in no format that is known, and these are: {titles}", "add --from NAME if it is one")
