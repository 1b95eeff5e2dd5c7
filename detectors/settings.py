"""What a user says of a model file because the file does not say it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ModelSettings:
    """Options of .onnx models that others exported.

    names: a text file with one class name a line, or "coco". preprocess: how a picture goes in, see
    `detectors.families.preprocessing.WORDS`. family: the key of its family.
    """

    names: str | Path | None = None
    preprocess: str | None = None
    family: str | None = None

    def given(self) -> str:
        """The first option that was given, as on the command line; "" for none."""
        options = {"--names": self.names, "--preprocess": self.preprocess, "--family": self.family}
        return next((name for name, value in options.items() if value is not None), "")
