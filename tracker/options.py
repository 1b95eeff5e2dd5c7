"""The options of a run, and whether they make sense."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from detectors import Detector, InputError
from tracker.presets import DEFAULT


@dataclass(frozen=True)
class Options:
    """The command line's options under the same names; see ``python -m tracker --help`` or the README.

    output: path of the annotated video, "none", or "auto" for ``<name>.tracked.mp4`` in the current folder.
    classes: names or ids, as a sequence or separated by commas. start, end: seconds.
    """

    output: str | Path = "none"
    mot: str | Path | None = None
    jsonl: str | Path | None = None
    stats: str | Path | None = None
    detector: str | Path = "auto"
    detections: str | Path | None = None
    rescale_scores: bool = False
    appearance: str | Path = "auto"
    tracker: str = DEFAULT
    classes: str | Sequence[str | int] | None = None
    conf: float = 0.1
    iou: float = 0.7
    imgsz: int | None = None
    fps: float | None = None
    start: float = 0.0
    end: float | None = None
    max_frames: int | None = None
    device: str = "auto"
    overwrite: bool = False


def find_classes(wanted: str | Sequence[str | int] | None, detector: Detector) -> set[int] | None:
    """The ids of the classes that are wanted, by name or id; None for all. Raises InputError for unknown ones."""
    if wanted is None:
        return None
    names = [str(name).strip() for name in (wanted.split(",") if isinstance(wanted, str) else wanted)]
    known: Mapping[str, int] = {name: class_id for class_id, name in detector.class_names.items()}
    found = set()
    for name in filter(None, names):
        if name in known:
            found.add(known[name])
        elif name.isdigit() and (int(name) in detector.class_names or not known):
            found.add(int(name))
        else:
            there = ", ".join(known) or "none, only ids"
            raise InputError(f"--classes {name}", f"{detector.name} does not know it", f"it knows: {there}")
    return found


def check_numbers(options: Options) -> None:
    """Raise InputError for a number that makes no sense."""
    for name in ("conf", "iou"):
        value = getattr(options, name)
        if not 0 <= value <= 1:
            raise InputError(f"--{name} {value}", "is not between 0 and 1", "give a share, such as 0.3")
    for name in ("imgsz", "fps", "max_frames", "end"):
        value = getattr(options, name)
        if value is not None and not value > 0:
            raise InputError(f"--{name.replace('_', '-')} {value}", "is not above 0", "give a positive number")
    if options.start < 0 or (options.end is not None and options.end <= options.start):
        raise InputError(f"--start {options.start:g}", "leaves no frames", "start at 0 or later, and before --end")
