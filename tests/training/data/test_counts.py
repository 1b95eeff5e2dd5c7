from __future__ import annotations

from training.data.counts import counted


def test_one_of_something_is_told_as_one() -> None:
    assert [counted(count, "picture") for count in (0, 1, 2)] == ["0 pictures", "1 picture", "2 pictures"]
