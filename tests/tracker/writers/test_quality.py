"""The quality of the annotated video."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests import scenes
from tracker.writers.h264 import VideoFormat
from tracker.writers.quality import rate_factor
from tracker.writers.video import VideoWriter


@pytest.mark.parametrize(
    ("quality", "factor"), [("low", 28), ("medium", 22), ("high", 16), (0, 40), ("100", 10), (50.0, 25)]
)
def test_quality_in_words_and_numbers(quality: str | float, factor: float) -> None:
    assert rate_factor(quality) == pytest.approx(factor)


def test_better_quality_is_a_larger_file_nearer_to_the_picture(tmp_path: Path) -> None:
    sizes, errors = [], []
    pictures = list(scenes.render(scenes.CROSSING, 20))
    for quality in ("low", "medium", "high"):
        path = tmp_path / f"{quality}.mp4"
        with VideoWriter(path, VideoFormat(Fraction(25), Fraction(1, 25), crf=rate_factor(quality))) as writer:
            for index, picture in enumerate(pictures):
                writer.write(picture, index / 25)
        sizes.append(path.stat().st_size)
        with av.open(str(path)) as container:
            shown = [frame.to_ndarray(format="bgr24").astype(int) for frame in container.decode(video=0)]
        errors.append(np.mean([np.abs(a - b).mean() for a, b in zip(shown, pictures, strict=True)]))
    assert sizes[0] < sizes[1] < sizes[2]
    assert errors[0] > errors[1] > errors[2]
    assert errors[1] < 5  # grey levels of 255
