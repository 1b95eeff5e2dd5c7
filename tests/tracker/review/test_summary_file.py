"""A video's record is read back, and refused where it is none."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detectors.errors import InputError
from tracker.annotations.document import AnnotatedTrack, Annotations
from tracker.review.summary import summarise
from tracker.review.summary_file import read_summary, write_summary


def write(path: Path) -> dict[str, Any]:
    """A record of one track, read back."""
    track = AnnotatedTrack(4, "car", np.array([1, 2]), np.array([[0, 0, 9, 9], [1, 0, 10, 9]]))
    video = Annotations("é", "é.mp4", 20, 10, Fraction(10), 40, ["car"], [track])
    write_summary(path, video, summarise(video), {4: b"abc"})
    return read_summary(path)


def test_a_record_is_read_back(tmp_path: Path) -> None:
    record = write(tmp_path / "summary.json")
    assert (record["name"], record["seconds"], record["tracks"][0]["view"]) == ("é", 4.0, "YWJj")


def nothing_of(record: dict[str, Any]) -> Any:
    return []


def no_size(record: dict[str, Any]) -> Any:
    return {**record, "width": None}


def no_label(record: dict[str, Any]) -> Any:
    return {**record, "tracks": [{**record["tracks"][0], "label": 3}]}


def numbers_for_words(record: dict[str, Any]) -> Any:
    return {**record, "tracks": [{**record["tracks"][0], "missed": 3}]}


@pytest.mark.parametrize("spoil", [nothing_of, no_size, no_label, numbers_for_words])
def test_what_is_no_record_is_refused(tmp_path: Path, spoil: Callable[[dict[str, Any]], Any]) -> None:
    path = tmp_path / "summary.json"
    good = write(path)
    path.write_text(json.dumps(spoil(good)))
    with pytest.raises(InputError, match="is not a summary of a video"):
        read_summary(path)


def test_a_record_cut_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "summary.json"
    write(path)
    for content in (path.read_bytes()[:-9], b"[" * 100_000):
        path.write_bytes(content)
        with pytest.raises(InputError, match="cannot be read as a summary"):
            read_summary(path)
