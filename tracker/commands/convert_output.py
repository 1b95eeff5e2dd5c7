"""What ``keeptrack convert`` writes: a file, or a folder of one or several videos, with pictures or without."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from detectors import limits
from detectors.errors import InputError
from tracker.annotations.document import Annotations, labels_of
from tracker.annotations.formats import FORMATS, Format, implied_by, parse_formats, write_formats
from tracker.batch.naming import safe_name

WITH_PICTURES = ("coco", "yolo", "mot")
SET, INDEX = "annotations.json", "data.yaml"

Videos = Iterator[tuple[Annotations, Path | None]]  # each with the file of its pictures, if those are wanted


class Pictures(NamedTuple):
    """place: the video, or the folder of all of them. every, partial: as in `extract_frames`."""

    place: Path
    every: int
    partial: bool

    def file_of(self, video: Annotations, made_of: Path | None, many: bool) -> Path:
        """The file of one video. made_of: the file that a batch has read. Raises InputError if there is none."""
        if not many:
            return self._inside(video.name, video.source) or self.place
        if made_of is not None and made_of.exists() and made_of.resolve().is_relative_to(self.place.resolve()):
            return made_of
        file = self._inside(video.name, video.source)
        if file is None:
            why = f"has no {os.path.basename(video.source or video.name)}, of which the annotations of {video.name} are"
            raise InputError(self.place, why, "give the folder of the videos")
        return file

    def size_of(self, name: str, source: str) -> tuple[int, int]:
        """Width and height of the pictures of a video that is known by its name and source. Raises InputError."""
        from tracker.annotations.frame_extraction import picture_size

        return picture_size(self._inside(name, source) or self.place)

    def _inside(self, name: str, source: str) -> Path | None:
        """The video in the folder of all of them, by the name of its file, or as its annotations are called."""
        file = os.path.basename(source or name)
        places = [self.place / each for each in (file, f"{name}{os.path.splitext(file)[1]}")]
        return next((each for each in places if each.exists()), None) if self.place.is_dir() else None


def format_for(name: str | None, target: Path) -> Format:
    """The format called `name`, or if None, the one that fits the ending of `target`. Raises InputError."""
    if name is None:
        implied = implied_by(target.suffix.lower())
        if implied is None:
            raise InputError(target, "does not tell its format", f"add --format with one of: {', '.join(FORMATS)}")
        return implied
    return one_format(name, "--format")


def one_format(name: str, option: str) -> Format:
    """The format called `name`. Raises InputError, which names the option."""
    formats = parse_formats(name, option)
    if len(formats) > 1:
        raise InputError(f"{option} {name}", "names several formats", "name one, and convert once for each")
    return formats[0]


def check_given(source: str, target: str) -> None:
    """Raise InputError if the input does not exist, or a name is empty, as from an unset variable of a script."""
    for name, given in (("IN", source), ("OUT", target)):
        if not given:
            raise InputError(name, "is empty", "give the name of a file or folder")
    if not Path(source).exists():
        raise InputError(source, "no such file or folder", "check the path")


def check_target(source: Path, target: Path, wanted: Format, overwrite: bool) -> None:
    """Raise InputError if the target cannot be written, or other files would be lost."""
    if target.exists() and not overwrite:
        raise InputError(target, "exists already", "add --overwrite, or choose another name")
    if target.exists() and target.samefile(source):
        raise InputError(target, "is the input and would be overwritten", "choose another name")
    if source.resolve().is_relative_to(target.resolve()):
        raise InputError(target, "holds the input and would be overwritten", "choose another name")
    if not target.parent.is_dir():
        raise InputError(target, f"the folder {target.parent} does not exist", "create it, or choose another")
    if target.is_dir() and not _replaceable(target, wanted):
        raise InputError(target, "holds other files, which would be lost", "choose another name")


def _replaceable(folder: Path, wanted: Format) -> bool:
    """Whether a folder is empty, or holds only what this command writes."""
    there = [path for path in folder.iterdir() if not path.name.startswith(".")]
    if {path.name for path in there} <= {SET, "images"} or wanted.load().recognises(folder):
        return True
    inside = [path for path in there if path.name != INDEX]
    return bool(inside) and all(
        path.is_dir() and (wanted.load().recognises(path) or (path / wanted.place).exists()) for path in inside
    )


def pictures_wanted(target: Path, wanted: Format) -> bool:
    """Whether the video's frames are written, too: into a folder, and not where the target has a file's name."""
    return wanted.name in WITH_PICTURES and target.suffix.lower() not in wanted.endings - {""}


def check_shape(target: Path, wanted: Format, many: bool, pictures: Pictures | None) -> None:
    """Raise InputError if the target's name does not fit what will be written."""
    if pictures is not None and pictures.every > 1 and wanted.name not in WITH_PICTURES:
        raise InputError(f"--every {pictures.every}", f"{wanted.name} gets no pictures", "leave it out")
    if pictures is not None and pictures.every > 1 and not pictures_wanted(target, wanted):
        raise InputError(f"--every {pictures.every}", f"{target.name} is a file without pictures", "name a folder")
    files = set().union(*(each.endings for each in FORMATS.values()))  # other names are folders
    ending = target.suffix.lower() if target.suffix.lower() in files else ""
    whole_set = pictures is not None and pictures_wanted(target, wanted)
    folder = (many and wanted.name != "coco") or whole_set
    allowed = {""} if folder else wanted.endings | ({""} if wanted.name == "mot" else set())
    if ending in allowed:
        return
    if allowed == {""}:
        what = "several videos make" if many else "pictures make" if whole_set else f"{wanted.title} makes"
        raise InputError(target, f"has the name of a file, and {what} a folder", "leave the ending out")
    known = " or ".join(sorted(allowed - {""}))
    raise InputError(target, f"is no name for {wanted.title}, a file that ends in {known}", "change the ending")


