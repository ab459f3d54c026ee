"""Writes norms.safetensors: PyTorch's normalization layers, forward, gradients and running statistics.

Inputs are rounded to float32 and everything is computed in float64. Layouts are channels last. A case's src holds the batches
of several steps; the gradients are those of the last one. eval and diff_eval are of the first batch after all steps.
"""

import pathlib

import torch
from safetensors.torch import save_file

torch.manual_seed(20261121)
out = {}


def numbers(*shape):
    return torch.randn(*shape).float().double()


def last(x, channels):
    """Channels last: [n, c, ...] to [n, ..., c]."""
    return x.movedim(1, -1) if channels else x


def case(name, layer, *shape, steps=1, channels=True):
    layer = layer.double()
    for p in layer.parameters():
        p.data = numbers(*p.shape)
    src = numbers(steps, *shape) * 2 + 0.5
    grad = numbers(*shape)
    for step in range(steps):
        x = src[step].clone().requires_grad_()
        for p in layer.parameters():
            p.grad = None
        y = layer(x)
    (y * grad).sum().backward()
    save = {
        "src": torch.stack([last(x, channels) for x in src]),
        "grad": last(grad, channels),
        "dst": last(y, channels),
        "diff_src": last(x.grad, channels),
    }
    for key, p in layer.named_parameters():
        save[key] = p
        save["diff_" + key] = p.grad.clone()
    for key, b in layer.named_buffers():
        save["after_" + key] = b.clone()
    layer.eval()
    x = src[0].clone().requires_grad_()
    y = layer(x)
    (y * grad).sum().backward()
    save["eval"] = last(y, channels)
    save["diff_eval"] = last(x.grad, channels)
    for key, value in save.items():
        value = value.detach()
        value = value.int() if value.dtype == torch.int64 else value.float()
        out[f"{name}/{key}"] = value.contiguous().clone()


nn = torch.nn
case("layer", nn.LayerNorm(6), 4, 3, 6, channels=False)
case("layer_wide", nn.LayerNorm(83), 3, 83, channels=False)
case("layer_two_axes", nn.LayerNorm([3, 5], eps=0.1), 2, 3, 5, channels=False)
case("layer_plain", nn.LayerNorm([5], elementwise_affine=False), 2, 3, 5, channels=False)
case("layer_no_bias", nn.LayerNorm([5], bias=False), 2, 3, 5, channels=False)
case("group", nn.GroupNorm(2, 6), 2, 6, 3, 4)
case("group_one", nn.GroupNorm(1, 5), 3, 5, 7)
case("group_plain", nn.GroupNorm(3, 6, eps=0.01, affine=False), 2, 6, 4, 5)
case("group_features", nn.GroupNorm(2, 8), 3, 8)
case("instance1", nn.InstanceNorm1d(3), 2, 3, 7)
case("instance2", nn.InstanceNorm2d(3), 2, 3, 4, 5)
case("instance2_affine", nn.InstanceNorm2d(3, eps=0.01, affine=True), 2, 3, 4, 5)
case(
    "instance2_tracked",
    nn.InstanceNorm2d(3, momentum=0.3, affine=True, track_running_stats=True),
    2, 3, 4, 5,
    steps=3,
)
case("batch1_features", nn.BatchNorm1d(5), 6, 5, steps=3)
case("batch1", nn.BatchNorm1d(5), 3, 5, 4, steps=2)
case("batch2", nn.BatchNorm2d(3), 2, 3, 4, 5, steps=3)
case("batch2_momentum", nn.BatchNorm2d(3, eps=0.01, momentum=0.3), 2, 3, 4, 5, steps=3)
case("batch2_cumulative", nn.BatchNorm2d(3, momentum=None), 2, 3, 4, 5, steps=3)
case("batch2_plain", nn.BatchNorm2d(3, affine=False), 2, 3, 4, 5, steps=2)
case("batch2_untracked", nn.BatchNorm2d(3, track_running_stats=False), 2, 3, 4, 5, steps=2)

save_file(out, pathlib.Path(__file__).with_suffix(".safetensors"))
