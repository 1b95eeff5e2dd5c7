"""A layer that a step would move further than others learns more slowly, however its numbers are scaled."""

from __future__ import annotations

import pytest

pytest.importorskip("torchvision", reason="needs the extra `train`")

import torch
from torch import nn

from training.loop.layer_rates import LayerRates


def layers() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.SiLU(), nn.Conv2d(8, 8, 1), nn.SiLU(), nn.Conv2d(8, 8, 1), nn.Conv2d(8, 4, 1)
    )


def scale(network: nn.Sequential, number: int, factor: float) -> None:
    """Multiply the weights of a layer."""
    with torch.no_grad():
        network.get_parameter(f"{number}.weight").mul_(factor)


def found(network: nn.Sequential, pictures: torch.Tensor) -> dict[str, float]:
    rates = LayerRates(list(network.parameters()))
    with rates.found_in(network):
        network(pictures)
    return dict(zip((name for name, _ in network.named_parameters()), rates.shares.tolist(), strict=True))


def test_a_layer_that_reads_bytes_moves_as_one_that_reads_shares() -> None:
    network, pictures = layers(), torch.rand(2, 3, 16, 16)
    scale(network, 0, 1 / 255)
    shares = found(network, pictures * 255)
    scale(network, 0, 255)
    plain = found(network, pictures)
    assert shares["0.weight"] < 0.02 < 0.2 < plain["0.weight"]
    assert {name: value for name, value in shares.items() if name != "0.weight"} == pytest.approx(
        {name: value for name, value in plain.items() if name != "0.weight"}, rel=1e-3
    )


def test_a_step_of_any_layer_changes_no_more_of_what_it_says_than_one_of_the_median_layer() -> None:
    network, pictures = layers(), torch.rand(4, 3, 16, 16) * 255
    scale(network, 2, 0.01)
    shares, changes = found(network, pictures), []
    for number in (0, 2, 4, 5):
        seen = network[:number](pictures).detach()
        before = network[number](seen).detach()
        step = shares[f"{number}.weight"] * seen.mean(dim=(0, 2, 3)).sign()[None, :, None, None]
        with torch.no_grad():
            network.get_parameter(f"{number}.weight").add_(step)
            changes.append(((network[number](seen) - before).mean() / before.std(dim=(0, 2, 3)).mean()).item())
            network.get_parameter(f"{number}.weight").sub_(step)
    assert max(changes) < 3 * sorted(changes)[2]
    assert min(changes) > 0


def test_what_has_normalisation_behind_it_or_was_not_used_keeps_its_rate() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4), nn.Conv2d(4, 4, 1))
    unused = nn.Conv2d(3, 3, 1)
    rates = LayerRates([*network.parameters(), *unused.parameters()])
    assert not rates.known
    with rates.found_in(network):
        network(torch.rand(2, 3, 8, 8) * 255)
    assert rates.known
    assert rates.shares.tolist() == [1.0] * 7


def test_a_run_remembers_its_rates() -> None:
    network = layers()
    rates, others = LayerRates(list(network.parameters())), LayerRates(list(layers().parameters()))
    with rates.found_in(network):
        network(torch.rand(2, 3, 16, 16) * 255)
    others.load_state_dict(rates.state_dict())
    assert torch.equal(others.shares, rates.shares)
    assert others.shares.min() < 1
