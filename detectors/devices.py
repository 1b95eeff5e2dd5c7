"""What computes: the execution providers of ONNX Runtime, by the names of --device."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from detectors.errors import InputError

CPU = "CPUExecutionProvider"


class Provider(NamedTuple):
    """An execution provider, and the package in which ONNX Runtime brings it along."""

    name: str
    package: str


PROVIDERS = {
    "cuda": Provider("CUDAExecutionProvider", "onnxruntime-gpu"),
    "tensorrt": Provider("TensorrtExecutionProvider", "onnxruntime-gpu, and TensorRT"),
    "openvino": Provider("OpenVINOExecutionProvider", "onnxruntime-openvino"),
    "coreml": Provider("CoreMLExecutionProvider", "onnxruntime, on macOS"),
    "directml": Provider("DmlExecutionProvider", "onnxruntime-directml, on Windows"),
}
DEVICES = ("auto", "cpu", *PROVIDERS)
AUTOMATIC = ("cuda",)
"""Those that `auto` takes wherever they are, the best first."""
MEASURED = "openvino"
"""What `auto` takes without them where it is, if it turns out to be quicker with the model at hand; see race.py."""


def choose(device: str, available: Sequence[str], threads: int) -> list[Any]:
    """The providers to open a session with, as ONNX Runtime takes them; the CPU's own is always the last.

    device: a name of `DEVICES`, "mps" for "coreml", or one with a number behind it, such as "cuda:1". available: the
    providers that this ONNX Runtime has. Raises InputError for another name.
    """
    kind, _, number = device.partition(":")
    kind = "coreml" if kind == "mps" else kind
    if kind not in DEVICES or not (number or "0").isdecimal():
        raise InputError(f"--device {device}", "no such device", f"choose one of: {', '.join(DEVICES)}")
    kinds = [kind] if kind in PROVIDERS else list(AUTOMATIC) if kind == "auto" else []
    wanted = [each for each in kinds if PROVIDERS[each].name in available]
    return [*(_with_options(each, number, threads) for each in wanted[:1]), CPU]


def _with_options(kind: str, number: str, threads: int) -> Any:
    name = PROVIDERS[kind].name
    if kind == "openvino":
        return name, {"device_type": "CPU", "num_of_threads": str(threads)}
    return (name, {"device_id": number}) if number else name


def challenger(device: str, available: Sequence[str], threads: int) -> list[Any]:
    """The providers that have to prove quicker than those of `choose`; none where there is nothing to decide."""
    automatic = any(PROVIDERS[each].name in available for each in AUTOMATIC)
    wanted = device == "auto" and not automatic and PROVIDERS[MEASURED].name in available
    return choose(MEASURED, available, threads) if wanted else []


def fallback_note(device: str, used: Sequence[str]) -> tuple[str, ...]:
    """What to tell where a device was asked for and is not used; used: a session's providers."""
    kind = device.partition(":")[0].replace("mps", "coreml")
    if kind not in PROVIDERS or PROVIDERS[kind].name in used:
        return ()
    return (f"--device {device}: is not to be had here, so the CPU computes; it comes with {PROVIDERS[kind].package}",)
