"""Who is held back, and how networks are judged by them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("torchvision", reason="needs the extra `train`")

from detectors import InputError
from detectors.base import Floats, Image
from tests.training.people import write_folders, write_pictures
from training.data.identities import Crop, load_crops
from training.data.views import Variation
from training.evaluation.holdout import HeldOut, hold_out


def crops_of(counts: Sequence[int]) -> list[Crop]:
    """So many identities in each source, of two crops each."""
    owners = [source for source, count in enumerate(counts) for _ in range(count)]
    return [Crop(Path("a"), None, who, 0, source) for who, source in enumerate(owners) for _ in range(2)]


@pytest.mark.parametrize(("counts", "held"), [([40], [6]), ([4], [2]), ([20, 3, 10], [3, 0, 2])])
def test_each_source_gives_its_share_of_identities(counts: list[int], held: list[int]) -> None:
    crops = crops_of(counts)
    learn, judged = hold_out(crops, 0)
    assert [len({c.identity for c in judged if c.source == source}) for source in range(len(counts))] == held
    assert not {crop.identity for crop in learn} & {crop.identity for crop in judged}
    assert len(learn) + len(judged) == len(crops)
    assert hold_out(crops, 0) == (learn, judged)
    assert hold_out(crops_of([40]), 1) != hold_out(crops_of([40]), 0)


def test_too_few_identities_are_refused() -> None:
    with pytest.raises(InputError, match="shows 3 identities, too few to hold some back"):
        hold_out(crops_of([3]), 0)


def mean_colour(pictures: Sequence[Image]) -> Floats:
    vectors = np.array([picture.mean(axis=(0, 1)) for picture in pictures]) - 100
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def test_a_source_is_judged_by_itself(tmp_path: Path) -> None:
    crops = load_crops([write_folders(tmp_path / "folders", (0, 13, 26)), write_pictures(tmp_path / "coco", 4)])
    judged = HeldOut(crops, Variation())

    def blind(pictures: Sequence[Image]) -> Floats:
        return np.tile([1.0, 0.0], (len(pictures), 1))

    found, chance = judged.judge(mean_colour), judged.judge(blind)
    assert {source: (each.identities, each.queries) for source, each in found.items()} == {0: (3, 12), 1: (8, 16)}
    for source in (0, 1):
        assert found[source].mean_ap > chance[source].mean_ap + 0.2
        assert chance[source].auc == 0.5


def test_pictures_have_the_size_that_is_asked_for(tmp_path: Path) -> None:
    judged = HeldOut(load_crops([write_folders(tmp_path / "folders", range(4))]), Variation())
    sizes = set[tuple[int, ...]]()

    def noted(pictures: Sequence[Image]) -> Floats:
        sizes.update(picture.shape for picture in pictures)
        return mean_colour(pictures)

    judged.judge(noted, 40, 20)
    assert sizes == {(40, 20, 3)}
