"""What a way to deliver messages is, and how it fails."""

from __future__ import annotations

from typing import Protocol


class DeliveryError(Exception):
    """A message could not be delivered.

    why: in words, without the address. final: whether it never will be, as the receiver does not want it. wait: seconds
    that the receiver asks for before the next attempt.
    """

    def __init__(self, why: str, final: bool = False, wait: float = 0.0) -> None:
        super().__init__(why)
        self.why, self.final, self.wait = why, final, wait


class Channel(Protocol):
    """A way to deliver messages to one receiver, used by one thread.

    shown: the receiver as messages for people call it, without secrets.
    """

    shown: str

    def open(self) -> None:
        """Begin; does not wait for the receiver."""
        ...

    def deliver(self, message: bytes, timeout: float) -> None:
        """Deliver a message within so many seconds. Raises DeliveryError; the same message is given again then."""
        ...

    def refresh(self) -> None:
        """Bring up to date what is not a message, if anything is: about once a second, also while nothing happens."""
        ...

    def close(self) -> None:
        """Say goodbye."""
        ...
