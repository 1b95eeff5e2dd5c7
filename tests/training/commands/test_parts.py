"""Which pictures are held back, and what is said of names that are of none."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

from detectors import InputError
from tests.training.pictures import NAMES, label
from training.commands.parts import listed_names, parts_of
from training.data.dataset import Dataset

PICTURES = [Path(f"sets/{video}/images/{number}.png") for video in ("a", "b") for number in range(3)]


def listed(folder: Path, *names: str) -> Path:
    path = folder / "val.txt"
    path.write_text("".join(f"{name}\n" for name in names))
    return path


@pytest.mark.parametrize(
    ("names", "held"),
    [
        (["1.png"], ["sets/a/images/1.png", "sets/b/images/1.png"]),
        (["a/images/1.png", "./sets/b/images/2.png"], ["sets/a/images/1.png", "sets/b/images/2.png"]),
        (["b\\images\\0.png"], ["sets/b/images/0.png"]),
    ],
)
def test_pictures_are_named_with_as_many_folders_as_it_takes(tmp_path: Path, names: list[str], held: list[str]) -> None:
    dataset = Dataset(NAMES, tuple(label([(8, 8, 40, 40)], path=path) for path in PICTURES))
    learn, validate = parts_of(dataset, listed(tmp_path, *names), 0)
    assert validate is not None
    assert [image.path.as_posix() for image in validate.images] == held
    assert len(learn.images) == len(PICTURES) - len(held)


def test_a_name_of_no_picture_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = listed(tmp_path, "1.png", "images/nothere.jpg")
    assert listed_names(path, PICTURES) == ["1.png", "images/nothere.jpg"]
    assert capsys.readouterr().err == f"warning: {path}: 1 of 2 names is of no picture: images/nothere.jpg\n"
    path = listed(tmp_path, "1.png", *(f"x{number}.jpg" for number in range(5)))
    listed_names(path, PICTURES)
    assert "5 of 6 names are of no picture: x0.jpg, x1.jpg, x2.jpg, ...\n" in capsys.readouterr().err


def test_where_all_are_wrong_it_says_what_a_name_is(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"names no picture of the data: 9\.png \(give names such as 0\.png"):
        listed_names(listed(tmp_path, "9.png"), PICTURES)
    with pytest.raises(InputError, match="names no picture of the data"):
        listed_names(listed(tmp_path, "9.png"), [])
