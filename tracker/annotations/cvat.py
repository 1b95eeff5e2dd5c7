"""CVAT for video 1.1: XML with a track for each object and its boxes, frames from 0.

Source: CVAT's documentation, "XML annotation format". Between keyframes CVAT draws straight lines; a box with
``outside`` ends a stretch. Scores have no place in it, as attributes that a project does not declare are refused.
"""

from __future__ import annotations

from pathlib import Path
from typing import TextIO
from xml.sax.saxutils import escape, quoteattr

from detectors.columns import MASKS
from tracker.annotations.cvat_outlines import outline_text
from tracker.annotations.cvat_reader import SIDES, read, recognises
from tracker.annotations.document import AnnotatedTrack, Annotations, labels_of

__all__ = ["read", "recognises", "write", "write_file"]


def write(annotations: Annotations, path: Path) -> None:
    """Write the tracks one by one, to a ten-thousandth of a pixel. Boxes that nobody has seen are occluded."""
    write_file(annotations, path)


def write_file(annotations: Annotations, path: Path, polygons: bool = False) -> None:
    """As `write`. polygons: whether a track with masks is one of polygons."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write('<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n  <version>1.1</version>\n')
        _write_meta(annotations, file)
        for track in annotations.tracks:
            _write_track(track, annotations.frame_count, file, polygons and MASKS in track.columns)
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


def _write_track(track: AnnotatedTrack, frame_count: int, file: TextIO, polygons: bool) -> None:
    def shape(row: int) -> str:
        return f'points="{outline_text(track, row)}"' if polygons else _sides(track.boxes[row].tolist())

    tag = "polygon" if polygons else "box"
    file.write(f'  <track id="{track.track_id}" label={quoteattr(_clean(track.label))} source="auto">\n')
    for rows in track.stretches():
        kept = [row for row in range(rows.start, rows.stop) if track.keyframes[row] or polygons]
        for row in kept:
            _write_shape(file, tag, int(track.frames[row]) - 1, shape(row), bool(track.filled[row]), False)
        after = int(track.frames[rows.stop - 1])  # the next frame, counted from 0
        if after < frame_count:
            _write_shape(file, tag, after, shape(rows.stop - 1), False, True)
    file.write("  </track>\n")


def _sides(box: list[float]) -> str:
    return " ".join(f'{side}="{value:.4f}"' for side, value in zip(SIDES, box, strict=True))


def _write_shape(file: TextIO, tag: str, frame: int, place: str, occluded: bool, outside: bool) -> None:
    state = f'keyframe="1" outside="{outside:d}" occluded="{occluded:d}"'
    file.write(f'    <{tag} frame="{frame}" {state} {place} z_order="0"></{tag}>\n')


def _clean(text: str) -> str:
    """Without the characters that XML cannot hold."""
    return "".join(each if each in "\t\n" or " " <= each <= "\ud7ff" or each >= "\ue000" else "_" for each in text)
