"""Reads CVAT for video 1.1: the file, CVAT's archive of it or the folder that it unpacks to."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import numpy as np

from detectors import limits
from detectors.base import Floats
from detectors.columns import MASKS
from detectors.errors import InputError
from detectors.masks import Mask
from tracker.annotations import validate
from tracker.annotations.archives import names_in, read_member
from tracker.annotations.cvat_outlines import box_around, mask_inside, read_outline
from tracker.annotations.cvat_stretches import FrameRange, Shape, draw_stretch, one_a_frame, stays, stretches_of
from tracker.annotations.document import AnnotatedTrack, Annotations, labels_of
from tracker.annotations.mask_budget import MaskBudget
from tracker.durations import frame_rate

REMEDY = "export it again as 'CVAT for video 1.1'"
SIZE = ".//original_size/"
SIDES = ("xtl", "ytl", "xbr", "ybr")
BLOCK = 1 << 16  # bytes that are parsed at a time
ARCHIVED = "annotations.xml"  # its name in the archive that CVAT exports


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
    """The tracks of one file, those of boxes, and of polygons as masks; boxes between keyframes are drawn as CVAT does.

    Frames are those of the video: a task that begins later has none before, and one that takes each fifth frame has
    boxes in these only. Raises InputError, naming the track, for anything else in it.
    """
    meta, task = ET.Element("meta"), FrameRange()
    tracks, drawn, outlines = list[AnnotatedTrack](), validate.DrawnBoxes(), MaskBudget()
    for element in _elements(path):
        if element.tag == "meta":
            meta, task = element, _range_of(path, element)
            if len(meta.findall(".//tasks/task")) > 1:
                _reject(path, "its head", "is of a project of several tasks; they must be exported one by one")
        elif element.tag == "track":
            size = int(_number(path, meta, SIZE + "height", 0)), int(_number(path, meta, SIZE + "width", 0))
            tracks += _read_track(path, element, task, drawn, (size, outlines))
        elif element.tag == "image":
            _reject(path, "an image", "is from a task of images, which have no tracks")
    if len({track.track_id for track in tracks}) < len(tracks):
        _reject(path, "a track", "has the number of another")
    if any(track.track_id == 0 for track in tracks):  # CVAT itself counts from 0
        tracks = [replace(track, track_id=track.track_id + 1) for track in tracks]
    ends = [int(track.frames[-1]) for track in tracks]
    labels = [each.text or "" for each in meta.iterfind(".//labels/label/name")]
    found = Annotations(
        name=meta.findtext(".//task/name") or path.resolve().stem,
        source=meta.findtext(".//source") or "",
        width=int(_number(path, meta, SIZE + "width", 0)),
        height=int(_number(path, meta, SIZE + "height", 0)),
        frame_rate=_rate(path, meta),
        frame_count=max([task.end, *ends]),
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
            for event, element in _events(file):
                if root is None and event == "start":
                    root = element
                elif root is not None and event == "end" and element.tag in ("meta", "track", "image"):
                    yield element
                    root.clear()
    except (ET.ParseError, LookupError, ValueError) as error:  # the others: encodings that there are not
        raise InputError(path, f"is not XML: {error}", REMEDY) from None
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}", "check the path") from None


def _events(file: BinaryIO) -> Iterator[tuple[str, Any]]:
    """What a parser finds: starts and ends of elements, and comments.

    Until a tag or a comment ends, Expat reads it from its beginning with each block that comes (CVE-2023-52425).
    Raises ValueError for one that is too long for that.
    """
    parser: ET.XMLPullParser[Any] = ET.XMLPullParser(("start", "end", "comment", "pi"))
    silent = 0
    while block := file.read(BLOCK):
        parser.feed(block)
        silent += len(block)
        for event in parser.read_events():
            silent = 0
            yield event  # type: ignore[misc]  # no namespaces are asked for, which are the other kind
        if silent > limits.TAG:
            raise ValueError(f"{silent:,} bytes follow one another without a tag")
    parser.close()
    yield from parser.read_events()  # type: ignore[misc]


def _opened(path: Path) -> BinaryIO:
    """The XML, also out of CVAT's archive or of the folder that it unpacks to."""
    if path.is_dir():
        return (path / ARCHIVED).open("rb")
    if path.suffix.lower() == ".zip":
        return io.BytesIO(read_member(path, ARCHIVED, REMEDY))
    return path.open("rb")