def write_output(videos: Videos, many: bool, wanted: Format, target: Path, pictures: Pictures | None) -> str:
    """Write the file or folder `target`, which does not exist yet; returns what there is to say of it, or "".

    Raises InputError and OSError.
    """
    if wanted.name == "coco":
        _write_coco(videos, target, pictures)
    elif not many:
        _write_one(*next(videos), wanted, target, pictures)
    else:
        return _write_all(videos, wanted, target, pictures)
    return ""


def _write_all(videos: Videos, wanted: Format, target: Path, pictures: Pictures | None) -> str:
    """Write a folder with one for each video; of YOLO's, one data.yaml is written over all that have pictures."""
    from tracker.annotations.training_set import boxes_in_set, write_yolo_index

    target.mkdir()
    boxes: dict[str, int] = {}
    labels: tuple[str, ...] = ()
    for video, file in videos:
        name = safe_name(video.name)
        _write_among(video, file, wanted, target / name, pictures)
        if wanted.name == "yolo" and pictures is not None:
            boxes[f"{name}/{wanted.place}"] = boxes_in_set(video, pictures.every)
            labels = labels_of(video)  # the same in all
    if not boxes:
        return ""
    held = write_yolo_index(target, boxes, labels)
    names = ", ".join(name.rpartition("/")[0] for name in held)
    return f"data.yaml for a trainer: all videos, to judge by {names}" if held else "data.yaml for a trainer"


def _write_coco(videos: Videos, target: Path, pictures: Pictures | None) -> None:
    from tracker.annotations import coco
    from tracker.annotations.training_set import write_coco_set

    if pictures is None:
        coco.write_many((_listable(video) for video, _ in videos), target)
    else:
        files = ((video, file) for video, file in videos if file is not None)
        write_coco_set(files, target, pictures.every, pictures.partial)


def _listable(video: Annotations) -> Annotations:
    """The same; InputError if its file, of whatever origin, names many more frames than it has boxes for."""
    boxes = sum(map(len, video.tracks))
    if video.frame_count > limits.DRAWN + limits.DRAWN_A_SHAPE * boxes:
        why = f"has {video.frame_count:,} frames, which COCO lists one by one, and {boxes:,} boxes"
        raise InputError(video.name, why, "choose another format")
    return video


def _write_among(
    video: Annotations, file: Path | None, wanted: Format, folder: Path, pictures: Pictures | None
) -> None:
    """Write one of several videos: laid out as in a batch's results, except MOT sequences, which are folders."""
    if wanted.name == "mot":
        _write_one(video, file, wanted, folder, pictures)
        return
    folder.mkdir()
    if file is not None and wanted.name in WITH_PICTURES:
        _write_one(video, file, wanted, folder / wanted.place, pictures)
    else:
        write_formats([wanted], video, folder)


def _write_one(video: Annotations, file: Path | None, wanted: Format, target: Path, pictures: Pictures | None) -> None:
    from tracker.annotations.training_set import write_sequence_set, write_yolo_set

    writers = {"yolo": write_yolo_set, "mot": write_sequence_set}
    if file is None or pictures is None or wanted.name not in writers:
        wanted.load().write(video, target)
    else:
        writers[wanted.name](video, file, target, pictures.every, pictures.partial)
