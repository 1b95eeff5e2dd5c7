"""Batches on a Ray cluster whose nodes are processes of this computer, some of which are killed."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.batch.annotate_command import command, run, same, statuses
from benchmarks.speed.measurement import ROOT
from benchmarks.tables import print_table

NODES, KILLS, ROUNDS = 3, 10, 3
STORE = 80 * 2**20  # bytes, the least that Ray takes


class Cluster:
    """A head that does no work, and nodes of one CPU each."""

    def __init__(self, nodes: int) -> None:
        self._common = {"object_store_memory": STORE, "include_dashboard": False}
        kind = importlib.import_module("ray.cluster_utils").Cluster
        self._cluster: Any = kind(initialize_head=True, head_node_args={"num_cpus": 0, **self._common})
        self.address: str = self._cluster.address
        for _ in range(nodes):
            self.add()

    def add(self) -> None:
        """One more node."""
        self._cluster.add_node(num_cpus=1, wait=False, **self._common)

    def kill(self, number: int) -> None:
        """End a node with all its processes, as a power failure does."""
        node = sorted(self._cluster.worker_nodes, key=lambda each: str(each.node_id))[number]
        process = node.all_processes["raylet"][0].process
        workers = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        for each in (process.pid, *map(int, workers)):
            os.kill(each, signal.SIGKILL)
        process.wait()
        self._cluster.worker_nodes.remove(node)

    def stop(self) -> None:
        """End it."""
        self._cluster.shutdown()


@contextmanager
def cluster(nodes: int) -> Iterator[Cluster]:
    """A cluster, and nothing of it afterwards."""
    with TemporaryDirectory(prefix="r", ignore_cleanup_errors=True) as folder:  # sockets want short paths
        Path(folder, "ray").mkdir()
        given = {"RAY_TMPDIR": folder, "RAY_USAGE_STATS_ENABLED": "0", "PYTHONPATH": str(ROOT)}
        os.environ.update(given)
        started = Cluster(nodes)
        try:
            yield started
        finally:
            started.stop()
            for name in given:
                del os.environ[name]


def killed_nodes(clips: list[Path], folder: Path, markdown: bool) -> bool:
    """One of the nodes killed in mid-run, again and again, against a batch of this computer alone."""
    rng = np.random.default_rng(0)
    run(command(clips, folder / "local", "--jobs", "2"))
    rows, fine = [], True
    with cluster(NODES) as nodes:
        options = ("--engine", "ray", "--ray-address", nodes.address)
        whole = run(command(clips, folder / "whole", *options)).seconds
        for number, moment in enumerate(rng.uniform(0.3, 0.95, KILLS) * whole):
            out = folder / f"killed{number}"
            process = subprocess.Popen(command(clips, out, *options), cwd=ROOT, stdout=subprocess.DEVNULL)
            time.sleep(float(moment))
            nodes.kill(int(rng.integers(NODES)))
            before = sum((path / "done.json").is_file() for path in out.iterdir()) if out.exists() else 0
            status = process.wait()
            nodes.add()
            equal = same(folder / "local", out)
            fine &= equal and status == 0
            begun = [entry.attempts for entry in statuses(out)]
            again = f"{sum(each > 1 for each in begun)} of {len(begun)}"
            rows.append([f"{moment:.1f} s", str(before), "yes" if status == 0 else "NO", again, str(max(begun))])
            rows[-1].append("yes" if equal else "NO")
    headings = ["node killed after", "done by then", "completed", "begun again", "most attempts", "identical to local"]
    print_table(
        f"{len(clips)} clips, {NODES} nodes of 1 CPU, an undisturbed run {whole:.1f} s", headings, [rows], markdown
    )
    return fine


def throughput(clips: list[Path], folder: Path, markdown: bool) -> bool:
    """The same clips by two processes, by two nodes, and by a Ray that is started for them; in turn, medians."""
    took: dict[str, list[float]] = {}
    with cluster(2) as nodes:
        ray = ("--engine", "ray")
        ways = {
            "local, 2 jobs": ("--jobs", "2"),
            "ray, 2 nodes of 1 CPU": (*ray, "--ray-address", nodes.address),
            "ray, started for it": ray,
        }
        for number in range(ROUNDS):
            for way, options in ways.items():
                done = run(command(clips, folder / f"{way}{number}", *options))
                if done.status:
                    print(done.said)
                    return False
                took.setdefault(way, []).append(done.seconds)
    base = median(took["local, 2 jobs"])
    medians = {way: median(seconds) for way, seconds in took.items()}
    rows = [
        [way, f"{value:.1f}", f"{3600 * len(clips) / value:.0f}", f"{base / value:.2f}x"]
        for way, value in medians.items()
    ]
    print_table(f"{len(clips)} clips", ["", "seconds", "videos an hour", "speed"], [rows], markdown)
    return True
