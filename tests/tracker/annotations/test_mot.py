"""MOTChallenge: text, CVAT's archive, sequence folders."""

from __future__ import annotations

import shutil
import zipfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from detectors.errors import InputError
from tests.tracker.annotations.test_coco import _video
from tracker.annotations import mot
from tracker.annotations.document import AnnotatedTrack, Annotations
from tracker.annotations.formats import read_annotations
from tracker.evaluation.ground_truth import load_ground_truth
from tracker.sources import open_source

GT = "1,{id},10,20,30,40,{flag},{kind},{seen}\n"


def _two_classes() -> Annotations:
    (car,) = _video().tracks
    return replace(_video(), tracks=[car, AnnotatedTrack(7, "person", car.frames, car.boxes + 1)])


def _folder(tmp_path: Path, rows: str, labels: str | None = None) -> Path:
    (tmp_path / "seq" / "gt").mkdir(parents=True)
    (tmp_path / "seq" / "gt" / "gt.txt").write_text(rows)
    if labels is not None:
        (tmp_path / "seq" / "gt" / "labels.txt").write_text(labels)
    return tmp_path / "seq"


def test_the_archive_is_what_cvat_takes(tmp_path: Path) -> None:
    mot.write(_two_classes(), tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.namelist() == ["gt/gt.txt", "gt/labels.txt"]
        assert archive.read("gt/labels.txt") == b"person\ncar\n"
        assert archive.read("gt/gt.txt").decode().splitlines()[:4] == [
            "1,3,1.000,2.000,10.000,20.500,1,2,1",
            "1,7,2.000,3.000,10.000,20.500,1,1,1",
            "2,3,2.000,2.000,10.000,20.250,1,2,0",
            "2,7,3.000,3.000,10.000,20.250,1,1,1",
        ]
        assert {entry.date_time[0] for entry in archive.infolist()} == {1980}


def test_an_archive_that_somebody_has_unpacked(tmp_path: Path) -> None:
    mot.write(_two_classes(), tmp_path / "a.zip")
    shutil.unpack_archive(tmp_path / "a.zip", tmp_path / "unpacked")
    (zipped,), (unpacked,) = (read_annotations(tmp_path / name) for name in ("a.zip", "unpacked"))
    assert [track.label for track in unpacked.tracks] == [track.label for track in zipped.tracks] == ["car", "person"]
    assert unpacked.labels == zipped.labels == ("person", "car")


def test_an_archive_as_older_versions_of_cvat_take_it(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("gt.txt", GT.format(id=1, flag=1, kind=1, seen=0.4))
        archive.writestr("labels.txt", "\ufeffcat\r\ndog\r\n")
    (found,) = read_annotations(tmp_path / "a.zip")
    assert found.labels == ("cat", "dog")
    assert found.tracks[0].label == "cat"
    assert not found.tracks[0].filled.any()


def test_ignored_rows_are_left_out_and_classes_are_those_of_the_challenge(tmp_path: Path) -> None:
    rows = GT.format(id=1, flag=1, kind=1, seen=1) + GT.format(id=2, flag=0, kind=3, seen=1)
    (found,) = read_annotations(_folder(tmp_path, rows + GT.format(id=3, flag=1, kind=12, seen=0)))
    assert [(track.track_id, track.label) for track in found.tracks] == [(1, "pedestrian"), (3, "reflection")]
    assert found.labels == ("pedestrian", "reflection")
    assert found.tracks[1].filled.all()


def test_ids_from_0_become_ids_from_1(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("1,0,1,2,3,4,0.5\n1,4,1,2,3,4,-1\n")
    (found,) = mot.read(tmp_path / "a.txt")
    assert [track.track_id for track in found.tracks] == [1, 5]
    assert [track.scores.tolist() for track in found.tracks] == [[0.5], [1.0]]


def test_a_sequence_counts_whatever_its_classes_are(tmp_path: Path) -> None:
    mot.write(_two_classes(), tmp_path / "seq")
    (truth,) = load_ground_truth(tmp_path / "seq")
    assert (truth.length, truth.considered.tolist()) == (5, [True] * 6)
    source = open_source(tmp_path / "seq")
    assert (source.width, source.height) == (64, 48)
    assert float(source.frame_rate) == pytest.approx(30000 / 1001)
    (found,) = read_annotations(tmp_path / "seq")
    assert (found.frame_rate, found.frame_count, found.labels) == (Fraction(30000, 1001), 5, ("object",))


def test_a_folder_of_sequences(tmp_path: Path) -> None:
    for name in ("b", "a"):
        mot.write(_video(), tmp_path / name)
    assert [(video.name, video.labels) for video in read_annotations(tmp_path)] == [("a", ("car",)), ("b", ("car",))]


def test_a_video_without_frames_is_no_ground_truth(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no frames"):
        mot.write(replace(_video(), frame_count=0, tracks=()), tmp_path / "seq")
    assert not (tmp_path / "seq").exists()


def test_no_objects_at_all_are_a_ground_truth(tmp_path: Path) -> None:
    mot.write(replace(_video(), tracks=()), tmp_path / "seq")
    (truth,) = load_ground_truth(tmp_path / "seq")
    assert truth.length == 5
    mot.write(replace(_video(), tracks=()), tmp_path / "a.txt")
    assert read_annotations(tmp_path / "a.txt")[0].tracks == []


@pytest.mark.parametrize(
    ("rows", "labels", "said"),
    [
        (GT.format(id=1, flag=1, kind=3, seen=1), "a\nb\n", r"gt\.txt:1: class 3 has no name: there are 2"),
        (GT.format(id=1, flag=1, kind=14, seen=1), None, r"gt\.txt:1: class 14 has no name: there are 13"),
        (GT.format(id=-1, flag=1, kind=1, seen=1), None, r"gt\.txt:1: id -1 is negative"),
        (GT.format(id=1, flag=1, kind=1, seen=1) * 2, None, r"gt\.txt:2: id 1 is in frame 1 already"),
        ("1,1,1e9,1,1,1\n", None, r"gt\.txt:1: the box is too far away"),
    ],
)
def test_what_cannot_be_is_named(tmp_path: Path, rows: str, labels: str | None, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_annotations(_folder(tmp_path, rows, labels))


def test_boxes_keep_their_tracks_whatever_the_order_of_rows(tmp_path: Path) -> None:
    mot.write(_two_classes(), tmp_path / "a.txt")
    lines = (tmp_path / "a.txt").read_text().splitlines()
    (tmp_path / "b.txt").write_text("\n".join(reversed(lines)))
    for mine, theirs in zip(
        mot.read(tmp_path / "a.txt")[0].tracks, mot.read(tmp_path / "b.txt")[0].tracks, strict=True
    ):
        np.testing.assert_array_equal(mine.frames, theirs.frames)
        np.testing.assert_array_equal(mine.boxes, theirs.boxes)
        np.testing.assert_array_equal(mine.scores, theirs.scores)
