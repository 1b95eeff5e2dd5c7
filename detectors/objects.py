"""A detector or an embedder that is not ours: any callable, given or named as ``package.module:Name``, or installed.

An installed package adds a name by an entry point in the group ``keeptrack.detectors`` or ``keeptrack.embedders``.
"""

from __future__ import annotations

import inspect
import os
import re
import sys
from collections.abc import Callable, Mapping
from functools import reduce
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import numpy as np

from detectors.base import Detections, Floats, Frame
from detectors.conversion import as_detections
from detectors.errors import InputError

DETECTORS, EMBEDDERS = "keeptrack.detectors", "keeptrack.embedders"
OBJECT = re.compile(r"[^\W\d]\w*(\.\w+)*:[^\W\d]\w*(\.\w+)*")


class ObjectDetector:
    """Any callable as a `Detector`, whose answers are checked.

    found: has the attributes of `Detector`, and is called with a `Frame`; or none of them, and is called with the
    picture ``(H, W, 3)``, BGR. It answers with anything that `as_detections` knows. conf: answers scored below it are
    left out.
    """

    def __init__(self, found: Callable[..., Any], conf: float = 0.0) -> None:
        self._found, self._conf = found, conf
        self._takes_frames = hasattr(found, "suppressed")
        self.name = str(getattr(found, "name", None) or getattr(found, "__name__", type(found).__name__))
        names = getattr(found, "class_names", None) or getattr(found, "names", None) or {}
        self.class_names: Mapping[int, str] = dict(names if isinstance(names, Mapping) else enumerate(names))
        self.suppressed = bool(getattr(found, "suppressed", False))
        self.concurrent = bool(getattr(found, "concurrent", False))

    def __call__(self, frame: Frame) -> Detections:
        """What it finds in a frame. Raises InputError where that makes no sense."""
        answer = self._found(frame if self._takes_frames else frame.image)
        try:
            detections = as_detections(answer)
        except ValueError as error:
            remedy = "let it return boxes (N, 4) x1 y1 x2 y2, scores (N,) and class_ids (N,)"
            raise InputError(f"--detector {self.name}", f"in frame {frame.index}: {error}", remedy) from None
        return detections[detections.scores >= self._conf] if self._conf else detections


class ObjectEmbedder:
    """Any callable as an `Embedder`, whose answers are checked and made unit vectors.

    found: has ``class_names``, and is called with a `Frame` and boxes ``(N, 4)``; or has none, and is called with the
    picture ``(H, W, 3)``, BGR, and boxes. It answers with vectors ``(N, D)``.
    """

    def __init__(self, found: Callable[..., Any]) -> None:
        self._found = found
        self._takes_frames = hasattr(found, "class_names")
        names = getattr(found, "class_names", None)
        self.name = str(getattr(found, "name", None) or getattr(found, "__name__", type(found).__name__))
        self.class_names = None if names is None else frozenset(names)

    def __call__(self, frame: Frame, boxes: Floats) -> Floats:
        """Unit vectors ``(N, D)``; zeros stay zeros. Raises InputError where the answer makes no sense."""
        answer = self._found(frame if self._takes_frames else frame.image, boxes)
        try:
            vectors = np.asarray(answer, dtype=np.float64)
        except (TypeError, ValueError):
            vectors = np.empty(0)
        if vectors.ndim != 2 or len(vectors) != len(boxes) or not np.isfinite(vectors).all():
            why = f"in frame {frame.index}: {len(boxes)} boxes gave {np.shape(vectors)} numbers, or some are not finite"
            raise InputError(f"--appearance {self.name}", why, "let it return vectors (N, D), one for each box")
        return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12))


def find_object(option: str, text: str, group: str, settings: Mapping[str, Any]) -> Any:
    """What `text` names: an object in a module, or an entry point of the group; None if it names neither.

    A class is made an object, with those of `settings` that its constructor takes. option: for messages. Raises
    InputError where there should be one, and it cannot be imported or called.
    """
    entries = {entry.name: entry for entry in entry_points(group=group)} if ":" not in text else {}
    if OBJECT.fullmatch(text) is None and text not in entries:
        return None
    what = f"{option} {text}"
    found = _imported(what, text, entries.get(text))
    if isinstance(found, type):
        found = _made(what, found, settings)
    if not callable(found):
        raise InputError(what, f"is a {type(found).__name__}, which cannot be called", "name a class or a function")
    return found


def _imported(what: str, text: str, entry: EntryPoint | None) -> Any:
    module, _, name = (text if entry is None else entry.value).partition(":")
    if os.getcwd() not in sys.path:  # as `python -m` does it
        sys.path.append(os.getcwd())
    try:
        return reduce(getattr, name.split("."), import_module(module)) if entry is None else entry.load()
    except Exception as error:  # whatever a module of somebody else raises
        reason = f"{type(error).__name__}: {error}"
        remedy = f"check that python -c 'import {module}' works, and that {name} is in it"
        raise InputError(what, f"cannot be imported: {reason}", remedy) from None


def _made(what: str, kind: type, settings: Mapping[str, Any]) -> Any:
    try:
        taken = inspect.signature(kind).parameters
        return kind(**{name: value for name, value in settings.items() if name in taken})
    except InputError:
        raise
    except Exception as error:  # whatever a constructor of somebody else raises
        reason = f"{type(error).__name__}: {error}"
        raise InputError(what, f"cannot be made: {reason}", f"its constructor may take {', '.join(settings)}") from None
