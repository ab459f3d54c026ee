"""Writes convs.safetensors: PyTorch's convolutions and pools, forward and gradients.

Inputs are rounded to float32 and everything is computed in float64. Layouts are channels last: images NHWC, filters OHWI (of
transposed convolutions IHWO).
"""

import pathlib

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

torch.manual_seed(20261122)
out = {}


def numbers(*shape):
    return torch.randn(*shape).float().double()


def last(x):
    return x.movedim(1, -1) if x.dim() > 1 else x


def case(name, layer, *shape):
    layer = layer.double()
    for p in layer.parameters():
        p.data = numbers(*p.shape) * 0.5
    src = numbers(*shape).requires_grad_()
    y = layer(src)
    grad = numbers(*y.shape)
    (y * grad).sum().backward()
    save = {"src": src, "grad": grad, "dst": y, "diff_src": src.grad}
    for key, p in layer.named_parameters():
        key = key.split(".")[-1]
        save[key] = p
        save["diff_" + key] = p.grad
    for key, value in save.items():
        out[f"{name}/{key}"] = last(value.detach()).float().contiguous().clone()


class Padded(torch.nn.Module):
    """TensorFlow's "same" of a stride, which PyTorch does not have: zeros given beforehand, the odd one behind."""

    def __init__(self, pad, layer):
        super().__init__()
        self.pad = pad
        self.layer = layer

    def forward(self, x):
        return self.layer(F.pad(x, self.pad))


nn = torch.nn
case("conv2", nn.Conv2d(3, 4, 3), 2, 3, 6, 5)
case("conv2_pairs", nn.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=(1, 2), dilation=(1, 2), groups=2), 2, 4, 7, 6)
case("conv2_depthwise", nn.Conv2d(4, 8, 3, padding=1, groups=4, bias=False), 1, 4, 5, 5)
case("conv2_same", nn.Conv2d(2, 3, (4, 3), padding="same", dilation=(1, 2)), 2, 2, 6, 7)
case("conv2_same_stride", Padded((1, 1, 0, 1), nn.Conv2d(2, 3, 3, stride=2)), 2, 2, 6, 7)
case("conv1", nn.Conv1d(3, 4, 3), 2, 3, 9)
case("conv1_options", nn.Conv1d(4, 6, 3, stride=2, padding=2, dilation=2, groups=2, bias=False), 2, 4, 11)
case("conv1_same", nn.Conv1d(3, 4, 4, padding="same"), 2, 3, 9)
case("transpose2", nn.ConvTranspose2d(3, 4, 3), 2, 3, 4, 5)
case(
    "transpose2_options",
    nn.ConvTranspose2d(
        4, 6, (3, 2), stride=(2, 3), padding=(1, 0), output_padding=(1, 2), groups=2, dilation=(2, 1)
    ),
    2, 4, 3, 4,
)
case("transpose2_no_bias", nn.ConvTranspose2d(2, 2, 4, stride=2, padding=1, bias=False), 1, 2, 3, 3)
case("transpose1", nn.ConvTranspose1d(3, 2, 3, stride=2, padding=1, output_padding=1), 2, 3, 5)

case("max2", nn.MaxPool2d(2), 2, 3, 6, 7)
case("max2_options", nn.MaxPool2d((3, 2), stride=(2, 1), padding=(1, 0), ceil_mode=True), 2, 3, 6, 5)
case("max1", nn.MaxPool1d(3, stride=2, padding=1), 2, 3, 8)
case("avg2", nn.AvgPool2d(3, stride=2, padding=1), 2, 3, 6, 7)
case(
    "avg2_options",
    nn.AvgPool2d((3, 2), stride=(2, 2), padding=(1, 1), ceil_mode=True, count_include_pad=False),
    2, 3, 6, 5,
)
case("avg2_ceil", nn.AvgPool2d(3, stride=2, padding=1, ceil_mode=True), 2, 3, 6, 7)
case("avg1", nn.AvgPool1d(3, stride=2, padding=1), 2, 3, 8)
case("adaptive_avg2", nn.AdaptiveAvgPool2d((3, 4)), 2, 3, 7, 5)
case("adaptive_avg2_divides", nn.AdaptiveAvgPool2d((3, 2)), 2, 3, 6, 4)
case("adaptive_avg2_larger", nn.AdaptiveAvgPool2d((5, 7)), 2, 3, 4, 3)
case("adaptive_avg1", nn.AdaptiveAvgPool1d(4), 2, 3, 7)
case("adaptive_max2", nn.AdaptiveMaxPool2d((3, 4)), 2, 3, 7, 5)
case("adaptive_max2_divides", nn.AdaptiveMaxPool2d((3, 2)), 2, 3, 6, 4)

save_file(out, pathlib.Path(__file__).with_suffix(".safetensors"))
