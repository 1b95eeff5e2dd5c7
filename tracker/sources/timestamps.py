"""When pictures were taken, told from their time stamps and from when they came."""

from __future__ import annotations

SHARE = 0.05  # of the difference between both clocks, taken over with each picture
JUMP = 0.5  # seconds of difference at which the stamps must have begun anew
OFTEN = 100  # pictures; stamps that begin anew after fewer go at another speed than time does


class Steady:
    """Puts a source's own time stamps on this computer's clock.

    Pictures come in bursts: a network holds them back, a decoder lets one go only with the next. Their stamps tell how
    far they are apart, and the average of many tells where the stamps' zero is (a phase-locked loop of first order).
    """

    def __init__(self) -> None:
        self._offset: float | None = None
        self._since_jump = OFTEN
        self._trusted = True

    def __call__(self, stamp: float | None, now: float) -> float:
        """When a picture was taken that comes `now`, in seconds. stamp: that by its source, or None."""
        if stamp is None or not self._trusted:
            return now
        if self._offset is None:
            self._offset = now - stamp
        elif abs(now - stamp - self._offset) > JUMP:
            self._trusted = self._since_jump >= OFTEN
            self._offset, self._since_jump = now - stamp, 0
        self._since_jump += 1
        self._offset += SHARE * (now - stamp - self._offset)
        return stamp + self._offset