def _read_track(
    path: Path,
    element: ET.Element,
    task: FrameRange,
    drawn: validate.DrawnBoxes,
    outlines: tuple[tuple[int, int], MaskBudget],
) -> list[AnnotatedTrack]:
    """The track, or none if it is away in all frames. outlines: height and width of frames, and what masks may cost."""
    where = f"track {element.get('id')}"
    odd = [each.tag for each in element if each.tag not in ("box", "polygon")]
    if odd:
        _reject(path, where, f"holds a {odd[0]}, and only boxes and polygons can be read")
    number = element.get("id", "")
    if not number.isdecimal() or len(number) > 12:
        _reject(path, where, "has no number")
    shapes = one_a_frame(path, where, [_read_shape(path, where, each) for each in element])
    if stays(shapes, task) > limits.HELD_FRAMES:
        _reject(path, where, f"stays as it is for more than {limits.HELD_FRAMES} frames, up to the video's end")
    there = list(stretches_of(shapes, task))
    try:
        drawn.take(len(shapes), sum(len(range(here[0].frame, end, task.step)) for here, end in there))
    except ValueError as error:
        _reject(path, where, str(error))
    stretches = [draw_stretch(here, end, task) for here, end in there]
    if not stretches:
        return []
    frames, boxes, filled, keys = (np.concatenate(column) for column in zip(*stretches, strict=True))
    columns: dict[str, Any] = {}
    drawn_by_hand = {each.frame + 1: each.outline for each in shapes if each.outline is not None and not each.outside}
    if drawn_by_hand:
        around = [drawn_by_hand.get(frame) for frame in frames.tolist()]
        columns[MASKS] = [None if each is None else _mask(path, where, each, outlines) for each in around]
    label = element.get("label", "")
    return [AnnotatedTrack(int(number), label, frames, boxes, None, filled, keys, columns)]  # type: ignore[arg-type]


def _mask(path: Path, where: str, outline: Floats, outlines: tuple[tuple[int, int], MaskBudget]) -> Mask:
    try:
        return mask_inside(outline, *outlines)
    except ValueError as error:
        _reject(path, where, str(error))


def _read_shape(path: Path, where: str, box: ET.Element) -> Shape:
    outline: Floats | None = None
    try:
        frame = int(box.attrib["frame"])
        if box.tag == "polygon":
            outline = read_outline(box)
        sides = [float(box.attrib[side]) for side in SIDES] if outline is None else box_around(outline)
        turned = float(box.get("rotation", 0)) % 360 != 0
    except (KeyError, ValueError):
        what = "a box without a frame and four sides" if box.tag == "box" else "a polygon without a frame and points"
        _reject(path, where, f"has {what}")
    if not 0 <= frame < limits.FRAMES or not all(abs(side) < limits.FRAMES for side in sides):
        _reject(path, where, f"has a box in frame {frame} that cannot be")
    if sides[2] < sides[0] or sides[3] < sides[1]:
        _reject(path, where, f"has a box of negative size in frame {frame}")
    if turned:
        _reject(path, where, f"has a turned box in frame {frame}, and only upright ones can be read")
    outside, occluded, key = (box.get(name) == "1" for name in ("outside", "occluded", "keyframe"))
    return Shape(frame, sides, outside, occluded, key or "keyframe" not in box.attrib, outline)


def _range_of(path: Path, meta: ET.Element) -> FrameRange:
    """The frames of a task. <size> counts them; <start_frame> and <stop_frame> are those of the video."""
    size, start = (int(_number(path, meta, place, 0)) for place in (".//size", ".//start_frame"))
    stop = _number(path, meta, ".//stop_frame", -1)
    text = (meta.findtext(".//frame_filter") or "").strip().replace(" ", "")
    step = text.removeprefix("step=")
    if text and not (step.isdecimal() and len(step) < limits.DIGITS and 0 < int(step) <= limits.FRAMES):
        _reject(path, "its head", f"says {text!r} where the task's step belongs")
    each = int(step or 1)
    counted = start + (size - 1) * each + 1 if size else 0
    return FrameRange(start, each, min(max(int(stop) + 1, counted), limits.FRAMES))


def _number(path: Path, meta: ET.Element, place: str, missing: float) -> float:
    text = meta.findtext(place)
    if text is None or not text.strip():
        return missing
    if not text.strip().isdecimal() or len(text.strip()) > limits.DIGITS or int(text) > limits.FRAMES:
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
