"""The benchmark of faults: what it counts, that it repeats, and a small part of it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from benchmarks.faults import addresses, http_requests, mutations, port
from benchmarks.faults.__main__ import chosen, main
from benchmarks.faults.memory import growth
from benchmarks.faults.parsers import PARSERS
from benchmarks.faults.sandbox import Sandbox
from benchmarks.faults.supervisor import Ending, Supervisor
from benchmarks.faults.verdict import faults
from benchmarks.live.endurance import EVERY
from benchmarks.speed.comparison import CROSSING
from detectors import InputError


def test_a_small_part_of_the_fuzz_finds_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--only", "mot,options,cvat,coco,yolo", "--inputs", "20"]) == 0
    assert "--only" not in capsys.readouterr().out


def test_there_are_enough_inputs() -> None:
    assert sum(parser.inputs for parser in PARSERS) >= 5000
    assert len(addresses.FORMS) >= 36
    assert {parser.name for parser in PARSERS} <= set(chosen("fuzz"))
    with pytest.raises(InputError, match="is no part"):
        chosen("no such part")


def test_a_seed_gives_the_same_inputs(tmp_path: Path) -> None:
    def damaged(seed: int) -> list[bytes]:
        found = []
        for mutate in (mutations.text, mutations.binary):
            (tmp_path / "a").write_bytes(b"1,2,3.5\n" * 40)
            mutate(tmp_path / "a", random.Random(seed))
            found.append((tmp_path / "a").read_bytes())
        return found

    assert damaged(1) == damaged(1) != damaged(2)
    assert http_requests.damaged(0, 5) == http_requests.damaged(0, 5) != http_requests.damaged(1, 5)


def said(folder: Path, errors: str) -> Path:
    (folder / "stderr").write_text(errors)
    (folder / "stdout").write_text("")
    return folder


@pytest.mark.parametrize(
    ("ending", "errors", "kinds"),
    [
        (Ending(1, 0), "", set()),
        (Ending(1, 0), "warning: a: b\n", set()),
        (Ending(1, 1), "warning: a: b\nerror: a: b (c)\n", set()),
        (Ending(1, 1), "failed   why\n----\na   b (c)\n", set()),
        (Ending(1, 1), "", {"unclear"}),
        (Ending(1, 0), "error: a: b (c)\n", {"unclear"}),
        (Ending(1, 1), "error: a\x1b[2J (c)\n", {"unclear"}),
        (Ending(1, 1), "error: a\nb (c)\n", {"unclear"}),
        (Ending(1, 0), "Exception in thread\n", {"unclear"}),
        (Ending(1, None, "Traceback"), "", {"traceback"}),
        (Ending(1, 1), "error: keeptrack: an error that it does not know, A: b (/x.txt tells where)\n", {"traceback"}),
        (Ending(1, -11, signal=11), "", {"signal"}),
        (Ending(61, hung=True), "", {"hang"}),
        (Ending(11, 0), "", {"slow"}),
        (Ending(1, 0, peak_mb=1100), "", {"memory"}),
        (Ending(1, 0, outside=("open /x",)), "", {"outside"}),
    ],
)
def test_what_counts_as_a_fault(tmp_path: Path, ending: Ending, errors: str, kinds: set[str]) -> None:
    sandbox = Sandbox(tmp_path / "sandbox")
    sandbox.keep()
    sandbox.restore()
    sandbox.note()
    assert set(faults(ending, sandbox.changes([]), sandbox.drafts(), 100, said(tmp_path, errors))) == kinds


def test_lost_and_strange_files_are_found(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path)
    for name in ("in/a.txt", "out/old.txt", "out/moved.txt", "out/replaced.txt"):
        (sandbox.case / name).parent.mkdir(exist_ok=True)
        (sandbox.case / name).write_text(name)
    sandbox.keep()
    sandbox.restore()
    sandbox.note()
    assert sandbox.changes([]) == ([], [])
    (sandbox.case / "in" / "a.txt").write_text("changed")
    (sandbox.case / "stray.txt").touch()
    (sandbox.case / "out" / "new.txt").touch()
    (sandbox.case / "out" / "old.txt").unlink()
    (sandbox.case / "out" / "moved.txt").rename(sandbox.case / "out" / "aside.txt")
    (sandbox.case / "out" / "replaced.txt").write_text("new")
    (sandbox.case / "out" / ".a.part").touch()
    found = sandbox.changes(["out/replaced.txt"])
    assert sorted(found.outside) == ["case/in/a.txt", "case/stray.txt"]
    assert found.lost == ["case/out/old.txt"]
    assert sandbox.drafts() == ["out/.a.part"]


def test_a_worker_tells_what_is_written_outside(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path / "sandbox")
    (tmp_path / "said").mkdir()
    supervisor = Supervisor(tmp_path / "said")
    try:
        arguments = ["convert", str(CROSSING.with_suffix(".txt")), "../o.json", "--format", "coco", "--size", "320x240"]
        ending = supervisor.run("keeptrack", [*arguments, "--fps", "12.5"], sandbox.case, ["out"])
    finally:
        supervisor.stop()
    assert ending.status == 0
    assert any(str(tmp_path / "sandbox") in each for each in ending.outside)


def test_a_small_crowd_at_the_port(tmp_path: Path) -> None:
    figures = port.measure(CROSSING, tmp_path, scale=0.02).figures
    assert figures["viewers"]["answers"] == {"200": 10}
    assert figures["viewers"]["afterwards"] == "200"
    assert all(run["goes on"] for run in figures["runs"])
    assert figures["frames"] == figures["lines"] > 0


def test_growth_of_memory() -> None:
    flat = [100.0] * round(600 / EVERY)
    assert growth(flat) == (100.0, 100.0, 0.0)
    before, after, most = growth([100 + 0.01 * at for at in range(len(flat))])
    assert 1.04 < after / before < most + 1
