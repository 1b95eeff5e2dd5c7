"""Jobs on a real Ray cluster of several nodes on this computer, some of which come to a bad end."""

from __future__ import annotations

import filecmp
import functools
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

import tracker
from detectors.cores import LIMIT
from detectors.errors import InputError
from tests import scenes
from tracker.batch.annotate_video import run_job
from tracker.batch.batch import AnnotateOptions, Batch
from tracker.batch.events import Event, JobFinished, JobStarted
from tracker.batch.job import Job, Outcome
from tracker.batch.listing import ListedVideo
from tracker.batch.local_engine import run_local
from tracker.batch.ray_cluster import ray_cluster
from tracker.batch.ray_engine import run_ray

ray = pytest.importorskip("ray", reason="the extra `ray` is not installed")

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds processes where Linux has them")

ROOT = Path(__file__).parents[3]
FRAMES = 30
EAGER = ("RAY_worker_niceness", "0")  # or else a busy computer starves what the tests wait for
OnProgress = Callable[[str, int, int | None], None]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head that does no work, two nodes of one CPU each, and a connection to them."""
    kind = pytest.importorskip("ray.cluster_utils").Cluster
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory(prefix="r") as folder:  # sockets want short paths
        patch.setenv("RAY_TMPDIR", folder)
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv(*EAGER)
        patch.setenv("PYTHONPATH", str(ROOT))
        Path(folder, "ray").mkdir()
        common = {"object_store_memory": 80 * 2**20, "include_dashboard": False}
        cluster = kind(initialize_head=True, head_node_args={"num_cpus": 0, **common})
        try:
            for _ in range(2):
                cluster.add_node(wait=False, num_cpus=1, **common)
            cluster.wait_for_nodes()
            with ray_cluster(cluster.address):
                yield cluster
        finally:
            cluster.shutdown()


def kill(cluster: Any, node_id: str) -> None:
    """End a node as a power failure does."""
    (node,) = [each for each in cluster.worker_nodes if each.node_id == node_id]
    process = node.all_processes["raylet"][0].process
    workers = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    for each in (process.pid, *map(int, workers)):
        os.kill(each, signal.SIGKILL)
    process.wait()
    cluster.worker_nodes.remove(node)


def jobs(out: Path, *names: str) -> Iterator[Job]:
    return iter([Job(str(out), name, {}, ("mot",), "all", False, False, str(out)) for name in names])


def pretend(job: Job, tell: OnProgress) -> Outcome:
    """Does what the job's name says. Leaves a file at each attempt."""
    mark = Path(job.out, f"{job.name}.tried")
    again = mark.exists()
    mark.touch()
    if job.name == "crash" or (job.name == "stumble" and not again):
        os.kill(os.getpid(), signal.SIGSEGV)
    if job.name == "hang":
        signal.pause()
    if job.name == "raise":
        raise LookupError("a defect of ours")
    return Outcome("done", os.environ[LIMIT])


def over(events: Iterator[Event]) -> dict[str, tuple[str, str]]:
    return {
        each.job.name: (each.outcome.state, each.outcome.reason) for each in events if isinstance(each, JobFinished)
    }


def test_what_goes_wrong_with_a_job_is_its_own(cluster: Any, tmp_path: Path) -> None:
    events = list(run_ray(jobs(tmp_path, "a", "crash", "stumble", "raise", "b"), runner=pretend))
    assert over(iter(events)) == {
        "a": ("done", "1"),
        "b": ("done", "1"),
        "crash": ("failed", "its process crashed or ended by itself, 2 times"),
        "stumble": ("done", "1"),
        "raise": ("failed", "LookupError: a defect of ours"),
    }
    begun = [event.job.name for event in events if isinstance(event, JobStarted)]
    assert {name: begun.count(name) for name in ("a", "crash", "stumble")} == {"a": 1, "crash": 2, "stumble": 2}


def test_who_is_silent_for_too_long_is_stopped_and_the_next_one_begins(cluster: Any, tmp_path: Path) -> None:
    assert over(run_ray(jobs(tmp_path, "hang"), stall=1, runner=pretend)) == {
        "hang": ("failed", "nothing happened for 1 seconds")
    }
    assert over(run_ray(jobs(tmp_path, "a"), runner=pretend)) == {"a": ("done", "1")}


