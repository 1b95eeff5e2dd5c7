"""Presets over MOTChallenge sequences, beside what other trackers reach on the same detections.

usage: python -m benchmarks.accuracy ROOT[@DETECTIONS]... [--presets A,B] [--sequences A,B] [--camera gmc.txt]
                                     [--appearance NAME|PATH] [--rescale-scores] [--markdown] [--json PATH]

ROOT holds sequence folders (NAME/seqinfo.ini, NAME/gt/gt.txt); DETECTIONS is the path inside one (default:
det/det.txt). Presets run by motion only, and once more with each thing that they can use and all sequences have:
camera motion (recorded: frame, then the affine matrix from the frame before, row by row; or else estimated from
images), and appearance, by the model named. The default runs offline as well, with the whole sequence known
beforehand. What is missing is skipped and told. Scores are TrackEval's; speed is that of association alone.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.accuracy.peer_results import WHEN, Peer, PeerTable, peer_tables_within
from benchmarks.accuracy.sequences import (
    LoadedSequence,
    SequenceSet,
    TrackingResult,
    load_sequences,
    run_tracker,
    with_camera,
)
from benchmarks.tables import circumstances, print_circumstances, print_table
from detectors import InputError
from tracker.appearance.embedder import Embedder, load_embedder
from tracker.association.presets import DEFAULT, PRESETS, Preset
from tracker.evaluation.evaluate import Evaluation, Scores, evaluate
from tracker.offline.postprocess import STAGES
from tracker.writers.stats import write_stats

OFFLINE = "offline"
HEADINGS = ("tracker", "HOTA", "DetA", "AssA", "MOTA", "IDF1", "IDSW", "frames/s", "source")


@dataclass(frozen=True)
class Mode:
    """What a preset may use beside the objects' motion: the camera's motion, appearance, and the whole sequence."""

    camera: bool = False
    embedder: Embedder | None = None
    offline: bool = False

    @property
    def name(self) -> str:
        """Shown after the preset's; none for motion only."""
        parts = {"camera": self.camera, "appearance": self.embedder is not None, OFFLINE: self.offline}
        return ", ".join(part for part, used in parts.items() if used)

    def suits(self, preset: Preset) -> bool:
        """Whether the preset makes use of all of it; offline is for the default alone."""
        camera, appearance = preset.camera or not self.camera, preset.appearance != "none" or self.embedder is None
        return camera and appearance and (preset is PRESETS[DEFAULT] or not self.offline)

    def lacks(self, sequence: LoadedSequence) -> str:
        """What a sequence lacks for it, "" if nothing."""
        if self.embedder is not None and sequence.folder is None:
            return "no images"
        return "no recorded camera motion and no images" if self.camera and sequence.camera is None else ""

    def run_tracker(self, sequence: LoadedSequence, preset: Preset) -> TrackingResult:
        """Track a sequence that lacks nothing."""
        return run_tracker(sequence, preset, self.camera, self.embedder, STAGES if self.offline else ())


@dataclass(frozen=True, eq=False)
class Run:
    """One preset in one mode, over all sequences of a root."""

    preset: str
    mode: str
    played: Mapping[str, TrackingResult]


def make_modes(appearance: str) -> list[Mode]:
    """Every mode, motion only first. Raises InputError when there is no such model."""
    embedder = load_embedder(appearance)
    modes = [
        Mode(camera, model) for model in ((None,) if embedder is None else (None, embedder)) for camera in (False, True)
    ]
    return [*modes, *(replace(mode, offline=True) for mode in modes)]


def run_all(
    sequence_set: SequenceSet, sequences: Sequence[LoadedSequence], presets: Sequence[str], modes: Sequence[Mode]
) -> list[Run]:
    """Every preset in every mode that it uses and the sequences allow; prints why others are skipped."""
    allowed = []
    for mode in modes:
        reasons = [f"{sequence.name} has {lack}" for sequence in sequences if (lack := mode.lacks(sequence))]
        if not reasons:
            allowed.append(mode)
        elif any(mode.suits(PRESETS[name]) for name in presets) and not mode.offline:  # told already
            print(f"skipped: {sequence_set.root}: {mode.name}: {reasons[0]}")
    return [
        Run(name, mode.name, {sequence.name: mode.run_tracker(sequence, PRESETS[name]) for sequence in sequences})
        for name in presets
        for mode in allowed
        if mode.suits(PRESETS[name])
    ]


def score(run: Run, sequences: Sequence[LoadedSequence], names: Collection[str]) -> tuple[Evaluation, float]:
    """Scores on the sequences in `names`, and frames a second there."""
    truths = [sequence.truth for sequence in sequences if sequence.name in names]
    played = {truth.name: run.played[truth.name] for truth in truths}
    speed = sum(one.frames for one in played.values()) / max(sum(one.seconds for one in played.values()), 1e-9)
    return evaluate(truths, {name: one.rows for name, one in played.items()}), speed


