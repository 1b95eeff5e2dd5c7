"""Batches of a frozen trunk's features, computed once: what makes a few dozen pictures train in minutes.

While the trunk does not change, neither do its maps of a picture. So some variations of each picture are drawn and sent
through it once, and every step after that trains the neck and the head alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch

from training.data.augment import Augmentation
from training.data.feed import Batch, Feed, collate
from training.loop.loop import low_precision
from training.losses.detection import Truth
from training.networks.detection import DetectionNetwork

VIEWS = 32  # variations of a picture, at most
CACHE_BYTES = 2 << 30
AT_ONCE = 8  # pictures sent through the trunk together


class View(NamedTuple):
    """One variation of a picture. maps: ``(channels, h, w)`` a level, in half precision."""

    maps: list[torch.Tensor]
    truth: Truth


class FeatureCache:
    """Endless batches drawn from the trunk's maps of `views` samples of a feed.

    The maps are computed on `device` when they are first asked for, and kept in main memory: a run learns from its
    first step on, and the steps become faster once all are there.
    """

    def __init__(self, network: DetectionNetwork, feed: Feed, how: Augmentation, views: int, device: str) -> None:
        self._network, self._feed, self._how, self._device = network, feed, how, device
        self._count = views
        self._parts: dict[int, list[View]] = {}  # AT_ONCE views each

    def __len__(self) -> int:
        return self._count

    @property
    def filled(self) -> float:
        """The share of the maps that are there."""
        return min(1.0, len(self._parts) * AT_ONCE / self._count)

    def batches(self, first: int, plan_next: Callable[[], tuple[int, Augmentation]]) -> Iterator[Batch]:
        """Batches from draw `first` on; of `plan_next` only the number of pictures counts, the rest is done."""
        while True:
            count, _ = plan_next()
            views = [self._view(number) for number in self._draw(first, count)]
            maps = [torch.stack(level).float() for level in zip(*(view.maps for view in views), strict=True)]
            yield Batch(maps, [view.truth for view in views], self._how.side)
            first += count

    def _draw(self, first: int, count: int) -> list[int]:
        """Numbers of views: each once in their order, from then on by chance."""
        if first + count <= self._count:
            return list(range(first, first + count))
        numbers: list[int] = np.random.default_rng((self._feed.seed, first)).integers(self._count, size=count).tolist()
        return numbers

    def _view(self, number: int) -> View:
        part, place = divmod(number, AT_ONCE)
        if part not in self._parts:
            numbers = range(part * AT_ONCE, min((part + 1) * AT_ONCE, self._count))
            batch = collate([self._feed.sample(each, self._how) for each in numbers])
            self._parts[part] = _compute_views(self._network, batch, self._device)
        return self._parts[part][place]


def affordable_views(network: DetectionNetwork, pictures: int, side: int) -> int:
    """How many samples of a data set to keep the maps of: 0 when there would be less than one a picture."""
    bytes_each = sum(2 * level.channels * (side // level.stride) ** 2 for level in network.pyramid.levels)
    views = min(VIEWS * pictures, CACHE_BYTES // bytes_each)
    return views if views >= pictures else 0


@torch.no_grad()
def _compute_views(network: DetectionNetwork, batch: Batch, device: str) -> list[View]:
    assert isinstance(batch.pictures, torch.Tensor)
    training = network.pyramid.training
    network.pyramid.eval()
    with low_precision(torch.device(device)):
        maps = [level.half().cpu() for level in network.features(batch.pictures.to(device))]
    network.pyramid.train(training)
    return [View([level[n].clone() for level in maps], truth) for n, truth in enumerate(batch.truths)]
