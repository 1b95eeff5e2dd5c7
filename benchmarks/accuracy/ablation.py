"""What each cue of the default tracker is worth: HOTA as it is, and with one cue removed.

usage: python -m benchmarks.accuracy.ablation ROOT[@DETECTIONS]... [--cues A,B] [--offline] [--noisy N] [--every N]
                                     [--sequences A,B] [--camera gmc.txt] [--rescale-scores] [--markdown]

With --offline, the stages that run once the whole sequence is known are removed instead, one by one and all together.

Each figure is the mean over the sequences played forward, backward, and, with --noisy, in N copies with 3 % of the
detections dropped and boxes moved by 1 % of their size: on a few sequences one changed identity is worth a point, so a
single run cannot tell what a cue does. Behind each difference stands its standard error over those copies. --every 3
plays each third frame only, as from a camera of a third of the frame rate.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.accuracy.comparison import add_sequence_arguments, load_or_skip
from benchmarks.accuracy.sequences import LoadedSequence, perturbed, run_tracker, subsampled, time_reversed, with_camera
from benchmarks.tables import print_circumstances, print_table
from detectors import InputError
from detectors.base import Floats
from tracker.association.presets import DEFAULT, PRESETS, Preset
from tracker.evaluation.evaluate import evaluate
from tracker.offline.postprocess import STAGES

ABSOLUTE = {"relative_thresholds": False, "low_threshold": 0.1}

# Cue -> fields of the preset that remove it; "cues.expansion" is the field `expansion` of its field `cues`.
CUES: dict[str, dict[str, Any]] = {
    "mutual best pairs (Hungarian instead)": {"cues.greedy": False},
    "overlap of heights": {"cues.height_overlap": False},
    "grown boxes": {"cues.expansion": 0.0, "cues.expansion_rate": 0.0},
    "reach of uncertain predictions": {"cues.reach": 0.0},
    "reports at once at low frame rates": {"confirm_interval": math.inf},
    "change of the score": {"cues.score_change": 0.0},
    "usual height": {"cues.height_change": 0.0},
    "feet": {"cues.bottom_edge": 0.0},
    "price of weak detections": {"cues.low_score": 0.0},
    "waiting": {"cues.missed": 0.0},
    "occlusion": {"cues.occlusion": 0.0},
    "relative thresholds (0.45 instead)": {
        "relative_thresholds": False,
        "low_threshold": 0.1,
        "high_threshold": 0.45,
        "birth_threshold": 0.45,
    },
    "relative thresholds (0.6 and 0.7 instead)": {
        "relative_thresholds": False,
        "low_threshold": 0.1,
        "high_threshold": 0.6,
        "birth_threshold": 0.7,
    },
    "weak parts left out": {"max_containment": 1.0},
    "doubles start no tracks": {"birth_overlap": 1.0},
    "doubles that stay (persistence)": {"persistence": math.inf},
    "first frame believed": {"confirm_first_frame": False},
    "revival": {"revival": None},
    "long memory": {"memory": 0.0},
    "adaptive noise": {"adaptive_noise": False},
    "adaptive velocity": {"adaptive_velocity": False},
    "shared motion": {"shared_motion": False},
    "camera motion": {"camera": False},
    "detections' boxes (filtered instead)": {"filtered": True},
}

Copies = Sequence[Sequence[LoadedSequence]]


def with_fields(preset: Preset, fields: Mapping[str, Any]) -> Preset:
    """The preset with these fields replaced."""
    for name, value in fields.items():
        outer, _, inner = name.partition(".")
        changed = replace(getattr(preset, outer), **{inner: value}) if inner else value
        preset = replace(preset, **{outer: changed})
    return preset


def make_copies(sequences: Sequence[LoadedSequence], noisy: int, every: int = 1) -> Copies:
    """Copies of the sequences, with camera motion where possible: forward, backward, and perturbed ones of both."""
    sequences = [subsampled(with_camera(one), every) for one in sequences]
    reversed_ = [time_reversed(sequence) for sequence in sequences]
    directions = (sequences, reversed_)
    return [*directions, *([perturbed(one, seed) for one in directions[seed % 2]] for seed in range(noisy))]


def hota(preset: Preset, copies: Copies, offline: Collection[str] = ()) -> Floats:
    """HOTA ``(C,)`` of all sequences together, a copy an entry. offline: stages to run afterwards."""
    found = []
    for sequences in copies:
        rows = {
            one.name: run_tracker(one, preset, camera=preset.camera and one.camera is not None, offline=offline).rows
            for one in sequences
        }
        found.append(evaluate([one.truth for one in sequences], rows).combined.hota)
    return np.array(found)


def ablate_cues(copies: Copies, cues: Mapping[str, Mapping[str, Any]]) -> dict[str, Floats]:
    """HOTA ``(C,)`` of each copy, as it is and without each cue."""
    preset = PRESETS[DEFAULT]
    removed = {f"without {name}": hota(with_fields(preset, fields), copies) for name, fields in cues.items()}
    return {"as it is": hota(preset, copies)} | removed


def ablate_offline_stages(copies: Copies) -> dict[str, Floats]:
    """HOTA ``(C,)`` of each copy offline: as it is, without each stage, and without all."""
    rest = {f"without {stage}": [other for other in STAGES if other != stage] for stage in STAGES}
    stages: dict[str, Collection[str]] = {"as it is": STAGES} | rest | {"online": ()}
    return {name: hota(PRESETS[DEFAULT], copies, kept) for name, kept in stages.items()}


def show(found: Mapping[str, Mapping[str, Floats]], markdown: bool) -> None:
    """Print a row for each cue and, for each root, HOTA and its difference from "as it is"."""
    headings = [DEFAULT]
    rows = {name: [name] for columns in found.values() for name in columns}
    for title, columns in found.items():
        headings += [title, "difference"]
        as_it_is = columns["as it is"]
        for name, values in columns.items():
            rows[name] += [f"{values.mean():.2f}", "" if name == "as it is" else _difference(values - as_it_is)]
    copies = len(next(iter(next(iter(found.values())).values())))
    print_table(f"HOTA, mean of {copies} copies", headings, [list(rows.values())], markdown)


def _difference(values: Floats) -> str:
    return f"{values.mean():+.2f} ± {values.std(ddof=1) / np.sqrt(len(values)):.2f}"


def chosen_cues(text: str | None) -> dict[str, dict[str, Any]]:
    """The cues that a person has listed. Raises InputError for one that does not exist."""
    names = list(CUES) if text is None else text.split(",")
    for name in names:
        if name not in CUES:
            raise InputError(f"--cues {name}", "no such cue", f"choose from: {', '.join(CUES)}")
    return {name: CUES[name] for name in names}


def main() -> None:
    """Print the table; the exit status is 0 if a root could be run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_sequence_arguments(parser)
    parser.add_argument("--cues", help=f"those to remove, of: {', '.join(CUES)}; default: each")
    parser.add_argument("--offline", action="store_true", help="remove the stages of offline tracking instead")
    parser.add_argument("--noisy", type=int, default=0, metavar="N", help="copies that are disturbed")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="play every Nth frame only")
    arguments = parser.parse_args()
    if arguments.every < 1:
        sys.exit(f"error: --every {arguments.every}: is below 1 (1 plays every frame)")
    found = {}
    print_circumstances()
    try:
        cues = chosen_cues(arguments.cues)
        for sequence_set in arguments.sets:
            if sequences := load_or_skip(sequence_set, arguments):
                title = f"{sequence_set.root}" if sequence_set.name in found else sequence_set.name
                copies = make_copies(sequences, arguments.noisy, arguments.every)
                found[title] = ablate_offline_stages(copies) if arguments.offline else ablate_cues(copies, cues)
    except InputError as error:
        sys.exit(f"error: {error}")
    if not found:
        sys.exit(1)
    show(found, arguments.markdown)


if __name__ == "__main__":
    main()
