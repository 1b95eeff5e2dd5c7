"""What the masks in a file may unpack to: a run of a few characters may cover a whole picture."""

from __future__ import annotations

from detectors import limits
from detectors.masks import Mask


class MaskBudget:
    """The pixels that are left for the masks of one file."""

    def __init__(self) -> None:
        self._left = limits.MASK_PIXELS

    def spend(self, mask: Mask, characters: int) -> Mask:
        """The mask, which has been told in so many characters or numbers. Raises ValueError for too many pixels."""
        self._left += limits.MASK_DENSITY * characters - mask.height * mask.width
        if self._left < 0:
            raise ValueError("its masks have more pixels than a file of that size")
        return mask
