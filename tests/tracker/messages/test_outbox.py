"""The outbox: nothing is lost by a kill, nothing is sent again that has been delivered, and the disk does not fill."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from detectors.errors import InputError
from tracker.messages import outbox as module
from tracker.messages.outbox import Outbox


def taken(outbox: Outbox) -> list[bytes]:
    """All messages that are there, each noted as delivered."""
    found = []
    while (stored := outbox.take()) is not None:
        found.append(stored.message)
        outbox.delivered(stored)
    return found


@pytest.fixture
def opened() -> Iterator[Callable[[Path], Outbox]]:
    """Opens outboxes, which are closed after the test."""
    with ExitStack() as stack:
        yield lambda folder: stack.enter_context(closing(Outbox(folder)))


Opened = Callable[[Path], Outbox]


def as_after_a_kill(folder: Path, place: Path) -> Path:
    """An outbox as the next run finds it: a copy, since nobody has closed this one."""
    return Path(shutil.copytree(folder, place))


def test_messages_come_in_order_and_the_folder_goes_when_nothing_waits(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "queue" / "webhook")
    assert outbox.take() is None
    for number in range(3):
        outbox.append(b"%d" % number)
    assert outbox.waiting() == 3
    assert taken(outbox) == [b"0", b"1", b"2"]
    outbox.append(b"3")
    assert taken(outbox) == [b"3"]
    outbox.close()
    assert not (tmp_path / "queue" / "webhook").exists()


def test_after_a_kill_all_that_was_not_delivered_is_there_and_nothing_else(opened: Opened, tmp_path: Path) -> None:
    outbox = opened(tmp_path / "a")
    for number in range(5):
        outbox.append(b"%d" % number)
    for _ in range(2):
        stored = outbox.take()
        assert stored is not None
        outbox.delivered(stored)
    outbox.take()  # was on the way when the kill came
    again = opened(as_after_a_kill(tmp_path / "a", tmp_path / "b"))
    again.append(b"new")
    assert again.waiting() == 4
    assert taken(again) == [b"2", b"3", b"4", b"new"]


def test_half_a_line_of_a_power_cut_is_left_out(opened: Opened, tmp_path: Path) -> None:
    outbox = opened(tmp_path / "a")
    outbox.append(b"whole")
    with open(tmp_path / "a" / "000000000001.jsonl", "ab") as file:
        file.write(b"hal")
    again = opened(as_after_a_kill(tmp_path / "a", tmp_path / "b"))
    again.append(b"new")
    assert taken(again) == [b"whole", b"new"]


def test_full_files_are_followed_by_others_and_removed_once_delivered(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FULL", 10)
    outbox = opened(tmp_path / "a")
    wanted = [b"%04d" % number for number in range(50)]
    for message in wanted:
        outbox.append(message)
    assert len(list((tmp_path / "a").glob("*.jsonl"))) == 25
    assert taken(outbox) == wanted
    assert len(list((tmp_path / "a").glob("*.jsonl"))) == 1


def test_beyond_a_limit_the_oldest_are_dropped_and_counted(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FULL", 10)
    monkeypatch.setattr(module, "MOST_FILES", 3)
    outbox = opened(tmp_path / "a")
    stored = None
    for number in range(10):
        outbox.append(b"%04d" % number)
        stored = stored or outbox.take()
    assert stored is not None
    assert stored.message == b"0000"
    assert outbox.dropped == 4
    assert taken(outbox) == [b"%04d" % number for number in range(4, 10)]


def test_two_runs_do_not_share_one(opened: Opened, tmp_path: Path) -> None:
    opened(tmp_path / "a")
    with pytest.raises(InputError, match="is being written by another run"):
        Outbox(tmp_path / "a")
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written: Not a directory"):
        Outbox(tmp_path / "file" / "a")
