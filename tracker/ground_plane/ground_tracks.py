"""Tracks on the ground: where each one is in metres, how fast, how far it has come, and how near the next one is."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from detectors.base import Bools, Floats, Frame
from tracker.association.tracks import Tracks
from tracker.ground_plane.calibration import Calibration
from tracker.ground_plane.speed import Motion, RecentPlaces

JITTER = 0.03  # of an object's size (the square root of its box's area): the standard deviation of its box's edges
BORDER = 0.01  # of the picture's shorter side: a box that ends so near to its border is cut off, and so is its foot
MOVED = 3.0  # standard deviations of its place: below so many, an object stands where it stood
TIMEOUT = 60.0  # seconds after which a track is forgotten
KMH = 3.6


@dataclass
class GroundTrack:
    """An object on the ground.

    place: ``(2,)`` metres in the last frame, None where its foot cannot be seen. motion: smoothed, None while too
    little is known. travelled: metres so far, up to the place `counted`. nearest: metres to the next object, None where
    there is no other.
    """

    recent: RecentPlaces
    seen: float = 0.0
    place: Floats | None = None
    motion: Motion | None = None
    travelled: float = 0.0
    counted: Floats | None = None
    nearest: float | None = None

    def travel(self) -> None:
        """Count the way to where the object is, once that is beyond doubt another place than before."""
        if self.motion is None:
            return
        if self.counted is None:
            self.counted = self.motion.place - self.motion.velocity * self.recent.length
        way = float(np.linalg.norm(self.motion.place - self.counted))
        if way > MOVED * self.motion.place_error:
            self.travelled, self.counted = self.travelled + way, self.motion.place

    @property
    def kmh(self) -> float | None:
        """Kilometres an hour."""
        return None if self.motion is None else KMH * self.motion.speed

    @property
    def kmh_error(self) -> float | None:
        """Its standard deviation."""
        return None if self.motion is None else KMH * self.motion.error


@dataclass
class GroundTracks:
    """Follows all tracks on the ground. size: width and height of the picture. interval: seconds between frames."""

    calibration: Calibration
    size: tuple[int, int]
    interval: float
    tracks: dict[int, GroundTrack] = field(default_factory=dict)

    def update(self, frame: Frame, tracks: Tracks, feet: Floats) -> None:
        """Take in a frame. feet: ``(N, 2)`` pixels, where each object touches the ground."""
        for track_id in [key for key, track in self.tracks.items() if frame.cut or frame.time - track.seen > TIMEOUT]:
            del self.tracks[track_id]
        homography = self.calibration.homography
        usable = homography.on_ground(feet) & ~self._cut_off(tracks.boxes)
        places = homography.to_metres(feet)
        weights = _weights(homography.metres_per_pixel(feet), tracks.boxes)
        nearest = _nearest(places, usable)
        for row, track_id in enumerate(tracks.track_ids.tolist()):
            track = self.tracks.setdefault(track_id, GroundTrack(RecentPlaces(self.interval)))
            track.seen = frame.time
            track.place = places[row] if usable[row] else None
            track.nearest = float(nearest[row]) if np.isfinite(nearest[row]) else None
            if usable[row] and (tracks.carried[row] or tracks.time_since_update[row] <= 0):
                track.recent.add(frame.time, places[row], weights[row])
            track.motion = self._with_calibration_error(track.recent.motion(frame.time))
            track.travel()

    def of(self, track_id: int) -> GroundTrack | None:
        """A track, None where it is not known."""
        return self.tracks.get(track_id)

    def _with_calibration_error(self, motion: Motion | None) -> Motion | None:
        if motion is None or not self.calibration.error:
            return motion
        return motion._replace(error=float(np.hypot(motion.error, self.calibration.error * motion.speed)))

    def _cut_off(self, boxes: Floats) -> Bools:
        """Which ``(N,)`` of the boxes ``(N, 4)`` reach the picture's border at the left, the right or the bottom."""
        if not all(self.size):
            return np.zeros(len(boxes), bool)
        (width, height), border = self.size, BORDER * min(self.size)
        beside = (boxes[:, 0] <= border) | (boxes[:, 2] >= width - border)
        return np.asarray(beside | (boxes[:, 3] >= height - border))


def _weights(derivatives: Floats, boxes: Floats) -> Floats:
    """The inverse covariances ``(N, 2, 2)`` of places, of their derivatives ``(N, 2, 2)`` by pixels."""
    spans = np.maximum(boxes[:, 2:] - boxes[:, :2], 1.0)
    pixels = np.maximum(JITTER * np.sqrt(spans.prod(axis=1)), 0.3)
    covariances = np.einsum("nij,nkj->nik", derivatives, derivatives) * (pixels**2)[:, None, None]
    covariances += 1e-8 * np.eye(2)  # a tenth of a millimetre: so that it can always be inverted
    return np.asarray(np.linalg.inv(covariances))


def _nearest(places: Floats, usable: Bools) -> Floats:
    """Metres ``(N,)`` from each place ``(N, 2)`` to the next one that is usable; inf for none."""
    if not len(places):
        return np.empty(0)
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    apart[:, ~usable] = apart[~usable] = np.inf
    np.fill_diagonal(apart, np.inf)
    return np.asarray(apart.min(axis=1))
