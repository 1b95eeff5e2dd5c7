"""One fully convolutional pass against the naive sliding window, on one frame, at the trunk's own stride.

usage: python -m benchmarks.detection.sliding [--side PIXELS] [--rounds N] [--trunks A,B] [--json PATH]

Needs the extra `train`.

The largest difference of the two answers is printed too: rounding where the trunk has no padding, else what a window
loses by being cut out of its neighbourhood and surrounded by zeros.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import torch

from benchmarks.tables import print_table
from tracker.writers.stats import write_stats
from training.networks.backbones import BACKBONES, load_trunk
from training.networks.sliding import LocalisationNetwork, slide, to_fully_convolutional

WINDOWS = {"lenet5": 32, "alexnet": 224, "mobilenet_v2": 224, "resnet18": 224}
CLASSES = 6


def seconds(call: Callable[[], torch.Tensor], rounds: int) -> tuple[float, torch.Tensor]:
    """Median seconds of a call, and its answer."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        answer = call()
        times.append(time.perf_counter() - start)
    return statistics.median(times), answer


@torch.no_grad()
def compare(name: str, side: int, rounds: int) -> dict[str, float]:
    """Window and stride in pixels, number of windows, milliseconds of both ways, and their largest difference."""
    torch.manual_seed(0)
    picture = torch.rand(3, side, side)
    backbone, window = BACKBONES[name], WINDOWS[name]
    network = LocalisationNetwork(load_trunk(name, None), backbone.out_channels, CLASSES, window).eval()
    convolutional = to_fully_convolutional(network)
    convolutional(picture[None])  # the first call sets up
    fast, answer = seconds(lambda: convolutional(picture[None])[0], rounds)
    slow, expected = seconds(lambda: slide(network, picture, backbone.stride), 1)
    rows, columns = (min(a, b) for a, b in zip(answer.shape[1:], expected.shape[1:], strict=True))
    return {
        "window": window,
        "stride": backbone.stride,
        "windows": expected[0].numel(),
        "one pass, ms": 1000 * fast,
        "naive, ms": 1000 * slow,
        "ratio": slow / fast,
        "largest difference": (answer[:, :rows, :columns] - expected[:, :rows, :columns]).abs().max().item(),
    }


FORMS = ("d", "d", "d", ".1f", ".0f", ".0f", ".1e")


def cells(found: Mapping[str, float]) -> list[str]:
    """The figures of `compare` as they are shown."""
    return [format(value, form) for value, form in zip(found.values(), FORMS, strict=True)]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=640, help="of the square frame, pixels")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--trunks", help=f"of: {', '.join(WINDOWS)}; default: each")
    parser.add_argument("--json", type=Path, metavar="PATH")
    arguments = parser.parse_args()
    names = arguments.trunks.split(",") if arguments.trunks else list(WINDOWS)
    found = {name: compare(name, arguments.side, arguments.rounds) for name in names}
    rows = [[name, *cells(one)] for name, one in found.items()]
    print_table("One pass against the sliding window", ["trunk", *found[names[0]]], [rows], markdown=False)
    if arguments.json:
        write_stats(arguments.json, found)


if __name__ == "__main__":
    main()
