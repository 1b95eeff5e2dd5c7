"""Depthwise convolutions whose gradients in bfloat16 take as long on a CPU as the arithmetic does.

oneDNN, on which torch trains on a CPU, takes 10 to 100 times as long for the gradient of 5 x 5 kernels, and for any
stride of 2: more than half of a training step. The gradient of the picture is written as what it is, a convolution of
the output's gradient, spread out by the stride, with the kernel turned round; that of the kernel is 40 lines of C
(depthwise.c), compiled where a compiler is found. Without one, nothing changes but the time.
"""

from __future__ import annotations

import ctypes
import functools
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional

SOURCE = Path(__file__).with_name("depthwise.c")
LANES = 16  # channels at a time
SERVED = {((kernel,) * 2, (stride,) * 2, (kernel // 2,) * 2, (1, 1), "zeros") for kernel in (3, 5) for stride in (1, 2)}


class DepthwiseConv2d(nn.Conv2d):
    """A depthwise convolution; in bfloat16 under autocast, with gradients of our own."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002  # torch names it so
        """``(N, C, H, W)`` -> ``(N, C, H', W')``."""
        if not torch.is_autocast_enabled(input.device.type):
            return super().forward(input)
        output: torch.Tensor = _Depthwise.apply(input, self.weight, self.bias, self.stride[0])
        return output


def is_served(layer: nn.Conv2d) -> bool:
    """Can this layer become a `DepthwiseConv2d`, on this machine?"""
    depthwise = layer.groups == layer.in_channels == layer.out_channels
    return depthwise and _settings(layer) in SERVED and library() is not None


def _settings(layer: nn.Conv2d) -> tuple[Any, ...]:
    return layer.kernel_size, layer.stride, layer.padding, layer.dilation, layer.padding_mode


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, pictures: torch.Tensor, kernels: torch.Tensor, bias: torch.Tensor | None, stride: int
    ) -> torch.Tensor:
        pictures = pictures.to(torch.bfloat16, memory_format=torch.channels_last)
        half = kernels.to(torch.bfloat16)
        ctx.save_for_backward(pictures, half)
        ctx.stride, ctx.has_bias = stride, bias is not None
        shift = None if bias is None else bias.to(torch.bfloat16)
        with torch.autocast("cpu", enabled=False):
            return functional.conv2d(pictures, half, shift, stride, kernels.shape[-1] // 2, groups=len(kernels))

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        pictures, kernels = ctx.saved_tensors
        gradient = gradients[0].to(torch.bfloat16, memory_format=torch.channels_last)
        wanted = ctx.needs_input_grad
        return (
            picture_gradient(gradient, kernels, ctx.stride, pictures.shape[2:]) if wanted[0] else None,
            kernel_gradient(pictures, gradient, kernels.shape[-1], ctx.stride) if wanted[1] else None,
            gradient.sum((0, 2, 3), dtype=torch.float32) if ctx.has_bias and wanted[2] else None,
            None,
        )


def picture_gradient(gradient: torch.Tensor, kernels: torch.Tensor, stride: int, size: torch.Size) -> torch.Tensor:
    """The gradient ``(N, C, H, W)`` of the input; gradient: ``(N, C, H', W')`` of the output, size: H, W."""
    if stride > 1:
        spread = gradient.new_zeros((*gradient.shape[:2], *size)).contiguous(memory_format=torch.channels_last)
        spread[:, :, ::stride, ::stride] = gradient
        gradient = spread
    turned = kernels.flip((2, 3))
    with torch.autocast("cpu", enabled=False):
        return functional.conv2d(gradient, turned, None, 1, kernels.shape[-1] // 2, groups=len(kernels))


def kernel_gradient(pictures: torch.Tensor, gradient: torch.Tensor, kernel: int, stride: int) -> torch.Tensor:
    """The gradient ``(C, 1, K, K)``, single precision, of the kernels, from bfloat16 maps ``(N, C, ...)``."""
    code = library()
    assert code is not None
    count, channels, height, width = pictures.shape
    shape = _Shape(count, height, width, channels, *gradient.shape[2:], stride)
    pictures = pictures.contiguous(memory_format=torch.channels_last)
    gradient = gradient.contiguous(memory_format=torch.channels_last)
    table = torch.empty(kernel * kernel, channels)
    blocks, threads = -(-channels // LANES), torch.get_num_threads()
    bounds = [blocks * part // threads for part in range(threads + 1)]

    def work(part: int) -> None:
        pointers = (pictures.data_ptr(), gradient.data_ptr(), table.data_ptr())
        code.kernel_gradient(*pointers, ctypes.byref(shape), kernel, bounds[part], bounds[part + 1])

    list(_workers(threads).map(work, range(threads)))
    return table.t().reshape(channels, 1, kernel, kernel)


class _Shape(ctypes.Structure):
    _fields_ = tuple(
        (name, ctypes.c_int64) for name in ("count", "height", "width", "channels", "out_height", "out_width", "stride")
    )


@functools.cache
def _workers(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="depthwise")


@functools.cache
def library() -> ctypes.CDLL | None:
    """depthwise.c, compiled for this machine; None where there is no compiler, or no bfloat16."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    native = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)()
    if compiler is None or not native:
        return None
    with tempfile.TemporaryDirectory() as folder:
        built = Path(folder, "depthwise.so")
        command = [compiler, "-O3", "-march=native", "-shared", "-fPIC", str(SOURCE), "-o", str(built)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            return None
        code = ctypes.CDLL(str(built))
    code.kernel_gradient.argtypes = [ctypes.c_void_p] * 4 + [ctypes.c_int64] * 3
    code.kernel_gradient.restype = None
    return code
