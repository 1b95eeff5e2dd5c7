"""A connection to Ray: to a running cluster, or to a temporary one on this computer."""

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
from detectors.extras import install_extra

TIMEOUT = 30.0  # seconds for a cluster to answer
STORE = 80 * 2**20  # bytes; Ray takes no less, and a job and its outcome are small
CLIENT_SCHEME = "ray://"  # Ray's protocol for computers that are not part of the cluster
START_REMEDY = "start one with `ray start --head`, or leave --ray-address out to use this computer"


def import_ray() -> Any:
    """The library. Raises InputError where it is not installed."""
    try:
        return importlib.import_module("ray")
    except ModuleNotFoundError as error:
        if error.name != "ray":
            raise
        raise InputError("--engine ray", "ray is not installed", install_extra("ray")) from None


@contextmanager
def ray_cluster(address: str | None) -> Iterator[None]:
    """Connected to the cluster at `address`, ``HOST:PORT``, ``auto`` or ``ray://HOST:PORT``; to a new one if None.

    A program that is connected to Ray already keeps its connection, whatever the address. Raises InputError for a
    cluster that does not answer or refuses the connection.
    """
    ray = import_ray()
    with ExitStack() as opening:
        if not ray.is_initialized():
            where = _local_settings(opening) if address is None else _remote_settings(address)
            opening.callback(ray.shutdown)
            _connect(ray, where, "--engine ray" if address is None else f"--ray-address {address}")
        yield


def _connect(ray: Any, where: dict[str, Any], what: str) -> None:
    terminated = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(**where, logging_level="ERROR", log_to_driver=False)
    except (Exception, SystemExit) as error:  # Ray exits the program after a timeout
        said = str(error).strip().splitlines() or [type(error).__name__]
        raise InputError(what, f"no connection to Ray: {said[0]}", _remedy(" ".join(said))) from None
    finally:
        if terminated is not None:
            with suppress(ValueError):  # only the main thread can, and only there Ray has changed it
                signal.signal(signal.SIGTERM, terminated)


def _local_settings(opening: ExitStack) -> dict[str, Any]:
    """How to start Ray on this computer: without its dashboard and its usage statistics."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))  # or else Ray writes one into the home folder
    folder = opening.enter_context(TemporaryDirectory(prefix="ray", ignore_cleanup_errors=True))
    where = {"address": "local", "num_cpus": available_cores(), "object_store_memory": STORE, "_temp_dir": folder}
    return {**where, "include_dashboard": False}


def _remote_settings(address: str) -> dict[str, Any]:
    """How to connect to a cluster. Raises InputError if there is none, which Ray itself would notice after minutes."""
    if address != "auto":
        _check_port(address)
    if not address.startswith(CLIENT_SCHEME):
        _check_health(address)
    return {"address": address}


def _check_port(address: str) -> None:
    host, _, port = address.removeprefix(CLIENT_SCHEME).rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), TIMEOUT).close()
    except (OSError, ValueError, OverflowError) as error:
        raise _no_cluster(address, str(error)) from None


def _check_health(address: str) -> None:
    """Run `ray health-check`, in another process, since the call cannot be interrupted."""
    command = [sys.executable, "-m", "ray.scripts.scripts", "health-check"]
    command += [] if address == "auto" else ["--address", address]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
        said = found.stderr.strip().splitlines() or ["it is not well"]
        why = "" if found.returncode == 0 else said[-1].split(". ")[0]
    except subprocess.TimeoutExpired:
        why = f"nothing within {TIMEOUT:g} seconds"
    if why:
        raise _no_cluster(address, why)


def _no_cluster(address: str, why: str) -> InputError:
    return InputError(f"--ray-address {address}", f"no Ray cluster answers there: {why}", START_REMEDY)


def _remedy(said: str) -> str:
    if "ray[client]" in said:
        return "pip install 'ray[client]', or give HOST:PORT of the cluster's head"
    if "ersion mismatch" in said:
        return "install the same Ray and Python here and on each node"
    if "AF_UNIX" in said:
        return "set TMPDIR to a folder with a shorter name, such as /tmp"
    return "see what `ray status` says"


def alive_nodes(ray: Any) -> dict[str, int]:
    """CPUs by the id of each living node."""
    return {node["NodeID"]: int(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"]}


def cores_per_job(count: int | None, nodes: Sequence[int]) -> int:
    """How many CPUs a job gets, so that `count` jobs run at once; 1 if None. nodes: CPUs of each."""
    if count is None:
        return 1
    enough = (cores for cores in range(sum(nodes) // count, 1, -1) if sum(node // cores for node in nodes) >= count)
    return next(enough, 1)
