"""What is drawn on a picture, by name."""

from __future__ import annotations

from collections.abc import Sequence

from detectors.errors import InputError

PARTS = ("boxes", "labels", "trails", "masks", "keypoints", "regions")
ALL, NONE = "all", "none"


def parse_parts(wanted: str | Sequence[str]) -> frozenset[str]:
    """The parts that are named, separated by commas or one by one; "all", "none". Raises InputError for others."""
    names = [name.strip() for name in (wanted.split(",") if isinstance(wanted, str) else wanted)]
    if names == [ALL]:
        return frozenset(PARTS)
    if names == [NONE]:
        return frozenset()
    for name in names:
        if name not in PARTS:
            raise InputError(
                f"--draw {name}", "is nothing that is drawn", f"name of: {', '.join(PARTS)}; {ALL}, {NONE}"
            )
    return frozenset(names)
