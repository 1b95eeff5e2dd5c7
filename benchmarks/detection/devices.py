"""Another device against the CPU: the time of an answer, in turns, and how far the answers differ.

usage: python -m benchmarks.detection.devices MODEL.onnx... [--device openvino] [--threads 1] [--rounds 15]
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np

from detectors import InputError
from detectors.race import noise
from detectors.runtime import device_note, open_session


def main() -> None:
    """Print a line a model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="MODEL.onnx")
    parser.add_argument("--device", default="openvino")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    try:
        for model in arguments.models:
            print(compare(model, arguments.device, arguments.threads, arguments.rounds), flush=True)
    except InputError as error:
        sys.exit(f"error: {error}")


def compare(model: str, device: str, threads: int, rounds: int) -> str:
    """Medians of both in milliseconds, their ratio, and the largest difference of an answer."""
    sessions = [open_session(model, each, threads) for each in ("cpu", device)]
    if notes := device_note(sessions[1], device):
        return f"{model}: {notes[0]}"
    inputs = {each.name: noise(each) for each in sessions[0].get_inputs()}
    answers = [[np.asarray(each, dtype=np.float64) for each in session.run(None, inputs)] for session in sessions]
    apart = max(float(np.abs(a - b).max(initial=0)) for a, b in zip(*answers, strict=True))
    spent: list[list[float]] = [[], []]
    for _ in range(rounds):
        for at, session in enumerate(sessions):
            start = time.perf_counter()
            session.run(None, inputs)
            spent[at].append(1000 * (time.perf_counter() - start))
    usual, other = (float(np.median(times)) for times in spent)
    times = f"cpu {usual:.1f} ms, {device} {other:.1f} ms, ratio {other / usual:.2f}"
    return f"{model}: {times}, answers differ by {apart:.2g}"


if __name__ == "__main__":
    main()
