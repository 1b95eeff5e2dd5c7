"""Where results go: paths that are checked before any work is done."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from detectors.errors import InputError
from tracker.run.options import Options
from tracker.sources.base import Source

VIDEO_SUFFIXES = (".mp4", ".m4v")


def output_paths(options: Options, source: Source) -> dict[str, Path]:
    """Option -> path of everything that will be written. Raises InputError for a video that cannot be."""
    paths = {"--mot": options.mot, "--jsonl": options.jsonl, "--events": options.events, "--stats": options.stats}
    found = {option: Path(path) for option, path in paths.items() if path is not None}
    output = str(options.output)
    if output == "auto" and source.has_images:
        found["--output"] = Path(f"{source.name}.tracked.mp4")
    elif output not in ("auto", "none"):
        check_video_name(Path(output))
        if not source.has_images:
            raise InputError(source.path, "has no images to draw on", "use --output none")
        found["--output"] = Path(output)
    return found


def first_files(paths: Mapping[str, Path], options: Options, source: Source) -> dict[str, Path]:
    """`paths`, with the video's first file in place of the name that all of its files go by.

    That is one that exists already, if there is any.
    """
    if options.segment is None or "--output" not in paths:
        return dict(paths)
    from tracker.writers.segments import existing_segments, segment_names

    path = paths["--output"]
    there = [] if source.live else existing_segments(path)
    return {**paths, "--output": there[0] if there else segment_names(path, source)(options.start)}


def input_paths(options: Options, source: Source) -> list[Path]:
    """What a run reads, as far as it may be the name of a file."""
    named = (source.path, options.detections, options.detector, options.appearance)
    return [Path(path) for path in (*named, options.camera_motion, options.regions) if path]


def check_outputs(
    outputs: dict[str, Path], inputs: Iterable[Path], overwrite: bool, logs: Collection[str] = ()
) -> None:
    """Make sure that every output can be written and that none destroys anything.

    outputs: option -> path. inputs: files that are read. logs: options whose files are only ever added to.

    Raises InputError for a missing or read-only folder, a folder in place of a file, a file that is there already
    (unless `overwrite`), an input, and two outputs of one name.
    """
    taken: dict[Path, str] = {}
    read = [path.resolve() for path in inputs]
    for option, path in outputs.items():
        if str(path) == "-":
            raise InputError(f"{option} -", "is no file name", f"use {option} /dev/stdout, or name a file")
        if path.parts[:2] == ("/", "dev"):  # a device or a pipe holds nothing that could be lost
            continue
        place = path.resolve()
        if place in read or any(_same_file(place, other) for other in read):
            raise InputError(path, "is an input of this run and would be overwritten", f"choose another {option}")
        if place in taken:
            raise InputError(path, f"is asked for twice, by {taken[place]} and {option}", "choose two names")
        taken[place] = option
        if not place.parent.is_dir():
            raise InputError(path, f"the folder {path.parent} does not exist", "create it, or choose another")
        if place.is_dir():
            raise InputError(path, "is a folder", f"give {option} a file name")
        if place.is_file() and not overwrite and option not in logs:
            raise InputError(path, "exists already", "add --overwrite, or choose another name")
        if not os.access(place if place.exists() else place.parent, os.W_OK):
            raise InputError(path, "cannot be written: no permission", "choose another place")


def _same_file(a: Path, b: Path) -> bool:
    """Whether two names stand for one file, as hard links do, or other letters on some systems."""
    return a.exists() and b.exists() and a.samefile(b)


def check_video_name(path: Path) -> None:
    """Raise InputError unless the name of the annotated video says that it is an mp4."""
    if path.suffix.lower() not in VIDEO_SUFFIXES:
        raise InputError(path, "annotated video is written as mp4", f"name it {path.with_suffix('.mp4').name}")
