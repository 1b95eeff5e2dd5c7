"""The options of a run, and whether they make sense."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from pathlib import Path
from typing import Any, NamedTuple

from detectors import Detector, InputError, ModelSettings
from detectors.class_names import likely_class
from detectors.devices import DEVICES
from detectors.tiles import MOST_TILES
from tracker.association.presets import DEFAULT, PRESETS
from tracker.drawing.parts import ALL, parse_parts
from tracker.durations import duration, time_of
from tracker.privacy.policy import check_hiding
from tracker.writers.quality import DEFAULT as DEFAULT_QUALITY
from tracker.writers.quality import rate_factor

LIMITS = {
    "conf": (0, 1),
    "iou": (0, 1),
    "imgsz": (32, 8192),
    "fps": (0.001, 1000),
    "rate": (0.1, 1000),
    "max_frames": (1, 10**9),
    "speed_over": (0.1, 10000),
    "start": (0, 10**9),
    "end": (0, 10**9),
}
WHOLE, TIMES = ("imgsz", "max_frames"), ("start", "end")
SHORTEST_SEGMENT = 1.0  # seconds
SHORTEST_INTERVAL, LONGEST_INTERVAL = 1.0, 86400.0  # seconds of --every
DEFAULT_INTERVAL = "15min"
SOURCE_NAME = re.compile(r"\w[\w .-]{0,99}")
MAP_GROUPS = ("class", "time", "zone")


class Span(NamedTuple):
    """The part of a source that is tracked, in seconds. end: None for all that follows."""

    start: float
    end: float | None


@dataclass(frozen=True)
class Options:
    """The command line's options under the same names; see ``keeptrack --help`` or docs/options.md.

    output: path of the annotated video, "none", or "auto" for ``<name>.tracked.mp4`` in the current folder. quality: of
    that video, "low", "medium", "high" or 0 to 100. segment: length of its files, as "10min" or in seconds; None for a
    single one. tracks: a table, .csv, .parquet or .sqlite. counts: a .csv of counts, in intervals of `every`.
    heatmap, trails, top_view: .png of where objects were, of the paths that they took, and of these seen from above,
    `map_by` "class", "time" or "zone". calibrate: a file that tells how the ground lies. speed_over: km/h.
    detector, appearance: names, paths, or objects that can be called: see `detectors.objects`.
    classes: names or ids, as a sequence or separated by commas. conf: None leaves it to the detector, and takes all
    that `detections` has. imgsz: None for what suits the source. tiles: a number along each side of a frame, "auto", or
    None to search the whole frame alone. masks: whether objects are cut out of their boxes. names, preprocess, family:
    what the file of a detector does not say, see `ModelSettings`. segmenter: a model for the class of each pixel.
    camera_motion: "auto", "none", or a file.
    memory: how long those who have left are remembered, as "10min" or in seconds; None leaves it to the tracker.
    detect_every: a number of frames, or "auto". source_name: what the source is called in files and messages, None for
    its own. start, end: seconds, or a text as "1:30".
    roi, mask: polygons "x1,y1,x2,y2,...". line, zone: "name:x1,y1,x2,y2,...". Of these, one or several. anchor: None
    leaves it to the file `regions`, and to "foot". size, rate: what a camera is asked for, ``WIDTHxHEIGHT`` and frames
    a second. reconnect: whether a live source is opened again when it is lost; None does so with streams, not with
    cameras. blur, pixelate: classes, "faces" or "all", that are made unrecognisable; except_, only: numbers of tracks
    that are not, or that alone are. draw: what is drawn, see `tracker.drawing.parts`. view: HOST:PORT, or one of them,
    of a page that shows the run; None for no page.
    webhook: an http:// or https:// address that events are posted to. webhook_secret: signs them. mqtt:
    ``HOST[:PORT]/TOPIC`` of a broker. queue: a folder for messages that wait, None for ``<name>.queue``.
    """

    output: str | Path = "none"
    quality: str | float = DEFAULT_QUALITY
    segment: str | float | None = None
    mot: str | Path | None = None
    jsonl: str | Path | None = None
    stats: str | Path | None = None
    tracks: str | Path | None = None
    counts: str | Path | None = None
    every: str | float = DEFAULT_INTERVAL
    heatmap: str | Path | None = None
    trails: str | Path | None = None
    top_view: str | Path | None = None
    map_by: str | None = None
    detector: str | Path | Callable[..., Any] = "auto"
    detections: str | Path | None = None
    rescale_scores: bool = False
    appearance: str | Path | Callable[..., Any] = "auto"
    tracker: str = DEFAULT
    camera_motion: str | Path = "auto"
    memory: str | float | None = None
    detect_every: int | str = 1
    offline: bool = False
    classes: str | Sequence[str | int] | None = None
    conf: float | None = None
    iou: float = 0.7
    imgsz: int | None = None
    tiles: int | str | None = None
    names: str | Path | None = None
    preprocess: str | None = None
    family: str | None = None
    segmenter: str | Path | None = None
    source_name: str | None = None
    fps: float | None = None
    start: float | str = 0.0
    end: float | str | None = None
    max_frames: int | None = None
    roi: str | Sequence[str] = ()
    mask: str | Sequence[str] = ()
    line: str | Sequence[str] = ()
    zone: str | Sequence[str] = ()
    regions: str | Path | None = None
    anchor: str | None = None
    calibrate: str | Path | None = None
    speed_over: float | None = None
    blur: str | Sequence[str | int] | None = None
    pixelate: str | Sequence[str | int] | None = None
    except_: str | Sequence[str | int] | None = None
    only: str | Sequence[str | int] | None = None
    draw: str | Sequence[str] = ALL
    events: str | Path | None = None
    webhook: str | None = None
    webhook_secret: str | None = None
    mqtt: str | None = None
    queue: str | Path | None = None
    size: str | None = None
    rate: float | None = None
    reconnect: bool | None = None
    masks: bool = False
    device: str = "auto"
    overwrite: bool = False
    view: str | int | None = None
    view_token: str | None = None
    show: bool = False

    @property
    def span(self) -> Span:
        """From when to when is tracked. Raises InputError for what is no time."""
        return Span(time_of("--start", self.start), None if self.end is None else time_of("--end", self.end))

    @property
    def model_settings(self) -> ModelSettings:
        """What is said about the detector's file."""
        return ModelSettings(self.names, self.preprocess, self.family)


