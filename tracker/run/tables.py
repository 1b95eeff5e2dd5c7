"""The tables of a run: --tracks and --counts."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from tracker.durations import duration
from tracker.regions.activity import Activity
from tracker.run.options import SHORTEST_INTERVAL, Options
from tracker.sources.base import Source

if TYPE_CHECKING:  # each is imported when it is asked for
    from tracker.tables.count_table import CountTable
    from tracker.tables.track_table import TrackTable


def open_track_table(
    opening: ExitStack, path: Path, options: Options, source: Source, names: Mapping[int, str], activity: Activity
) -> TrackTable:
    """The table of --tracks, closed with the stack. names: of the detector's classes. Raises InputError."""
    from tracker.tables.track_rows import TrackRows
    from tracker.tables.track_table import TrackTable, open_table

    live = source.live is not None
    clock = source.live.time_of_day if source.live else None
    table = open_table(
        path, live, not options.overwrite, [*names.values(), *activity.regions.zones], activity.ground is not None
    )
    return opening.enter_context(TrackTable(table, lambda run: TrackRows(names, activity, clock, run)))


def open_count_table(
    opening: ExitStack, path: Path, options: Options, source: Source, names: Mapping[int, str], activity: Activity
) -> CountTable:
    """The table of --counts, closed with the stack. Raises InputError."""
    from tracker.tables.count_table import COUNT_COLUMNS, CountTable
    from tracker.tables.csv_table import CsvTable
    from tracker.tables.interval_counts import IntervalCounts
    from tracker.tables.intervals import Intervals

    live, regions = source.live is not None, activity.regions
    intervals = Intervals(
        duration("--every", options.every, SHORTEST_INTERVAL), source.live.time_of_day if source.live else None
    )
    texts = [*names.values(), *regions.zones, *regions.lines]
    table = CsvTable(path, COUNT_COLUMNS, live, not options.overwrite, texts)
    counts = IntervalCounts(intervals, list(regions.lines), list(regions.zones), live)
    return opening.enter_context(CountTable(table, counts, intervals, live))