def test_another_keeptrack_on_a_node_is_told_and_ends_the_batch(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = tracker.__version__
    monkeypatch.setattr(tracker, "__version__", "99.1")
    with pytest.raises(InputError, match=f"has keeptrack {there}, and this is 99.1 .install keeptrack 99.1 on each"):
        list(run_ray(jobs(tmp_path, "a"), runner=pretend))


def stay(job: Job, tell: OnProgress) -> Outcome:
    """Is in the midst of its work until it is stopped."""
    Path(job.out, "pipe").write_text(str(os.getpid()))
    signal.pause()
    return Outcome("done")


def test_leaving_early_ends_the_jobs(cluster: Any, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    events = run_ray(jobs(tmp_path, "a"), runner=stay)
    assert isinstance(next(events), JobStarted)
    process = int((tmp_path / "pipe").read_text())
    events.close()  # type: ignore[attr-defined]  # it is a generator
    while Path(f"/proc/{process}").exists():
        os.sched_yield()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def linger(job: Job, tell: OnProgress, draft: Path | None = None) -> Outcome:
    """The real work, but who is first at the last video says where it is and stays there, in mid-video."""
    pipe = Path(job.out).parent / "pipe"

    def tell_and_stay(doing: str, done: int, total: int | None) -> None:
        tell(doing, done, total)
        if job.name == "c" and done == FRAMES // 2 and pipe.exists():
            words = pipe.open("w")
            pipe.unlink()
            words.write(ray.get_runtime_context().get_node_id())
            words.close()
            signal.pause()

    return run_job(job, tell_and_stay)


def annotate(folder: Path, engine: Any) -> dict[str, tuple[str, int]]:
    """All that a batch makes, of three videos."""
    options = {"detections": str(folder.parent / "found.txt"), "max_frames": FRAMES}
    wanted = AnnotateOptions(options, ("mot", "coco", "yolo"), "auto", True, True)
    with Batch([ListedVideo(str(path)) for path in sorted(folder.parent.glob("*.mp4"))], wanted, folder) as batch:
        assert all(event.outcome.state == "done" for event in batch.run(engine) if isinstance(event, JobFinished))
        return {entry.name: (entry.state, entry.attempts) for entry in batch.statuses}


def test_a_node_that_dies_costs_no_video_and_not_a_byte(cluster: Any, crossing: Path, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        shutil.copy(crossing, tmp_path / f"{name}.mp4")
    (tmp_path / "found.txt").write_text("\n".join(scenes.detection_lines(scenes.CROSSING, FRAMES)))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    killing = threading.Thread(target=lambda: kill(cluster, pipe.read_text()))
    killing.start()
    states = annotate(tmp_path / "far", functools.partial(run_ray, runner=linger))
    killing.join()
    assert {name: state for name, (state, _) in states.items()} == dict.fromkeys("abc", "done")
    assert states["c"][1] == 2
    annotate(tmp_path / "near", functools.partial(run_local, count=1))
    found = [path.relative_to(tmp_path / "near") for path in (tmp_path / "near").rglob("*") if path.is_file()]
    expected = sorted(str(path) for path in found if path.name not in ("batch.sqlite", ".lock"))
    assert len(expected) > 20
    assert filecmp.cmpfiles(tmp_path / "near", tmp_path / "far", expected, shallow=False) == (expected, [], [])
    assert sorted(path.name for path in (tmp_path / "far").iterdir()) == [".lock", "a", "b", "batch.sqlite", "c"]


def test_a_ray_of_its_own_is_there_for_the_batch_only(crossing: Path) -> None:
    with TemporaryDirectory(prefix="r") as folder:
        command = [sys.executable, "-m", "tracker", "annotate", str(crossing), "-o", f"{folder}/out", "--engine", "ray"]
        environment = {**os.environ, "TMPDIR": f"{folder}/t", "HOME": f"{folder}/h", EAGER[0]: EAGER[1]}
        for name in ("t", "h"):
            Path(folder, name).mkdir()
        done = subprocess.run(
            [*command, "--max-frames", "9", "--detector", "motion", "--appearance", "none"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert "1 of 1 videos" in done.stdout
        assert [path for name in ("t", "h") for path in Path(folder, name).iterdir()] == []
        commands = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
        assert not [each for each in commands if folder.encode() in each]
