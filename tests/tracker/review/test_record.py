"""A video's record is read back, and refused where it is none."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from detectors.errors import InputError
from tracker.annotations.document import AnnotatedTrack, Annotations
from tracker.review.record import read_record, write_record
from tracker.review.summary import summarise


def test_a_record_is_read_back(tmp_path: Path) -> None:
    track = AnnotatedTrack(4, "car", np.array([1, 2]), np.array([[0, 0, 9, 9], [1, 0, 10, 9]]))
    video = Annotations("é", "é.mp4", 20, 10, Fraction(10), 40, ["car"], [track])
    write_record(tmp_path / "summary.json", video, summarise(video), {4: b"abc"})
    record = read_record(tmp_path / "summary.json")
    assert (record["name"], record["seconds"], record["tracks"][0]["view"]) == ("é", 4.0, "YWJj")


def test_what_is_no_record_is_refused(tmp_path: Path) -> None:
    (tmp_path / "summary.json").write_text("[]")
    with pytest.raises(InputError):
        read_record(tmp_path / "summary.json")
