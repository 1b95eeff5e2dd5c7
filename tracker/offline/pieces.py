"""Long videos in overlapping pieces, each of which can be looked at by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from detectors.errors import InputError
from tracker.run.options import Options

OVERLAP = 10.0  # seconds; why that many is told at `plan_pieces`
LEAD = 0.75  # share of the overlap before a piece's own part: it has to settle, the piece before only has to go on
LEAST = 0.25  # overlaps that a piece's own part must be long: what is shorter would be looked at over and over


@dataclass(frozen=True)
class Piece:
    """A piece of a video, in seconds of its frames' times; the first of several is number 0.

    start, end: what is looked at, from `start` up to before `end`; None is to the end of the video, however long that
    proves. first, last: the part that is the piece's own; around it lies what its neighbours look at as well.
    """

    number: int
    start: float
    end: float | None
    first: float
    last: float | None

    def options(self, options: Options) -> Options:
        """The options of a run that looks at this piece and at nothing else; the last one ends where `options` do."""
        return replace(options, offline=True, start=self.start, end=options.end if self.end is None else self.end)


def plan_pieces(
    seconds: float | None,
    count: int | None = None,
    length: float | None = None,
    overlap: float = OVERLAP,
    start: float = 0.0,
) -> list[Piece]:
    """The pieces of a video from `start` up to `seconds`; one where it is too short for several, or nobody knows.

    count: of pieces; or length: seconds of each one's own part, about, as all are equally long. overlap: seconds that
    two neighbours both look at, if the video does not begin amid them. The default, 10, leaves a piece 7.5 before its
    own part begins: by then it has learned how objects score and move, and who was lost when it began is back or given
    up. In a crowded street, tracks that are begun late are the same as those of the whole after 4 to 6. The other 2.5
    are for who goes on to be matched.

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
