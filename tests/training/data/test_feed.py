"""Batches: every sample repeats from its seed, sources are drawn as weighed, faults are named; features are cached."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("torchvision", reason="needs the extra `train`")

import torch

from detectors import InputError
from detectors.base import Image
from tests.training.pictures import NAMES, draw_scene, label, on_disk, painted, small_network
from training.data.augment import Augmentation
from training.data.dataset import Dataset, LabelledImage
from training.data.feed import Batch, Feed, PictureReader, collate
from training.data.sampling import source_factors
from training.loop import feature_cache
from training.loop.feature_cache import VIEWS, FeatureCache, affordable_views
from training.losses.detection import Truth

HOW = Augmentation(side=64, long_side=96)


def pictures(folder: Path, count: int = 5, sources: tuple[str, ...] = ("",)) -> Dataset:
    rng = np.random.default_rng(0)
    scenes = [draw_scene(rng, (96, 96)) for _ in range(count)]
    named = [
        dataclasses.replace(scene, path=folder / f"{number}.png", source=sources[number % len(sources)])
        for number, scene in enumerate(scenes)
    ]
    return on_disk(folder, named)


def asks(*counts: int) -> Callable[[], tuple[int, Augmentation]]:
    """A plan of so many pictures a batch, the last for ever."""
    left = list(counts)
    return lambda: (left.pop(0) if len(left) > 1 else left[0], HOW)


def same(first: Batch, second: Batch) -> bool:
    mine, theirs = first.pictures, second.pictures
    pairs = zip(mine, theirs, strict=True)
    truths = zip(first.truths, second.truths, strict=True)
    return all(torch.equal(a, b) for a, b in pairs) and all(
        torch.equal(a, b) for ours, others in truths for a, b in zip(ours, others, strict=True)
    )


def test_a_sample_is_the_same_whenever_it_is_drawn(tmp_path: Path) -> None:
    dataset = pictures(tmp_path)
    feed, again = Feed(dataset, 3), Feed(dataset, 3)
    late = [again.sample(number, HOW) for number in reversed(range(8))][::-1]
    for number, expected in enumerate(late):
        sample = feed.sample(number, HOW)
        assert np.array_equal(sample.image, expected.image)
        assert np.array_equal(sample.boxes, expected.boxes)
    assert len({sample.image.tobytes() for sample in late}) == 8
    assert not np.array_equal(Feed(dataset, 4).sample(0, HOW).image, late[0].image)


def test_a_feed_goes_on_where_it_stopped(tmp_path: Path) -> None:
    dataset = pictures(tmp_path)
    whole = list(islice(Feed(dataset, 0).batches(0, asks(2)), 6))
    rest = list(islice(Feed(dataset, 0).batches(6, asks(2)), 3))
    assert [same(a, b) for a, b in zip(whole[3:], rest, strict=True)] == [True] * 3
    assert not same(whole[2], rest[0])


def test_batches_have_the_size_that_is_asked_for(tmp_path: Path) -> None:
    batches = list(islice(Feed(pictures(tmp_path), 0).batches(0, asks(3, 1, 2)), 4))
    assert [len(batch.truths) for batch in batches] == [3, 1, 2, 2]
    for batch in batches:
        assert isinstance(batch.pictures, torch.Tensor)
        assert batch.pictures.shape == (len(batch.truths), 3, 64, 64)
        assert batch.pictures.dtype == torch.float32
        assert batch.side == 64


def test_a_batch_is_its_samples_as_tensors(tmp_path: Path) -> None:
    feed = Feed(pictures(tmp_path), 0)
    samples = [feed.sample(number, HOW) for number in range(3)]
    batch = collate(samples)
    for sample, picture, truth in zip(samples, batch.pictures, batch.truths, strict=True):
        assert np.array_equal(picture.permute(1, 2, 0).numpy(), sample.image)
        types = (torch.float32, torch.long, torch.bool, torch.float32, torch.float32, torch.bool)
        for name, dtype in zip(Truth._fields, types, strict=True):
            column = getattr(truth, name)
            assert column.dtype == dtype
            assert np.allclose(column.numpy(), getattr(sample, name))


def test_sources_are_drawn_as_often_as_weighed() -> None:
    images = [label([(20, 20, 60, 60)], [n % 2], (96, 96), source=("many", "none", "few")[n % 3]) for n in range(9)]
    dataset = Dataset(NAMES, tuple(images))
    feed = Feed(dataset, 0, source_factors(dataset, {"many": 3, "none": 0}))
    drawn: list[str] = []

    class Painter(PictureReader):
        def __call__(self, image: LabelledImage) -> Image:
            drawn.append(image.source)
            return painted(image)

    feed._read = Painter()
    for number in range(400):
        feed.sample(number, dataclasses.replace(HOW, mosaic=0.0))
    counts = {source: drawn.count(source) for source in ("many", "none", "few")}
    assert counts["none"] == 0
    assert counts["many"] / counts["few"] == pytest.approx(3, rel=0.25)


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    dataset = pictures(tmp_path, 2)
    (tmp_path / "0.png").write_bytes(b"junk")
    cv2.imwrite(str(tmp_path / "1.png"), np.zeros((40, 50, 3), np.uint8))
    read = PictureReader()
    with pytest.raises(InputError, match=r"0\.png: is not a picture"):
        read(dataset.images[0])
    with pytest.raises(InputError, match=r"1\.png: is 50x40, its labels say 96x96"):
        read(dataset.images[1])
    with pytest.raises(InputError, match=r"\d\.png: is"):
        next(Feed(dataset, 0).batches(0, asks(1)))


def test_pictures_are_kept_as_long_as_they_fit(tmp_path: Path) -> None:
    dataset = pictures(tmp_path, 2)
    read = PictureReader(limit=dataset.images[0].width * dataset.images[0].height * 3)
    expected = [read(image).copy() for image in dataset.images]
    assert np.array_equal(expected[0], painted(dataset.images[0]))
    for number in (0, 1):
        (tmp_path / f"{number}.png").unlink()
    assert np.array_equal(read(dataset.images[0]), expected[0])
    with pytest.raises(InputError, match=r"1\.png"):
        read(dataset.images[1])


def cached(dataset: Dataset, views: int = 6, seed: int = 0) -> FeatureCache:
    return FeatureCache(small_network("lenet5"), Feed(dataset, seed), HOW, views, "cpu")


def test_cached_features_are_those_of_the_samples(tmp_path: Path) -> None:
    dataset = pictures(tmp_path)
    network = small_network("alexnet")
    feed = Feed(dataset, 0)
    cache = FeatureCache(network, feed, HOW, 10, "cpu")
    assert len(cache) == 10
    samples = [feed.sample(number, HOW) for number in range(10)]
    with torch.no_grad():
        pictures_of = collate(samples).pictures
        assert isinstance(pictures_of, torch.Tensor)
        expected = network.features(pictures_of)
    batch = next(cache.batches(0, asks(16)))
    assert batch.side == 64
    known = [sample.boxes.astype(np.float32) for sample in samples]
    for n, truth in enumerate(batch.truths):
        number = next(k for k, boxes in enumerate(known) if np.array_equal(boxes, truth.boxes.numpy()))
        for level, features in zip(expected, batch.pictures, strict=True):
            scale = float(level[number].abs().max())
            assert scale > 1e-3
            assert (level[number] - features[n]).abs().max() < 0.05 * scale, "half precision is all that is lost"


def test_looking_at_pictures_changes_no_statistics(tmp_path: Path) -> None:
    network = small_network("mobilenet_v3_small", fold=False).train()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    cache = FeatureCache(network, Feed(pictures(tmp_path), 0), HOW, 2, "cpu")
    next(cache.batches(0, asks(2)))
    assert network.pyramid.training
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())


def test_cached_draws_repeat_and_go_on_where_they_stopped(tmp_path: Path) -> None:
    dataset = pictures(tmp_path)
    whole = list(islice(cached(dataset).batches(0, asks(2)), 4))
    rest = list(islice(cached(dataset).batches(4, asks(2)), 2))
    assert [same(a, b) for a, b in zip(whole[2:], rest, strict=True)] == [True] * 2
    assert not same(whole[0], whole[1]) or not same(whole[1], whole[2])


def test_features_are_kept_only_where_all_pictures_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    network = small_network("mobilenet_v3_small")
    each = 2 * (96 * 8 * 8 + 288 * 4 * 4 + 96 * 2 * 2)  # bytes: channels and cells at 64 pixels
    assert affordable_views(network, 3, 64) == 3 * VIEWS
    monkeypatch.setattr(feature_cache, "CACHE_BYTES", 5 * each)
    assert [affordable_views(network, count, 64) for count in (1, 5, 6)] == [5, 5, 0]
