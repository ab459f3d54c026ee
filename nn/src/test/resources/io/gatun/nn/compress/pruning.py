"""Masks of torch.nn.utils.prune for PruningTest; writes pruning.safetensors beside itself.

Filters and their masks are permuted to [o, kh, kw, i]. No two magnitudes are equal, since PyTorch leaves ties open.
"""
import pathlib

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn.utils import prune


def net():
    torch.manual_seed(7)
    model = nn.Sequential(nn.Conv2d(3, 5, 3), nn.ReLU(), nn.Conv2d(5, 4, (1, 2)), nn.Flatten(), nn.Linear(4, 7))
    magnitudes = torch.cat([p.abs().flatten() for p in model.parameters() if p.dim() > 1])
    assert magnitudes.unique().numel() == magnitudes.numel()
    return model


def ours(tensor):
    return (tensor.permute(0, 2, 3, 1) if tensor.dim() == 4 else tensor).contiguous()


def masks(out, case, model):
    for i in (0, 2, 4):
        out[f"{case}/{i}.weight"] = ours(model[i].weight_mask).int()


out = {}
for i in (0, 2, 4):
    out[f"net/{i}.weight"] = ours(net()[i].weight.detach())
for amount in (0.0, 0.3, 0.5, 0.925, 1.0):
    model = net()
    for i in (0, 2, 4):
        prune.l1_unstructured(model[i], "weight", amount=amount)
    masks(out, f"layer-{amount}", model)
    model = net()
    chosen = [(model[i], "weight") for i in (0, 2, 4)]
    prune.global_unstructured(chosen, pruning_method=prune.L1Unstructured, amount=amount)
    masks(out, f"global-{amount}", model)
save_file(out, pathlib.Path(__file__).with_name("pruning.safetensors"))
