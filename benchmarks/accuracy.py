"""Presets over MOTChallenge sequences, beside what other trackers reach on the same detections.

usage: python -m benchmarks.accuracy ROOT[@DETECTIONS]... [--presets A,B] [--sequences A,B] [--camera gmc.txt]
                                     [--appearance NAME|PATH] [--rescale-scores] [--markdown] [--json PATH]

ROOT holds sequence folders (NAME/seqinfo.ini, NAME/gt/gt.txt); DETECTIONS is the path inside one (default:
det/det.txt). Presets run by motion only, and once more with each thing that they can use and all sequences have:
recorded camera motion (frame, then the affine matrix from the frame before, row by row), and appearance, if a model is
given. The default runs offline as well, with the whole sequence known beforehand. What is missing is skipped and told.
Scores are TrackEval's; speed is that of association alone.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.peers import WHEN, Board, Peer, boards_within
from benchmarks.sequences import Place, Played, Recording, load_recordings, play
from benchmarks.tables import circumstances, print_circumstances, print_table
from detectors import InputError
from tracker.appearance import load_embedder
from tracker.evaluate import Evaluation, Scores, evaluate
from tracker.offline.revise import STAGES
from tracker.presets import DEFAULT, PRESETS, Preset
from tracker.writers.stats import write_stats

OFFLINE = "offline"
HEADINGS = ("tracker", "HOTA", "DetA", "AssA", "MOTA", "IDF1", "IDSW", "frames/s", "source")


@dataclass(frozen=True)
class Mode:
    """A way to run a preset.

    name: shown after the preset's, none for motion only. uses: whether a preset would make a difference of it. lacks:
    what a recording misses for it, "" if nothing.
    """

    name: str
    play: Callable[..., Played]
    uses: Callable[[Preset], bool]
    lacks: Callable[[Recording], str]


@dataclass(frozen=True, eq=False)
class Run:
    """One preset in one mode, over all sequences of a root."""

    preset: str
    mode: str
    played: Mapping[str, Played]


def make_modes(camera: str, appearance: str) -> list[Mode]:
    """Every mode, motion only first. Raises InputError when there is no such model."""
    modes = [
        Mode("", play, uses=lambda _: True, lacks=lambda _: ""),
        Mode(
            "camera",
            partial(play, camera=True),
            uses=lambda preset: preset.camera,
            lacks=lambda recording: "" if recording.camera else f"no {camera}",
        ),
    ]
    embedder = load_embedder(appearance)
    if embedder is not None:
        modes.append(
            Mode(
                "appearance",
                partial(play, embedder=embedder),
                uses=lambda preset: preset.appearance != "none",
                lacks=lambda recording: "" if recording.folder else "no images",
            )
        )
    return [*modes, *map(_offline, modes)]


def _offline(mode: Mode) -> Mode:
    """The same mode, with the whole sequence known before its tracks are told; for the default preset."""
    return Mode(
        f"{mode.name}, {OFFLINE}".removeprefix(", "),
        partial(mode.play, offline=STAGES),
        uses=lambda preset: preset is PRESETS[DEFAULT] and mode.uses(preset),
        lacks=mode.lacks,
    )


def run_all(place: Place, recordings: Sequence[Recording], presets: Sequence[str], modes: Sequence[Mode]) -> list[Run]:
    """Every preset in every mode that it uses and the recordings allow; the others are told."""
    allowed = []
    for mode in modes:
        reasons = [f"{recording.name} has {lack}" for recording in recordings if (lack := mode.lacks(recording))]
        if not reasons:
            allowed.append(mode)
        elif any(mode.uses(PRESETS[name]) for name in presets) and not mode.name.endswith(OFFLINE):  # told already
            print(f"skipped: {place.root}: {mode.name}: {reasons[0]}")
    return [
        Run(name, mode.name, {recording.name: mode.play(recording, PRESETS[name]) for recording in recordings})
        for name in presets
        for mode in allowed
        if mode.uses(PRESETS[name])
    ]


def score(run: Run, recordings: Sequence[Recording], names: Collection[str]) -> tuple[Evaluation, float]:
    """Scores on the sequences in `names`, and frames a second there."""
    truths = [recording.truth for recording in recordings if recording.name in names]
    played = {truth.name: run.played[truth.name] for truth in truths}
    speed = sum(one.frames for one in played.values()) / max(sum(one.seconds for one in played.values()), 1e-9)
    return evaluate(truths, {name: one.rows for name, one in played.items()}), speed


def report(place: Place, recordings: Sequence[Recording], runs: Sequence[Run], markdown: bool) -> list[dict[str, Any]]:
    """Print a table of all sequences, and of each part of them that peers are known on; the same as data."""
    names = frozenset(recording.name for recording in recordings)
    boards = boards_within(names, place.detections)
    if not any(board.sequences == names for board in boards):
        boards.insert(0, Board(f"{place.name}: {', '.join(sorted(names))}", names, place.detections, ()))
    tables = []
    for board in boards:
        scored = [(run, *score(run, recordings, board.sequences)) for run in runs]
        ours = [_our_row(run, found.combined, speed) for run, found, speed in scored]
        peers = sorted(board.peers, key=lambda peer: -peer.hota)
        print_table(board.title, HEADINGS, [ours, [_peer_row(peer) for peer in peers]], markdown)
        rows = [
            {"preset": run.preset, "mode": run.mode, "frames_per_second": speed} | asdict(found)
            for run, found, speed in scored
        ]
        about = {"title": board.title, "root": place.root.as_posix(), "detections": place.detections}
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


def add_places(parser: argparse.ArgumentParser) -> None:
    """The arguments that say which sequences."""
    parser.add_argument("places", nargs="+", metavar="ROOT[@DETECTIONS]", type=Place.parse)
    parser.add_argument("--sequences", help="names of those to run; default: all")
    parser.add_argument("--camera", default="gmc.txt", help="recorded camera motion, path inside a sequence folder")
    parser.add_argument("--rescale-scores", action="store_true", help="map each file's scores to [0, 1]")
    parser.add_argument("--markdown", action="store_true", help="print tables in Markdown")


def load_or_tell(place: Place, arguments: argparse.Namespace) -> list[Recording]:
    """The recordings of a place; none, and a line that says why, where they cannot be had."""
    names = arguments.sequences.split(",") if arguments.sequences else None
    try:
        return load_recordings(place, names, arguments.camera, arguments.rescale_scores)
    except InputError as error:
        print(f"skipped: {error}")
        return []


def main() -> None:
    """Print the tables; the exit status is 0 if there is at least one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_places(parser)
    parser.add_argument("--presets", default=",".join(PRESETS))
    parser.add_argument("--appearance", default="none", metavar="NAME|PATH", help="model that tells objects apart")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write all figures, those of each sequence too")
    arguments = parser.parse_args()
    tables = []
    print_circumstances()
    try:
        presets, modes = chosen_presets(arguments.presets), make_modes(arguments.camera, arguments.appearance)
        for place in arguments.places:
            if recordings := load_or_tell(place, arguments):
                runs = run_all(place, recordings, presets, modes)
                tables += report(place, recordings, runs, arguments.markdown)
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
