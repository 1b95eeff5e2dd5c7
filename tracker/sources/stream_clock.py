"""When a stream's pictures were taken: its own time stamps, put on this computer's clock."""

from __future__ import annotations

SHARE = 0.05  # of the difference between both clocks, taken over with each picture
JUMP = 0.5  # seconds of difference from which the stamps must have started anew
OFTEN = 100  # pictures; stamps that start anew after fewer do not run at the speed of time, and are not used any more


class StreamClock:
    """Maps a stream's time stamps to this computer's clock.

    Pictures arrive in bursts: a network delays them, a decoder releases one only with the next. Their stamps tell the
    distance between them, and the average over many tells where the stamps' zero is (a phase-locked loop of first
    order).
    """

    def __init__(self) -> None:
        self._offset: float | None = None
        self._since_jump = OFTEN
        self._trusted = True

    def __call__(self, stamp: float | None, now: float) -> float:
        """When a picture that arrives `now` was taken, in seconds. stamp: its own time stamp, None if it has none."""
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
