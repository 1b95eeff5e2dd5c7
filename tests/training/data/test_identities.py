"""Whom sequences, folders and COCO files show, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from detectors import InputError
from tests.training.people import write_folders, write_pictures, write_sequence
from training.data.identities import MOST_CROPS, Crop, by_identity, hidden, load_crops, spread

APART = ((0, 10), (60, 10), (110, 10))


def row(frame: int, identity: int, left: float = 10, rest: str = "1,1,1", width: int = 24, height: int = 48) -> str:
    return f"{frame},{identity},{left},10,{width},{height},{rest}"


def shown(path: Path) -> list[tuple[int, float]]:
    """Identities and the left sides of their boxes."""
    return [(crop.identity, crop.box[0] if crop.box else -1) for crop in load_crops([path])]


def test_of_nine_columns_pedestrians_with_a_flag_count(tmp_path: Path) -> None:
    rows = [
        *(row(frame, 5, 10) for frame in (1, 2)),
        *(row(frame, 6, 60, "0,1,1") for frame in (1, 2)),  # flag 0
        *(row(frame, 7, 110, "1,7,1") for frame in (1, 2)),  # a static person
        *(row(frame, 8, 110) for frame in (1, 2)),
    ]
    assert shown(write_sequence(tmp_path / "a", rows)) == [(0, 10), (0, 10), (1, 110), (1, 110)]


def test_of_ten_columns_all_count(tmp_path: Path) -> None:
    rows = [row(frame, who, 60 * who, f"{who},-1,-1,-1") for frame in (1, 2) for who in (0, 1)]
    assert shown(write_sequence(tmp_path / "a", rows)) == [(0, 0), (0, 0), (1, 60), (1, 60)]


def test_what_is_hidden_tiny_or_seen_once_is_left_out(tmp_path: Path) -> None:
    rows = [
        *(f"{frame},1,10,12,24,48,1,1,1" for frame in (1, 2, 3)),  # in front of
        row(1, 2, 14),  # this one, who comes forth
        *(row(frame, 2, 60) for frame in (2, 3)),
        *(row(frame, 3, 110, height=20) for frame in (1, 2)),
        row(3, 4, 110),
    ]
    assert shown(write_sequence(tmp_path / "a", rows)) == [(0, 10), (0, 10), (0, 10), (1, 60), (1, 60)]


def test_hidden_is_what_stands_lower_covers() -> None:
    boxes = np.array([[0.0, 0, 10, 10], [5, 0, 15, 12], [100, 0, 110, 10]])
    assert hidden(boxes).tolist() == [0.5, 0, 0]
    assert hidden(np.empty((0, 4))).tolist() == []


def test_times_and_images_are_the_sequences_own(tmp_path: Path) -> None:
    folder = write_sequence(tmp_path / "a", [row(2, 1), row(4, 1)], images="pictures", rate=5)
    crops = load_crops([folder])
    assert [crop.seconds for crop in crops] == pytest.approx([0.4, 0.8])
    assert [crop.picture.name for crop in crops] == ["000002.png", "000004.png"]
    assert crops[0].box == (10, 10, 34, 58)


def test_numbers_are_never_shared_between_sources(tmp_path: Path) -> None:
    rows = [row(frame, who, left) for frame in (1, 2) for who, left in ((1, 10), (2, 60))]
    write_sequence(tmp_path / "root" / "a", rows)
    write_sequence(tmp_path / "root" / "b", rows)
    sources = [tmp_path / "root", write_folders(tmp_path / "folders", [1, 2]), write_pictures(tmp_path / "coco", 2)]
    crops = load_crops(sources)
    owners = {crop.identity: (crop.source, crop.scene) for crop in crops}
    assert sorted(owners) == list(range(2 + 2 + 2 + 4))
    assert [owners[who] for who in sorted(owners)] == [
        *((0, 0), (0, 0), (0, 1), (0, 1)),  # two sequences
        *((1, 2), (1, 2)),
        *((2, 3), (2, 3), (2, 4), (2, 4)),  # two pictures
    ]
    assert all(owners[crop.identity] == (crop.source, crop.scene) for crop in crops)


def test_each_person_of_a_coco_file_is_known_by_one_crop(tmp_path: Path) -> None:
    path = write_pictures(tmp_path / "coco", 3)
    crops = load_crops([path])
    assert len(crops) == len(by_identity(crops)) == 6
    assert {crop.box for crop in crops} == {(8, 8, 32, 56), (48, 8, 72, 56)}
    assert len(load_crops([path], "car")) == 3


def test_crops_of_a_folder_are_whole_pictures(tmp_path: Path) -> None:
    crops = load_crops([write_folders(tmp_path / "folders", [3, 8], each=3)])
    assert [(crop.identity, crop.box, crop.picture.name) for crop in crops[2:4]] == [
        (0, None, "2.png"),
        (1, None, "0.png"),
    ]
    assert [crop.seconds for crop in crops[:3]] == [0, 1, 2]


def test_many_frames_are_thinned_out_evenly() -> None:
    crops = [Crop(Path(str(number)), None, 0, 0, 0) for number in range(100)]
    kept = [int(crop.picture.name) for crop in spread(crops)]
    assert (len(kept), kept[0], kept[-1]) == (MOST_CROPS, 0, 99)
    assert max(np.diff(kept)) <= 3
    assert spread(crops[:3]) == crops[:3]


def no_images(folder: Path) -> Path:
    write_sequence(folder, [row(1, 1), row(2, 1)])
    for image in (folder / "img1").iterdir():
        image.unlink()
    return folder


def one_crop(folder: Path) -> Path:
    write_folders(folder, [1], each=3)
    write_folders(folder, [2], each=1)
    return folder


def car_park(folder: Path) -> Path:
    path = write_pictures(folder, 1)
    path.write_text(path.read_text().replace('"person"', '"bus"'))
    return path


BAD = {
    "nothing": (lambda folder: folder, "no such folder or .json file"),
    "an empty folder": (lambda folder: folder.mkdir() or folder, "shows no identity"),
    "one crop": (one_crop, "002: has one crop only"),
    "no images": (no_images, "has no numbered images"),
    "an image short": (lambda folder: write_sequence(folder, [row(1, 1), row(9, 1)]), "has boxes in frame 9"),
    "words": (lambda folder: write_sequence(folder, ["1,one,2,3,4,5"]), "cannot be understood"),
    "few columns": (lambda folder: write_sequence(folder, ["1,1,2,3"]), "has 4 columns"),
    "empty ground truth": (lambda folder: write_sequence(folder, []), "shows no identity"),
    "another class": (car_park, "has no class 'person'"),
}


@pytest.mark.parametrize("fault", BAD)
def test_what_shows_nobody_is_one_clear_line(tmp_path: Path, fault: str) -> None:
    write, why = BAD[fault]
    path = write(tmp_path / "data")
    with pytest.raises(InputError) as caught:
        load_crops([path])
    assert why in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
