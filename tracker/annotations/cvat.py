"""CVAT for video 1.1: XML with a track for each object and its boxes, frames from 0.

Source: CVAT's documentation, "XML annotation format". Between keyframes CVAT draws straight lines; a box with
``outside`` ends a stretch. Scores have no place in it, as attributes that a project does not declare are refused.
"""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, NamedTuple, NoReturn, TextIO
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from detectors.base import Bools, Floats, Ints
from detectors.errors import InputError
from tracker.annotations.archives import names_in, read_member
from tracker.annotations.document import AnnotatedTrack, Annotations, labels_of
from tracker.annotations.interpolation import interpolate
from tracker.durations import frame_rate

REMEDY = "export it again as 'CVAT for video 1.1'"
SIDES = ("xtl", "ytl", "xbr", "ybr")
FARTHEST = 10_000_000  # frames and pixels
MOST_BOXES = 20_000_000  # of all tracks together, 50 bytes each: more is a mistake, or meant to fill all memory
LONGEST_HOLD = 2_000_000  # frames, a day at 25 a second, for which a last box without an end stands
DIGITS = 12  # of a number
ARCHIVED = "annotations.xml"  # its name in the archive that CVAT exports


class _Shape(NamedTuple):
    """A keyframe. frame: from 0. outside: whether the object is away from here on."""

    frame: int
    box: list[float]
    outside: bool
    occluded: bool


_Rows = tuple[Ints, Floats, Bools, Bools]  # frames, boxes, filled, keyframes


def write(annotations: Annotations, path: Path) -> None:
    """Write the tracks one by one, to a ten-thousandth of a pixel. Boxes that nobody has seen are occluded."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write('<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n  <version>1.1</version>\n')
        _write_meta(annotations, file)
        for track in annotations.tracks:
            _write_track(track, annotations.frame_count, file)
        file.write("</annotations>\n")


def _write_meta(annotations: Annotations, file: TextIO) -> None:
    last = max(annotations.frame_count - 1, 0)
    labels = "".join(f"<label><name>{escape(_clean(label))}</name></label>" for label in labels_of(annotations))
    rate = f"    <frame_rate>{annotations.frame_rate}</frame_rate>\n" if annotations.frame_rate else ""
    size = f"<width>{annotations.width}</width><height>{annotations.height}</height>"
    file.write(
        f"  <meta>\n    <task>\n      <name>{escape(_clean(annotations.name))}</name>\n"
        f"      <size>{annotations.frame_count}</size>\n      <mode>interpolation</mode>\n      <overlap>0</overlap>\n"
        f"      <start_frame>0</start_frame>\n      <stop_frame>{last}</stop_frame>\n"
        "      <frame_filter></frame_filter>\n"
        f"      <labels>{labels}</labels>\n      <original_size>{size}</original_size>\n"
        f"      <source>{escape(_clean(annotations.source))}</source>\n"
        f"    </task>\n{rate}  </meta>\n"
    )


def _write_track(track: AnnotatedTrack, frame_count: int, file: TextIO) -> None:
    file.write(f'  <track id="{track.track_id}" label={quoteattr(_clean(track.label))} source="auto">\n')
    for rows in track.stretches():
        kept = [row for row in range(rows.start, rows.stop) if track.keyframes[row]]
        for row in kept:
            _write_box(file, int(track.frames[row]) - 1, track.boxes[row].tolist(), bool(track.filled[row]), False)
        after = int(track.frames[rows.stop - 1])  # the next frame, counted from 0
        if after < frame_count:
            _write_box(file, after, track.boxes[rows.stop - 1].tolist(), False, True)
    file.write("  </track>\n")


def _write_box(file: TextIO, frame: int, box: list[float], occluded: bool, outside: bool) -> None:
    sides = " ".join(f'{side}="{value:.4f}"' for side, value in zip(SIDES, box, strict=True))
    state = f'keyframe="1" outside="{outside:d}" occluded="{occluded:d}"'
    file.write(f'    <box frame="{frame}" {state} {sides} z_order="0"></box>\n')


def _clean(text: str) -> str:
    """Without the characters that XML cannot hold."""
    return "".join(each if each in "\t\n" or " " <= each <= "\ud7ff" or each >= "\ue000" else "_" for each in text)


def recognises(path: Path) -> bool:
    """Whether its first element is CVAT's, or it is the archive that CVAT exports, or the folder that this makes."""
    if path.is_dir():
        return (path / ARCHIVED).is_file()
    if path.suffix.lower() == ".zip":
        return ARCHIVED in names_in(path)
    try:
        if not path.is_file() or path.suffix.lower() != ".xml":
            return False
        with path.open("rb") as file:
            return b"<annotations" in file.read(400)
    except OSError:
        return False


