"""Views of crops: what they show, how batches are drawn, and what a teacher is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("torchvision", reason="needs the extra `train`")
pytest.importorskip("onnx", reason="needs the extra `train`")

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import InputError
from detectors.base import Floats, Image
from tests import onnx_models
from tests.training.people import write_folders, write_pictures
from training.data.identities import Crop, load_crops
from training.data.views import (
    MARGIN,
    TALLEST,
    Cut,
    Teacher,
    Variation,
    Views,
    erased,
    jitter,
    normalised,
    read_cuts,
    render_crop,
)
from training.networks.embedding import HEIGHT, WIDTH

STILL = Variation(shift=0.0, stretch=0.0, colour=0.0, blur=0.0, erase=0.0)


def quarters() -> Image:
    """A picture of 40 x 60 pixels, another colour in each quarter."""
    colours = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 255]]], np.uint8)
    return colours.repeat(30, axis=0).repeat(20, axis=1)


def on_disk(folder: Path, box: tuple[float, float, float, float] | None, picture: Image | None = None) -> Crop:
    cv2.imwrite(str(folder / "a.png"), quarters() if picture is None else picture)
    return Crop(folder / "a.png", box, 0, 0, 0)


@pytest.mark.parametrize(("box", "colour"), [((2, 3, 18, 27), (255, 0, 0)), ((22, 33, 38, 57), (255, 255, 255))])
def test_a_view_shows_its_box(tmp_path: Path, box: tuple[float, float, float, float], colour: tuple[int, ...]) -> None:
    (cut,) = read_cuts([on_disk(tmp_path, box)])
    view = render_crop(cut, cut.box)
    assert view.shape == (HEIGHT, WIDTH, 3)
    assert (view[4:-4, 4:-4] == colour).all()


def test_a_view_of_a_whole_picture_is_the_picture(tmp_path: Path) -> None:
    (cut,) = read_cuts([on_disk(tmp_path, None)])
    view, mirrored = render_crop(cut, cut.box, 60, 40), render_crop(cut, cut.box, 60, 40, mirrored=True)
    assert (view == quarters()).all()
    assert (mirrored == quarters()[:, ::-1]).all()


def test_a_tall_box_is_kept_small_and_shows_the_same(tmp_path: Path) -> None:
    tall = quarters().repeat(20, axis=0).repeat(20, axis=1)
    (cut,) = read_cuts([on_disk(tmp_path, (100, 0, 700, 1200), tall)])
    assert cut.box[3] - cut.box[1] == pytest.approx(TALLEST, abs=1)
    assert cut.image.shape[0] <= TALLEST * (1 + 2 * MARGIN)
    view = render_crop(cut, cut.box)
    assert (view[:60, :28] == (255, 0, 0)).all()
    assert (view[68:, 36:] == (255, 255, 255)).all()


@pytest.mark.parametrize(
    ("crop", "why"),
    [
        pytest.param(Crop(Path("nowhere.png"), None, 0, 0, 0), "is not a picture that can be read", id="missing"),
        pytest.param((100.0, 0.0, 140.0, 50.0), "does not show the box", id="outside"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, crop: Crop | tuple[float, float, float, float], why: str) -> None:
    with pytest.raises(InputError, match=why):
        read_cuts([crop if isinstance(crop, Crop) else on_disk(tmp_path, crop)])


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=50)
def test_boxes_move_no_farther_than_told_and_inside_what_is_kept(seed: int) -> None:
    box, how = np.array([40.0, 20, 80, 120]), Variation()
    moved = jitter(box, how, np.random.default_rng(seed))
    size = moved[2:] - moved[:2]
    assert (np.abs((moved[:2] + moved[2:]) / 2 - [60, 70]) <= how.shift * np.array([40, 100]) + 1e-9).all()
    assert (np.abs(np.log(size / [40, 100])) <= how.stretch + 1e-9).all()
    assert (np.abs(moved - box) <= MARGIN * np.array([40, 100, 40, 100])).all()


def test_an_erased_rectangle_has_one_colour_and_the_rest_stays() -> None:
    picture = np.full((HEIGHT, WIDTH, 3), 77, np.uint8)
    for seed in range(20):
        covered = erased(picture, np.random.default_rng(seed))
        changed = (covered != 77).any(axis=2)
        assert len(np.unique(covered[changed], axis=0)) == 1
        assert 0.02 < changed.mean() < 0.4
    assert (picture == 77).all()


def test_pictures_are_normalised_red_first() -> None:
    picture = np.full((2, 1, 3), (10, 100, 250), np.uint8)
    expected = [(250 / 255 - 0.485) / 0.229, (100 / 255 - 0.456) / 0.224, (10 / 255 - 0.406) / 0.225]
    assert normalised([picture]).shape == (1, 3, 2, 1)
    assert normalised([picture])[0, :, 0, 0].tolist() == pytest.approx(expected, abs=1e-5)


def test_a_batch_has_two_crops_of_each_of_many(tmp_path: Path) -> None:
    crops = load_crops([write_folders(tmp_path / "folders", range(12)), write_pictures(tmp_path / "coco", 6)])
    views = Views(crops, 0, 16, Variation())
    for number in range(5):
        batch = views.batch(number)
        assert batch.crops.shape == (16, 3, HEIGHT, WIDTH)
        assert set(Counter(batch.identities.tolist()).values()) == {2}
        owners = {crop.identity: crop.source for crop in crops}
        assert batch.sources.tolist() == [owners[who] for who in batch.identities.tolist()]
        assert batch.teacher is None
    assert views.batch(0).identities.tolist() != views.batch(1).identities.tolist()


def test_whoever_is_drawn_brings_others_of_the_scene(tmp_path: Path) -> None:
    crops = load_crops([write_pictures(tmp_path / "coco", 20)])
    batch = Views(crops, 0, 16, STILL).batch(0)
    scenes = {crop.identity: crop.scene for crop in crops}
    assert sorted(Counter(scenes[who] for who in batch.identities.tolist()).values()) == [4, 4, 4, 4]


def test_batches_are_the_same_each_time_and_from_any_point(tmp_path: Path) -> None:
    crops = load_crops([write_folders(tmp_path / "folders", range(6))])
    stream = Views(crops, 3, 8, Variation()).batches(0)
    first = [next(stream) for _ in range(3)]
    again = next(Views(crops, 3, 8, Variation()).batches(2))
    assert torch.equal(first[2].crops, again.crops)
    assert not torch.equal(Views(crops, 4, 8, Variation()).batch(2).crops, again.crops)


def test_the_teacher_sees_the_same_box_without_the_changes_of_colour_and_each_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = onnx_models.embedder(tmp_path / "teacher.onnx", np.eye(3), batch=1, size=(32, 16))
    crops = load_crops([write_folders(tmp_path / "folders", range(6))])
    teacher = Teacher(model)
    assert (teacher.height, teacher.width, teacher.dimension) == (32, 16, 3)
    seen: list[int] = []
    ask = Teacher.__call__

    def noted(asked: Teacher, pictures: Sequence[Image]) -> Floats:
        seen.append(len(pictures))
        return ask(asked, pictures)

    monkeypatch.setattr(Teacher, "__call__", noted)
    views = Views(crops, 0, 12, Variation(colour=0, blur=0, erase=0), teacher, views=2)
    batch = views.batch(0)
    assert batch.teacher is not None
    means = torch.nn.functional.normalize(batch.crops.mean(dim=(2, 3)))
    assert (means * batch.teacher).sum(dim=1).min() > 0.99
    assert torch.allclose(batch.teacher.norm(dim=1), torch.ones(12), atol=1e-3)
    for number in range(20):
        views.batch(number)
    assert sum(seen) <= len(crops) * 2


def test_a_teacher_of_another_kind_is_refused(tmp_path: Path) -> None:
    detector = onnx_models.constant_model(tmp_path / "detector.onnx", np.zeros((1, 84, 84)))
    grey = onnx_models.constant_model(tmp_path / "grey.onnx", np.zeros((1, 5)), (1, 1, 64, 64))
    for path, why in ((detector, "not with vectors"), (grey, "takes inputs"), (tmp_path / "no.onnx", "no such")):
        with pytest.raises(InputError, match=why):
            Teacher(path)


def test_cuts_do_not_hold_on_to_whole_pictures(tmp_path: Path) -> None:
    (cut,) = read_cuts([on_disk(tmp_path, (2, 3, 18, 27))])
    assert isinstance(cut, Cut)
    assert cut.image.base is None
