"""What is written is read back, whatever the tracks; the same tracks give the same bytes."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tracker.annotations.test_coco import _video
from tracker.annotations import coco, fiftyone, labelstudio, yolo
from tracker.annotations.document import AnnotatedTrack, Annotations

FORMATS = [(coco, "a.json"), (labelstudio, "a.json"), (yolo, "folder"), (fiftyone, "folder")]
SIZE = st.floats(0.125, 500, width=32)
PLACE = st.floats(-200, 800, width=32)


@st.composite
def _tracks(draw: st.DrawFn) -> list[AnnotatedTrack]:
    tracks = []
    for track_id in sorted(draw(st.sets(st.integers(1, 10**6), max_size=3))):
        frames = np.array(sorted(draw(st.sets(st.integers(1, 20), min_size=1, max_size=6))))
        corners = np.array([draw(st.tuples(PLACE, PLACE, SIZE, SIZE)) for _ in frames])
        corners[:, 2:] += corners[:, :2]
        score = draw(st.floats(0, 1))
        label = draw(st.sampled_from(["car", "a person", "\N{SNOWMAN}", "unlisted"]))
        tracks.append(AnnotatedTrack(track_id, label, frames, corners, np.full(len(frames), score)))
    return tracks


@pytest.mark.parametrize(("module", "name"), FORMATS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tracks=_tracks())
def test_tracks_come_back(tmp_path: Path, module: ModuleType, name: str, tracks: list[AnnotatedTrack]) -> None:
    labels = ("car", "a person", "\N{SNOWMAN}")
    module.write(Annotations("v", "v.mp4", 640, 480, Fraction(25), 20, labels, tracks), tmp_path / name)
    (after,) = module.read(tmp_path / name)
    assert [(t.track_id, t.label) for t in after.tracks] == [(t.track_id, t.label) for t in tracks]
    assert after.labels[:3] == labels
    for mine, theirs in zip(tracks, after.tracks, strict=True):
        np.testing.assert_array_equal(mine.frames, theirs.frames)
        np.testing.assert_allclose(mine.boxes, theirs.boxes, atol=2e-3)
        np.testing.assert_allclose(mine.scores, theirs.scores, atol=1e-6)


def _bytes(path: Path) -> dict[str, bytes]:
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return {str(file.relative_to(path)): file.read_bytes() for file in files if file.is_file()}


@pytest.mark.parametrize(("module", "name"), FORMATS)
def test_the_same_tracks_give_the_same_bytes(tmp_path: Path, module: ModuleType, name: str) -> None:
    written = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        module.write(_video(), tmp_path / folder / name)
        written.append(_bytes(tmp_path / folder / name))
    module.write(_video(), tmp_path / "one" / name)
    assert written[0] == written[1] == _bytes(tmp_path / "one" / name)
