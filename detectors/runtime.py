"""Opens a model file with ONNX Runtime: without its log lines, and with errors that a person can read."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import onnxruntime as ort

from detectors.cores import available_cores
from detectors.devices import CPU, challenger, choose, fallback_note
from detectors.errors import InputError
from detectors.race import quicker

QUANTISED = "onnx.quantize"
"""Who has made a file with integers in it, as it says: OpenVINO answers otherwise to these, or does not load them."""


def open_session(path: str | Path, device: str = "auto", threads: int = 0) -> ort.InferenceSession:
    """An inference session for the model in `path`.

    device: a name of `DEVICES`; "auto" is CUDA, else OpenVINO if it is quicker with this model, else the CPU. Where
    one is not to be had, the CPU computes, and `device_note` says so. threads: how many compute one answer; 0 is one
    for each core. Idle threads sleep: spinning, the default of ONNX Runtime, is a little faster on an idle computer,
    but takes the cores from the encoder and doubles the processor time.

    Raises InputError when the file is missing or no ONNX model, or there is no device of that name.
    """
    import onnxruntime as ort  # only where there is a model

    path = Path(path)
    if not path.is_file():
        raise InputError(path, "no such model file", "check the path")
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = threads or available_cores()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    available, threads = ort.get_available_providers(), options.intra_op_num_threads
    session = _session(path, options, choose(device, available, threads))
    quantised = session.get_modelmeta().producer_name == QUANTISED
    rivals = [] if quantised else challenger(device, available, threads)
    return quicker(session, _session(path, options, rivals)) if rivals else session


def _session(path: Path, options: Any, providers: list[Any]) -> ort.InferenceSession:
    """A session with these providers, or with the CPU's own where they are there and do not work."""
    import onnxruntime as ort

    with suppress(Exception):  # for want of a driver, for example
        if len(providers) > 1:
            return ort.InferenceSession(str(path), options, providers=providers, enable_fallback=0)
    try:
        return ort.InferenceSession(str(path), options, providers=[CPU])
    except Exception as error:  # ONNX Runtime's errors have no common base class
        raise InputError(path, f"is no ONNX model that can be loaded: {_reason(error)}", "export it again") from None


def device_note(session: ort.InferenceSession, device: str) -> tuple[str, ...]:
    """What to tell where a session does not run on the device that was asked for; nothing where it does."""
    return fallback_note(device, session.get_providers())


def answer(session: ort.InferenceSession, inputs: dict[str, npt.NDArray[Any]], path: str | Path) -> npt.NDArray[Any]:
    """The model's first output; else like `answers`."""
    return next(iter(answers(session, inputs, path, 1).values()))


def answers(
    session: ort.InferenceSession, inputs: dict[str, npt.NDArray[Any]], path: str | Path, most: int | None = None
) -> dict[str, npt.NDArray[Any]]:
    """The model's outputs by name, in its order; the first `most` of them. path: of the model, for messages.

    Raises InputError when it cannot compute them: a file may claim to take sizes that it does not, or more than memory.
    """
    try:
        arrays = [np.asarray(each) for each in session.run(None, inputs)[:most]]
        return dict(zip([each.name for each in session.get_outputs()], arrays, strict=False))
    except Exception as error:  # ONNX Runtime's errors have no common base class
        shapes = ", ".join(str(each.shape) for each in inputs.values())
        raise InputError(
            path, f"cannot compute an answer to an input of the shape {shapes}: {_reason(error)}", "export it again"
        ) from None


def _reason(error: Exception) -> str:
    return str(error).splitlines()[0].rsplit(":", 1)[-1].strip()[:160] or type(error).__name__
