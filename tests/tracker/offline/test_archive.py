"""A first pass as a file: what comes out is what went in, and what is no such file is told."""

from __future__ import annotations

import io
import pickle
import zipfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import InputError
from detectors.base import Floats
from detectors.columns import Columns
from detectors.masks import Mask
from tests.tracker.association.test_engine import random_stream
from tests.tracker.offline.test_postprocess import columns, record
from tracker.association.calibration import AppearanceCalibration
from tracker.offline import archive
from tracker.offline.archive import load, save
from tracker.offline.archived_columns import pack_columns, unpack_columns
from tracker.offline.first_pass import FirstPass
from tracker.offline.trajectory import TrackingHistory

RATE = Fraction(30000, 1001)


def first_pass(seed: int = 0, frames: int = 40) -> FirstPass:
    rng = np.random.default_rng(seed)
    cameras: list[Floats | None] = [np.eye(2, 3) + rng.normal(0, 1, (2, 3)) if rng.random() < 0.5 else None] * frames
    cuts = np.flatnonzero(rng.random(frames) < 0.05).tolist()
    history, _ = record(random_stream(seed, frames=frames), cameras=cameras, cuts=cuts)
    tracks = [
        replace(track, carried=track.filled | (rng.random(len(track.frames)) < 0.3), embedding=rng.normal(size=4))
        if row % 2
        else replace(track, embedding=None)
        for row, track in enumerate(history.trajectories)
    ]
    scale = AppearanceCalibration()
    scale.update(rng.uniform(0, 1, (3, 3)))
    history = replace(history, trajectories=tracks, appearance_calibration=scale, typical=0.1 + 0.7 * rng.random())
    indices = np.sort(rng.permutation(3 * frames)[:frames]) + 7
    return FirstPass(indices, history, {2: "car", 0: "пешеход"}, 1920, 1080, RATE, ("it was dark",))


def empty() -> FirstPass:
    nothing = np.empty(0, np.int64)
    return FirstPass(nothing, TrackingHistory(np.empty(0), nothing, [], [], 0.8), {}, 0, 0, RATE)


def same(one: FirstPass, other: FirstPass) -> bool:
    """Whether all numbers are equal to the last bit, and of the same kinds."""
    mine, theirs = one.history, other.history
    arrays = [
        (one.indices, other.indices),
        (mine.times, theirs.times),
        (mine.shots, theirs.shots),
        (mine.appearance_calibration.state, theirs.appearance_calibration.state),
    ]
    for a, b in zip(mine.trajectories, theirs.trajectories, strict=True):
        arrays += [(getattr(a, name), getattr(b, name)) for name in ("frames", "boxes", "scores", "filled", "carried")]
        arrays += [] if a.embedding is None or b.embedding is None else [(a.embedding, b.embedding)]
    cameras = list(zip(mine.cameras, theirs.cameras, strict=True))
    arrays += [(a, b) for a, b in cameras if a is not None and b is not None]
    return (
        all(a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes() for a, b in arrays)
        and all((a is None) == (b is None) for a, b in cameras)
        and [columns(track) for track in mine.trajectories] == [columns(track) for track in theirs.trajectories]
        and (one.class_names, one.width, one.height) == (other.class_names, other.width, other.height)
        and (one.frame_rate, one.warnings, mine.typical) == (other.frame_rate, other.warnings, theirs.typical)
    )


@given(seed=st.integers(0, 2**32 - 1), single=st.booleans())
@settings(deadline=None, derandomize=True, max_examples=20)
def test_what_is_loaded_is_what_was_saved(seed: int, single: bool, tmp_path_factory: pytest.TempPathFactory) -> None:
    path, given_ = tmp_path_factory.mktemp("archive") / "video.npz", first_pass(seed)
    if single:
        tracks = [
            replace(track, boxes=track.boxes.astype(np.float32).astype(float)) for track in given_.history.trajectories
        ]
        given_ = replace(given_, history=replace(given_.history, trajectories=tracks))
    save(given_, path)
    assert same(load(path), given_)


def test_nothing_can_be_kept_too(tmp_path: Path) -> None:
    save(empty(), tmp_path / "nothing.npz")
    assert same(load(tmp_path / "nothing.npz"), empty())


def test_the_same_content_makes_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(first_pass(), tmp_path / "one")
    monkeypatch.setattr("time.time", lambda: 2e9)
    monkeypatch.setattr("time.localtime", lambda *_: (2033, 5, 18, 3, 33, 20, 2, 138, 0))
    save(load(tmp_path / "one"), tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_numpy_reads_it_without_pickle(tmp_path: Path) -> None:
    save(first_pass(), tmp_path / "one.npz")
    with np.load(tmp_path / "one.npz", allow_pickle=False) as arrays:
        assert len(arrays["times"]) == 40
        assert all(arrays[name].dtype.kind in "ifu" for name in arrays.files if name != "about.json")


def test_boxes_in_single_precision_take_few_bytes(tmp_path: Path) -> None:
    history, _ = record(random_stream(3, frames=1200))
    tracks = [replace(track, boxes=track.boxes.astype(np.float32).astype(float)) for track in history.trajectories]
    given_ = replace(first_pass(), indices=np.arange(1200), history=replace(history, trajectories=tracks))
    save(given_, tmp_path / "one.npz")
    boxes = sum(len(track.frames) for track in tracks)
    assert boxes > 900
    assert (tmp_path / "one.npz").stat().st_size < 30 * boxes + 6000


def test_an_interrupted_writing_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "one.npz"
    save(first_pass(), path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archive, "_write", full)
    with pytest.raises(InputError, match="No space left on device"):
        save(empty(), path)
    assert same(load(path), first_pass())
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_not_whole_is_told(tmp_path: Path) -> None:
    path = tmp_path / "one.npz"
    save(first_pass(), path)
    whole = path.read_bytes()
    for length in np.linspace(0, len(whole) - 1, 40).astype(int):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError, match=r"one\.npz"):
            load(path)


