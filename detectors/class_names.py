"""What a model's classes are called: by a list of the user's, or by COCO's where their number says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path

from detectors import limits
from detectors.errors import InputError
from detectors.metadata import plain

COCO = (
    "person bicycle car motorcycle airplane bus train truck boat traffic_light fire_hydrant stop_sign "
    "parking_meter bench bird cat dog horse sheep cow elephant bear zebra giraffe backpack umbrella "
    "handbag tie suitcase frisbee skis snowboard sports_ball kite baseball_bat baseball_glove skateboard "
    "surfboard tennis_racket bottle wine_glass cup fork knife spoon bowl banana apple sandwich orange "
    "broccoli carrot hot_dog pizza donut cake chair couch potted_plant bed dining_table toilet tv laptop "
    "mouse remote keyboard cell_phone microwave oven toaster sink refrigerator book clock vase scissors "
    "teddy_bear hair_drier toothbrush"
)
COCO_NAMES = tuple(name.replace("_", " ") for name in COCO.split())
UNUSED_CATEGORIES = (12, 26, 29, 30, 45, 66, 68, 69, 71, 83)
CATEGORIES = tuple(each for each in range(1, 91) if each not in UNUSED_CATEGORIES)
"""COCO's numbers of its 80 classes: networks that count by them have 90 columns, or 91 with the background."""

SHOWN = 5  # classes that are named

OTHER_WORDS = {
    "people": "person",
    "pedestrian": "person",
    "human": "person",
    "bike": "bicycle",
    "cyclist": "bicycle",
    "motorbike": "motorcycle",
    "scooter": "motorcycle",
    "lorry": "truck",
    "van": "truck",
    "vehicle": "car",
}
"""What people write -> what COCO calls it."""


def likely_class(word: str, names: Iterable[str]) -> str | None:
    """Which of `names` somebody who wrote `word` may have meant."""
    names, word = list(names), word.lower()
    meant = OTHER_WORDS.get(word.removesuffix("s"), OTHER_WORDS.get(word, word))
    close = get_close_matches(meant, names, 1, cutoff=0.7)
    return close[0] if close else None


def classes_told(names: Mapping[int, str]) -> str:
    """How many classes a model has, and which, in a few words."""
    if not names:
        return "classes without names"
    if set(names.values()) == set(COCO_NAMES):
        return f"{len(names)} classes of COCO"
    shown = ", ".join(list(names.values())[:SHOWN])
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{len(names)} {'class' if len(names) == 1 else 'classes'}: {shown}{more}"


def coco_names(count: int, first_class: int = 0) -> dict[int, str]:
    """COCO's names by class id for a model of so many classes, 0 if unknown; {} where the number does not fit."""
    if count == len(COCO_NAMES) or (not count and not first_class):
        return {first_class + index: name for index, name in enumerate(COCO_NAMES)}
    if count in (90, 91) or not count:
        shift = 1 if count == 90 and not first_class else 0
        return {category - shift: name for category, name in zip(CATEGORIES, COCO_NAMES, strict=True)}
    return {}


def read_names(path: str | Path, first_class: int = 0) -> dict[int, str]:
    """Class names by id out of a text file with one a line. Raises InputError.

    first_class: the id of the first line; a first line that calls itself the background has the id 0.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")[: limits.METADATA]
    except (OSError, UnicodeDecodeError, ValueError) as error:
        why = getattr(error, "strerror", None) or "is no text"
        raise InputError(f"--names {path}", why, "give a text file with one class name a line, or coco") from None
    lines = [plain(line) for line in text.splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    if not lines:
        raise InputError(f"--names {path}", "has no line", "give one class name a line")
    start = 0 if lines[0].strip("_").lower() == "background" else first_class
    return {start + index: name or str(start + index) for index, name in enumerate(lines)}
