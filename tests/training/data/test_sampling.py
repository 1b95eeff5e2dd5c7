"""Rare things are drawn more often."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("cv2")

from tests.training.pictures import NAMES, label
from training.data.dataset import Dataset
from training.data.sampling import repeat_factors, source_factors

BOX = (10, 10, 40, 60)


def test_sources_by_name() -> None:
    images = tuple(label([BOX], source=source) for source in ("a", "b", "c"))
    assert source_factors(Dataset(NAMES, images), {"a": 3, "c": 0}).tolist() == [3, 1, 0]


def test_a_class_below_the_share_is_drawn_by_the_square_root_of_its_rarity() -> None:
    images = tuple(label([BOX, BOX], [0, 1] if number == 0 else [0, 0]) for number in range(100))
    factors = repeat_factors(Dataset(NAMES, images), 0.04)
    assert factors[0] == pytest.approx(2)  # a hundredth of the pictures show it, against 0.04
    assert np.all(factors[1:] == 1)
    assert np.all(repeat_factors(Dataset(NAMES, images), 0.0) == 1)


def test_difficult_boxes_do_not_count_and_unsure_ones_count_less() -> None:
    hard = label([BOX], [1], difficult=[True])
    unsure = label([BOX], [1])
    object.__setattr__(unsure, "scores", np.array([0.5]))
    others = [label([BOX], [0]) for _ in range(48)]
    factors = repeat_factors(Dataset(NAMES, (hard, unsure, *others)), 0.04)
    assert factors[0] == 1
    assert factors[1] == pytest.approx(max(1, 0.5 * (0.04 / 0.01) ** 0.5))
