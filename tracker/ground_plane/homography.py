"""The mapping between the picture and the ground, a plane: a homography.

Hartley and Zisserman, "Multiple View Geometry in Computer Vision" (2nd edition, 2004): points at infinity, chapter 2;
the normalised direct linear transformation, algorithm 4.2; the horizon and the plane's normal, chapter 8.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detectors.base import Bools, Floats

FLATTEST = 1e-6  # smallest singular value but one, over the largest: below, the points lie on a line


@dataclass(frozen=True, eq=False)
class Homography:
    """matrix: ``(3, 3)``, from pixels to metres. It is scaled so that its last row is above 0 on the ground's side of
    the horizon.
    """

    matrix: Floats

    @classmethod
    def fit(cls, pixels: Floats, metres: Floats) -> Homography | None:
        """The homography of four or more points ``(P, 2)``, least squares; None where three of four lie on a line."""
        from_pixels, from_metres = _normaliser(pixels), _normaliser(metres)
        x, y = _apply(from_pixels, pixels).T
        u, v = _apply(from_metres, metres).T
        zero, one = np.zeros_like(x), np.ones_like(x)
        rows = np.concatenate(
            [
                np.column_stack([x, y, one, zero, zero, zero, -u * x, -u * y, -u]),
                np.column_stack([zero, zero, zero, x, y, one, -v * x, -v * y, -v]),
            ]
        )
        _, sizes, directions = np.linalg.svd(rows)
        if sizes[7] < FLATTEST * sizes[0]:
            return None
        matrix = np.linalg.inv(from_metres) @ directions[8].reshape(3, 3) @ from_pixels
        if abs(np.linalg.det(matrix / np.abs(matrix).max())) < 1e-15:
            return None
        return cls(_facing(matrix, pixels))

    @classmethod
    def of_horizon(cls, horizon: Floats, focal: float, centre: Floats, height: float = 1.0) -> Homography:
        """The ground below a horizon, for a camera of square pixels.

        horizon: ``(2, 2)``, two points of it. focal: the focal length in pixels. centre: ``(2,)``, the principal point.
        height: of the camera above the ground, in metres. The camera stands above 0, 0; x is to its right, y away.
        """
        calibration = np.array([[focal, 0, centre[0]], [0, focal, centre[1]], [0, 0, 1.0]])
        line = np.cross([*horizon[0], 1.0], [*horizon[1], 1.0])
        normal = calibration.T @ line  # of the ground, in the camera's coordinates
        down = normal / np.linalg.norm(normal) * (1 if normal[1] > 0 else -1)
        away = np.array([0, 0, 1.0]) - down[2] * down
        away /= np.linalg.norm(away)
        matrix = np.array([np.cross(down, away), away, down]) @ np.linalg.inv(calibration)
        return cls(np.diag([height, height, 1.0]) @ matrix)

    def to_metres(self, pixels: Floats) -> Floats:
        """Places ``(N, 2)`` on the ground, of points ``(N, 2)`` of the picture; NaN above the horizon."""
        found = _apply(self.matrix, pixels)
        return np.where(self.on_ground(pixels)[:, None], found, np.nan)

    def to_pixels(self, metres: Floats) -> Floats:
        """Points ``(N, 2)`` of the picture, of places ``(N, 2)`` on the ground."""
        return _apply(np.asarray(np.linalg.inv(self.matrix), np.float64), metres)

    def on_ground(self, pixels: Floats) -> Bools:
        """Which ``(N,)`` of the points ``(N, 2)`` lie on the ground's side of the horizon."""
        return np.asarray(_homogeneous(pixels) @ self.matrix[2] > 0)

    def metres_per_pixel(self, pixels: Floats) -> Floats:
        """The derivatives ``(N, 2, 2)`` of the places by the points ``(N, 2)``: a row for each of the two metres."""
        found = _homogeneous(pixels) @ self.matrix.T
        weight = found[:, 2, None, None]
        place = found[:, :2, None] / weight
        return np.asarray((self.matrix[None, :2, :2] - place * self.matrix[None, 2:, :2]) / weight)

    def scaled(self, factor: float) -> Homography:
        """The same for a ground that is larger by a factor."""
        return Homography(np.diag([factor, factor, 1.0]) @ self.matrix)


def _homogeneous(points: Floats) -> Floats:
    return np.column_stack([points, np.ones(len(points))])


def _apply(matrix: Floats, points: Floats) -> Floats:
    found = _homogeneous(points) @ matrix.T
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(found[:, :2] / found[:, 2:])


def _normaliser(points: Floats) -> Floats:
    """Moves points so that their mean is 0 and their distance from it the root of two, on average."""
    mean = points.mean(axis=0)
    scale = np.sqrt(2) / max(float(np.linalg.norm(points - mean, axis=1).mean()), 1e-12)
    return np.array([[scale, 0, -scale * mean[0]], [0, scale, -scale * mean[1]], [0, 0, 1]])


def _facing(matrix: Floats, pixels: Floats) -> Floats:
    """The matrix with the sign by which most of the points lie on the ground's side."""
    weights = _homogeneous(pixels) @ matrix[2]
    return np.asarray(matrix / np.abs(matrix).max() * (1 if np.median(weights) > 0 else -1))
