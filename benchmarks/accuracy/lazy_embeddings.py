"""Looking where it decides, against looking at everything: HOTA and embeddings, over sequences with images.

usage: python -m benchmarks.accuracy.lazy_embeddings ROOT[@DETECTIONS]... [--appearance NAME|PATH] [--sequences A,B]
                                                    [--markdown]

Each sequence is tracked forward and backward by the default tracker with the camera's motion: with the look of every
detection, of every strong one, and of those that the tracker asks for. Every detection is described once beforehand.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.accuracy.comparison import add_places, load_or_tell
from benchmarks.accuracy.sequences import Place, Recording, backward, with_camera
from benchmarks.tables import print_circumstances, print_table
from detectors import Detections, InputError
from detectors.base import Floats, Ints
from detectors.boxes import xyxy_to_tlwh
from tracker.appearance.embedder import Embedder, load_embedder
from tracker.association.engine import Tracker
from tracker.evaluation.evaluate import evaluate
from tracker.sources.sequence import open_sequence

WAYS = ("every detection", "every strong one", "where it decides", "none")
HEADINGS = ("looks at", "HOTA forward", "HOTA backward", "mean", "embeddings", "of all", "of the strong")


@dataclass
class Count:
    """Embeddings that were made use of, and detections that there were."""

    embeddings: int = 0
    detections: int = 0
    strong: int = 0


def described(recording: Recording, embedder: Embedder) -> Recording:
    """The same with the look of every detection."""
    assert recording.folder is not None
    pairs = zip(open_sequence(recording.folder).frames, recording.detections, strict=True)
    return replace(
        recording,
        detections=tuple(replace(found, embeddings=embedder(frame, found.boxes)) for frame, found in pairs),
    )


def play(recording: Recording, way: str, count: Count) -> Floats:
    """Rows frame,id,x,y,w,h ``(N, 6)`` of the tracks of a recording with looks."""
    tracker, rows = Tracker(frame_rate=recording.frame_rate), [np.empty((0, 6))]
    for index, found in enumerate(recording.detections):
        vectors = found.embeddings
        assert vectors is not None
        strong = found.scores >= tracker.high_score_threshold
        given = {"every detection": vectors, "every strong one": vectors * strong[:, None]}.get(way)
        bare = Detections(found.boxes, found.scores, found.class_ids, given)

        def embed(asked: Ints, vectors: Floats = vectors) -> Floats:
            count.embeddings += len(asked)
            return vectors[asked]

        camera = recording.camera[index] if recording.camera else None
        time = index / recording.frame_rate
        tracks = tracker.update(bare, time, camera, embed if way == "where it decides" else None)
        count.embeddings += 0 if given is None else int(given.any(axis=1).sum())
        count.detections, count.strong = count.detections + len(found), count.strong + int(strong.sum())
        rows.append(np.column_stack([np.full(len(tracks), index + 1), tracks.track_ids, xyxy_to_tlwh(tracks.boxes)]))
    return np.concatenate(rows)


def measure(place: Place, recordings: Sequence[Recording], embedder: Embedder, markdown: bool) -> None:
    """Print the table of one root."""
    forward = [described(with_camera(recording), embedder) for recording in recordings]
    both = (forward, [backward(recording) for recording in forward])
    table = []
    for way in WAYS:
        count, scores = Count(), []
        for copies in both:
            rows = {one.name: play(one, way, count) for one in copies}
            scores.append(evaluate([one.truth for one in copies], rows).combined.hota)
        shares = (f"{100 * count.embeddings / max(total, 1):.1f} %" for total in (count.detections, count.strong))
        table.append(
            [way, *(f"{score:.2f}" for score in (*scores, float(np.mean(scores)))), str(count.embeddings), *shares]
        )
    names = ", ".join(recording.name for recording in recordings)
    print_table(f"{place.name}: {names}", HEADINGS, [table], markdown)


def main() -> None:
    """Print the tables; the exit status is 0 if there is at least one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_places(parser)
    parser.add_argument("--appearance", default="auto", metavar="NAME|PATH", help="model that tells objects apart")
    arguments = parser.parse_args()
    print_circumstances()
    done = False
    try:
        embedder = load_embedder(arguments.appearance)
        if embedder is None:
            raise InputError("--appearance none", "there is nothing to compare", "name a model")
        for place in arguments.places:
            recordings = load_or_tell(place, arguments)
            pictured = [recording for recording in recordings if recording.folder is not None]
            for recording in recordings:
                if recording.folder is None:
                    print(f"skipped: {recording.name}: no images")
            if pictured:
                measure(place, pictured, embedder, arguments.markdown)
                done = True
    except InputError as error:
        sys.exit(f"error: {error}")
    sys.exit(0 if done else 1)


if __name__ == "__main__":
    main()
