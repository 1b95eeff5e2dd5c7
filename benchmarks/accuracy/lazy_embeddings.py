"""Lazy embeddings against embedding everything: HOTA and numbers of embeddings, over sequences with images.

usage: python -m benchmarks.accuracy.lazy_embeddings ROOT[@DETECTIONS]... [--appearance NAME|PATH] [--sequences A,B]
                                                    [--markdown]

Each sequence is tracked forward and backward by the default tracker with the camera's motion: with the embedding of
every detection, of every strong one, and of those that the tracker asks for. All are computed once beforehand.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.accuracy.comparison import add_sequence_arguments, load_or_skip
from benchmarks.accuracy.sequences import LoadedSequence, SequenceSet, time_reversed, with_camera
from benchmarks.tables import print_circumstances, print_table
from detectors import Detections, InputError
from detectors.base import Floats, Ints
from detectors.boxes import xyxy_to_tlwh
from tracker.appearance.embedder import Embedder, load_embedder
from tracker.association.engine import Tracker
from tracker.evaluation.evaluate import evaluate
from tracker.sources.sequence import open_sequence

POLICIES = ("every detection", "every strong one", "where it decides", "none")
HEADINGS = ("looks at", "HOTA forward", "HOTA backward", "mean", "embeddings", "of all", "of the strong")


@dataclass
class Count:
    """Embeddings that were made use of, and detections that there were."""

    embeddings: int = 0
    detections: int = 0
    strong: int = 0


def with_embeddings(sequence: LoadedSequence, embedder: Embedder) -> LoadedSequence:
    """The same with the embedding of every detection."""
    assert sequence.folder is not None
    pairs = zip(open_sequence(sequence.folder).frames, sequence.detections, strict=True)
    return replace(
        sequence,
        detections=tuple(replace(found, embeddings=embedder(frame, found.boxes)) for frame, found in pairs),
    )


def track_with_embeddings(sequence: LoadedSequence, policy: str, count: Count) -> Floats:
    """Rows frame,id,x,y,w,h ``(N, 6)`` of the tracks of a sequence with embeddings."""
    tracker, rows = Tracker(frame_rate=sequence.frame_rate), [np.empty((0, 6))]
    for index, found in enumerate(sequence.detections):
        vectors = found.embeddings
        assert vectors is not None
        strong = found.scores >= tracker.high_score_threshold
        given = {"every detection": vectors, "every strong one": vectors * strong[:, None]}.get(policy)
        bare = Detections(found.boxes, found.scores, found.class_ids, given)

        def embed(asked: Ints, vectors: Floats = vectors) -> Floats:
            count.embeddings += len(asked)
            return vectors[asked]

        camera = sequence.camera[index] if sequence.camera else None
        time = index / sequence.frame_rate
        tracks = tracker.update(bare, time, camera, embed if policy == "where it decides" else None)
        count.embeddings += 0 if given is None else int(given.any(axis=1).sum())
        count.detections, count.strong = (
            count.detections + len(found),
            count.strong + int(strong.sum()),
        )
        rows.append(np.column_stack([np.full(len(tracks), index + 1), tracks.track_ids, xyxy_to_tlwh(tracks.boxes)]))
    return np.concatenate(rows)


def measure(sequence_set: SequenceSet, sequences: Sequence[LoadedSequence], embedder: Embedder, markdown: bool) -> None:
    """Print the table of one root."""
    forward = [with_embeddings(with_camera(sequence), embedder) for sequence in sequences]
    both = (forward, [time_reversed(sequence) for sequence in forward])
    table = []
    for policy in POLICIES:
        count, scores = Count(), []
        for copies in both:
            rows = {one.name: track_with_embeddings(one, policy, count) for one in copies}
            scores.append(evaluate([one.truth for one in copies], rows).combined.hota)
        shares = (f"{100 * count.embeddings / max(total, 1):.1f} %" for total in (count.detections, count.strong))
        table.append(
            [policy, *(f"{score:.2f}" for score in (*scores, float(np.mean(scores)))), str(count.embeddings), *shares]
        )
    names = ", ".join(sequence.name for sequence in sequences)
    print_table(f"{sequence_set.name}: {names}", HEADINGS, [table], markdown)


def main() -> None:
    """Print the tables; the exit status is 0 if there is at least one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_sequence_arguments(parser)
    parser.add_argument("--appearance", default="auto", metavar="NAME|PATH", help="model that tells objects apart")
    arguments = parser.parse_args()
    print_circumstances()
    done = False
    try:
        embedder = load_embedder(arguments.appearance)
        if embedder is None:
            raise InputError("--appearance none", "there is nothing to compare", "name a model")
        for sequence_set in arguments.sets:
            sequences = load_or_skip(sequence_set, arguments)
            pictured = [sequence for sequence in sequences if sequence.folder is not None]
            for sequence in sequences:
                if sequence.folder is None:
                    print(f"skipped: {sequence.name}: no images")
            if pictured:
                measure(sequence_set, pictured, embedder, arguments.markdown)
                done = True
    except InputError as error:
        sys.exit(f"error: {error}")
    sys.exit(0 if done else 1)


if __name__ == "__main__":
    main()
