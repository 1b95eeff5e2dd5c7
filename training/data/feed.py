"""Batches for training, made ahead in a thread of their own: pictures and truths as tensors."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple, Protocol

import cv2
import numpy as np
import torch

from detectors.base import Floats, Image
from detectors.codec_messages import codec_messages
from detectors.cores import available_cores
from detectors.errors import InputError
from training.data.augment import Augmentation, Sample, draw_sample
from training.data.dataset import Dataset, LabelledImage
from training.losses.detection import Truth

AHEAD = 4  # batches made before they are asked for, at least
WORKERS = 12  # threads that make them, at most: half of the cores where there are many
CACHE_BYTES = 4 << 30


class Batch(NamedTuple):
    """What one step learns from.

    pictures: ``(N, 3, side, side)`` float BGR in [0, 255], channels last; or, where the trunk was run before, its maps.
    truths: one a picture. side: pixels.
    """

    pictures: torch.Tensor | list[torch.Tensor]
    truths: list[Truth]
    side: int


class BatchSource(Protocol):
    """Where a trainer gets its batches from."""

    def batches(self, first: int, plan_next: Callable[[], tuple[int, Augmentation]]) -> Iterator[Batch]:
        """Endless batches from sample `first` on; `plan_next` says how many pictures each has, and how varied."""
        ...


class PictureReader:
    """Reads pictures, and keeps as many of them decoded as fit into `limit` bytes."""

    def __init__(self, limit: int = CACHE_BYTES) -> None:
        self._kept: dict[str, Image] = {}
        self._left = limit

    def __call__(self, image: LabelledImage) -> Image:
        """The picture ``(H, W, 3)`` BGR. Raises InputError when it is damaged or not of the size that is told."""
        key = str(image.path)
        if key in self._kept:
            return self._kept[key]
        with codec_messages():
            picture = cv2.imread(key, cv2.IMREAD_COLOR_BGR)
        if picture is None:
            raise InputError(key, "is not a picture that can be read", "mend or remove it")
        if picture.shape[:2] != (image.height, image.width):
            told = f"{image.width}x{image.height}"
            raise InputError(key, f"is {picture.shape[1]}x{picture.shape[0]}, its labels say {told}", "mend its entry")
        if picture.nbytes <= self._left:
            self._left -= picture.nbytes
            self._kept[key] = np.asarray(picture, dtype=np.uint8)
        return np.asarray(picture, dtype=np.uint8)


class Feed:
    """Endless batches of a data set.

    factors: ``(pictures,)`` how often each is drawn against the others; None for all alike. Sample n of a seed is
    always the same, so a run that resumes goes on with the samples it would have had.
    """

    def __init__(self, dataset: Dataset, seed: int, factors: Floats | None = None) -> None:
        chances = np.ones(len(dataset.images)) if factors is None else factors
        self._chances = np.cumsum(chances) / chances.sum()
        self._images = dataset.images
        self.seed = seed
        self._read = PictureReader()

    def sample(self, number: int, how: Augmentation) -> Sample:
        """Sample `number`, varied as told."""
        rng = np.random.default_rng((self.seed, number))

        def pick() -> LabelledImage:
            return self._images[int(np.searchsorted(self._chances, rng.random(), side="right"))]

        return draw_sample(pick, self._read, how, rng)

    def batches(self, first: int, plan_next: Callable[[], tuple[int, Augmentation]]) -> Iterator[Batch]:
        """Batches from sample `first` on; `plan_next` is asked a little ahead of time."""
        threads = max(1, min(WORKERS, available_cores() // 2))
        with ThreadPoolExecutor(threads, thread_name_prefix="feed") as worker:
            waiting: deque[Future[Batch]] = deque()
            number = first
            while True:
                while len(waiting) < max(AHEAD, 2 * threads):
                    count, how = plan_next()
                    waiting.append(worker.submit(self._batch, number, count, how))
                    number += count
                yield waiting.popleft().result()

    def _batch(self, first: int, count: int, how: Augmentation) -> Batch:
        return collate([self.sample(number, how) for number in range(first, first + count)])


def collate(samples: list[Sample]) -> Batch:
    """Samples as one batch."""
    stack = torch.from_numpy(np.stack([sample.image for sample in samples]))
    pictures = stack.permute(0, 3, 1, 2).float().contiguous(memory_format=torch.channels_last)
    return Batch(pictures, [_truth(sample) for sample in samples], stack.shape[1])


def _truth(sample: Sample) -> Truth:
    return Truth(
        torch.from_numpy(sample.boxes.astype(np.float32)),
        torch.from_numpy(sample.class_ids),
        torch.from_numpy(sample.difficult),
        torch.from_numpy(sample.scores.astype(np.float32)),
        torch.from_numpy(sample.region_boxes.astype(np.float32)),
        torch.from_numpy(sample.region_labels),
    )
