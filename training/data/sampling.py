"""How often each picture is drawn: by where it comes from, and by how rare the objects are that it shows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from detectors.base import Floats
from training.data.dataset import Dataset


def source_factors(dataset: Dataset, weights: Mapping[str, float]) -> Floats:
    """Factors ``(N,)`` of the pictures by their source, 1 where it is not named."""
    return np.array([weights.get(image.source, 1.0) for image in dataset.images], dtype=np.float64)


def repeat_factors(dataset: Dataset, share: float) -> Floats:
    """Factors ``(N,)`` from 1 up for pictures of rare classes (Gupta et al., "LVIS", 2019, section "Repeat factor").

    A class that only f of the pictures show is drawn sqrt(share / f) times as often, where f is less than `share`; a
    picture as often as its rarest class asks for. Boxes count by how sure they are; difficult ones do not.
    """
    shown = np.zeros((len(dataset.images), len(dataset.class_names)))
    for row, image in zip(shown, dataset.images, strict=True):
        clear = ~image.difficult
        np.maximum.at(row, image.class_ids[clear], image.scores[clear])
    factors = np.maximum(1.0, np.sqrt(share / np.maximum(shown.mean(axis=0), 1e-9)))
    return np.asarray(np.maximum(1.0, (factors * shown).max(axis=1, initial=1.0)))