def test_a_damaged_file_is_told_or_was_damaged_where_nothing_is_read(tmp_path: Path) -> None:
    path, rng = tmp_path / "one.npz", np.random.default_rng(0)
    save(first_pass(), path)
    whole, told = path.read_bytes(), 0
    for at in rng.integers(0, len(whole), 150):
        data = bytearray(whole)
        data[at] ^= int(rng.integers(1, 256))
        path.write_bytes(bytes(data))
        try:
            assert same(load(path), first_pass())
        except InputError:
            told += 1
    assert told > 100


def _zip(**members: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive_:
        for name, data in members.items():
            archive_.writestr(name.replace("_", "."), data)
    return content.getvalue()


FOREIGN = {
    "text": b"frame,id\n" * 9,
    "nothing": b"",
    "another zip": _zip(readme_txt=b"hello"),
    "no object": _zip(about_json=b"[]"),
    "no JSON": _zip(about_json=b"{"),
    "another kind": _zip(about_json=b'{"format": "keeptrack first pass 99"}'),
    "a pickle": pickle.dumps([1, 2, 3]),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_foreign_file_is_told(tmp_path: Path, kind: str) -> None:
    (tmp_path / "one.npz").write_bytes(FOREIGN[kind])
    with pytest.raises(InputError, match=r"one\.npz: is "):
        load(tmp_path / "one.npz")


def test_what_cannot_be_read_or_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        load(tmp_path / "none.npz")
    with pytest.raises(InputError, match="cannot be written"):
        save(empty(), tmp_path / "none" / "one.npz")


def test_columns_come_back_and_what_no_file_holds_is_told(tmp_path: Path) -> None:
    whole, rng = first_pass(3), np.random.default_rng(0)
    lengths = [len(track.frames) for track in whole.history.trajectories]
    columns: list[Columns] = [
        {"keypoints": rng.normal(size=(length, 17, 3)), "names": ["a"] * length, "objects": [b"1"] * length}
        for length in lengths
    ]
    tracks = [replace(track, columns=each) for track, each in zip(whole.history.trajectories, columns, strict=True)]
    whole = replace(whole, history=replace(whole.history, trajectories=[*tracks[:-1], replace(tracks[-1], columns={})]))
    save(whole, tmp_path / "a.npz")
    again = load(tmp_path / "a.npz")
    assert again.warnings[1:] == ("the column 'objects' is lost between pieces: it holds neither numbers nor text",)
    for track, each in zip(again.history.trajectories[:-1], columns, strict=False):
        np.testing.assert_array_equal(track.columns["keypoints"], each["keypoints"])
        assert track.columns["names"] == each["names"]
    assert set(again.history.trajectories[-1].columns["names"]) == {None}


def test_masks_come_back_and_damaged_ones_are_told(tmp_path: Path) -> None:
    whole, rng = first_pass(3), np.random.default_rng(0)
    columns: list[Columns] = []
    for track in whole.history.trajectories:
        sizes = rng.integers(0, 9, (len(track.frames), 2))
        masks = [Mask.pack(rng.random(size) < 0.5, *rng.integers(-9, 99, 2)) for size in sizes]
        columns.append({"masks": [None if mask.width == 3 else mask for mask in masks]})
    tracks = [replace(track, columns=each) for track, each in zip(whole.history.trajectories, columns, strict=True)]
    whole = replace(whole, history=replace(whole.history, trajectories=tracks))
    save(whole, tmp_path / "a.npz")
    again = load(tmp_path / "a.npz")
    assert not [each for each in again.warnings if "masks" in each]
    assert [track.columns for track in again.history.trajectories] == columns
    arrays, about, _ = pack_columns(tracks)
    with pytest.raises(ValueError, match="masks of unequal length"):
        unpack_columns(about, arrays | {"column0_bits": arrays["column0_bits"][1:]}, [len(t.frames) for t in tracks])


@pytest.mark.parametrize("header", ["{'descr': '<f8', 'shape': (3,", "{'descr': 'x", "(" * 5000, "{'shape': 10**99}"])
def test_an_array_whose_header_is_none_is_told(tmp_path: Path, header: str) -> None:
    save(first_pass(), tmp_path / "a.npz")
    text = header.encode()
    with zipfile.ZipFile(tmp_path / "a.npz") as old, zipfile.ZipFile(tmp_path / "b.npz", "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(
                name, b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text if "times" in name else content
            )
    with pytest.raises(InputError, match="is not the whole file of a first pass"):
        load(tmp_path / "b.npz")
