"""Ways to Ray that lead nowhere, and how its CPUs are shared out. Needs no Ray."""

from __future__ import annotations

import re
import socket
import sys
from pathlib import Path

import pytest

from detectors.errors import InputError
from detectors.extras import install_extra
from tracker.batch import results
from tracker.batch.job import Job, Outcome
from tracker.batch.ray_cluster import cores_per_job, import_ray, ray_cluster
from tracker.batch.ray_node import inbox_actor, job_task, pack, run_packed_job
from tracker.commands.cli import main


@pytest.mark.parametrize(
    ("count", "nodes", "cores"),
    [
        (None, [8, 8], 1),
        (1, [8], 8),
        (1, [8, 4], 8),  # a job is on one node
        (2, [8, 8], 8),
        (3, [8, 8], 4),
        (2, [2, 16], 8),  # both on the large one
        (4, [0, 1, 1], 1),
        (2, [], 1),
    ],
)
def test_a_job_gets_as_many_cpus_as_let_the_others_run(count: int | None, nodes: list[int], cores: int) -> None:
    assert cores_per_job(count, nodes) == cores


def test_without_ray_there_is_a_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match=re.escape(f"--engine ray: ray is not installed ({install_extra('ray')})")):
        import_ray()


def test_an_address_alone_is_a_mistake(crossing: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["annotate", str(crossing), "-o", str(tmp_path / "out"), "--ray-address", "auto"]) == 1
    assert "--ray-address: is of a Ray cluster, and none is used (add --engine ray" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("form", ["127.0.0.1:{}", "ray://127.0.0.1:{}", "nonsense", "127.0.0.1:99999"])
def test_where_nobody_is_there_is_told_at_once(
    crossing: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    pytest.importorskip("ray", reason="the extra `ray` is not installed")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = form.format(taken.getsockname()[1])
    command = ["annotate", str(crossing), "-o", str(tmp_path / "out"), "--engine", "ray", "--ray-address", address]
    assert main(command) == 1
    assert f"--ray-address {address}: no Ray cluster answers there: " in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_who_answers_without_being_ray_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray", reason="the extra `ray` is not installed")
    monkeypatch.setattr("tracker.batch.ray_cluster.TIMEOUT", 1.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(InputError, match=r"nothing within 1\.5 seconds"), ray_cluster(address):
            pass


def test_a_node_says_what_it_does_not_see(crossing: Path, tmp_path: Path) -> None:
    def job(source: str) -> Job:
        return Job(source, "a", {}, ("mot",), "all", False, False, str(tmp_path / "out"))

    def done(job: Job, draft: Path) -> Outcome:
        packed = pack(job, draft, 1, _nothing)
        return run_packed_job(packed, lambda *word: None, "far")

    seen = job(str(crossing))
    draft = results.create_draft(seen)
    assert done(seen, draft).state == "done"
    rest = "cannot be seen from node far (videos and results must be at the same path on each node)"
    assert done(job("/nowhere/clip.mp4"), draft).reason == f"/nowhere/clip.mp4 {rest}"
    assert done(seen, tmp_path / "elsewhere").reason == f"{tmp_path / 'out'} {rest}"
    assert done(job("rtsp://camera/1"), draft).state == "done"


def test_a_node_without_keeptrack_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is sent must not need keeptrack to be understood."""
    pickles = pytest.importorskip("ray.cloudpickle", reason="the extra `ray` is not installed")
    task, inbox_kind = pickles.dumps(job_task()), pickles.dumps(inbox_actor())
    for name in [name for name in sys.modules if name.split(".")[0] == "tracker"]:
        monkeypatch.setitem(sys.modules, name, None)
    assert pickles.loads(inbox_kind).__name__ == "Inbox"
    assert pickles.loads(task)("1", b"", None, "1") == (socket.gethostname(), "keeptrack is not installed there")


def _nothing(job: Job, tell: object) -> Outcome:
    return Outcome("done")
