"""Losses of masks: nothing for what is right, the share that is wrong for what is not, nothing for the unknown."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("pycocotools", reason="needs the extra `train`")

import torch
from torch.nn import functional

from training.losses.masks import IGNORED, dice_loss, mask_losses, segmentation_losses


def test_dice_is_the_share_that_two_masks_have_in_common() -> None:
    one, half, other = torch.zeros(1, 10, 10), torch.zeros(1, 10, 10), torch.zeros(1, 10, 10)
    one[:, :4], half[:, 2:4], other[:, 6:] = 1, 1, 1
    assert dice_loss(one, one) == pytest.approx(0.0)
    assert float(dice_loss(half, one)) == pytest.approx(1 - 2 * 20 / (20 + 40), abs=0.01)
    assert float(dice_loss(other, one)) > 0.98
    assert float(dice_loss(torch.zeros(1, 4, 4), torch.zeros(1, 4, 4))) == 0.0


def test_a_small_mask_counts_as_much_as_a_large_one() -> None:
    small, large = torch.zeros(2, 40, 40), torch.zeros(2, 40, 40)
    small[0, :5, :5], small[1, :30, :30] = 1, 1
    large[1, :30, :30] = 1
    assert float(dice_loss(large, small)) == pytest.approx(0.48, abs=0.02)


def test_masks_are_learnt_from_what_they_cover() -> None:
    shares = (torch.rand(2, 6, 6, generator=torch.Generator().manual_seed(0)) > 0.5).float()
    right = mask_losses((shares - 0.5) * 40, shares)
    wrong = mask_losses((0.5 - shares) * 40, shares)
    assert max(float(each) for each in right) < 0.01
    assert min(float(each) for each in wrong) > 0.9


def test_pixels_that_nobody_knows_change_no_loss() -> None:
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(2, 3, 8, 8, generator=generator)
    classes = torch.randint(0, 3, (2, 8, 8), generator=generator).to(torch.uint8)
    whole = segmentation_losses(logits, classes)
    assert float(whole[0]) == pytest.approx(float(functional.cross_entropy(logits, classes.long())))
    classes[:, :4] = IGNORED
    before = segmentation_losses(logits, classes)
    logits[:, :, :4] *= -7
    after = segmentation_losses(logits, classes)
    assert [float(each) for each in after] == pytest.approx([float(each) for each in before])


def test_a_class_that_is_not_there_has_no_dice() -> None:
    classes = torch.zeros(1, 8, 8, dtype=torch.uint8)
    classes[:, :4] = 2
    logits = 20 * functional.one_hot(classes.long(), 4).permute(0, 3, 1, 2).float()
    assert float(segmentation_losses(logits, classes)[1]) < 0.01
