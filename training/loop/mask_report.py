"""What the training of masks tells: of silhouettes out of boxes, or of the class of each pixel."""

from __future__ import annotations

from typing import NamedTuple


class MaskReport(NamedTuple):
    """Where a run stands. Losses are means since the last report; `validation` is None where nothing was judged."""

    step: int
    progress: float
    seconds: float
    pixel_loss: float
    dice_loss: float
    validation: float | None
