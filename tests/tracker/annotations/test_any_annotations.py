"""Whatever the annotations are, each format gives back what it says that it keeps."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings

from detectors.errors import InputError
from tests.tracker.annotations.drawn import LABELS, any_annotations
from tracker.annotations.document import AnnotatedTrack, Annotations
from tracker.annotations.formats import FORMATS, format_of, read_annotations
from tracker.annotations.label_names import sanitise

EMPTY = Annotations("empty", "", 640, 480, Fraction(25), 7, [], [])
CAR = AnnotatedTrack(1, "car", np.array([1]), np.array([[0.0, 0, 1, 1]]))
DOTTED = Annotations("../.clip", "", 640, 480, Fraction(25), 1, ["car"], [CAR])  # its files are hidden ones


class Kept(NamedTuple):
    """What a format gives back: to how many pixels the boxes, to what the scores, and what else."""

    name: str
    place: str
    pixels: float = 2e-3
    scores: float | None = None
    filled: bool = False
    labels: bool = True
    video: bool = True
    shares: bool = False


KEPT = [
    Kept("mot", "a.txt", scores=1e-4, labels=False, video=False),
    Kept("mot", "a.zip", filled=True, video=False),
    Kept("mot", "a", filled=True, labels=False),
    Kept("cvat", "a.xml", pixels=1e-4, filled=True),
    Kept("coco", "a.json", scores=1e-6, filled=True),
    Kept("labelstudio", "a.json", pixels=1e-4, shares=True),
    Kept("yolo", "a", pixels=1e-4, scores=1e-6, shares=True),
    Kept("fiftyone", "a", pixels=1e-5, scores=1e-6, filled=True, shares=True),
]
any_path = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _check(before: Annotations, after: Annotations, kept: Kept) -> None:
    assert [track.track_id for track in after.tracks] == [track.track_id for track in before.tracks]
    if kept.labels:
        assert [track.label for track in after.tracks] == [track.label for track in before.tracks]
        assert set(before.labels) <= set(after.labels)
        assert after.labels[: len(before.labels)] == before.labels
    if kept.video:
        assert (after.width, after.height, after.frame_rate) == (before.width, before.height, before.frame_rate)
        assert after.frame_count == before.frame_count
    for mine, theirs in zip(before.tracks, after.tracks, strict=True):
        np.testing.assert_array_equal(mine.frames, theirs.frames)
        np.testing.assert_allclose(mine.boxes, theirs.boxes, rtol=0, atol=kept.pixels)
        if kept.scores is not None:
            np.testing.assert_allclose(mine.scores, theirs.scores, rtol=0, atol=kept.scores)
        if kept.filled:
            np.testing.assert_array_equal(mine.filled, theirs.filled)


@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: f"{kept.name}-{kept.place}")
@any_path
@given(before=any_annotations())
@example(before=EMPTY)
@example(before=DOTTED)
def test_what_is_kept_comes_back(tmp_path: Path, kept: Kept, before: Annotations) -> None:
    path = tmp_path / kept.place
    FORMATS[kept.name].load().write(before, path)
    found = format_of(path)
    assert found is not None
    assert found.name == kept.name
    (after,) = read_annotations(path)
    _check(before, after, kept)


@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: f"{kept.name}-{kept.place}")
@settings(any_path, max_examples=15)
@given(before=any_annotations(sized=False))
def test_an_unknown_size_is_asked_for_where_it_is_needed(tmp_path: Path, kept: Kept, before: Annotations) -> None:
    path = tmp_path / kept.place
    if kept.shares:
        with pytest.raises(InputError, match="has no known size"):
            FORMATS[kept.name].load().write(before, path)
        assert not path.exists()
        return
    FORMATS[kept.name].load().write(before, path)
    (after,) = read_annotations(path)
    _check(before, after, kept)


@any_path
@given(before=any_annotations())
def test_names_stay_as_they_are_if_files_can_hold_them(before: Annotations) -> None:
    for name in (before.name, *before.labels):
        assert sanitise(name) == name
        assert len(name.splitlines()) == 1
        name.encode()


def test_trainers_read_the_same_names(tmp_path: Path) -> None:
    yaml = pytest.importorskip("yaml")
    video = Annotations("clip", "", 640, 480, Fraction(25), 7, LABELS, [])
    FORMATS["yolo"].load().write(video, tmp_path)
    read = yaml.safe_load((tmp_path / "data.yaml").read_text(encoding="utf-8"))["names"]
    assert tuple(read.values()) == video.labels
    assert list(read) == list(range(len(video.labels)))
    assert tuple((tmp_path / "classes.txt").read_text(encoding="utf-8").splitlines()) == video.labels
