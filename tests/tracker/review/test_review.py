"""Summaries, trust and views of a video's tracks."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.base import Frame
from detectors.boxes import iou_matrix
from tracker.annotations.document import AnnotatedTrack, Annotations
from tracker.review.summary import summarise, write_csv
from tracker.review.summary_file import seconds_of
from tracker.review.track_crops import best_frames, crop_tracks
from tracker.review.trust import DUPLICATE_IOU, FEATURES, MEETING_IOU, trust_features


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
    assert crop_tracks([frame], _video(track), best)[5].startswith(b"\xff\xd8")


def test_no_tracks() -> None:
    assert summarise(_video()) == []
    assert best_frames(_video()) == {}


def test_no_picture_is_taken_beyond_the_last_that_is_wanted() -> None:
    def frames() -> Iterator[Frame]:
        for index in range(1, 4):
            yield Frame(np.full((100, 400, 3), 200, dtype=np.uint8), index, 0.1)
        raise AssertionError("read on")

    views = crop_tracks(frames(), _video(_walk(5, [1, 2, 3])), {5: 3}, side=None)
    assert _shape(views[5]) == (46, 46, 3)
    assert crop_tracks(frames(), _video(_walk(5, [1, 2, 3])), {}) == {}


def _shape(view: bytes) -> tuple[int, ...]:
    picture = cv2.imdecode(np.frombuffer(view, dtype=np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return tuple(map(int, picture.shape))


def test_a_view_is_as_large_as_it_is_or_as_asked_for() -> None:
    track = AnnotatedTrack(1, "person", np.array([1]), np.array([[50, 0, 350, 300]]))
    frame = Frame(np.zeros((300, 400, 3), dtype=np.uint8), 1, 0.0)
    for side, width in ((None, 344), (96, 96)):
        assert _shape(crop_tracks([frame], _video(track), {1: 1}, side)[1])[1] == width


def test_a_video_without_a_rate_has_25_frames_a_second(tmp_path: Path) -> None:
    video = replace(_video(_walk(1, [1, 26])), frame_rate=Fraction(0), frame_count=50)
    (summary,) = summarise(video)
    assert (summary.last, seconds_of(video)) == (1.0, 2.0)


@pytest.mark.parametrize("label", ["=1+1", "+1", "-1", "@a", "\tx"])
def test_no_cell_is_a_formula(tmp_path: Path, label: str) -> None:
    (summary,) = summarise(_video(_walk(1, [1])))
    write_csv([replace(summary, label=label)], tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as file:
        assert next(csv.DictReader(file))["class"] == f"'{label}"


@given(st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_cues_are_those_of_a_slow_look(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    tracks = []
    for number in range(1, count + 1):
        frames = np.flatnonzero(rng.random(12) < 0.7) + 1
        corners = rng.uniform(0, 8, (len(frames), 2)) if len(frames) else np.zeros((1, 2))
        frames = frames if len(frames) else np.array([1])
        label = str(rng.choice(["a", "b"]))
        tracks.append(AnnotatedTrack(number, label, frames, np.hstack([corners, corners + 20])))
    cues = trust_features(_video(*tracks))
    for track, row in zip(tracks, cues, strict=True):
        most = [_most_overlap(track, at, tracks) for at in range(len(track))]
        near = [False, *(overlap >= MEETING_IOU for overlap in most)]
        begins = sum(now and not before for before, now in pairwise(near))
        names = list(FEATURES)
        assert row[names.index("overlap")] == pytest.approx(np.mean([overlap >= DUPLICATE_IOU for overlap in most]))
        assert row[names.index("meetings")] == pytest.approx(np.log1p(begins))


def _most_overlap(track: AnnotatedTrack, at: int, tracks: Sequence[AnnotatedTrack]) -> float:
    frame, box = track.frames[at], track.boxes[at]
    others = [other for other in tracks if other is not track and other.label == track.label]
    there = [other.boxes[other.frames == frame] for other in others]
    return max((float(iou_matrix(box[None], boxes).max()) for boxes in there if len(boxes)), default=0.0)