def find_classes(wanted: str | Sequence[str | int] | None, detector: Detector) -> set[int] | None:
    """The ids of the classes that are wanted, by name or id; None for all. Raises InputError for unknown ones."""
    if wanted is None:
        return None
    names = [str(name).strip() for name in (wanted.split(",") if isinstance(wanted, str) else wanted)]
    known: Mapping[str, int] = {name: class_id for class_id, name in detector.class_names.items()}
    if not any(names):
        raise InputError("--classes", "names no class", "name one, or leave it out for all")
    found = set()
    for name in filter(None, names):
        if name in known:
            found.add(known[name])
        elif name.isdecimal() and (int(name) in detector.class_names or not known):
            found.add(int(name))
        else:
            there, likely = ", ".join(known) or "none, only ids", likely_class(name, known)
            remedy = f"did you mean {likely}? it knows: {there}" if likely else f"it knows: {there}"
            raise InputError(f"--classes {name}", f"the detector {detector.name} does not know it", remedy)
    return found


def check_numbers(options: Options) -> None:
    """Raise InputError for a number that makes no sense, and for what is none."""
    for name, (low, high) in LIMITS.items():
        value, option = getattr(options, name), f"--{name.replace('_', '-')}"
        if value is None and getattr(Options, name) is None:  # the default, which stands for something else
            continue
        if name in TIMES:
            value = time_of(option, value)
        elif isinstance(value, bool) or not isinstance(value, Integral if name in WHOLE else Real):
            why = f"is no {'whole ' if name in WHOLE else ''}number"
            raise InputError(f"{option} {value!r}"[:100], why, f"give one from {low:g} to {high:g}")
        if not low <= value <= high:
            fits = isinstance(value, float) or value < 1e300  # a whole number may have more digits than a float
            shown = f"{value:g}" if fits else f"{str(value)[:20]}..."
            raise InputError(f"{option} {shown}", f"is not between {low:g} and {high:g}", "give a number that is")


def check_options(options: Options) -> None:
    """Raise InputError for a number that makes no sense, and for options that contradict each other."""
    check_numbers(options)
    rate_factor(options.quality)
    if options.segment is not None:
        duration("--segment", options.segment, SHORTEST_SEGMENT)
        if str(options.output) == "none":
            raise InputError("--segment", "is about the annotated video, and none is written", "give -o PATH")
    parse_parts(options.draw)
    check_hiding(options.blur, options.pixelate, options.except_, options.only)
    check_tables(options)
    check_maps(options)
    check_ground(options)
    drawn = str(options.output) != "none" or options.view is not None or options.show
    if options.segmenter is not None and not drawn:
        raise InputError("--segmenter", "is drawn on the picture, and none is shown", "give -o PATH or --view")
    start, end = options.span
    if end is not None and end <= start:
        raise InputError(f"--end {end:g}", f"is not after --start {start:g}", "leave one of them out")
    if str(options.device).split(":")[0] not in (*DEVICES, "mps"):
        raise InputError(f"--device {options.device}", "no such device", f"choose one of: {', '.join(DEVICES)}")
    check_model_options(options)
    if options.detections is not None and str(options.detector) != "auto":
        raise InputError("--detector and --detections", "only one can be used", "leave one of them out")
    check_detect_every(options.detect_every)
    check_memory(options)
    if options.source_name is not None and not SOURCE_NAME.fullmatch(str(options.source_name)):
        why = "is no name for files: it has other characters than letters, digits, spaces, dots, - and _, or too many"
        raise InputError("--source-name", why, "give another")
    check_tiles(options)
    if str(options.detect_every) != "1" and str(options.detector) == "motion":
        every = f"--detect-every {options.detect_every}"
        raise InputError(every, "--detector motion has to see every frame", "leave one of them out")
    if options.rescale_scores and options.detections is None:
        raise InputError("--rescale-scores", "is about the scores of --detections", "give --detections FILE")


