"""appearance.npz in a video's folder of results: embeddings of some views of each track."""

from __future__ import annotations

import os
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from detectors.base import Floats, Frame, Image, Ints
from detectors.errors import InputError
from tracker.appearance.embedder import Embedder

VECTORS_FILE = "appearance.npz"  # its name in the folder
SAME_MODEL = 0.995  # cosine similarity of two answers to the same picture: only rounding tells them apart
PROBE = 96, 48  # height and width of that picture


@dataclass(frozen=True, eq=False)
class TrackVectors:
    """Embeddings of V views. track_ids, frames: ``(V,)`` int, sorted by track. vectors: ``(V, D)`` unit vectors.

    model: the embedder's name. probe: ``(D,)``, its answer to a picture that never changes, by which it is known.
    """

    model: str
    probe: Floats
    track_ids: Ints
    frames: Ints
    vectors: npt.NDArray[np.float16]

    def check_model(self, path: Path, embedder: Embedder) -> None:
        """Raise InputError, which names `path`, unless the vectors are of this embedder."""
        if embedder.name != self.model:
            remedy = f"give --appearance with the file of {self.model}, or annotate again"
            raise InputError(path, f"was made with the model {self.model!r}, not {embedder.name!r}", remedy)
        if not self._answers(probe_of(embedder)):
            raise InputError(path, f"was made with another model called {self.model!r}", "annotate the videos again")

    def is_of_model(self, other: TrackVectors) -> bool:
        """Whether both were made with the same model."""
        return self.model == other.model and self._answers(other.probe)

    def _answers(self, probe: Floats) -> bool:
        return probe.shape == self.probe.shape and float(probe @ self.probe) >= SAME_MODEL


def probe_of(embedder: Embedder) -> Floats:
    """What an embedder says of a certain picture."""
    height, width = PROBE
    y, x = np.mgrid[:height, :width]
    picture: Image = np.stack([y * 2, x * 4 + y // 2, (x + y) % 256], axis=2).astype(np.uint8)
    return np.asarray(embedder(Frame(picture, 1, 0.0), np.array([[0.0, 0, width, height]]))[0])


def write_vectors(path: Path, found: TrackVectors) -> None:
    """Write the file; it is there whole or not at all."""
    draft = path.with_name(path.name + ".part")
    with draft.open("wb") as file:
        np.savez(
            file,
            model=np.array(found.model),
            probe=found.probe.astype(np.float32),
            track_ids=found.track_ids.astype(np.int64),
            frames=found.frames.astype(np.int64),
            vectors=found.vectors.astype(np.float16),
        )
    os.replace(draft, path)


def read_vectors(path: Path) -> TrackVectors:
    """What `write_vectors` has written. Raises InputError where that is not what the file holds."""
    try:
        _check_size(path)
        with np.load(path, allow_pickle=False) as file:
            found = TrackVectors(
                str(file["model"]),
                file["probe"].astype(np.float64),
                file["track_ids"].astype(np.int64),
                file["frames"].astype(np.int64),
                file["vectors"].astype(np.float16),
            )
    except (OSError, ValueError, KeyError, EOFError, MemoryError, zipfile.BadZipFile) as error:
        raise InputError(path, f"cannot be read as vectors of tracks: {error}", "annotate the video again") from None
    count, vectors = len(found.track_ids), found.vectors
    whole = vectors.ndim == 2 and vectors.shape[1:] == found.probe.shape and np.isfinite(vectors).all()
    if not whole or found.frames.shape != (count,) or found.track_ids.shape != (count,) or len(vectors) != count:
        raise InputError(path, "holds no vectors of tracks", "annotate the video again")
    return found


def _check_size(path: Path) -> None:
    """Raise ValueError for an archive that is made to fill the memory."""
    with zipfile.ZipFile(path) as archive:
        if any(each.compress_type != zipfile.ZIP_STORED for each in archive.infolist()):
            raise ValueError("it is compressed")
