"""CVAT's XML, there and back."""

from __future__ import annotations

import zipfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detectors.errors import InputError
from tracker.annotations import cvat
from tracker.annotations.document import AnnotatedTrack, Annotations
from tracker.annotations.formats import read_annotations
from tracker.annotations.keyframes import with_keyframes

HEAD = "<annotations><version>1.1</version><meta><task><size>{size}</size></task></meta>"


def made(seed: int, tracks: int, length: int) -> Annotations:
    rng = np.random.default_rng(seed)
    found = []
    for number in range(1, tracks + 1):
        frames = np.flatnonzero(rng.random(length) < 0.8) + 1
        if len(frames):
            corners = np.cumsum(rng.normal(0, 2, (len(frames), 2)), axis=0) + 200
            boxes = np.hstack([corners, corners + np.array([30, 70])])
            filled = rng.random(len(frames)) < 0.2
            found.append(
                AnnotatedTrack(number, f'class <{number % 2}> & "co"', frames, boxes, np.ones(len(frames)), filled)
            )
    return Annotations(
        "clip é", "clip.mp4", 640, 480, Fraction(30000, 1001), length, sorted({track.label for track in found}), found
    )


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10**6), st.integers(0, 4), st.integers(1, 40), st.booleans())
def test_it_reads_back_what_it_wrote(tmp_path: Path, seed: int, tracks: int, length: int, sparse: bool) -> None:
    annotations = made(seed, tracks, length)
    annotations = with_keyframes(annotations, 0.9) if sparse else annotations
    cvat.write(annotations, tmp_path / "a.xml")
    (found,) = cvat.read(tmp_path / "a.xml")
    assert cvat.recognises(tmp_path / "a.xml")
    assert found.labels == annotations.labels
    for name in ("name", "source", "width", "height", "frame_rate", "frame_count"):
        assert getattr(found, name) == getattr(annotations, name)
    assert len(found.tracks) == len(annotations.tracks)
    for ours, theirs in zip(annotations.tracks, found.tracks, strict=True):
        assert (theirs.track_id, theirs.label) == (ours.track_id, ours.label)
        assert (theirs.frames == ours.frames).all()
        assert (theirs.keyframes == ours.keyframes).all()
        assert np.allclose(theirs.boxes, ours.boxes, atol=1e-3)
        if not sparse:
            assert (theirs.filled == ours.filled).all()


def box(frame: int, x: float, more: str = "") -> str:
    return f'<box frame="{frame}" xtl="{x}" ytl="0" xbr="{x + 10}" ybr="20" {more}/>'


def read(tmp_path: Path, tracks: str, size: int = 10) -> Annotations:
    (tmp_path / "a.xml").write_text(HEAD.format(size=size) + tracks + "</annotations>")
    return cvat.read(tmp_path / "a.xml")[0]


def test_what_a_person_drew_is_interpolated_as_in_cvat(tmp_path: Path) -> None:
    boxes = box(2, 0) + box(3, 77, 'keyframe="0"') + box(4, 20) + box(6, 20, 'outside="1"') + box(8, 50)
    (track,) = read(tmp_path, f'<track id="1" label="car">{boxes}</track>').tracks
    assert track.frames.tolist() == [3, 4, 5, 6, 9, 10]
    assert track.boxes[:, 0].tolist() == [0, 10, 20, 20, 50, 50]


def test_numbers_from_0_as_cvat_counts_become_numbers_from_1(tmp_path: Path) -> None:
    rows = "".join(f'<track id="{number}" label="car">{box(0, number)}</track>' for number in (0, 4))
    assert [track.track_id for track in read(tmp_path, rows).tracks] == [1, 5]


