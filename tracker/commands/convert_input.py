"""What ``keeptrack convert`` reads: a file, a folder of files, a video's results, or a batch."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from detectors.errors import InputError
from tracker.annotations.document import Annotations
from tracker.annotations.formats import FORMATS, format_of, read_annotations
from tracker.annotations.known_videos import KnownVideos
from tracker.batch.naming import safe_name
from tracker.batch.results_reader import VideoResults, is_batch, is_results, read_batch, results_in

OF_SETS = ("images", "data.yaml")
"""What stands beside the annotations in a training set that this command has written: no annotations of their own."""


class Input(NamedTuple):
    """The annotated videos that were found.

    many: whether the input can hold several, so that a folder is written even for a single one. warnings: a line for
    each thing that is missing or left out.
    """

    videos: Sequence[VideoResults]
    many: bool
    warnings: Sequence[str] = ()


def read_input(path: Path, wanted: str | None = None, known: KnownVideos | None = None) -> Input:
    """The annotations in `path`. wanted: name of the format to read, None to detect it. known: of their videos.

    Raises InputError for what cannot be read, and for two videos of one name.
    """
    found = _read(path, wanted, known)
    if not found.videos:
        raise InputError(path, "has no video in it", "give another file")
    names: dict[str, str] = {}
    for each in found.videos:
        name = safe_name(each.name).casefold()
        if name in names:
            why = f"has two videos of one name, {names[name]} and {each.name}"
            raise InputError(path, why, "convert them one by one, or rename one")
        names[name] = each.name
    return found


def _read(path: Path, wanted: str | None, known: KnownVideos | None) -> Input:
    if not os.path.lexists(path):
        raise InputError(path, "no such file or folder", "check the path")
    if is_batch(path):
        videos, missing = read_batch(path, wanted)
        return Input(videos, True, missing)
    if is_results(path):
        return Input([results_in(path, wanted)], many=False)
    if wanted is None and path.is_dir() and format_of(path) is None:
        return _read_folder(path, known)
    there = read_annotations(path, known) if wanted is None else FORMATS[wanted].read(path, known)
    return Input([_given(video) for video in there], many=len(there) > 1)


def _given(video: Annotations) -> VideoResults:
    return VideoResults(video.name, lambda: video)


def _read_folder(folder: Path, known: KnownVideos | None) -> Input:
    """The files and folders in `folder` that have a known format, or hold one that has."""
    videos: list[VideoResults] = []
    others: list[str] = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        place = _known(path)
        if is_results(path):
            videos.append(results_in(path))
        elif place is None and path.name in OF_SETS:
            continue
        elif place is None:
            others.append(f"{path}: is in no format that is known, and left out")
        else:
            videos += map(_given, read_annotations(place, known))
    if not videos:
        read_annotations(folder)  # raises an error that lists the known formats
    return Input(videos, True, others)


def _known(path: Path) -> Path | None:
    """`path` itself if its format is known, else the only file or folder in it whose format is; None for none."""
    if format_of(path) is not None:
        return path
    listed = sorted(path.iterdir()) if path.is_dir() else []
    inside = [each for each in listed if not each.name.startswith(".") and format_of(each) is not None]
    if len(inside) > 1:
        names = ", ".join(each.name for each in inside)
        raise InputError(path, f"holds several annotations, {names}", "keep one of them in it")
    return inside[0] if inside else None
