"""What the page needs to show the ground: its mapping, and as much of it as is drawn from above."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracker.ground_plane.extent import shown_well, turns

if TYPE_CHECKING:  # only a run that knows the ground has it
    from tracker.ground_plane.ground_tracks import GroundTracks


def ground_view(ground: GroundTracks) -> dict[str, Any]:
    """ "matrix": nine numbers, from pixels to metres. "low", "high": corners in metres. "up": whether y goes up."""
    calibration = ground.calibration
    places = shown_well(calibration, ground.size)
    return {
        "matrix": calibration.homography.matrix.ravel().tolist(),
        "low": places.min(axis=0).tolist(),
        "high": places.max(axis=0).tolist(),
        "up": turns(calibration),
    }