def read(path: Path) -> list[Annotations]:
    """The tracks of one file, those of boxes only; what lies between keyframes is drawn as CVAT does.

    Raises InputError, naming the track, for anything else in it.
    """
    meta = ET.Element("meta")
    tracks: list[AnnotatedTrack] = []
    for element in _elements(path):
        if element.tag == "meta":
            meta = element
            if len(meta.findall(".//tasks/task")) > 1:
                _reject(path, "its head", "is of a project of several tasks; they must be exported one by one")
        elif element.tag == "track":
            tracks += _read_track(path, element, int(_number(path, meta, ".//size", FARTHEST)))
            if sum(map(len, tracks)) > MOST_BOXES:
                _reject(path, f"track {element.get('id')}", "makes it more boxes than can be")
        elif element.tag == "image":
            _reject(path, "an image", "is from a task of images, which have no tracks")
    if len({track.track_id for track in tracks}) < len(tracks):
        _reject(path, "a track", "has the number of another")
    if any(track.track_id == 0 for track in tracks):  # CVAT itself counts from 0
        tracks = [replace(track, track_id=track.track_id + 1) for track in tracks]
    ends = [int(track.frames[-1]) for track in tracks]
    count = int(_number(path, meta, ".//size", max(ends, default=0)))
    labels = [each.text or "" for each in meta.iterfind(".//labels/label/name")]
    found = Annotations(
        name=meta.findtext(".//task/name") or path.resolve().stem,
        source=meta.findtext(".//source") or "",
        width=int(_number(path, meta, ".//original_size/width", 0)),
        height=int(_number(path, meta, ".//original_size/height", 0)),
        frame_rate=_rate(path, meta),
        frame_count=max([count, *ends]),
        labels=labels,
        tracks=sorted(tracks, key=lambda track: track.track_id),
    )
    return [replace(found, labels=labels_of(found))]


def _elements(path: Path) -> Iterator[ET.Element]:
    """The parts of the file, one at a time. No entities: a few lines of them may fill all memory."""
    try:
        with _opened(path) as file:
            if b"<!DOCTYPE" in file.read(4096):
                _reject(path, "its head", "declares a document type, which CVAT never does")
            file.seek(0)
            root: ET.Element | None = None
            for event, element in ET.iterparse(file, events=("start", "end")):
                if root is None:
                    root = element
                elif event == "end" and element.tag in ("meta", "track", "image"):
                    yield element
                    root.clear()
    except (ET.ParseError, LookupError, ValueError) as error:  # the others: encodings that there are not
        raise InputError(path, f"is not XML: {error}", REMEDY) from None
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}", "check the path") from None


def _opened(path: Path) -> BinaryIO:
    """The XML, also out of CVAT's archive or of the folder that it unpacks to."""
    if path.is_dir():
        return (path / ARCHIVED).open("rb")
    if path.suffix.lower() == ".zip":
        return io.BytesIO(read_member(path, ARCHIVED, REMEDY))
    return path.open("rb")


