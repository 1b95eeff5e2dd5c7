"""Summaries, trust and views of a video's tracks."""

from __future__ import annotations

import csv
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from detectors.base import Frame
from tracker.annotations.document import AnnotatedTrack, Annotations
from tracker.review.summary import summarise, write_csv
from tracker.review.views import best_frames, take_views


def _walk(track_id: int, frames: list[int], score: float = 0.9) -> AnnotatedTrack:
    boxes = np.array([[10.0 * f, 20, 10.0 * f + 20, 60] for f in frames])
    return AnnotatedTrack(track_id, "person", np.array(frames), boxes, np.full(len(frames), score))


def _video(*tracks: AnnotatedTrack) -> Annotations:
    return Annotations("a", "a.mp4", 400, 100, Fraction(10), 40, ["person"], tracks)


def test_a_gap_divides_the_stretches_and_the_foot_travels_across_it() -> None:
    (summary,) = summarise(_video(_walk(3, [1, 2, 3, 11, 12])))
    np.testing.assert_allclose(summary.stretches, [(0.0, 0.2), (1.0, 1.1)])
    assert (summary.distance, summary.heights) == pytest.approx((110, 2.75))


def test_doubtful_tracks_are_trusted_less_and_say_why() -> None:
    sure, unsure = summarise(_video(_walk(1, list(range(1, 21))), _walk(2, list(range(22, 38)), score=0.3)))
    assert sure.trust > unsure.trust
    assert (sure.reason, unsure.reason) == ("", "detected with low scores")


def test_a_track_upon_another_is_a_duplicate() -> None:
    frames = list(range(1, 21))
    assert all("duplicate" in summary.reason for summary in summarise(_video(_walk(1, frames), _walk(2, frames))))


def test_csv_is_read_back(tmp_path: Path) -> None:
    write_csv(summarise(_video(_walk(3, [1, 2, 3]))), tmp_path / "summary.csv")
    with (tmp_path / "summary.csv").open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert (row["id"], row["class"], row["last"], row["distance"]) == ("3", "person", "0.200", "20.000")


def test_the_best_view_is_surely_found_and_cut_from_its_frame() -> None:
    track = _walk(5, [1, 2, 3])
    track.scores[1] = 1.0
    best = best_frames(_video(track))
    assert best == {5: 2}
    frame = Frame(np.full((100, 400, 3), 200, dtype=np.uint8), 2, 0.1)
    assert take_views([frame], _video(track), best)[5].startswith(b"\xff\xd8")


def test_no_tracks() -> None:
    assert summarise(_video()) == []
    assert best_frames(_video()) == {}
