"""The regions that a run's options and a JSON file give together."""

from __future__ import annotations

from pathlib import Path

from detectors import limits
from detectors.errors import InputError
from tracker.regions.json_file import read_regions
from tracker.regions.option_text import Texts, parse_lines, parse_polygons, parse_zones
from tracker.regions.regions import ANCHORS, Regions, Size


def load_regions(
    size: Size,
    path: str | Path | None = None,
    roi: Texts = (),
    mask: Texts = (),
    line: Texts = (),
    zone: Texts = (),
    anchor: str | None = None,
) -> Regions:
    """What ``--regions`` (`path`), ``--roi``, ``--mask``, ``--line``, ``--zone`` and ``--anchor`` say together.

    size: width and height of the picture, zeros if unknown. Raises InputError, which names the region, for anything
    malformed, for a name that is given twice, and for too many regions.
    """
    given = Regions() if path is None else read_regions(path)
    anchor = given.anchor if anchor is None else anchor
    if anchor not in ANCHORS:
        raise InputError(f"--anchor {anchor}", "no such point of a box", f"choose one of: {', '.join(ANCHORS)}")
    regions = Regions(
        [*given.roi, *parse_polygons("--roi", roi)],
        [*given.mask, *parse_polygons("--mask", mask)],
        parse_lines(line, given.lines),
        parse_zones(zone, given.zones),
        anchor,
        size,
    )
    if len(regions) > limits.PLACES:
        what = "--line, --zone, --roi, --mask" if path is None else path
        raise InputError(what, f"{len(regions)} lines, zones and polygons", f"give at most {limits.PLACES}")
    return regions