def check_tables(options: Options) -> None:
    """Raise InputError for tables in no format that is known, and for intervals without a table."""
    if options.tracks is not None:
        from tracker.tables.track_table import check_table_name

        check_table_name("--tracks", Path(options.tracks))
    if duration("--every", options.every, SHORTEST_INTERVAL) > LONGEST_INTERVAL:
        raise InputError(f"--every {options.every}", "is more than a day", "give a shorter time")
    if options.counts is None and options.every != DEFAULT_INTERVAL:
        raise InputError("--every", "is about the table of --counts, and none is written", "give --counts FILE.csv")
    if options.counts is not None and Path(options.counts).suffix.lower() != ".csv":
        name = Path(options.counts).with_suffix(".csv").name
        raise InputError(f"--counts {options.counts}", "counts are written as CSV", f"name it {name}")


def check_maps(options: Options) -> None:
    """Raise InputError for maps in another format than PNG, and for groups that there are not."""
    maps = {"--heatmap": options.heatmap, "--trails": options.trails, "--top-view": options.top_view}
    for option, path in maps.items():
        if path is not None and Path(path).suffix.lower() != ".png":
            raise InputError(f"{option} {path}", "is written as PNG", f"name it {Path(path).with_suffix('.png').name}")
    if options.map_by is None:
        return
    if options.map_by not in MAP_GROUPS:
        raise InputError(f"--map-by {options.map_by}", "no such groups", f"choose one of: {', '.join(MAP_GROUPS)}")
    if not any(maps.values()):
        raise InputError("--map-by", "is about --heatmap and --trails, and none is drawn", "give --heatmap FILE.png")


def check_ground(options: Options) -> None:
    """Raise InputError for what needs metres where none are known."""
    for option, value in (("--speed-over", options.speed_over), ("--top-view", options.top_view)):
        if value is not None and options.calibrate is None:
            raise InputError(
                option, "needs to know how the ground lies", "give --calibrate FILE (keeptrack draw makes one)"
            )


def check_model_options(options: Options) -> None:
    """Raise InputError for what is said about a model's file where there is none."""
    settings = options.model_settings
    if settings.given() and not str(options.detector).endswith(".onnx"):
        raise InputError(settings.given(), "is about an .onnx model, and none is used", "give --detector PATH.onnx")


def check_tiles(options: Options) -> None:
    """Raise InputError for tiles that are neither a number nor "auto", and where there are no pictures to cut up."""
    if options.tiles is None:
        return
    text = str(options.tiles)
    if text != "auto" and not (text.isdecimal() and 2 <= int(text) <= MOST_TILES):
        raise InputError(
            f"--tiles {text}",
            f"is neither a number from 2 to {MOST_TILES} nor auto",
            "give the number of tiles along each side of a frame",
        )
    if options.detections is not None:
        raise InputError("--tiles and --detections", "no detector looks at pictures", "leave one of them out")
    if str(options.detector) == "motion":
        raise InputError("--tiles", "--detector motion sees small things anyway", "leave one of them out")


def check_memory(options: Options) -> None:
    """Raise InputError for what is no length of time, and for trackers that remember nobody."""
    if options.memory is None:
        return
    seconds = duration("--memory", options.memory, 0.0)
    preset = PRESETS.get(options.tracker)
    if seconds and preset is not None and preset.recognition is None:
        why = f"--tracker {options.tracker} recognises nobody who has left"
        raise InputError(f"--memory {options.memory}", why, "leave one of them out")


def check_detect_every(every: int | str) -> None:
    """Raise InputError unless it is a number of frames, or "auto"."""
    text = str(every)
    if text != "auto" and not (text.isdecimal() and len(text) < 10 and int(text) > 0):
        remedy = "give a number of frames from 1 on, or auto"
        raise InputError(f"--detect-every {text}", "is neither a number of frames nor auto", remedy)
