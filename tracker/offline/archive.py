"""A first pass as a file: lossless, deterministic, and written atomically.

A zip file of NumPy arrays (an ``.npz``) and one JSON text. Nothing in it is pickled, so a file from elsewhere can do no
harm. Numbers that single precision holds exactly are stored in it, and frames as differences, which compress well.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from detectors.base import Floats, Ints
from detectors.errors import InputError
from tracker.association.calibration import AppearanceCalibration
from tracker.offline.archived_columns import pack_columns, unpack_columns
from tracker.offline.first_pass import FirstPass
from tracker.offline.trajectory import TrackingHistory, Trajectory

FORMAT = "keeptrack first pass 1"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the oldest date that zip knows: equal content gives equal bytes
LEVEL = 4  # of compression; higher ones take twice as long for a hundredth
REMEDY = "give a file of a first pass, or look at the video again"

Arrays = Mapping[str, npt.NDArray[Any]]


def save(first_pass: FirstPass, path: str | Path) -> None:
    """Write a first pass, in place of a file of that name. Raises InputError where that cannot be written."""
    path = Path(path)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        try:
            with unfinished.open("wb") as file:
                _write(file, first_pass)
                file.flush()
                os.fsync(file.fileno())
            os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(path, f"cannot be written: {error.strerror}", "check the path and its permissions") from None


def load(path: str | Path) -> FirstPass:
    """The first pass in a file. Raises InputError for one that is missing, damaged, or something else."""
    try:
        with zipfile.ZipFile(path) as archive:
            about = json.loads(archive.read("about.json"))
            if about["format"] != FORMAT:
                raise InputError(path, f"is of the kind {about['format']!r}, not {FORMAT!r}", REMEDY)
            names = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
            return _first_pass(about, {name: _read_array(archive, name) for name in names})
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}", REMEDY) from None
    except InputError:
        raise
    except Exception:  # what damage makes zipfile, JSON and NumPy raise has no common base class, nor an end
        raise InputError(path, "is not the whole file of a first pass", REMEDY) from None


def _write(file: IO[bytes], first_pass: FirstPass) -> None:
    history = first_pass.history
    columns, about_columns, warnings = pack_columns(history.trajectories)
    about = {
        "format": FORMAT,
        "class_names": sorted(first_pass.class_names.items()),
        "size": [first_pass.width, first_pass.height],
        "frame_rate": [first_pass.frame_rate.numerator, first_pass.frame_rate.denominator],
        "warnings": [*first_pass.warnings, *warnings],
    }
    about |= {"columns": about_columns} if about_columns else {}
    arrays: dict[str, npt.NDArray[Any]] = {
        "indices": _differences(first_pass.indices),
        "times": history.times,
        "shots": _differences(history.shots),
    }
    arrays |= {"typical": np.array(history.typical), "likeness": history.appearance_calibration.state}
    arrays |= _without_none("cameras", history.cameras, (2, 3)) | _tracks(history.trajectories) | columns
    with zipfile.ZipFile(file, "w") as archive:
        _add(archive, "about.json", json.dumps(about, ensure_ascii=False).encode())
        for name, array in arrays.items():
            with archive.open(_entry(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, _narrowed(np.asarray(array)), allow_pickle=False)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 3
    entry._compresslevel = LEVEL  # type: ignore[attr-defined]  # a public name from Python 3.13 on
    return entry


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    archive.writestr(_entry(name), content, compresslevel=LEVEL)


def _tracks(tracks: Sequence[Trajectory]) -> dict[str, npt.NDArray[Any]]:
    """The tracks' columns, one track after the other, and how long each is."""
    frames = [np.empty(0, np.int64), *(track.frames for track in tracks)]
    found: dict[str, npt.NDArray[Any]] = {
        "numbers": np.array([track.track_id for track in tracks], np.int64),
        "classes": np.array([track.class_id for track in tracks], np.int64),
        "lengths": np.array([len(track.frames) for track in tracks], np.int64),
        "frames": _differences(np.concatenate(frames)),
        "boxes": np.concatenate([np.empty((0, 4)), *(track.boxes for track in tracks)]),
        "scores": np.concatenate([np.empty(0), *(track.scores for track in tracks)]),
        "filled": np.packbits(np.concatenate([np.empty(0, bool), *(track.filled for track in tracks)])),
        "carried": np.packbits(np.concatenate([np.empty(0, bool), *(track.carried for track in tracks)])),
    }
    return found | _without_none("looks", [track.embedding for track in tracks])


