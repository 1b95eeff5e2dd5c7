"""Opens a model file with ONNX Runtime: without its log lines, and with errors that a person can read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import onnxruntime as ort

from detectors.cores import available_cores
from detectors.errors import InputError


def open_session(path: str | Path, device: str = "auto", threads: int = 0) -> ort.InferenceSession:
    """An inference session for the model in `path`.

    device: "cpu", "cuda", or "auto" (cuda where this ONNX Runtime has it). threads: how many compute one answer; 0 is
    one for each core. Idle threads sleep: spinning, the default of ONNX Runtime, is a little faster on an idle
    computer, but takes the cores from the encoder and doubles the processor time.

    Raises InputError when the file is missing or no ONNX model, or the device is not there.
    """
    import onnxruntime as ort  # only where there is a model

    path = Path(path)
    if not path.is_file():
        raise InputError(path, "no such model file", "check the path")
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = threads or available_cores()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return ort.InferenceSession(str(path), options, providers=_providers(device))
    except InputError:
        raise
    except Exception as error:  # ONNX Runtime's errors have no common base class
        raise InputError(path, f"is no ONNX model that can be loaded: {_reason(error)}", "export it again") from None


def answer(session: ort.InferenceSession, inputs: dict[str, npt.NDArray[Any]], path: str | Path) -> npt.NDArray[Any]:
    """The model's first output. path: of the model, for messages.

    Raises InputError when it cannot compute one: a file may claim to take sizes that it does not, or more than memory.
    """
    try:
        return np.asarray(session.run(None, inputs)[0])
    except Exception as error:  # ONNX Runtime's errors have no common base class
        shapes = ", ".join(str(each.shape) for each in inputs.values())
        raise InputError(
            path, f"cannot compute an answer to an input of the shape {shapes}: {_reason(error)}", "export it again"
        ) from None


def _reason(error: Exception) -> str:
    return str(error).splitlines()[0].rsplit(":", 1)[-1].strip()[:160] or type(error).__name__


def _providers(device: str) -> list[str]:
    import onnxruntime as ort

    there = "CUDAExecutionProvider" in ort.get_available_providers()
    if device.startswith("cuda") and not there:
        raise InputError(
            f"--device {device}", "this ONNX Runtime has no CUDA", "install onnxruntime-gpu, or leave out --device"
        )
    wanted = there and device != "cpu"
    return ["CUDAExecutionProvider", "CPUExecutionProvider"] if wanted else ["CPUExecutionProvider"]
