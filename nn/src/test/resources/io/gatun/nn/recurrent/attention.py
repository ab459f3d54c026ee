"""Golden numbers of attention over an encoder's outputs, from its definition in PyTorch's float64 on float32 inputs.

additive: v . tanh(W q + U k); dot: q . k; scaled: q . k / sqrt(width); general: q . (W k). Each for a decoder's one query and
for the queries of all steps, with and without padding, which is masked by -Inf. Everything is [t, b, features].
"""
import math
import pathlib

import torch
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent
B, TQ, TK, Q, K, WIDTH = 3, 2, 5, 4, 6, 7
random = torch.Generator().manual_seed(20261122)
saved = {}


def numbers(name, *shape):
    value = torch.randn(*shape, generator=random)
    saved[name] = value
    return value.double()


queries, keys = numbers("queries", TQ, B, Q), numbers("keys", TK, B, K)
narrow = numbers("narrowKeys", TK, B, Q)
weights = {
    "additive": {"query.weight": numbers("additive.query.weight", WIDTH, Q),
                 "key.weight": numbers("additive.key.weight", WIDTH, K),
                 "score.weight": numbers("additive.score.weight", 1, WIDTH)},
    "general": {"key.weight": numbers("general.key.weight", Q, K)},
    "dot": {}, "scaled": {},
}
mask = torch.zeros(B, TK)
mask[0, 3:] = -math.inf
mask[2, 1:] = -math.inf
saved["mask"] = mask
outer = numbers("outer", TQ, B, K)


def scores(kind, q, k, w):
    """q [tq, b, q], k [tk, b, k]: [b, tq, tk]."""
    if kind == "additive":
        a = (q @ w["query.weight"].T).transpose(0, 1)[:, :, None]
        c = (k @ w["key.weight"].T).transpose(0, 1)[:, None]
        return (torch.tanh(a + c) @ w["score.weight"].T)[..., 0]
    if kind == "general":
        k = k @ w["key.weight"].T
    dot = q.transpose(0, 1) @ k.permute(1, 2, 0)
    return dot / math.sqrt(Q) if kind == "scaled" else dot


for kind, given in weights.items():
    for steps in (1, TQ):
        for masked in (False, True):
            source = keys if kind in ("additive", "general") else narrow
            q = queries[:steps].clone().requires_grad_()
            k = source.clone().requires_grad_()
            w = {name: value.clone().requires_grad_() for name, value in given.items()}
            s = scores(kind, q, k, w)
            if masked:
                s = s + mask.double()[:, None]
            alpha = torch.softmax(s, -1)
            context = (alpha @ k.transpose(0, 1)).transpose(0, 1)
            ((context * outer[:steps, :, : k.shape[2]]).sum() + (alpha * alpha).sum()).backward()
            name = f"{kind} {steps} {'masked' if masked else 'all'}"
            results = {"context": context, "weights": alpha, "diffQuery": q.grad, "diffKeys": k.grad}
            results |= {f"diff.{key}": value.grad for key, value in w.items()}
            for key, value in results.items():
                saved[f"{name}/{key}"] = value.detach().float().contiguous()

path = HERE / "attention.safetensors"
save_file(saved, path)
print(path.name, path.stat().st_size)
