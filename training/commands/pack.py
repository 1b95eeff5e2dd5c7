"""Packs data sets for training elsewhere: few megabytes, everything in one folder.

usage: python -m training pack DATA... -o FOLDER [--teacher LABELS] [--megabytes N]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from detectors.errors import InputError
from training.data.counts import counted
from training.data.dataset import load_datasets
from training.data.packing import pack
from training.data.pseudo_labels import read_labels

MEGABYTE = 1_000_000
LABEL_BYTES = 350  # of a picture's labels, about


def main(arguments: Sequence[str]) -> None:
    """Pack as told on the command line. Raises InputError for what cannot be used."""
    parser = argparse.ArgumentParser(
        prog="python -m training pack", description="Pack data sets for a machine far off."
    )
    parser.add_argument("data", metavar="DATA", nargs="+", help="as for training")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER", help="a new folder")
    parser.add_argument("--teacher", type=Path, action="append", default=[], metavar="LABELS", help="as for training")
    parser.add_argument("--megabytes", type=float, default=60.0, metavar="N", help="that it may take (default: 60)")
    options = parser.parse_args(arguments)
    if options.output.exists():
        raise InputError(options.output, "exists", "choose another name")
    dataset = load_datasets(options.data)
    labels = read_labels(options.teacher, dataset.class_names)
    limit = options.megabytes * MEGABYTE - LABEL_BYTES * len(dataset.images)
    how = pack(dataset, labels, options.output, limit)
    taken = sum(file.stat().st_size for file in options.output.rglob("*") if file.is_file()) / MEGABYTE
    print(f"{options.output}: {counted(len(dataset.images), 'picture')}, {how.longest} pixels at most, {taken:.1f} MB")
