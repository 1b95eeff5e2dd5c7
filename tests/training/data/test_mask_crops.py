"""Crops for masks: what is cut out fits its mask, repeats exactly, and is varied."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("pycocotools", reason="needs the extra `train`")

import numpy as np
import torch

from detectors.box_masks import SIDE, paste, region_of
from detectors.masks import box_crops
from tests.training.silhouettes import write_coco
from training.data.mask_crops import CropVariation, Instance, MaskCrops, covered, jitter, read_instances, render
from training.data.segmentation import load_segmentation

STILL = CropVariation(shift=0, stretch=0, mirror=0, coarse=0, cover=0, colour=0)


@pytest.fixture(scope="module")
def instances(tmp_path_factory: pytest.TempPathFactory) -> list[Instance]:
    return read_instances(load_segmentation(write_coco(tmp_path_factory.mktemp("crops"), 6)).images)


def test_a_cell_holds_the_share_that_the_object_covers(instances: list[Instance]) -> None:
    for instance in instances:
        crop, share = render(instance, instance.box)
        assert crop.shape == (SIDE, SIDE, 3)
        assert share.shape == (SIDE // 2, SIDE // 2)
        bright = crop.max(axis=2) > 120
        halves = bright.reshape(SIDE // 2, 2, SIDE // 2, 2).mean(axis=(1, 3))
        assert np.abs(halves - share).mean() < 0.08
        (corner,) = box_crops(instance.box[None], *instance.mask.shape)
        left, top, right, bottom = corner.tolist()
        back = paste(share.astype(np.float32), region_of(instance.box), corner) >= 0.5
        truth = instance.mask[top:bottom, left:right] > 0
        assert (back & truth).sum() / (back | truth).sum() > 0.9, "what is cut out can be put back"


def test_batches_repeat_and_show_every_instance_in_turn(instances: list[Instance]) -> None:
    crops = MaskCrops(instances, seed=3, size=4, how=STILL)
    again = MaskCrops(instances, seed=3, size=4, how=STILL)
    batches = [crops.batch(number) for number in range(3)]
    for number, batch in zip(range(3), again.batches(0), strict=False):
        assert torch.equal(batch.crops, batches[number].crops)
        assert torch.equal(batch.shares, batches[number].shares)
    seen = torch.cat([batch.crops for batch in batches]).flatten(1)
    assert len(torch.unique(seen, dim=0)) == len(instances) == 12
    other = MaskCrops(instances, seed=4, size=4, how=STILL).batch(0)
    assert not torch.equal(other.crops, batches[0].crops)


def test_crops_are_varied(instances: list[Instance]) -> None:
    one = MaskCrops(instances[:1], seed=0, size=24)
    batch = one.batch(0)
    assert len(torch.unique(batch.shares.flatten(1), dim=0)) == 24
    assert batch.crops.shape == (24, 3, SIDE, SIDE)
    assert 0 <= batch.shares.min() <= batch.shares.max() <= 1


def test_a_jittered_box_stays_near(instances: list[Instance]) -> None:
    rng, how = np.random.default_rng(0), CropVariation()
    box = np.array([10.0, 20, 50, 120])
    found = np.array([jitter(box, how, rng) for _ in range(200)])
    sizes = np.tile(box[2:] - box[:2], 2)
    assert np.abs(found - box).max(axis=0).tolist() <= (0.15 * sizes).tolist()
    assert found.std(axis=0).min() > 0.5


def test_what_stands_in_front_is_not_the_object_s(instances: list[Instance]) -> None:
    rng = np.random.default_rng(0)
    changed = 0
    for _ in range(20):
        behind = covered(instances[0], instances[1], rng)
        assert (behind.mask <= instances[0].mask).all()
        assert behind.mask.mean() >= 0.5 * instances[0].mask.mean()
        y, x = np.nonzero(behind.mask)
        assert behind.box.tolist() == [x.min(), y.min(), x.max() + 1, y.max() + 1]
        gone = behind.mask < instances[0].mask
        changed += bool(gone.any())
        assert (behind.image[behind.mask > 0] == instances[0].image[behind.mask > 0]).all()
    assert changed > 5
