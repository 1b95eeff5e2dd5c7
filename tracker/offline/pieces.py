"""Long videos in overlapping pieces, each of which can be tracked by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from detectors.errors import InputError

OVERLAP = 10.0  # seconds; why that many is told at `plan_pieces`
LEAD = 0.75  # share of the overlap before a piece's own part, where it starts up; the rest is for the piece before
LEAST = 0.25  # overlaps that a piece's own part must be long: shorter ones would be tracked over and over


@dataclass(frozen=True)
class Piece:
    """A piece of a video, in seconds of its frames' times; the first of several is number 0.

    start, end: what is tracked, from `start` up to before `end`; None is the end of the video. first, last: the part
    that is the piece's own; around it lies what its neighbours track as well.
    """

    number: int
    start: float
    end: float | None
    first: float
    last: float | None


def plan_pieces(
    seconds: float | None,
    count: int | None = None,
    length: float | None = None,
    overlap: float = OVERLAP,
    start: float = 0.0,
) -> list[Piece]:
    """The pieces of a video from `start` up to `seconds`; one where it is too short for several, or nobody knows.

    count: of pieces; or length: seconds of each one's own part, about, as all are equally long. overlap: seconds that
    two neighbours both track. The default, 10, gives a piece 7.5 seconds before its own part begins: by then it has
    learned how objects score and move, and objects that were lost when it began are back or given up. In a crowded
    street, tracks are the same as those of the unsplit video after 4 to 6 seconds. The other 2.5 are for matching the
    tracks of both pieces.

    Raises InputError for a count, length or overlap that makes no sense.
    """
    _check(count, length, overlap)
    whole = [Piece(0, start, None, start, None)]
    if seconds is None or seconds - start <= 0 or (count is None and length is None):
        return whole
    span = seconds - start
    wanted = count if count is not None else max(1, round(span / (length or span)))
    number = wanted if wanted * LEAST * overlap <= span else max(1, int(span / (LEAST * overlap)))
    return list(_divide(start, span / number, number, overlap))


def _divide(start: float, own: float, count: int, overlap: float) -> Iterator[Piece]:
    before, after = LEAD * overlap, (1 - LEAD) * overlap
    for number in range(count):
        first, last = start + number * own, start + (number + 1) * own
        begins = max(start, first - before)
        yield (
            Piece(number, begins, None, first, None)
            if number == count - 1
            else Piece(number, begins, last + after, first, last)
        )


def _check(count: int | None, length: float | None, overlap: float) -> None:
    if count is not None and length is not None:
        raise InputError("pieces", "have both a count and a length", "leave one of them out")
    if count is not None and count < 1:
        raise InputError(f"{count} pieces", "are none", "give a number from 1 on")
    if length is not None and not 0 < length < float("inf"):
        raise InputError(f"a piece of {length:g} s", "is none", "give a number of seconds above 0")
    if not 0 <= overlap < float("inf"):
        raise InputError(f"an overlap of {overlap:g} s", "is none", "give a number of seconds from 0 on")