@pytest.mark.parametrize(
    ("tracks", "said"),
    [
        ('<track id="1" label="a"><mask frame="0"/></track>', "track 1: holds a mask"),
        ('<track id="x" label="a"/>', "track x: has no number"),
        (f'<track id="1" label="a">{box(0, 0)}{box(0, 5)}</track>', "track 1: has two different boxes in frame 0"),
        (f'<track id="1">{box(-1, 0)}</track>', "track 1: has a box in frame -1 that cannot be"),
        (f'<track id="1">{box(0, float("nan"))}</track>', "track 1: has a box in frame 0 that cannot be"),
        ('<track id="1"><box frame="0"/></track>', "track 1: has a box without a frame and four sides"),
        (f'<track id="1">{box(0, 0, chr(114) + "otation=" + chr(34) + "30" + chr(34))}</track>', "has a turned box"),
        (f'<track id="1">{box(0, 0)}</track>' * 2, "a track: has the number of another"),
        ("<image id='0'/>", "an image: is from a task of images"),
        ("<track", "is not XML"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, tracks: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read(tmp_path, tracks)


def test_the_archive_that_cvat_exports_is_read_as_it_is(tmp_path: Path) -> None:
    cvat.write(made(1, 3, 20), tmp_path / "annotations.xml")
    with zipfile.ZipFile(tmp_path / "task_7.zip", "w") as archive:
        archive.write(tmp_path / "annotations.xml", "annotations.xml")
    (zipped,), (sanitise,) = (read_annotations(tmp_path / name) for name in ("task_7.zip", "annotations.xml"))
    assert [len(track) for track in zipped.tracks] == [len(track) for track in sanitise.tracks]


def test_a_project_of_several_tasks_is_refused(tmp_path: Path) -> None:
    tasks = "<task><size>3</size></task>" * 2
    head = f"<annotations><meta><project><tasks>{tasks}</tasks></project></meta></annotations>"
    (tmp_path / "a.xml").write_text(head)
    with pytest.raises(InputError, match="of a project of several tasks"):
        cvat.read(tmp_path / "a.xml")


def test_an_encoding_that_there_is_not(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text('<?xml version="1.0" encoding="utf-99"?><annotations></annotations>')
    with pytest.raises(InputError, match="is not XML: unknown encoding"):
        cvat.read(tmp_path / "a.xml")


def test_a_bomb_of_entities_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(
        '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bb">]><annotations>&b;</annotations>'
    )
    with pytest.raises(InputError, match="declares a document type"):
        cvat.read(tmp_path / "a.xml")


def task(start: int, stop: int, size: int, step: int = 1) -> str:
    text = f"step={step}" if step > 1 else ""
    head = f"<size>{size}</size><start_frame>{start}</start_frame><stop_frame>{stop}</stop_frame>"
    return f"<annotations><meta><task>{head}<frame_filter>{text}</frame_filter></task></meta>"


def as_cvat_writes(frames: range, keys: tuple[int, ...]) -> str:
    rows = (box(frame, frame, f'keyframe="{int(frame in keys)}" outside="0"') for frame in frames)
    return f'<track id="0" label="car">{"".join(rows)}</track>'


@pytest.mark.parametrize(("start", "step", "count"), [(100, 1, 50), (0, 5, 50), (7, 3, 20)])
@pytest.mark.parametrize("all_written", [True, False])
def test_frames_are_those_of_the_video(tmp_path: Path, start: int, step: int, count: int, all_written: bool) -> None:
    frames = range(start, start + count * step, step)
    keys = (frames[0], frames[4], frames[-1])
    track = as_cvat_writes(frames if all_written else range(0), keys)
    if not all_written:
        track = f'<track id="0" label="car">{"".join(box(frame, frame) for frame in keys)}</track>'
    (tmp_path / "a.xml").write_text(f"{task(start, frames[-1], count, step)}{track}</annotations>")
    (video,) = cvat.read(tmp_path / "a.xml")
    assert video.tracks[0].frames.tolist() == [frame + 1 for frame in frames]
    assert np.allclose(video.tracks[0].boxes[:, 0], frames)
    assert video.frame_count == frames[-1] + 1
    cvat.write(video, tmp_path / "b.xml")
    (again,) = cvat.read(tmp_path / "b.xml")
    assert again.tracks[0].frames.tolist() == video.tracks[0].frames.tolist()


def test_what_cvat_has_drawn_after_the_last_keyframe_is_kept(tmp_path: Path) -> None:
    track = as_cvat_writes(range(100, 150), (100, 110))
    (tmp_path / "a.xml").write_text(f"{task(100, 149, 50)}{track}</annotations>")
    (found,) = cvat.read(tmp_path / "a.xml")[0].tracks
    assert found.frames.tolist() == list(range(101, 151))
    assert found.boxes[:, 0].tolist() == list(range(100, 150))


def test_a_last_keyframe_stays_to_the_end_of_a_task_that_begins_later(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(
        f'{task(100, 149, 10, 5)}<track id="1" label="a">{box(120, 3)}</track></annotations>'
    )
    assert cvat.read(tmp_path / "a.xml")[0].tracks[0].frames.tolist() == [121, 126, 131, 136, 141, 146]


@pytest.mark.parametrize(
    "twice",
    [
        box(5, 9, 'outside="1"') * 2,  # each job of a task closes the track
        box(5, 9, 'outside="1"') + box(5, 11, 'outside="1"'),
        box(4, 20) + box(4, 20.01) + box(5, 9, 'outside="1"'),
        box(4, 20, 'outside="1"') + box(5, 9, 'outside="1"'),
        box(4, 77, 'keyframe="0"') + box(5, 9, 'outside="1"'),
    ],
)
def test_boxes_that_say_the_same_twice(tmp_path: Path, twice: str) -> None:
    boxes = box(2, 0) + box(4, 20) + twice
    (track,) = read(tmp_path, f'<track id="1" label="car">{boxes}</track>').tracks
    assert track.frames.tolist() == [3, 4, 5]
    assert track.boxes[:, 0].tolist() == [0, 10, 20]


@pytest.mark.parametrize("step", ["step=0", "step=x", "step=99999999999", "every third"])
def test_a_step_that_is_none(tmp_path: Path, step: str) -> None:
    head = f"<annotations><meta><task><frame_filter>{step}</frame_filter></task></meta></annotations>"
    (tmp_path / "a.xml").write_text(head)
    with pytest.raises(InputError, match=r"its head: says '.*' where the task's step belongs"):
        cvat.read(tmp_path / "a.xml")
