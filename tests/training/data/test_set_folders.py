"""A folder of data sets is all of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from detectors import InputError
from tests.training.data.test_dataset import coco, write_pictures, yolo
from training.data.dataset import is_unlabelled, load_dataset, load_datasets
from training.data.set_folders import sets_in, sets_told


def test_sets_are_found_where_convert_puts_them(tmp_path: Path) -> None:
    yolo(tmp_path / "b" / "yolo", {"b": "0 .5 .5 .1 .1\n"})
    yolo(tmp_path / "a", {"a": "0 .5 .5 .1 .1\n"})
    coco(tmp_path / "c")
    write_pictures(tmp_path / "pictures", ["d.jpg"])
    yolo(tmp_path / ".hidden", {"e": "0 .5 .5 .1 .1\n"})
    found = sets_in(tmp_path)
    assert [path.relative_to(tmp_path).as_posix() for path in found] == ["a", "b/yolo", "c"]
    assert sets_in(tmp_path / "a") == [], "it is one itself"
    assert sets_in(tmp_path / "nowhere") == []
    assert sets_told(tmp_path, found) == "all 3 data sets in it are taken: a, b/yolo, c"
    assert sets_told(tmp_path, found[:1] * 7) == "all 7 data sets in it are taken: a, a, a, a, a and 2 more"
    assert sets_told(tmp_path, found[:1]) == "the data set in it is taken: a"


def test_classes_are_joined_and_none_is_looked_for_where_it_was_not(tmp_path: Path) -> None:
    yolo(tmp_path / "one", {"a": "1 .5 .5 .1 .1\n"})
    other = yolo(tmp_path / "two" / "yolo", {"b": "0 .5 .5 .1 .1\n"})
    (other / "classes.txt").write_text("dog\ncar\n")
    dataset = load_dataset(tmp_path)
    assert dataset.class_names == ("car", "cat", "dog")
    of_one, _, _, of_two = dataset.images
    assert (of_one.class_ids.tolist(), of_two.class_ids.tolist()) == ([1], [2])
    assert (of_one.labelled.tolist(), of_two.labelled.tolist()) == ([True, True, False], [True, False, True])
    assert not is_unlabelled(tmp_path)
    assert len(load_datasets([tmp_path, tmp_path / "one"]).images) == 6


def test_one_without_objects_is_background_and_all_without_are_refused(tmp_path: Path) -> None:
    yolo(tmp_path / "a", {"a": "0 .5 .5 .1 .1\n"})
    empty = yolo(tmp_path / "b", {"a": ""})
    assert sum(len(image.boxes) for image in load_dataset(tmp_path).images) == 1
    assert np.all([image.labelled for image in load_dataset(tmp_path).images])
    with pytest.raises(InputError, match="has no labelled object"):
        load_dataset(empty)
