"""HOTA at lower frame rates and with noisy detections, and how much of the truth is reported, beside other trackers.

usage: python -m benchmarks.accuracy.conditions ROOT[@DETECTIONS]... [--every 1,2,5,10,25] [--noisy N] [--rates 30,2,1]
                                     [--peers PYTHON] [--half 1|2] [--presets A,B] [--camera gmc.txt] [--markdown]

The first table has a column for every Nth frame of a set, detections and ground truth thinned alike, and one for the
mean of N copies of which 10 % of the detections are dropped and the edges moved by 5 % of the box's sides. The second
takes the ground truth's boxes, all of one score, for detections, thinned to so many frames a second, and tells which
share of them is reported at all, under whichever number: whatever is seen is an object. Each preset runs by motion
only, and the default with recorded camera motion, too, where all sequences of a set have it. --peers runs the trackers
of another Python (benchmarks/speed/peers.txt), told the frame rate if they take it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.accuracy.comparison import add_sequence_arguments, chosen_presets, load_or_skip
from benchmarks.accuracy.sequences import LoadedSequence, perturbed, run_tracker, subsampled
from benchmarks.speed.peer_process import PeerProcess, save_detections
from benchmarks.tables import print_circumstances, print_table
from detectors import Detections, InputError
from detectors.base import Floats
from tracker.association.presets import DEFAULT, PRESETS, Preset
from tracker.evaluation.evaluate import evaluate

DROPPED, JITTER = 0.1, 0.05  # of a noisy copy: share of the detections; standard deviation, share of a box's side
SCORE = 0.9  # of the truth's boxes, taken for detections

RunSequence = Callable[[LoadedSequence], Floats]
"""A sequence -> rows frame,id,x,y,w,h ``(N, 6)`` of a tracker."""


def run_preset(preset: Preset, camera: bool) -> RunSequence:
    """One of ours, by motion only or with the recorded camera motion."""
    return lambda sequence: run_tracker(sequence, preset, camera).rows


def run_peer(peer: PeerProcess, name: str, folder: Path) -> RunSequence:
    """Another tracker. folder: where it finds the detections."""
    return lambda sequence: peer.tracks(
        name, save_detections(folder / "scene.npz", sequence.detections), sequence.frame_rate
    )


def hota(run: RunSequence, sequences: Sequence[LoadedSequence]) -> float:
    """HOTA in percent of a tracker on all sequences together."""
    rows = {one.name: run(one) for one in sequences}
    return evaluate([one.truth for one in sequences], rows).combined.hota


def conditions(
    sequences: Sequence[LoadedSequence], every: Sequence[int], noisy: int
) -> dict[str, list[list[LoadedSequence]]]:
    """Name of a condition -> the copies of the sequences that are played for it."""
    thinned = {f"every {n}" if n > 1 else "all": [[subsampled(one, n) for one in sequences]] for n in every}
    copies = [[perturbed(one, seed, DROPPED, JITTER) for one in sequences] for seed in range(noisy)]
    return thinned | ({"noisy": copies} if noisy else {})


def true_detections(sequence: LoadedSequence, rate: float) -> LoadedSequence:
    """The sequence with its ground truth as detections, at about so many frames a second, at most its own."""
    sequence = subsampled(sequence, max(1, round(sequence.frame_rate / rate)))
    truth, found = sequence.truth, []
    for start, end in zip(truth.bounds[:-1], truth.bounds[1:], strict=True):
        boxes = truth.boxes[start:end][truth.considered[start:end]]
        found.append(Detections(boxes, np.full(len(boxes), SCORE)))
    return replace(sequence, detections=tuple(found))


def reported_share(run: RunSequence, sequences: Sequence[LoadedSequence]) -> tuple[float, float]:
    """Percent of the detections that are reported as tracks: of the worst sequence, and of all together."""
    counts = np.array([(len(run(one)), sum(map(len, one.detections))) for one in sequences])
    return 100 * float((counts[:, 0] / counts[:, 1]).min()), 100 * float(counts[:, 0].sum() / counts[:, 1].sum())


def find_trackers(
    sequences: Sequence[LoadedSequence], presets: Sequence[str], peers: Sequence[PeerProcess], folder: Path
) -> dict[str, RunSequence]:
    """Ours and others' by name."""
    trackers = {name: run_preset(PRESETS[name], False) for name in presets}
    if DEFAULT in presets and all(one.camera is not None for one in sequences):
        trackers[f"{DEFAULT} + camera"] = run_preset(PRESETS[DEFAULT], True)
    return trackers | {name: run_peer(peer, name, folder) for peer in peers for name in peer.trackers}


def report(
    title: str, sequences: Sequence[LoadedSequence], trackers: dict[str, RunSequence], arguments: argparse.Namespace
) -> None:
    """Print both tables of a set."""
    played = conditions(sequences, arguments.every, arguments.noisy)
    rows = [
        [name, *(f"{np.mean([hota(run, copy) for copy in copies]):.1f}" for copies in played.values())]
        for name, run in trackers.items()
    ]
    print_table(f"{title}: HOTA", ["tracker", *played], [rows], arguments.markdown)
    true = {rate: [true_detections(one, rate) for one in sequences] for rate in arguments.rates}
    rows = [
        [name, *("{:.1f}, {:.1f}".format(*reported_share(run, copy)) for copy in true.values())]
        for name, run in trackers.items()
    ]
    headings = ["tracker", *(f"{rate:g} a second" for rate in true)]
    print_table(f"{title}: boxes of the truth reported, %: worst sequence, all", headings, [rows], arguments.markdown)


def _numbers(text: str) -> list[int]:
    numbers = [int(number) for number in text.split(",")]
    if min(numbers) < 1:
        raise ValueError(text)
    return numbers


def main(argv: Sequence[str] | None = None) -> None:
    """Print the tables; the exit status is 0 if a root could be run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_sequence_arguments(parser)
    parser.add_argument("--every", type=_numbers, default=[1, 2, 5, 10, 25], help="every Nth frame, a column each")
    parser.add_argument("--noisy", type=int, default=2, metavar="N", help="copies that are disturbed; 0 for none")
    parser.add_argument("--rates", type=_numbers, default=[30, 2, 1], help="frames a second of the true detections")
    parser.add_argument("--presets", default=DEFAULT)
    parser.add_argument("--peers", type=Path, action="append", default=[], metavar="PYTHON")
    arguments = parser.parse_args(argv)
    done = False
    print_circumstances()
    try:
        presets = chosen_presets(arguments.presets)
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            peers = [stack.enter_context(PeerProcess(python, folder)) for python in arguments.peers]
            for sequence_set in arguments.sets:
                if sequences := load_or_skip(sequence_set, arguments):
                    report(sequence_set.name, sequences, find_trackers(sequences, presets, peers, folder), arguments)
                    done = True
    except InputError as error:
        sys.exit(f"error: {error}")
    if not done:
        sys.exit(1)


if __name__ == "__main__":
    main()
