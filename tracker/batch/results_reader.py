"""Reads annotations back from a batch's folder: of each video, from the file that was edited or is most complete."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from detectors.errors import InputError
from tracker.annotations.document import Annotations
from tracker.annotations.formats import FORMATS, most_complete_first
from tracker.batch.manifest import NAME
from tracker.batch.naming import safe_name
from tracker.batch.results import DONE, is_edited
from tracker.review.summary_file import SUMMARY_FILE, read_summary

EDITED_AFTER = 60.0
"""Seconds after the end of an earlier version's job from which on a file was edited, since copying takes a while."""


class VideoResults(NamedTuple):
    """The results of one video, which are read when they are asked for. name: of the video.

    source: the file that it was made of, None where that is not known. note: what a person should know about where the
    annotations are from, or "".
    """

    name: str
    load: Callable[[], Annotations]
    source: Path | None = None
    note: str = ""


def is_batch(path: Path) -> bool:
    """Whether it is the folder of a batch."""
    return (path / NAME).is_file()


def is_results(path: Path) -> bool:
    """Whether it is a video's folder of results."""
    return (path / DONE).is_file() and (path / SUMMARY_FILE).is_file()


def read_batch(path: Path, wanted: str | None = None) -> tuple[list[VideoResults], list[str]]:
    """The results of all videos that are done, by name, and what is missing: a line each, with the reason.

    wanted: name of the format to read; see `results_in`. Raises InputError if none is done.
    """
    found, missing = [], []
    for name, source, state, reason in _rows(path / NAME):
        if not all(isinstance(text, str) for text in (name, source, state, reason)) or safe_name(name) != name:
            raise InputError(path / NAME, f"has {name!r} as the name of a folder", "give the folder of a batch")
        if state == "done" and is_results(path / name):
            found.append(results_in(path / name, wanted, Path(source)))
        else:
            why = "its results are gone" if state == "done" else state + (f", {reason}" if reason else "")
            missing.append(f"{name}: not done ({why})")
    if not found:
        why = "has no video that is done" + (f": {missing[0]}" if missing else "")
        raise InputError(path, why, "give the annotate command again")
    return found, missing


def _rows(path: Path) -> list[tuple[str, str, str, str]]:
    """Name, source, state and reason of each video, without a change to the file."""
    try:
        file = sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True)
        try:
            return file.execute("SELECT name, source, state, reason FROM videos ORDER BY name").fetchall()
        finally:
            file.close()
    except sqlite3.Error as error:
        raise InputError(path, f"cannot be read: {error}", "give the folder of a batch") from None


def results_in(folder: Path, wanted: str | None = None, source: Path | None = None) -> VideoResults:
    """The annotations in a video's folder of results, named as the folder.

    They come from the format `wanted`; else from the one file that was edited since; else from the most
    complete one. What it does not hold comes from summary.json. source: of the video. Raises InputError when there is
    no such file, or several were changed.
    """
    name, changed = (wanted, False) if wanted else _chosen(folder)
    place = folder / FORMATS[name].place
    if not place.exists():
        raise InputError(folder, f"has no {place.name}", "choose a format that is there")
    note = f"{place}: was changed, so it is the one that is read" if changed else ""
    return VideoResults(folder.resolve().name, partial(_read, folder, name, source), source, note)


def _read(folder: Path, name: str, source: Path | None) -> Annotations:
    place = folder / FORMATS[name].place
    videos = FORMATS[name].read(place)
    if len(videos) != 1:
        raise InputError(place, f"has {len(videos)} videos in it", "give a file of the one video")
    found: Annotations = videos[0]
    found = replace(found, name=folder.resolve().name, source=found.source or (source.name if source else ""))
    return _completed(found, folder / SUMMARY_FILE)


def _chosen(folder: Path) -> tuple[str, bool]:
    """The format to read, and whether its file was changed."""
    there = [each.name for each in most_complete_first() if (folder / each.place).exists()]
    if not there:
        raise InputError(folder, "has no annotations of a known format", "annotate the video again")
    changed = [name for name in there if _is_edited(folder, FORMATS[name].place)]
    if len(changed) > 1:
        places = ", ".join(FORMATS[name].place for name in changed)
        raise InputError(folder, f"has several files that were changed: {places}", "say which, such as --from cvat")
    return [*changed, *there][0], bool(changed)


def _is_edited(folder: Path, place: str) -> bool:
    """Whether somebody has changed the annotations at a place: they are others than were signed, or younger."""
    try:
        edited = is_edited(folder, place)
    except (OSError, ValueError, AttributeError, TypeError, RecursionError):
        edited = None
    return _changed(folder / place) > (folder / DONE).stat().st_mtime + EDITED_AFTER if edited is None else edited


def _changed(path: Path) -> float:
    """When the file, or anything in the folder, was changed last."""
    inside = path.rglob("*") if path.is_dir() else ()
    return max(os.stat(each).st_mtime for each in (path, *inside))


def _completed(video: Annotations, record: Path) -> Annotations:
    """The same, with what the file does not hold taken from the summary: classes, size, length and frame rate."""
    told = read_summary(record)
    try:
        frames, seconds = int(told["frames"]), float(told["seconds"])
        width, height = int(told["width"]), int(told["height"])
        labels = {int(track["track_id"]): str(track["label"]) for track in told["tracks"]}
        rate = Fraction(frames / seconds).limit_denominator(1001) if seconds > 0 else Fraction(0)
    except (KeyError, TypeError, ValueError, OverflowError, json.JSONDecodeError) as error:
        raise InputError(record, f"is not a summary of a video: {error!r}", "annotate the video again") from None
    if not video.width:  # as MOTChallenge's text, which knows no classes either
        tracks = [replace(track, label=labels.get(track.track_id, track.label)) for track in video.tracks]
        used = dict.fromkeys([*labels.values(), *(track.label for track in tracks)]) or video.labels
        video = replace(video, width=width, height=height, tracks=tracks, labels=tuple(used))
        video = replace(video, frame_count=max(frames, video.frame_count))
    return video if video.frame_rate else replace(video, frame_rate=rate)
