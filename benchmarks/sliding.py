"""One fully convolutional pass against the naive sliding window, on one frame, at the trunk's own stride.

usage: python -m benchmarks.sliding [--side PIXELS] [--rounds N]        (needs the extra `train`)

The largest difference of the two answers is printed too: rounding where the trunk has no padding, else what a window
loses by being cut out of its neighbourhood and surrounded by zeros.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from rich.console import Console
from rich.table import Table

from training.backbones import BACKBONES, load_trunk
from training.network import LocalisationNetwork, slide, to_fully_convolutional

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
def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=640, help="of the square frame, pixels")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    torch.manual_seed(0)
    picture = torch.rand(3, arguments.side, arguments.side)
    table = Table("trunk", "window", "stride", "windows", "one pass, ms", "naive, ms", "ratio", "largest difference")
    for name, window in WINDOWS.items():
        backbone = BACKBONES[name]
        network = LocalisationNetwork(load_trunk(name, None), backbone.out_channels, CLASSES, window).eval()
        convolutional = to_fully_convolutional(network)
        convolutional(picture[None])  # the first call sets up
        fast, answer = seconds(lambda c=convolutional: c(picture[None])[0], arguments.rounds)  # type: ignore[misc]
        slow, expected = seconds(lambda n=network, s=backbone.stride: slide(n, picture, s), 1)  # type: ignore[misc]
        rows, columns = (min(a, b) for a, b in zip(answer.shape[1:], expected.shape[1:], strict=True))
        difference = (answer[:, :rows, :columns] - expected[:, :rows, :columns]).abs().max().item()
        numbers = f"{1000 * fast:.1f}", f"{1000 * slow:.0f}", f"{slow / fast:.0f}", f"{difference:.1e}"
        table.add_row(name, str(window), str(backbone.stride), str(expected[0].numel()), *numbers)
    Console().print(table)


if __name__ == "__main__":
    main()
