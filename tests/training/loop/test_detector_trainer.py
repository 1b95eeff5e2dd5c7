"""The training loop: it learns, stops and goes on as if nothing had been, and keeps the best."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("torchvision", reason="needs the extra `train`")
pytest.importorskip("safetensors", reason="needs the extra `train`")

import torch

from detectors import InputError
from tests.training.pictures import NAMES, draw_scene, on_disk, small_network
from training.data.augment import Augmentation
from training.data.dataset import Dataset
from training.data.feed import Feed, collate
from training.loop import detector_trainer, feature_cache, loop
from training.loop.checkpoint import load_checkpoint
from training.loop.detector_plan import Plan
from training.loop.detector_trainer import Report, Start, Trainer
from training.loop.feature_cache import FeatureCache
from training.loop.loop import low_precision
from training.losses.detection import pairwise_iou
from training.networks.detection import DetectionNetwork
from training.networks.heads import rescale

PLAN = Plan("lenet5", NAMES, fold=False, trainable_layers=1000, steps=8, batch=2, side=64, long_side=96, judgements=4)
PLAN = dataclasses.replace(PLAN, frozen_share=0.0, head_rate=0.02, trunk_rate=0.02, averaging=0.9)


@pytest.fixture(autouse=True)
def full_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(device: torch.device) -> torch.autocast:
        return torch.autocast(device.type, torch.bfloat16, enabled=False)

    monkeypatch.setattr(detector_trainer, "low_precision", full)
    monkeypatch.setattr(feature_cache, "low_precision", full)


@pytest.fixture
def pictures(tmp_path: Path) -> Dataset:
    rng = np.random.default_rng(0)
    scenes = [draw_scene(rng, (96, 96)) for _ in range(4)]
    return on_disk(tmp_path, [dataclasses.replace(s, path=tmp_path / f"{n}.png") for n, s in enumerate(scenes)])


def trainer_of(pictures: Dataset, plan: Plan = PLAN, seed: int = 0, **others: object) -> Trainer:
    network = small_network(plan.backbone, fold=plan.fold, seed=seed)
    return Trainer(network, plan, Feed(pictures, plan.seed), **others)  # type: ignore[arg-type]


def take(trainer: Trainer, steps: int) -> None:
    """Train until `steps` are done, and no further."""
    for report in trainer.run(report_every=1):
        if report.step == steps:
            return


def tensors_of(trainer: Trainer) -> dict[str, torch.Tensor]:
    parts = {"network": trainer.network, "average": trainer.average, "best": trainer.best}
    return {f"{name}.{key}": value for name, part in parts.items() for key, value in part.state_dict().items()}


def differences(one: Trainer, other: Trainer) -> float:
    mine, theirs = tensors_of(one), tensors_of(other)
    return max(float((theirs[key].float() - value.float()).abs().max()) for key, value in mine.items())


def scripted(scores: list[float]) -> Callable[[DetectionNetwork], float]:
    left = iter(scores)
    return lambda network: next(left)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"frozen_share": 0.25},
        {"frozen_share": 0.5},  # the trunk is released by the very step that comes after the stop
        {"final_share": 0.3},
        {"trainable_layers": 2},
        {"trainable_layers": 0, "frozen_share": 0.5},
    ],
    ids=str,
)
def test_a_run_that_stops_and_goes_on_ends_where_one_in_one_go_ends(
    pictures: Dataset, tmp_path: Path, changes: dict[str, float]
) -> None:
    plan = dataclasses.replace(PLAN, steps=12, **changes)  # type: ignore[arg-type]
    whole, half = trainer_of(pictures, plan), trainer_of(pictures, plan, checkpoint=tmp_path / "run")
    take(whole, 12)
    take(half, 6)
    half.save()
    rest = trainer_of(pictures, plan, seed=1)
    rest.resume(load_checkpoint(tmp_path / "run", Plan))
    assert (rest.step, rest.samples, rest.progress) == (6, 12, 0.5)
    take(rest, 12)
    assert differences(whole, trainer_of(pictures, plan)) > 1e-3, "something was learnt"
    assert (rest.step, rest.samples, rest.phase_start) == (whole.step, whole.samples, whole.phase_start)
    assert differences(whole, rest) < 1e-6


@pytest.mark.parametrize("stop", [10, 11])
def test_a_stop_near_the_last_phase_changes_nothing(pictures: Dataset, tmp_path: Path, stop: int) -> None:
    plan = dataclasses.replace(PLAN, steps=16, final_share=0.4)
    whole, part = trainer_of(pictures, plan), trainer_of(pictures, plan, checkpoint=tmp_path / "run")
    take(whole, 16)
    take(part, stop)
    part.save()
    rest = trainer_of(pictures, plan, seed=1)
    rest.resume(load_checkpoint(tmp_path / "run", Plan))
    take(rest, 16)
    assert rest.samples == whole.samples
    assert differences(whole, rest) < 1e-6


def test_the_same_plan_gives_the_same_network_twice(pictures: Dataset) -> None:
    one, other = trainer_of(pictures), trainer_of(pictures)
    take(one, 4)
    take(other, 4)
    assert differences(one, other) < 1e-6


def test_a_run_on_cached_features_trains_neck_and_head_alone(pictures: Dataset) -> None:
    plan = dataclasses.replace(PLAN, trainable_layers=0)
    network = small_network()
    before = copy.deepcopy(network.state_dict())
    cache = FeatureCache(network, Feed(pictures, 0), plan.augmentation(0.0), 4, "cpu")
    trainer = Trainer(network, plan, cache)
    take(trainer, 4)
    moved = {name.split(".")[0] for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
    assert moved == {"neck", "head"}


def quality(network: DetectionNetwork, pictures: Dataset, how: Augmentation) -> float:
    """Score x IoU of the best answer for an object, on average over the objects of some samples."""
    feed = Feed(pictures, 99)
    batch = collate([feed.sample(number, how) for number in range(8)])
    assert isinstance(batch.pictures, torch.Tensor)
    with torch.no_grad():
        answers = network(batch.pictures)
    best = [
        float((answers.logits[n, :, class_id].sigmoid() * pairwise_iou(box[None], answers.boxes[n])[0]).max())
        for n, truth in enumerate(batch.truths)
        for box, class_id in zip(truth.boxes, truth.class_ids, strict=True)
    ]
    return float(np.mean(best))


def test_the_loss_falls_and_the_answers_improve(pictures: Dataset) -> None:
    plan = dataclasses.replace(PLAN, steps=80, long_side=64, final_share=0.0, batch=3)
    trainer = trainer_of(pictures, plan)
    before = quality(trainer.average, pictures, plan.augmentation(0.0))
    reports = list(trainer.run(report_every=20))
    assert quality(trainer.average, pictures, plan.augmentation(0.0)) > 5 * before
    first, last = reports[0], reports[-1]
    assert [report.step for report in reports] == [20, 40, 60, 80]
    assert last.progress == 1
    assert last.classification_loss < 0.8 * first.classification_loss
    assert last.box_loss < 0.97 * first.box_loss
    assert all(report.validation is None for report in reports)


def test_reports_are_means_since_the_last_one(pictures: Dataset) -> None:
    single = list(trainer_of(pictures).run(report_every=1))
    pairs = list(trainer_of(pictures).run(report_every=2))
    for place, pair in enumerate(pairs):
        two = single[2 * place : 2 * place + 2]
        assert pair.classification_loss == pytest.approx(np.mean([r.classification_loss for r in two]), rel=1e-4)
        assert pair.box_loss == pytest.approx(np.mean([r.box_loss for r in two]), rel=1e-4)


def test_the_trunk_waits_and_has_a_rate_of_its_own(pictures: Dataset) -> None:
    plan = dataclasses.replace(PLAN, frozen_share=0.5, trunk_rate=0.001, trainable_layers=1000)
    trainer = trainer_of(pictures, plan)
    before = copy.deepcopy(trainer.network.pyramid.state_dict())
    for report in trainer.run(report_every=1):
        done = (report.step - 1) / 8
        rates = plan.rates(done, (report.step - 1) % 4)  # the warm-up starts again with the trunk
        new, *trunk_rates = [group["lr"] for group in trainer.optimizer.adam.param_groups]
        assert (new, max(trunk_rates)) == pytest.approx(rates)
        trunk = trainer.network.pyramid
        if report.step <= 3:
            assert not any(parameter.requires_grad for parameter in trunk.parameters())
        if report.step <= 4:
            assert all(torch.equal(value, before[key]) for key, value in trunk.state_dict().items())
    assert all(parameter.requires_grad for parameter in trunk.parameters())
    assert all(not torch.equal(value, before[key]) for key, value in trunk.state_dict().items())


def test_the_average_follows_the_weights(pictures: Dataset) -> None:
    trainer = trainer_of(pictures)
    expected = copy.deepcopy(trainer.average.state_dict())
    for report in trainer.run(report_every=1):
        keep = min(0.9, (1 + report.step) / (10 + report.step))
        for key, value in trainer.network.state_dict().items():
            mixed = expected[key] * keep + value * (1 - keep) if value.is_floating_point() else value
            expected[key] = mixed
            assert torch.allclose(trainer.average.state_dict()[key].float(), mixed.float(), atol=1e-5), key
    assert not trainer.average.training
    assert not any(parameter.requires_grad for parameter in trainer.average.parameters())


def test_the_best_is_the_one_that_was_judged_best(pictures: Dataset) -> None:
    trainer = trainer_of(pictures, validate=scripted([0.1, 0.6, 0.3, 0.5]))
    at_best: dict[str, torch.Tensor] = {}
    judged: list[float] = []
    for report in trainer.run(report_every=1):
        if report.validation is not None:
            judged.append(report.validation)
            if report.validation == 0.6:
                at_best = copy.deepcopy(trainer.average.state_dict())
    assert judged == [0.1, 0.6, 0.3, 0.5]
    assert trainer.best_score == 0.6
    assert all(torch.equal(trainer.best.state_dict()[key], value) for key, value in at_best.items())
    assert any(not torch.equal(trainer.average.state_dict()[key], value) for key, value in at_best.items())


def test_a_run_is_judged_as_often_as_planned_and_on_the_average(pictures: Dataset) -> None:
    judged: list[DetectionNetwork] = []
    trainer = trainer_of(pictures, validate=lambda network: judged.append(network) or 0.0)  # type: ignore[func-returns-value]
    reports = list(trainer.run(report_every=100))
    assert [report.step for report in reports] == [2, 4, 6, 8]
    assert all(network is trainer.average for network in judged)


def test_the_best_of_the_first_half_is_remembered(pictures: Dataset, tmp_path: Path) -> None:
    half = trainer_of(pictures, validate=scripted([0.9, 0.1]), checkpoint=tmp_path / "run")
    take(half, 4)
    half.save()
    rest = trainer_of(pictures, validate=scripted([0.5, 0.6]), seed=1)
    rest.resume(load_checkpoint(tmp_path / "run", Plan))
    take(rest, 8)
    assert rest.best_score == 0.9
    assert all(torch.equal(rest.best.state_dict()[key], value) for key, value in half.best.state_dict().items())


def test_a_run_saves_itself_at_the_end_and_now_and_then(
    pictures: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = trainer_of(pictures, checkpoint=tmp_path / "run")
    for report in trainer.run(report_every=1):
        assert not (tmp_path / "run").exists(), report
    assert load_checkpoint(tmp_path / "run", Plan).counters.step == 8
    monkeypatch.setattr(loop, "SAVE_SECONDS", 0.0)
    again = trainer_of(pictures, checkpoint=tmp_path / "often")
    take(again, 3)
    assert load_checkpoint(tmp_path / "often", Plan).counters.step == 2, "the loop stopped inside its third step"


def moved_by(trainer: Trainer, start: DetectionNetwork) -> float:
    """How far the answers to a picture are from those of the start."""
    picture = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 255
    with torch.no_grad():
        now, before = trainer.network.eval()(picture), start.eval()(picture)
    return float((now.logits - before.logits).abs().mean())


def test_a_run_that_is_held_to_its_start_stays_near_it(pictures: Dataset) -> None:
    start = small_network("lenet5")
    rescale(start.head, torch.ones(len(NAMES)), torch.full((len(NAMES),), 4.0))  # it believes in much
    distance = {}
    for weight in (0.0, 100.0):
        plan = dataclasses.replace(PLAN, hold_start=weight, steps=40)
        trainer = trainer_of(pictures, plan, start=Start(copy.deepcopy(start), torch.arange(len(NAMES))))
        trainer.network.load_state_dict(start.state_dict())
        take(trainer, 40)
        distance[weight] = moved_by(trainer, start)
    assert distance[100.0] < 0.5 * distance[0.0]


def test_what_a_run_is_held_to_does_not_learn(pictures: Dataset) -> None:
    start = small_network("lenet5")
    before = copy.deepcopy(start.state_dict())
    plan = dataclasses.replace(PLAN, hold_start=1.0)
    take(trainer_of(pictures, plan, start=Start(start, torch.arange(len(NAMES)))), 4)
    assert all(torch.equal(start.state_dict()[key], value) for key, value in before.items())


def test_a_run_goes_on_only_with_its_own_network(pictures: Dataset, tmp_path: Path) -> None:
    trainer_of(pictures, checkpoint=tmp_path / "run").save()
    other = Trainer(small_network(classes=3), PLAN, Feed(pictures, 0))
    with pytest.raises(InputError, match="another network"):
        other.resume(load_checkpoint(tmp_path / "run", Plan))


def test_minutes_end_a_run(pictures: Dataset) -> None:
    plan = dataclasses.replace(PLAN, minutes=0.2 / 60, steps=0)
    trainer = trainer_of(pictures, plan)
    reports: Iterator[Report] = trainer.run(report_every=1)
    last = list(reports)[-1]
    assert last.progress == 1
    assert 0.2 <= last.seconds < 60
    assert trainer.step == last.step > 0


def test_the_batch_that_is_asked_for_is_the_one_of_the_phase(pictures: Dataset) -> None:
    plan = dataclasses.replace(PLAN, steps=20, batch=4, side=64, long_side=96, final_share=0.5)
    asked: list[tuple[int, Augmentation]] = []

    class Listening(Feed):
        def batches(self, first: int, plan_next: Callable[[], tuple[int, Augmentation]]) -> Iterator[object]:  # type: ignore[override]
            def listen() -> tuple[int, Augmentation]:
                asked.append(plan_next())
                return asked[-1]

            return super().batches(first, listen)

    list(Trainer(small_network(), plan, Listening(pictures, 0)).run())  # type: ignore[arg-type]
    assert {(count, how.side) for count, how in asked} == {(4, 64), (2, 96)}


def test_low_precision_is_only_used_where_the_device_has_it() -> None:
    with low_precision(torch.device("cpu")):
        native = torch.is_autocast_enabled("cpu")
    assert native == bool(getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)())