def _without_none(
    name: str, values: Sequence[Floats | None], shape: tuple[int, ...] = (0,)
) -> dict[str, npt.NDArray[Any]]:
    """The values that are not None, and a bit for each that tells whether it is."""
    there = np.array([value is not None for value in values], dtype=bool)
    found = [value for value in values if value is not None]
    return {name: np.array(found) if found else np.empty((0, *shape)), f"{name}_there": np.packbits(there)}


def _differences(values: Ints) -> Ints:
    return np.diff(values, prepend=np.zeros(1, np.int64))


def _narrowed(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The same numbers in a smaller type, if none of them changes."""
    for kind in {"f": (np.float32,), "i": (np.int8, np.int32)}.get(array.dtype.kind, ()):
        with np.errstate(over="ignore"):
            small = array.astype(kind)
        if np.array_equal(small, array, equal_nan=array.dtype.kind == "f"):
            return small
    return array


def _read_array(archive: zipfile.ZipFile, name: str) -> npt.NDArray[Any]:
    """One array, in double precision and 64 bits again. `read_array` checks how long it should be."""
    with archive.open(f"{name}.npy") as member:
        array = np.lib.format.read_array(member, allow_pickle=False)
    wide = {"f": np.float64, "i": np.int64}.get(array.dtype.kind)
    return array if wide is None else array.astype(wide)


def _first_pass(about: Mapping[str, Any], arrays: Arrays) -> FirstPass:
    times, shots = arrays["times"], np.cumsum(arrays["shots"])
    indices = np.cumsum(arrays["indices"])
    if not len(times) == len(shots) == len(indices):
        raise ValueError("columns of frames of unequal length")
    history = TrackingHistory(
        times,
        shots,
        _with_none(arrays, "cameras", len(times)),
        _trajectories(arrays, about.get("columns", [])),
        float(arrays["typical"]),
        AppearanceCalibration.from_state(arrays["likeness"].reshape(2, 2)),
    )
    width, height = map(int, about["size"])
    names = {int(class_id): str(name) for class_id, name in about["class_names"]}
    rate = Fraction(*about["frame_rate"])
    return FirstPass(indices, history, names, width, height, rate, tuple(map(str, about["warnings"])))


def _trajectories(arrays: Arrays, about_columns: Sequence[Mapping[str, Any]]) -> list[Trajectory]:
    lengths = arrays["lengths"]
    count, ends = int(lengths.sum()), np.cumsum(lengths)
    frames, boxes, scores = np.cumsum(arrays["frames"]), arrays["boxes"].reshape(count, 4), arrays["scores"]
    filled, carried = (np.unpackbits(arrays[name], count=count).astype(bool) for name in ("filled", "carried"))
    embeddings = _with_none(arrays, "looks", len(lengths))
    if not len(frames) == len(scores) == count:
        raise ValueError("columns of boxes of unequal length")
    further = unpack_columns(about_columns, arrays, lengths.tolist())
    numbers, classes = arrays["numbers"].tolist(), arrays["classes"].tolist()
    each = zip(numbers, classes, ends - lengths, ends, embeddings, further, strict=True)
    return [
        Trajectory(
            number, class_id, frames[a:b], boxes[a:b], scores[a:b], filled[a:b], carried[a:b], embedding, columns
        )
        for number, class_id, a, b, embedding, columns in each
    ]


def _with_none(arrays: Arrays, name: str, count: int) -> list[Floats | None]:
    """The values that `_without_none` has taken apart."""
    there = np.unpackbits(arrays[f"{name}_there"], count=count)
    found = iter(arrays[name])
    values = [next(found) if one else None for one in there.tolist()]
    if next(found, None) is not None:
        raise ValueError(f"{name} that belong to nothing")
    return values
