"""Families of exports: what a model of each looks like, how a picture goes in, and how boxes come out."""

from __future__ import annotations

from detectors.families.base import Answer, Candidates, Family
from detectors.families.recognition import FAMILIES, NotRecognisedError, find_family

__all__ = ["FAMILIES", "Answer", "Candidates", "Family", "NotRecognisedError", "find_family"]
