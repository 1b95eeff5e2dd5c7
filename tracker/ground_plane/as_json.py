"""A track on the ground as numbers for files: rounded, and only what is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # made by whoever knows how the ground lies
    from tracker.ground_plane.ground_tracks import GroundTrack

CENTIMETRES, TENTHS = 2, 1  # decimals of metres and of km/h


def ground_numbers(track: GroundTrack | None) -> dict[str, Any]:
    """ "metres": the place. "kmh", "kmh_error": the speed. "travelled", "nearest": metres."""
    if track is None:
        return {}
    place = None if track.place is None else [round(value, CENTIMETRES) for value in track.place.tolist()]
    numbers = {"metres": place, "kmh": _rounded(track.kmh, TENTHS), "kmh_error": _rounded(track.kmh_error, TENTHS)}
    numbers |= {"travelled": round(track.travelled, CENTIMETRES), "nearest": _rounded(track.nearest, CENTIMETRES)}
    return {name: value for name, value in numbers.items() if value is not None}


def _rounded(value: float | None, decimals: int) -> float | None:
    return None if value is None else round(value, decimals)
