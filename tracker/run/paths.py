"""The files that a run reads and writes, as its options name them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from itertools import chain, count
from pathlib import Path

from detectors.errors import InputError
from tracker.run.options import Options
from tracker.sources.base import Source
from tracker.writers.path_checks import check_video_name


def output_paths(options: Options, source: Source) -> dict[str, Path]:
    """Option -> path of everything that will be written. Raises InputError for a video that cannot be."""
    paths = {"--mot": options.mot, "--jsonl": options.jsonl, "--events": options.events, "--stats": options.stats}
    paths |= {"--tracks": options.tracks, "--counts": options.counts}
    paths |= {"--heatmap": options.heatmap, "--trails": options.trails, "--top-view": options.top_view}
    found = {option: Path(path) for option, path in paths.items() if path is not None}
    output = str(options.output)
    if output == "auto" and source.has_images:
        found["--output"] = _free_name(f"{source.name}.tracked", options)
    elif output not in ("auto", "none"):
        check_video_name(Path(output))
        if not source.has_images:
            raise InputError(source.path, "has no images to draw on", "use --output none")
        found["--output"] = Path(output)
    return found


def _free_name(stem: str, options: Options) -> Path:
    """``STEM.mp4``, or where a run before has left that, ``STEM-2.mp4`` and so on: no name was asked for."""
    path = Path(f"{stem}.mp4")
    if options.overwrite or options.segment is not None:
        return path
    numbered = (Path(f"{stem}-{number}.mp4") for number in count(2))
    return next(each for each in chain([path], numbered) if not os.path.lexists(each))


def first_files(paths: Mapping[str, Path], options: Options, source: Source) -> dict[str, Path]:
    """`paths`, with the first file in place of a name that several files go by: of a video, and of a growing table.

    Of a video, that is one that exists already, if there is any.
    """
    paths = dict(paths)
    table = paths.get("--tracks")
    if table is not None and source.live and table.suffix.lower() == ".parquet" and table.is_dir():
        from tracker.tables.parquet_table import next_part

        paths["--tracks"] = next_part(table)
    if options.segment is None or "--output" not in paths:
        return paths
    from tracker.writers.segments import existing_segments, segment_names

    path = paths["--output"]
    there = [] if source.live else existing_segments(path)
    return {**paths, "--output": there[0] if there else segment_names(path, source)(options.span.start)}


def growing(paths: Mapping[str, Path]) -> list[str]:
    """The options whose files a live source adds to, if they are there."""
    grows = {"--events", "--tracks", "--counts"} & set(paths)
    if "--tracks" in grows and paths["--tracks"].suffix.lower() == ".parquet":
        grows.remove("--tracks")  # a file does not grow; a folder does, and its next part must be new
    return sorted(grows)


def input_paths(options: Options, source: Source) -> list[Path]:
    """What a run reads, as far as it may be the name of a file."""
    named = (source.path, options.detections, options.detector, options.appearance)
    files = (*named, options.segmenter, options.camera_motion, options.regions, options.calibrate)
    return [Path(path) for path in files if path and isinstance(path, (str, Path))]
