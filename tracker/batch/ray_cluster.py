"""A connection to Ray: to a cluster that is there, or to one of this computer alone for as long as it is needed."""

from __future__ import annotations

import importlib
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from tempfile import TemporaryDirectory
from typing import Any

from detectors.cores import available_cores
from detectors.errors import InputError

PATIENCE = 30.0  # seconds for a cluster to answer
STORE = 80 * 2**20  # bytes; Ray takes no less, and a job and its outcome are small
CLIENT = "ray://"  # Ray's protocol for whoever is not part of the cluster
STARTING = "start one with `ray start --head`, or leave --ray-address out to use this computer"


def import_ray() -> Any:
    """The library. Raises InputError where it is not installed."""
    try:
        return importlib.import_module("ray")
    except ModuleNotFoundError as error:
        if error.name != "ray":
            raise
        raise InputError("--engine ray", "ray is not installed", "pip install 'keeptrack[ray]'") from None


@contextmanager
def ray_cluster(address: str | None) -> Iterator[None]:
    """Connected to the cluster at `address`, ``HOST:PORT``, ``auto`` or ``ray://HOST:PORT``; to a new one if None.

    A program that has connected to Ray by itself keeps its connection, whatever the address. Raises InputError for a
    cluster that does not answer or does not take us.
    """
    ray = import_ray()
    with ExitStack() as opening:
        if not ray.is_initialized():
            where = _here(opening) if address is None else _there(address)
            opening.callback(ray.shutdown)
            _connect(ray, where, "--engine ray" if address is None else f"--ray-address {address}")
        yield


def _connect(ray: Any, where: dict[str, Any], what: str) -> None:
    terminated = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(**where, logging_level="ERROR", log_to_driver=False)
    except (Exception, SystemExit) as error:  # Ray leaves the program when it has waited for long enough
        said = str(error).strip().splitlines() or [type(error).__name__]
        raise InputError(what, f"no connection to Ray: {said[0]}", _remedy(" ".join(said))) from None
    finally:
        if terminated is not None:
            with suppress(ValueError):  # it is for the main thread only, and so Ray has not changed it in another
                signal.signal(signal.SIGTERM, terminated)


def _here(opening: ExitStack) -> dict[str, Any]:
    """How to start Ray on this computer: without its page, and without a word to its makers."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))  # or else Ray leaves one in the home folder
    folder = opening.enter_context(TemporaryDirectory(prefix="ray", ignore_cleanup_errors=True))
    where = {"address": "local", "num_cpus": available_cores(), "object_store_memory": STORE, "_temp_dir": folder}
    return {**where, "include_dashboard": False}


def _there(address: str) -> dict[str, Any]:
    """How to connect to a cluster. Raises InputError if nobody is there, for which Ray itself would take minutes."""
    if address != "auto":
        _knock(address)
    if not address.startswith(CLIENT):
        _ask(address)
    return {"address": address}


def _knock(address: str) -> None:
    host, _, port = address.removeprefix(CLIENT).rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), PATIENCE).close()
    except (OSError, ValueError, OverflowError) as error:
        raise _nobody(address, str(error)) from None


def _ask(address: str) -> None:
    """Ask after its health as `ray health-check` does: in another process, as the question cannot be taken back."""
    command = [sys.executable, "-m", "ray.scripts.scripts", "health-check"]
    command += [] if address == "auto" else ["--address", address]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
        said = found.stderr.strip().splitlines() or ["it is not well"]
        why = "" if found.returncode == 0 else said[-1].split(". ")[0]
    except subprocess.TimeoutExpired:
        why = f"nothing within {PATIENCE:g} seconds"
    if why:
        raise _nobody(address, why)


def _nobody(address: str, why: str) -> InputError:
    return InputError(f"--ray-address {address}", f"no Ray cluster answers there: {why}", STARTING)


def _remedy(said: str) -> str:
    if "ray[client]" in said:
        return "pip install 'ray[client]', or give HOST:PORT of the cluster's head"
    if "ersion mismatch" in said:
        return "install the same Ray and Python here and on each node"
    if "AF_UNIX" in said:
        return "set TMPDIR to a folder with a shorter name, such as /tmp"
    return "see what `ray status` says"


def alive(ray: Any) -> dict[str, int]:
    """CPUs by the id of each node that lives."""
    return {node["NodeID"]: int(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"]}


def cores_each(count: int | None, nodes: Sequence[int]) -> int:
    """How many CPUs a job gets, so that `count` jobs run at once; 1 if None. nodes: CPUs of each."""
    if count is None:
        return 1
    enough = (cores for cores in range(sum(nodes) // count, 1, -1) if sum(node // cores for node in nodes) >= count)
    return next(enough, 1)
