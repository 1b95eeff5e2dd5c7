"""The tracks of annotated videos with their embeddings, all in one table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from detectors.errors import InputError
from tracker.appearance.embedder import Embedder
from tracker.appearance.track_vectors import VECTORS_FILE, TrackVectors, read_vectors
from tracker.review.summary_file import SUMMARY_FILE, read_summary

Vectors = npt.NDArray[np.float32]
SHOWN = 8  # tracks or videos that a message names


@dataclass(frozen=True)
class GalleryTrack:
    """A track of a video. folder: of the video's results. first, last: seconds. view: a JPEG as base64, or ""."""

    folder: Path
    track_id: int
    label: str
    first: float
    last: float
    view: str

    @property
    def video(self) -> str:
        """The name of its video."""
        return self.folder.name

    def at_once(self, other: GalleryTrack) -> bool:
        """Whether both are in one video at the same time, so that they are two objects."""
        return self.folder == other.folder and self.first <= other.last and other.first <= self.last


@dataclass(frozen=True, eq=False)
class Gallery:
    """Tracks with their embeddings. vectors: ``(V, D)``; those of track k begin at ``starts[k]``. model: its name."""

    tracks: Sequence[GalleryTrack]
    vectors: Vectors
    starts: npt.NDArray[np.int64]
    model: str

    def of(self, place: int) -> Vectors:
        """The embeddings ``(K, D)`` of a track."""
        ends = [*self.starts[1:].tolist(), len(self.vectors)]
        return self.vectors[self.starts[place] : ends[place]]

    def find(self, video: str, track_id: int) -> int:
        """The place of a track. Raises InputError where it is not there."""
        for place, track in enumerate(self.tracks):
            if (track.video, track.track_id) == (video, track_id):
                return place
        numbers = sorted({track.track_id for track in self.tracks if track.video == video})
        known = [str(number) for number in numbers] or sorted({track.video for track in self.tracks})
        why = f"has no track {track_id} with a look" if numbers else "is no video of these"
        shown = ", ".join(known[:SHOWN]) + (", ..." if len(known) > SHOWN else "")
        raise InputError(f"{video}:{track_id}", why, f"there are {shown}")


def load_gallery(folders: Sequence[Path], embedder: Embedder | None = None) -> Gallery:
    """The tracks of all videos below folders of ``keeptrack annotate``.

    embedder: which must have made the vectors, None for any. Raises InputError where there are none.
    """
    tracks: list[GalleryTrack] = []
    vectors: list[Vectors] = []
    first: TrackVectors | None = None
    for folder in _video_folders(folders):
        found = read_vectors(folder / VECTORS_FILE)
        if embedder is not None:
            found.check_model(folder / VECTORS_FILE, embedder)
        elif first is not None and not found.is_of_model(first):
            why = f"was made with another model ({found.model}) than the other videos ({first.model})"
            raise InputError(folder / VECTORS_FILE, why, "annotate all videos with the same --appearance")
        first = first or found
        for track, rows in _tracks(folder, found):
            tracks.append(track)
            vectors.append(rows)
    starts = np.cumsum([0, *(len(rows) for rows in vectors)], dtype=np.int64)[:-1]
    if first is None or not tracks:
        raise InputError(
            folders[0], "has no tracks that an embedder knows", "annotate videos of people, or with --appearance"
        )
    return Gallery(tracks, np.concatenate(vectors), starts, first.model)


def _video_folders(folders: Sequence[Path]) -> list[Path]:
    found = [
        path.parent
        for folder in folders
        for path in sorted(folder.glob(f"**/{VECTORS_FILE}"))
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)  # drafts of a batch that goes on
    ]
    found = list(dict.fromkeys(found))
    if not found:
        why = "has no results with the looks of tracks" if folders[0].is_dir() else "is no folder"
        raise InputError(folders[0], why, "give the folder of keeptrack annotate -o FOLDER, made by this version")
    return found


def _tracks(folder: Path, found: TrackVectors) -> Iterator[tuple[GalleryTrack, Vectors]]:
    known: dict[int, dict[str, Any]] = {
        track["track_id"]: track for track in read_summary(folder / SUMMARY_FILE)["tracks"]
    }
    for track_id in np.unique(found.track_ids).tolist():
        told = known.get(track_id)
        if told is not None:
            track = GalleryTrack(folder, track_id, told["label"], told["first"], told["last"], told["view"])
            yield track, found.vectors[found.track_ids == track_id].astype(np.float32)
