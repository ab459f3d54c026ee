"""Twenty optimizer steps in PyTorch: python optimizers.py > optimizers.golden.txt

Weights w[3,7] (decayed) and b[5] (not) start at 0.1 * ((5 i) mod 7 - 3); the gradient of element i at step t is
0.1 * ((7 i + 13 t) mod 11 - 5) + 0.05 * p. One line a case: name, then the 26 values after the last step.
"""
import math

import torch

STEPS = 20
F = torch.float32


def start(count, offset):
    i = torch.arange(offset, offset + count)
    return (0.1 * ((5 * i) % 7 - 3)).to(F)


def gradient(p, t, offset):
    i = torch.arange(offset, offset + p.numel()).reshape(p.shape)
    fixed = torch.tensor(0.1, dtype=F) * ((7 * i + 13 * t) % 11 - 5).to(F)
    return fixed + torch.tensor(0.05, dtype=F) * p


def cosine(rate, warm, total):
    def at(step):
        if step < warm:
            return rate * (step + 1) / warm
        return rate * 0.5 * (1 + math.cos(math.pi * (step - warm) / (total - warm)))

    return at


def run(name, make, schedule, clip=None):
    w = start(21, 0).reshape(3, 7).requires_grad_()
    b = start(5, 21).requires_grad_()
    optimizer = make(w, b)
    for t in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = schedule(t)
        with torch.no_grad():
            w.grad = gradient(w, t, 0)
            b.grad = gradient(b, t, 21)
        if clip:
            torch.nn.utils.clip_grad_norm_([w, b], clip)
        optimizer.step()
    values = torch.cat([w.detach().flatten(), b.detach()]).tolist()
    print(name, " ".join(f"{v:.9g}" for v in values))


def groups(w, b, decay):
    return [{"params": [w], "weight_decay": decay}, {"params": [b], "weight_decay": 0.0}]


def sgd(decay, **options):
    return lambda w, b: torch.optim.SGD(groups(w, b, decay), lr=1, **options)


def adamw(decay, **options):
    return lambda w, b: torch.optim.AdamW(groups(w, b, decay), lr=1, **options)


run("sgd", sgd(0.0), lambda t: 0.1)
run("sgd-momentum-decay", sgd(5e-2, momentum=0.9, dampening=0.25), lambda t: 0.05)
run("sgd-nesterov-clip-cosine", sgd(5e-4, momentum=0.9, nesterov=True), cosine(0.1, 4, 20), clip=0.5)
run("adamw", adamw(0.01), lambda t: 0.01)
run("adamw-clip-steps", adamw(0.1, betas=(0.8, 0.95)), lambda t: 0.02 * 0.5 ** (t // 6), clip=0.7)
