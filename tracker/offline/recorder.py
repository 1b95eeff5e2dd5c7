"""A tracker that remembers what it has done with every detection of a video."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from detectors.base import Detections, Floats
from tracker.engine import Tracker
from tracker.looks import Look
from tracker.offline.trajectory import Recording, Trajectory
from tracker.presets import DEFAULT, Preset
from tracker.tracks import Shifts, Taken, Tracks


@dataclass
class _Path:
    """What one track, tentative or not, has been given so far; number 0 until it is confirmed."""

    number: int = 0
    class_id: int = 0
    frames: list[int] = field(default_factory=list)
    boxes: list[Floats] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    carried: list[bool] = field(default_factory=list)
    look: Floats | None = None

    def trajectory(self) -> Trajectory:
        """The same as columns."""
        return Trajectory(
            track_id=self.number,
            class_id=self.class_id,
            frames=np.array(self.frames, dtype=np.int64),
            boxes=np.array(self.boxes),
            scores=np.array(self.scores),
            filled=np.array(self.carried),
            carried=np.array(self.carried),
            look=self.look if self.look is not None and self.look.any() else None,
        )


class Recorder(Tracker):
    """Tracks like its base, and keeps arrays of what it saw: boxes, scores and looks, never a picture.

    A track counts from its first detection on if it was confirmed later, so that no object loses its first frames.
    What a track looks like is kept as one sum of vectors, whatever its length.
    """

    def __init__(self, preset: str | Preset = DEFAULT, frame_rate: float = 30.0) -> None:
        self._times: list[float] = []
        self._shots: list[int] = []
        self._cameras: list[Floats | None] = []
        self._paths: dict[tuple[int, int], _Path] = {}
        self._shot = -1
        super().__init__(preset, frame_rate)

    def restart(self) -> None:
        """Forget all tracks, as at a cut, which begins another shot."""
        super().restart()
        self._shot += 1

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
        for row, serial in enumerate(taken.serials.tolist()):
            path = self._paths.setdefault((self._shot, serial), _Path())
            path.number, path.class_id = int(taken.track_ids[row]), int(taken.class_ids[row])
            path.frames.append(len(self._times))
            path.boxes.append(taken.boxes[row])
            path.scores.append(float(taken.scores[row]))
            path.carried.append(carried)
            if looks is not None:
                path.look = looks[row] + (0.0 if path.look is None else path.look)
        self._times.append(self._time)
        self._shots.append(self._shot)
        self._cameras.append(camera)

    def finish(self) -> Recording:
        """Everything, with a trajectory for each track that was confirmed."""
        confirmed = sorted((path for path in self._paths.values() if path.number), key=lambda path: path.number)
        return Recording(
            times=np.array(self._times),
            shots=np.array(self._shots, dtype=np.int64),
            cameras=self._cameras,
            trajectories=[path.trajectory() for path in confirmed],
            typical=self._scores.typical,
            likeness=self._likeness,
        )
