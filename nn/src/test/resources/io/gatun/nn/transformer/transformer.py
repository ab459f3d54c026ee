"""Attention and Transformer layers of PyTorch: python transformer.py FOLDER (made with torch 2.13)

Each case: src and other inputs, the parameters, dst, the gradient "diff" that dst is given, and the gradients d.NAME of
inputs and parameters. Computed in double from numbers rounded to float.
"""
import sys

import torch
from safetensors.torch import save_file

torch.manual_seed(11)
torch.set_default_dtype(torch.float64)
SIZE, HEADS, WIDE = 8, 2, 12
T, S, B = 5, 4, 3
saved = {}


def numbers(*shape):
    return torch.randn(*shape).float().double()


def prepare(module):
    for parameter in module.parameters():
        # Norms and biases too: all ones and zeros would hide mistakes.
        parameter.data = (parameter.data + 0.2 * torch.randn_like(parameter)).float().double()
    return module


def run(name, module, forward, **inputs):
    for value in inputs.values():
        if value.is_floating_point():
            value.requires_grad_()
    dst = forward(module, **inputs)
    dst = dst if isinstance(dst, tuple) else (dst,)
    diff = numbers(*dst[0].shape)
    dst[0].backward(diff)
    saved[name + "/diff"] = diff
    for i, one in enumerate(dst):
        saved[name + ("/dst" if i == 0 else "/weights")] = one
    for key, value in inputs.items():
        saved[name + "/" + key] = value
        if value.grad is not None:
            saved[name + "/d." + key] = value.grad
    for key, value in module.named_parameters():
        saved[name + "/" + key] = value
        saved[name + "/d." + key] = value.grad


def causal(t):
    return torch.nn.Transformer.generate_square_subsequent_mask(t).double()


LENGTHS = torch.tensor([4, 1, 3])
PADDING = torch.arange(S)[None, :] >= LENGTHS[:, None]
OPTIONS = dict(d_model=SIZE, nhead=HEADS, dim_feedforward=WIDE, dropout=0.0)

run("mha", prepare(torch.nn.MultiheadAttention(SIZE, HEADS)), lambda m, src: m(src, src, src), src=numbers(T, B, SIZE))
run(
    "mha causal",
    prepare(torch.nn.MultiheadAttention(SIZE, HEADS)),
    lambda m, src: m(src, src, src, attn_mask=causal(T)),
    src=numbers(T, B, SIZE),
)
run(
    "mha cross",
    prepare(torch.nn.MultiheadAttention(SIZE, HEADS)),
    lambda m, src, memory, lengths: m(src, memory, memory, key_padding_mask=PADDING),
    src=numbers(T, B, SIZE),
    memory=numbers(S, B, SIZE),
    lengths=LENGTHS.int(),
)
for first in (False, True):
    run(
        f"encoder {'pre' if first else 'post'}",
        prepare(
            torch.nn.TransformerEncoderLayer(**OPTIONS, activation="gelu" if first else "relu", norm_first=first)
        ),
        lambda m, src: m(src),
        src=numbers(T, B, SIZE),
    )
    run(
        f"decoder {'pre' if first else 'post'}",
        prepare(torch.nn.TransformerDecoderLayer(**OPTIONS, norm_first=first)),
        lambda m, src, memory: m(src, memory, tgt_mask=causal(T)),
        src=numbers(T, B, SIZE),
        memory=numbers(S, B, SIZE),
    )
stack = torch.nn.TransformerEncoder(
    torch.nn.TransformerEncoderLayer(**OPTIONS, norm_first=True), 2, torch.nn.LayerNorm(SIZE), enable_nested_tensor=False
)
run("encoders", prepare(stack), lambda m, src: m(src, mask=causal(T)), src=numbers(T, B, SIZE))
stack = torch.nn.TransformerDecoder(torch.nn.TransformerDecoderLayer(**OPTIONS), 2, torch.nn.LayerNorm(SIZE))
run(
    "decoders",
    prepare(stack),
    lambda m, src, memory: m(src, memory, tgt_mask=causal(T)),
    src=numbers(T, B, SIZE),
    memory=numbers(S, B, SIZE),
)
place = torch.arange(7.0)[:, None]
angle = place / 10000 ** (2 * torch.arange(4.0) / SIZE)
table = torch.stack([torch.sin(angle), torch.cos(angle)], -1).reshape(7, SIZE)
src = numbers(6, 2, SIZE)
saved["positions/src"] = src
saved["positions/dst"] = src + table[:6, None, :]

save_file(
    {k: (v if v.dtype == torch.int32 else v.detach().float()).contiguous().clone() for k, v in saved.items()},
    sys.argv[1] + "/transformer.safetensors",
)
