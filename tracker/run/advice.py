"""What a person may do next, said at the end of a run: where little was found, and where all is well."""

from __future__ import annotations

from detectors.base import search_size
from tracker.run.run import Run

FEW_OBJECTS = 0.1  # tracked objects a frame; below that, something should be done about it
ENOUGH_FRAMES = 25  # from which on that number means something


def what_to_try(run: Run) -> str:
    """Advice for a run in which the detector has found little; "" if it has found enough."""
    options, source = run.options, run.source
    found = run.state.boxes / max(run.state.frames, 1)
    if (
        found >= FEW_OBJECTS
        or run.state.frames < ENOUGH_FRAMES
        or options.detections is not None
        or not source.has_images
    ):
        return ""
    size = search_size(run.stages.detector, source.height, source.width)
    tries = []
    if size is not None and size < max(source.width, source.height):
        tries.append(f"--imgsz {max(source.width, source.height)}")
        tries += (
            [] if options.tiles else ["--tiles auto" if size < max(source.width, source.height) / 2 else "--tiles 2"]
        )
    if options.conf is not None:
        tries.append("a lower --conf")
    if str(options.detector) != "motion":
        tries.append("--detector motion, which finds whatever moves")
    return f"little was found; to find more, try {', or '.join(tries)}" if tries else ""


def what_next(run: Run) -> str:
    """The uses of a recorded video that this run has not made; "" where nothing was found, and for live sources."""
    options = run.options
    if run.source.live or not run.class_counts:
        return ""
    written = {options.mot, options.jsonl, options.events} != {None}
    uses = [
        ("--offline for smooth paths without gaps", not options.offline),
        ("--line door:X1,Y1,X2,Y2 to count", not (options.line or options.zone or options.regions)),
        ("--jsonl FILE for the data", not written),
    ]
    unused = [use for use, is_new in uses if is_new]
    return f"{', '.join(unused)}; keeptrack help has more" if unused else ""
