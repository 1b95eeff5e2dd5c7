"""keeptrack under its own name: ``import keeptrack`` is the package ``tracker``, submodules and all.

A file tracker.py or detectors.py in the current folder, which would shadow the package, does not matter here: the ones
beside this file are loaded. A program that needs its own tracker.py too imports that first.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tracker import PRESETS as PRESETS
    from tracker import Detections as Detections
    from tracker import Frame as Frame
    from tracker import InputError as InputError
    from tracker import Mask as Mask
    from tracker import Preset as Preset
    from tracker import Tracker as Tracker
    from tracker import Tracks as Tracks
    from tracker import __version__ as __version__
    from tracker import track as track

BESIDE = Path(__file__).resolve().parent.parent


class _Alias(Loader):
    """Gives a module of tracker under another name, as the same object."""

    def __init__(self, name: str) -> None:
        self._name = name

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = import_module(self._name)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec  # which the import system has replaced by that of the other name


class _Aliases(MetaPathFinder):
    """Finds ``keeptrack.NAME`` as ``tracker.NAME``, but not what ``python -m`` runs, a module of its own."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        first, _, rest = fullname.partition(".")
        if first != "keeptrack" or not rest or rest == "__main__":
            return None
        return ModuleSpec(fullname, _Alias(f"tracker.{rest}"))


def _ours(name: str) -> ModuleType:
    """The package `name` beside this one, whatever else of that name is in the way."""
    place = BESIDE / name / "__init__.py"
    known = sys.modules.get(name)
    if known is not None and getattr(known, "__file__", None) and Path(str(known.__file__)).resolve() == place:
        return known
    spec = spec_from_file_location(name, place, submodule_search_locations=[str(place.parent)])
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_ours("detectors")
sys.meta_path.insert(0, _Aliases())
sys.modules[__name__] = _ours("tracker")
