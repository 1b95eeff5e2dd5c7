"""A tracker that remembers what it has done with every detection of a video."""

from __future__ import annotations

from array import array
from collections.abc import Collection

import numpy as np

from detectors.base import Detections, Floats
from tracker.association.engine import Tracker
from tracker.association.lazy_embeddings import Look
from tracker.association.presets import DEFAULT, Preset
from tracker.association.tracks import Shifts, Taken, Tracks
from tracker.offline.trajectory import Recording, Trajectory

TIDY = 250  # frames after which paths that led nowhere are let go


class _Path:
    """What one track, tentative or not, has been given so far; number 0 until it is confirmed.

    Plain numbers in a row, 49 bytes a box: an array object for each box would take five times as many.
    """

    def __init__(self) -> None:
        self.number, self.class_id = 0, 0
        self.frames, self.boxes, self.scores, self.carried = array("q"), array("d"), array("d"), bytearray()
        self.look: Floats | None = None

    def trajectory(self) -> Trajectory:
        """The same as columns, on the same memory: nothing can be added any more."""
        carried = np.frombuffer(self.carried, dtype=bool)
        return Trajectory(
            track_id=self.number,
            class_id=self.class_id,
            frames=np.frombuffer(self.frames, dtype=np.int64),
            boxes=np.frombuffer(self.boxes).reshape(-1, 4),
            scores=np.frombuffer(self.scores),
            filled=carried,
            carried=carried,
            look=self.look if self.look is not None and self.look.any() else None,
        )


class Recorder(Tracker):
    """Tracks like its base, and keeps arrays of what it saw: boxes, scores and looks, never a picture.

    A track counts from its first detection on if it was confirmed later, so that no object loses its first frames.
    What a track looks like is kept as one sum of vectors, whatever its length.
    """

    def __init__(self, preset: str | Preset = DEFAULT, frame_rate: float = 30.0) -> None:
        self._times, self._shots = array("d"), array("q")
        self._cameras: list[Floats | None] = []
        self._confirmed: list[_Path] = []
        self._shot = -1
        super().__init__(preset, frame_rate)

    def restart(self) -> None:
        """Forget all tracks, as at a cut, which begins another shot."""
        super().restart()
        self._shot += 1
        self._paths: dict[int, _Path] = {}  # of this shot, by the track's serial

    def settle(self) -> None:
        """Begin as in the middle of a video, of which others track what comes before: see `NoiseScale.settle`."""
        self._noise.settle()

    def update(
        self,
        detections: Detections,
        time: float | None = None,
        camera: Floats | None = None,
        look: Look | None = None,
    ) -> Tracks:
        """As `Tracker.update`."""
        tracks = super().update(detections, time, camera, look)
        self._note(self.taken, camera)
        return tracks

    def carry(self, time: float | None = None, camera: Floats | None = None, shifts: Shifts | None = None) -> Tracks:
        """As `Tracker.carry`."""
        tracks = super().carry(time, camera, shifts)
        self._note(self.taken, camera, carried=True)
        return tracks

    def _note(self, taken: Taken, camera: Floats | None, carried: bool = False) -> None:
        assert self._time is not None
        looks = None if carried else taken.looks
        columns = taken.serials, taken.track_ids, taken.class_ids, taken.boxes, taken.scores
        frame = len(self._times)
        for row, (serial, number, class_id, box, score) in enumerate(zip(*(c.tolist() for c in columns), strict=True)):
            path = self._paths.get(serial)
            if path is None:
                path = self._paths[serial] = _Path()
            if number and not path.number:
                self._confirmed.append(path)
            path.number, path.class_id = number, class_id
            path.frames.append(frame)
            path.boxes.extend(box)
            path.scores.append(score)
            path.carried.append(carried)
            if looks is not None:
                path.look = looks[row] + (0.0 if path.look is None else path.look)
        if frame % TIDY == 0:
            self._forget(set(taken.serials.tolist()))
        self._times.append(self._time)
        self._shots.append(self._shot)
        self._cameras.append(camera)

    def _forget(self, taken: Collection[int]) -> None:
        """Let go of tentative tracks that were missed, which is their end. taken: serials of those that were not."""
        self._paths = {serial: path for serial, path in self._paths.items() if path.number or serial in taken}

    def finish(self) -> Recording:
        """Everything, with a trajectory for each track that was confirmed; the recorder is spent then."""
        confirmed = sorted(self._confirmed, key=lambda path: path.number)
        return Recording(
            times=np.array(self._times),
            shots=np.array(self._shots, dtype=np.int64),
            cameras=self._cameras,
            trajectories=[path.trajectory() for path in confirmed],
            typical=self._scores.typical,
            likeness=self._likeness,
        )