def report(
    sequence_set: SequenceSet, sequences: Sequence[LoadedSequence], runs: Sequence[Run], markdown: bool
) -> list[dict[str, Any]]:
    """Print a table of all sequences, and of each part of them that peers are known on; the same as data."""
    names = frozenset(sequence.name for sequence in sequences)
    boards = peer_tables_within(names, sequence_set.detections)
    if not any(board.sequences == names for board in boards):
        boards.insert(
            0, PeerTable(f"{sequence_set.name}: {', '.join(sorted(names))}", names, sequence_set.detections, ())
        )
    tables = []
    for board in boards:
        scored = [(run, *score(run, sequences, board.sequences)) for run in runs]
        ours = [_our_row(run, found.combined, speed) for run, found, speed in scored]
        peers = sorted(board.peers, key=lambda peer: -peer.hota)
        print_table(board.title, HEADINGS, [ours, [_peer_row(peer) for peer in peers]], markdown)
        rows = [
            {"preset": run.preset, "mode": run.mode, "frames_per_second": speed} | asdict(found)
            for run, found, speed in scored
        ]
        about = {"title": board.title, "root": sequence_set.root.as_posix(), "detections": sequence_set.detections}
        tables.append(about | {"rows": rows, "peers": [asdict(peer) for peer in peers]})
    return tables


def _our_row(run: Run, scores: Scores, speed: float) -> list[str]:
    *percentages, switches = asdict(scores).values()
    return [_label(run.preset, run.mode), *map(_percent, percentages), str(switches), f"{speed:.0f}", "this run"]


def _peer_row(peer: Peer) -> list[str]:
    percentages = [_percent(value) for value in (peer.hota, peer.deta, peer.assa, peer.mota, peer.idf1)]
    switches = "" if peer.idsw is None else str(peer.idsw)
    return [_label(peer.name, peer.also), *percentages, switches, peer.speed, peer.source]


def _label(name: str, also: str) -> str:
    return f"{name} + {also}" if also else name


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def chosen_presets(text: str) -> list[str]:
    """The presets that a person has listed. Raises InputError for one that does not exist."""
    names = text.split(",")
    for name in names:
        if name not in PRESETS:
            raise InputError(f"--presets {name}", "no such tracker", f"choose from: {', '.join(PRESETS)}")
    return names


def add_sequence_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments that say which sequences."""
    parser.add_argument("sets", nargs="+", metavar="ROOT[@DETECTIONS]", type=SequenceSet.parse)
    parser.add_argument("--sequences", help="names of those to run; default: all")
    parser.add_argument(
        "--half", type=int, choices=(1, 2), help="every other sequence only: tune on the first half, report the second"
    )
    parser.add_argument("--camera", default="gmc.txt", help="recorded camera motion, path inside a sequence folder")
    parser.add_argument("--rescale-scores", action="store_true", help="map each file's scores to [0, 1]")
    parser.add_argument("--markdown", action="store_true", help="print tables in Markdown")


def load_or_skip(sequence_set: SequenceSet, arguments: argparse.Namespace) -> list[LoadedSequence]:
    """The sequences of a set; none, after a line that says why, where they cannot be loaded."""
    names = arguments.sequences.split(",") if arguments.sequences else None
    try:
        loaded = load_sequences(sequence_set, names, arguments.camera, arguments.rescale_scores)
        return loaded if arguments.half is None else loaded[arguments.half - 1 :: 2]
    except InputError as error:
        print(f"skipped: {error}")
        return []


def main() -> None:
    """Print the tables; the exit status is 0 if there is at least one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_sequence_arguments(parser)
    parser.add_argument("--presets", default=",".join(PRESETS))
    parser.add_argument("--appearance", default="auto", metavar="NAME|PATH", help="model that tells objects apart")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write all figures, those of each sequence too")
    arguments = parser.parse_args()
    tables = []
    print_circumstances()
    try:
        presets, modes = chosen_presets(arguments.presets), make_modes(arguments.appearance)
        for sequence_set in arguments.sets:
            if sequences := load_or_skip(sequence_set, arguments):
                sequences = [with_camera(sequence) for sequence in sequences]
                runs = run_all(sequence_set, sequences, presets, modes)
                tables += report(sequence_set, sequences, runs, arguments.markdown)
        if arguments.json and tables:
            write_stats(arguments.json, {"circumstances": circumstances(), "tables": tables})
    except InputError as error:
        sys.exit(f"error: {error}")
    if not tables:
        sys.exit(1)
    if any(table["peers"] for table in tables):
        print(f"\nPeers' rows: measured on the same detections, {WHEN}, or published.")


if __name__ == "__main__":
    main()
