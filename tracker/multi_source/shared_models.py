"""The models of several sources, each in memory once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from detectors import load_detector
from detectors.base import Detector
from detectors.cores import available_cores
from detectors.shared import BatchDetector, SharedDetector
from tracker.appearance.embedder import Embedder, load_embedder
from tracker.run.options import Options

OURS = ("auto", "sliding")


class SharedModels:
    """Detectors and embedders by what was asked for; sources that ask for the same share one.

    sources: how many there are. With several sources on as many cores, each detection has one core: threads that
    compute one picture together wait for each other. Twice as many run at once as there are cores, so that a core has
    work while a detection waits for Python's lock; still more would take memory and gain nothing.
    """

    def __init__(self, sources: int) -> None:
        cores = available_cores()
        self._turns = max(1, min(2 * cores, sources))
        self._threads = max(1, cores // self._turns)
        self._detectors: dict[tuple[Any, ...], SharedDetector] = {}
        self._embedders: dict[tuple[Any, ...], Embedder | None] = {}

    def share(self, options: Options) -> Options:
        """The options with the shared models in the place of their names. Raises InputError where there is none.

        What remembers the frames that it has seen stays a name, and each source loads its own.
        """
        found = options
        if options.detections is None and _is_shareable(str(options.detector)):
            found = replace(found, detector=self._detector(options), names=None, preprocess=None, family=None)
        if str(options.appearance) in ("auto", "people") or str(options.appearance).endswith(".onnx"):
            found = replace(found, appearance=self._embedder(options) or "none")
        return found

    def _detector(self, options: Options) -> SharedDetector:
        key = options.detector, options.conf, options.iou, options.imgsz, options.device, options.model_settings
        if key not in self._detectors:
            self._detectors[key] = self._load(options)
        return self._detectors[key]

    def _load(self, options: Options) -> SharedDetector:
        def load(threads: int) -> Detector:
            return load_detector(
                options.detector,
                conf=options.conf,
                iou=options.iou,
                imgsz=options.imgsz,
                device=options.device,
                threads=threads,
                settings=options.model_settings,
            )

        detector = load(self._threads)
        if isinstance(detector, BatchDetector) and detector.batched:
            return SharedDetector(load(available_cores()))
        return SharedDetector(detector, self._turns)

    def _embedder(self, options: Options) -> Embedder | None:
        key = options.appearance, options.device
        if key not in self._embedders:
            self._embedders[key] = load_embedder(options.appearance, options.device)
        return self._embedders[key]


def _is_shareable(detector: str) -> bool:
    return detector in OURS or detector.endswith(".onnx")
