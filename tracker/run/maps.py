"""The maps of a run: --heatmap, --trails and --top-view."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from detectors.errors import InputError
from tracker.regions.activity import Activity
from tracker.run.options import Options
from tracker.sources.base import Source

if TYPE_CHECKING:  # imported when it is asked for
    from tracker.maps.map_files import MapFiles

MAPS = ("--heatmap", "--trails", "--top-view")


def open_maps(
    opening: ExitStack,
    paths: Mapping[str, Path],
    options: Options,
    source: Source,
    names: Mapping[int, str],
    activity: Activity,
) -> MapFiles:
    """The files of maps, closed with the stack. paths: by option. names: of the detector's classes."""
    from tracker.maps.background import Background
    from tracker.maps.grouping import CLASS, Grouping
    from tracker.maps.heat_map import HeatMap
    from tracker.maps.journeys import Journeys
    from tracker.maps.map_files import MapFiles, RunMap
    from tracker.maps.sheet import Sheet
    from tracker.maps.time_spans import TimeSpans
    from tracker.maps.trail_map import TrailMap

    sheet = Sheet.of(source.width, source.height)
    spans = TimeSpans(source.live.time_of_day if source.live else None)
    maps: dict[Path, RunMap] = {}
    if "--heatmap" in paths:
        maps[paths["--heatmap"]] = HeatMap(sheet, Grouping(options.map_by, names, spans), source.name)
    if "--trails" in paths:
        maps[paths["--trails"]] = TrailMap(sheet, Grouping(options.map_by or CLASS, names, spans), source.name)
    if "--top-view" in paths and activity.ground is not None:
        from tracker.maps.ground_sheet import GroundSheet

        above = GroundSheet.of(activity.ground.calibration, (source.width, source.height))
        maps[paths["--top-view"]] = TrailMap(above, Grouping(options.map_by or CLASS, names, spans), source.name)
    journeys = Journeys(activity, max(source.width, source.height), float(1 / source.frame_rate))
    return opening.enter_context(MapFiles(maps, journeys, Background(sheet), spans, not options.overwrite))


def check_size(paths: Mapping[str, Path], source: Source) -> None:
    """Raise InputError for a map of a sequence that does not say how large its pictures are."""
    wanted = [option for option in MAPS if option in paths]
    if wanted and not (source.width and source.height):
        why = "does not say how large its pictures are, which a map needs"
        raise InputError(
            source.path or source.name, why, f"add imWidth and imHeight to seqinfo.ini, or leave {wanted[0]} out"
        )
