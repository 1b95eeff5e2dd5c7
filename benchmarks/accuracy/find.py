"""How well `keeptrack find` finds people again, and what its "probably the same" is worth.

usage: python -m benchmarks.accuracy.find ROOT... [--precision SHARE] [--markdown]

Queries are the first halves of the ground truth's people, the gallery is the second halves of all people of all
sequences under ROOT together. Views are chosen, embedded and compared by the command's own code. For each sequence, a
threshold is chosen on the queries of all others, as the lowest similarity from which on such a share of the pairs are
of one person; its precision and recall are told for the queries of that sequence. The last row has them together, with
the threshold of all sequences.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from benchmarks.tables import print_circumstances, print_table
from detectors import InputError
from detectors.base import Bools, Floats, Ints
from tracker.annotations.document import AnnotatedTrack, Annotations
from tracker.appearance.embedder import Embedder, load_embedder
from tracker.evaluation.ground_truth import GT, GroundTruth, load_ground_truth
from tracker.retrieval.gallery import Gallery, GalleryTrack
from tracker.retrieval.ranking import similarities
from tracker.review.track_views import ViewEmbeddings
from tracker.sources.sequence import open_sequence

FEWEST = 10  # boxes of a person that counts
HALVES = 2


@dataclass(frozen=True, eq=False)
class Halves:
    """The first halves of people, queries, and the second ones, the gallery, as tracks of the same numbers."""

    queries: Gallery
    gallery: Gallery

    @property
    def right(self) -> Ints:
        """The place in the gallery of each query's other half, ``(Q,)``."""
        places = {(track.folder, track.track_id): place for place, track in enumerate(self.gallery.tracks)}
        return np.array([places[track.folder, track.track_id] for track in self.queries.tracks])

    def similarities(self) -> Floats:
        """How alike each query and each track of the gallery are, ``(Q, T)``."""
        return np.array(
            [similarities(self.gallery, self.queries.of(place)) for place in range(len(self.queries.tracks))]
        )


def halves_of(truth: GroundTruth) -> Annotations:
    """Each person as two tracks: number 2k is the first half of its boxes, 2k + 1 the second."""
    tracks = []
    frames = np.repeat(np.arange(1, truth.length + 1), np.diff(truth.bounds))
    for person in np.unique(truth.ids[truth.considered]).tolist():
        rows = np.flatnonzero((truth.ids == person) & truth.considered)
        if len(rows) >= FEWEST:
            for half, part in enumerate(np.array_split(rows, HALVES)):
                ones = np.ones(len(part))
                tracks.append(AnnotatedTrack(2 * person + half + 2, "person", frames[part], truth.boxes[part], ones))
    return Annotations(truth.name, truth.name, 0, 0, Fraction(25), truth.length, ["person"], tracks)


def load_halves(roots: Sequence[Path], embedder: Embedder) -> Halves:
    """The halves of the people of all sequences that have pictures."""
    parts: tuple[list[tuple[GalleryTrack, Floats]], ...] = ([], [])
    for folder, truth in _sequences(roots):
        source = open_sequence(folder)
        seen = ViewEmbeddings(halves_of(truth), embedder)
        for _ in seen.over(source.frames):
            pass
        found = seen.result()
        both = {number // 2 for number in found.track_ids.tolist() if number % 2}
        for number in np.unique(found.track_ids).tolist():
            if number // 2 in both and 2 * (number // 2) in found.track_ids:
                track = GalleryTrack(folder, number // 2, "person", 0.0, 0.0, "")
                parts[number % 2].append((track, found.vectors[found.track_ids == number].astype(np.float32)))
    return Halves(*(_gallery(part) for part in parts))


def _sequences(roots: Sequence[Path]) -> Iterator[tuple[Path, GroundTruth]]:
    for root in roots:
        for truth in load_ground_truth(root):
            yield (root if (root / GT).is_file() else root / truth.name), truth


def _gallery(found: Sequence[tuple[GalleryTrack, Floats]]) -> Gallery:
    starts = np.cumsum([0, *(len(rows) for _, rows in found)])[:-1]
    return Gallery([track for track, _ in found], np.concatenate([rows for _, rows in found]), starts, "people")


@dataclass(frozen=True, eq=False)
class Judged:
    """What was found for queries: how alike ``(Q, T)`` they and the gallery are, and the `right` places ``(Q,)``."""

    found: Floats
    right: Ints

    def of(self, rows: Bools) -> Judged:
        """Those of some queries."""
        return Judged(self.found[rows], self.right[rows])

    @property
    def rank1(self) -> float:
        """Share of the queries whose other half is the most alike."""
        return float((self.found.argmax(axis=1) == self.right).mean())

    def threshold(self, precision: float) -> float:
        """The lowest similarity from which on such a share of the pairs are of one person."""
        same = np.zeros(self.found.shape, bool)
        same[np.arange(len(self.right)), self.right] = True
        order = np.argsort(-self.found, axis=None)
        shares = np.cumsum(same.ravel()[order]) / np.arange(1, self.found.size + 1)
        return float(self.found.ravel()[order][np.flatnonzero(shares >= precision)[-1]])

    def told(self, threshold: float) -> Ints:
        """How many pairs are told to be the same, how many of these are, and how many queries there are: ``(3,)``."""
        told = self.found >= threshold
        return np.array([told.sum(), told[np.arange(len(self.right)), self.right].sum(), len(self.right)])


def row_of(name: str, judged: Judged, threshold: float, counts: Ints) -> list[str]:
    """A row of the table."""
    told, true, queries = counts.tolist()
    precision = f"{true / told:.2f} ({true} of {told})" if told else "none told"
    return [name, str(queries), f"{judged.rank1:.3f}", f"{threshold:.3f}", precision, f"{true / queries:.2f}"]


def table_of(halves: Halves, precision: float) -> tuple[list[list[str]], list[str]]:
    """A row for each sequence, and that of all."""
    judged = Judged(halves.similarities(), halves.right)
    folders = [track.folder for track in halves.queries.tracks]
    rows, counts = [], []
    for folder in dict.fromkeys(folders):
        mine = np.array([each == folder for each in folders])
        threshold = judged.of(~mine).threshold(precision)
        counts.append(judged.of(mine).told(threshold))
        rows.append(row_of(folder.name, judged.of(mine), threshold, counts[-1]))
    return rows, row_of("all", judged, judged.threshold(precision), np.sum(counts, axis=0))


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("roots", nargs="+", type=Path, metavar="ROOT")
    parser.add_argument("--precision", type=float, default=0.9, metavar="SHARE")
    parser.add_argument("--markdown", action="store_true", help="print tables in Markdown")
    arguments = parser.parse_args()
    print_circumstances()
    try:
        embedder = load_embedder()
        assert embedder is not None
        rows, together = table_of(load_halves(arguments.roots, embedder), arguments.precision)
    except InputError as error:
        sys.exit(f"error: {error}")
    headings = ("queries of", "queries", "rank-1", "threshold", "precision", "recall")
    print_table("finding people again", headings, [rows, [together]], arguments.markdown)


if __name__ == "__main__":
    main()
