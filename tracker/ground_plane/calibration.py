"""What is known of the ground in a picture: points with their places, or lengths and the horizon."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from detectors.base import Floats
from detectors.errors import InputError
from tracker.ground_plane.homography import Homography

FIELD_OF_VIEW = (
    60.0  # degrees across the picture, where nothing tells it: between a phone's and a surveillance camera's
)
FIELDS_OF_VIEW = (5.0, 150.0)
DISAGREEMENT = 0.03  # of the extent of the points: beyond that, they are told to disagree
HOW = "give points that lie well apart on the ground, no three of them on a line"


@dataclass(frozen=True)
class KnownLength:
    """start, end: ``(2,)`` pixels, two points on the ground. metres: how far they are from each other."""

    start: Floats
    end: Floats
    metres: float


@dataclass(frozen=True, eq=False)
class Calibration:
    """A ground that is known. extent: ``(P, 2)`` pixels, the points that it is known by.

    error: how far lengths may be off as a share, as far as the points themselves tell. warnings: what should be known.
    """

    homography: Homography
    extent: Floats
    error: float = 0.0
    warnings: tuple[str, ...] = ()


def from_points(what: object, pixels: Floats, metres: Floats) -> Calibration:
    """The ground of four or more points ``(P, 2)`` with places ``(P, 2)``. Raises InputError, which names `what`."""
    if len(pixels) < 4:
        raise InputError(what, f"has {len(pixels)} points, and it takes four", HOW)
    found = Homography.fit(pixels, metres)
    if found is None or _three_on_a_line(pixels) or _three_on_a_line(metres) or not found.on_ground(pixels).all():
        raise InputError(what, "its points do not tell how the ground lies", HOW)
    size = float(np.linalg.norm(np.ptp(metres, axis=0)))
    away = np.linalg.norm(found.to_metres(pixels) - metres, axis=1)
    error = float(np.sqrt((away**2).sum() / max(1, len(pixels) - 4))) / size if len(pixels) > 4 else 0.0
    if away.max() <= DISAGREEMENT * size:
        return Calibration(found, pixels, error)
    worst = int(away.argmax())
    told = f"{what}: its points disagree by up to {away.max():.2g} m (point {worst + 1}); speeds may be off by as much"
    return Calibration(found, pixels, error, (told,))


def from_horizon(
    what: object, horizon: Floats, lengths: Sequence[KnownLength], size: tuple[int, int], field_of_view: float | None
) -> Calibration:
    """The ground below a horizon ``(2, 2)``, by lengths on it.

    size: width and height of the picture. field_of_view: degrees across it; None leaves it to two or more lengths, and
    for one to `FIELD_OF_VIEW`. Raises InputError, which names `what`.
    """
    if not all(size):
        raise InputError(what, "a horizon needs the size of the picture", 'add "size": [width, height]')

    def ground(degrees: float) -> Homography:
        focal = size[0] / 2 / np.tan(np.deg2rad(degrees) / 2)
        return Homography.of_horizon(horizon, float(focal), np.array(size) / 2)

    ends = np.array([[each.start, each.end] for each in lengths])
    if not ground(FIELD_OF_VIEW).on_ground(ends.reshape(-1, 2)).all():
        raise InputError(what, "a length reaches over the horizon", "give both of its ends on the ground")
    metres = np.array([each.metres for each in lengths])
    degrees: float | None = field_of_view
    told: tuple[str, ...] = ()
    if degrees is None and len(lengths) > 1:
        degrees = _fitted_view(lambda angle: np.log(_lengths(ground(angle), ends) / metres))
    if degrees is None:
        degrees, told = FIELD_OF_VIEW, (_assumed(what),)
    ratios = np.log(metres / _lengths(ground(degrees), ends))
    error = float(ratios.std(ddof=1)) if len(lengths) > 2 else 0.0
    return Calibration(ground(degrees).scaled(float(np.exp(ratios.mean()))), ends.reshape(-1, 2), error, told)


def _fitted_view(disagreement: Callable[[float], Floats]) -> float:
    """The field of view by which lengths fit together best."""
    found = minimize_scalar(lambda angle: float(np.var(disagreement(angle))), bounds=FIELDS_OF_VIEW, method="bounded")
    return float(found.x)


def _lengths(homography: Homography, ends: Floats) -> Floats:
    """Lengths ``(L,)`` on the ground, of their ends ``(L, 2, 2)`` in pixels."""
    places = homography.to_metres(ends.reshape(-1, 2)).reshape(ends.shape)
    return np.asarray(np.linalg.norm(places[:, 1] - places[:, 0], axis=1))


def _assumed(what: object) -> str:
    return (
        f"{what}: a field of view of {FIELD_OF_VIEW:g} degrees is assumed, which matters for what moves towards the "
        'camera or away; give "field_of_view", or a second length in another direction'
    )


def _three_on_a_line(points: Floats) -> bool:
    """Whether, of four points, three lie on a line, nearly: for more, the fit tells."""
    if len(points) > 4:
        return False
    size = float(np.ptp(points, axis=0).max())
    for left_out in range(4):
        a, b, c = np.delete(points, left_out, axis=0)
        if abs((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])) < 1e-3 * size**2:
            return True
    return False
