"""Batches for segmentation: pictures and classes are cut alike, and rare classes come more often."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("pycocotools", reason="needs the extra `train`")

import numpy as np
import torch

from tests.training.silhouettes import COLOURS, described, write_coco
from training.data.augment import Augmentation
from training.data.segmentation import Segmentation, load_segmentation
from training.data.segmentation_feed import SegmentationFeed, cut, repeat_factors
from training.losses.masks import IGNORED

HOW = Augmentation(side=64, long_side=96, spread=0.3, colour=0, blur=0, grey=0)


def test_pictures_and_classes_are_cut_alike(tmp_path: Path) -> None:
    feed = SegmentationFeed(load_segmentation(write_coco(tmp_path, 4)), 0, 8, HOW)
    batch = feed.batch(0)
    assert batch.pictures.shape == (8, 3, 64, 64)
    assert batch.classes.shape == (8, 64, 64)
    pictures = batch.pictures.permute(0, 2, 3, 1)
    right = 0
    for class_id, colour in enumerate(COLOURS):
        painted = (pictures - torch.tensor(colour).float()).abs().amax(dim=3) < 40
        told = batch.classes == class_id + 1
        right += int((painted & told).sum())
        assert (painted ^ told).sum() < 0.12 * max(1, int(told.sum())), "but for soft edges"
    assert right > 500


def test_batches_repeat(tmp_path: Path) -> None:
    dataset = load_segmentation(write_coco(tmp_path, 4))
    first = SegmentationFeed(dataset, 1, 3, HOW).batch(5)
    for batch in SegmentationFeed(dataset, 1, 3, HOW).batches(5):
        assert torch.equal(batch.pictures, first.pictures)
        assert torch.equal(batch.classes, first.classes)
        break
    assert not torch.equal(SegmentationFeed(dataset, 2, 3, HOW).batch(5).pictures, first.pictures)


def test_nobody_knows_what_is_beyond_the_border() -> None:
    picture, classes = np.zeros((20, 40, 3), np.uint8), np.ones((20, 40), np.uint8)
    how = Augmentation(side=64, long_side=40, spread=0, stretch=0)
    _, found = cut(picture, classes, how, np.random.default_rng(0))
    assert (found == 1).sum() == pytest.approx(20 * 40, rel=0.1)
    assert set(np.unique(found)) == {1, IGNORED}


def test_pictures_of_rare_classes_are_drawn_more_often() -> None:
    mask = np.ones((4, 4), bool)
    images = [described([mask], [0]) for _ in range(15)] + [described([mask, mask], [0, 1])]
    factors = repeat_factors(Segmentation(("common", "rare"), tuple(images)), share=0.25)
    assert factors[:15].tolist() == [1.0] * 15
    assert factors[15] == pytest.approx(2.0)