def _read_track(path: Path, element: ET.Element, size: int) -> list[AnnotatedTrack]:
    """The track, or none if it is away in all frames."""
    where = f"track {element.get('id')}"
    odd = [each.tag for each in element if each.tag != "box"]
    if odd:
        _reject(path, where, f"holds a {odd[0]}, and only boxes can be read")
    number = element.get("id", "")
    if not number.isdecimal() or len(number) > 12:
        _reject(path, where, "has no number")
    shapes = sorted(_read_box(path, where, box) for box in element if box.get("keyframe", "1") == "1")
    if any(a.frame == b.frame for a, b in pairwise(shapes)):
        _reject(path, where, "has two boxes in one frame")
    if shapes and not shapes[-1].outside and shapes[-1].frame + LONGEST_HOLD < size < FARTHEST:
        _reject(path, where, f"stays as it is for more than {LONGEST_HOLD} frames, up to the video's end")
    stretches = list(_stretches(shapes, size))
    if not stretches:
        return []
    frames, boxes, filled, keys = (np.concatenate(column) for column in zip(*stretches, strict=True))
    return [AnnotatedTrack(int(number), element.get("label", ""), frames, boxes, None, filled, keys)]  # type: ignore[arg-type]


def _stretches(shapes: list[_Shape], size: int) -> Iterator[_Rows]:
    """Frames, boxes, filled and keyframes of each run of frames in which the object is there."""
    here: list[_Shape] = []
    for shape in [*shapes, None]:
        if shape is not None and not shape.outside:
            here.append(shape)
            continue
        if here:
            end = shape.frame if shape is not None else max(here[-1].frame + 1, min(size, FARTHEST))
            if shape is None and size >= FARTHEST:
                end = here[-1].frame + 1
            yield _stretch(here, end)
        here = []


def _stretch(here: list[_Shape], end: int) -> _Rows:
    """The boxes from the first keyframe up to frame `end`; the last stays until then."""
    frames = np.arange(here[0].frame, end) + 1
    keys = np.isin(frames, [shape.frame + 1 for shape in here])
    boxes = np.zeros((len(frames), 4))
    boxes[keys] = [shape.box for shape in here]
    before = np.maximum.accumulate(np.where(keys, np.cumsum(keys) - 1, 0))
    occluded = np.array([shape.occluded for shape in here])[before]
    keys[-1] = True
    boxes[-1] = here[-1].box
    return frames, interpolate(frames[keys], boxes[keys], frames), occluded, keys


def _read_box(path: Path, where: str, box: ET.Element) -> _Shape:
    try:
        frame, sides = int(box.attrib["frame"]), [float(box.attrib[side]) for side in SIDES]
        turned = float(box.get("rotation", 0)) % 360 != 0
    except (KeyError, ValueError):
        _reject(path, where, "has a box without a frame and four sides")
    if not 0 <= frame < FARTHEST or not all(abs(side) < FARTHEST for side in sides):
        _reject(path, where, f"has a box in frame {frame} that cannot be")
    if sides[2] < sides[0] or sides[3] < sides[1]:
        _reject(path, where, f"has a box of negative size in frame {frame}")
    if turned:
        _reject(path, where, f"has a turned box in frame {frame}, and only upright ones can be read")
    return _Shape(frame, sides, box.get("outside") == "1", box.get("occluded") == "1")


def _number(path: Path, meta: ET.Element, place: str, missing: float) -> float:
    text = meta.findtext(place)
    if text is None or not text.strip():
        return missing
    if not text.strip().isdecimal() or len(text.strip()) > DIGITS or int(text) > FARTHEST:
        _reject(path, "its head", f"says {text!r} where a number belongs")
    return int(text)


def _rate(path: Path, meta: ET.Element) -> Fraction:
    """Frames a second; 0 in what CVAT itself exports, which does not say it."""
    try:
        text = (meta.findtext("frame_rate") or "0").strip()
        return Fraction(0) if text == "0" else frame_rate(text)
    except ValueError:
        _reject(path, "its head", "has no frame rate that can be")


def _reject(path: Path, where: str, why: str) -> NoReturn:
    raise InputError(f"{path}, {where}", why, REMEDY)
