"""Writes quantize.safetensors: PyTorch's quantisation of tensors and weights, its observer's scales and zero points, and
linear and convolution of what the bytes stand for, computed in float64. Images are NHWC, filters OHWI.
"""

import pathlib

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch.ao.quantization import MinMaxObserver, PerChannelMinMaxObserver

torch.manual_seed(20261123)
out = {}


def last(x):
    return x.movedim(1, -1) if x.dim() == 4 else x


def put(name, value):
    value = last(value.detach())
    value = value.int() if value.dtype in (torch.uint8, torch.int8, torch.int32, torch.int64) else value.float()
    out[name] = value.contiguous().clone()


def affine(x):
    observer = MinMaxObserver(dtype=torch.quint8, qscheme=torch.per_tensor_affine)
    observer(x)
    scale, zero_point = observer.calculate_qparams()
    return scale, zero_point


# Halves of steps, what is beyond both ends, infinities, both zeros.
for name, scale, zero_point in (("wide", 0.25, 100), ("odd", 0.1, 3), ("positive", 0.037, 0), ("negative", 1.7, 255)):
    src = torch.cat(
        [torch.arange(-80, 80).float() * scale / 2, torch.randn(60) * 60 * scale, torch.tensor([torch.inf, -torch.inf, 0.0, -0.0])]
    )
    put(f"{name}/src", src)
    put(f"{name}/scale", torch.tensor([scale]))
    put(f"{name}/zero_point", torch.tensor([zero_point]))
    put(f"{name}/dst", torch.quantize_per_tensor(src, torch.tensor(scale), torch.tensor(zero_point), torch.quint8).int_repr())


def layer(name, src, weight, bias, run):
    scale, zero_point = affine(src)
    # Symmetric bytes without -128: the largest magnitude of a channel is 127.
    observer = PerChannelMinMaxObserver(dtype=torch.qint8, qscheme=torch.per_channel_symmetric, quant_min=-127, quant_max=127)
    observer(weight)
    scales, zeros = observer.calculate_qparams()
    quantized = torch.quantize_per_channel(weight, scales.double(), zeros, 0, torch.qint8)
    src_bytes = torch.quantize_per_tensor(src, scale, zero_point, torch.quint8)
    # The float32 scales times whole numbers, in float64: dequantize() would round to float32.
    x = (src_bytes.int_repr().double() - zero_point.double()) * scale.double()
    shape = [-1] + [1] * (weight.dim() - 1)
    w = quantized.int_repr().double() * scales.double().reshape(shape)
    put(f"{name}/src", src)
    put(f"{name}/weight", weight)
    if bias is not None:
        put(f"{name}/bias", bias)
    put(f"{name}/scale", scale)
    put(f"{name}/zero_point", zero_point)
    put(f"{name}/weight_bytes", quantized.int_repr())
    put(f"{name}/weight_scales", scales)
    put(f"{name}/dst", run(x, w, None if bias is None else bias.double()))


layer("linear", torch.randn(5, 70), torch.randn(9, 70), torch.randn(9), F.linear)
layer("linear_relu", torch.rand(4, 520), torch.randn(5, 520), None, lambda x, w, b: F.linear(x, w, b).relu())
layer("conv", torch.randn(2, 5, 6, 7), torch.randn(8, 5, 3, 3), torch.randn(8), lambda x, w, b: F.conv2d(x, w, b, 2, 1))
layer(
    "conv_groups", torch.randn(1, 6, 7, 6) - 2, torch.randn(4, 3, 3, 3), torch.randn(4), lambda x, w, b: F.conv2d(x, w, b, 1, 2, 2, 2)
)
layer("conv_wide", torch.rand(1, 64, 5, 5), torch.randn(3, 64, 3, 3), torch.randn(3), lambda x, w, b: F.conv2d(x, w, b, 1, 1).relu())

save_file(out, str(pathlib.Path(__file__).with_name("quantize.safetensors")))
