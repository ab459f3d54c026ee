"""Golden numbers of elementwise functions, tensor plumbing and the layers made of them, by PyTorch in float64.

Writes pointwise.safetensors beside itself. A case has inputs x, x2, ..., the result y, the gradient g that comes from
above, and gradients dx, dx2, ...; a layer has parameters p/NAME and their gradients d/NAME too.
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

torch.manual_seed(5)
saved = {}


def numbers(*shape, scale=2.0):
    """Float32 numbers, as float64."""
    return (torch.randn(*shape, dtype=torch.float64) * scale).float().double()


def case(name, function, *inputs, parameters=None):
    inputs = [x.float().double().requires_grad_(True) for x in inputs]
    parameters = {n: p.float().double().requires_grad_(True) for n, p in (parameters or {}).items()}
    y = function(*inputs, *parameters.values())
    g = numbers(*y.shape, scale=1.0)
    if y.requires_grad:
        (y * g).sum().backward()
    saved[f"{name}/y"] = y
    saved[f"{name}/g"] = g
    for i, x in enumerate(inputs):
        suffix = "" if i == 0 else str(i + 1)
        saved[f"{name}/x{suffix}"] = x
        saved[f"{name}/dx{suffix}"] = torch.zeros_like(x) if x.grad is None else x.grad
    for n, p in parameters.items():
        saved[f"{name}/p/{n}"] = p
        saved[f"{name}/d/{n}"] = p.grad


def plain(*shape):
    """With the kinks in it."""
    x = numbers(*shape)
    x.view(-1)[:7] = torch.tensor([0.0, -0.5, 0.75, 20.5, -20.5, 1e-3, -1e-3], dtype=torch.float64).float().double()
    return x


# Elementwise functions; the Java test makes the function of the name, in the spelling of spec lines.
x = plain(5, 9)
positive = plain(5, 9).abs() + 0.125
functions = {
    "relu": torch.relu,
    "leaky_relu:0.01": lambda v: F.leaky_relu(v, float(torch.tensor(0.01))),
    "leaky_relu:0.2": lambda v: F.leaky_relu(v, float(torch.tensor(0.2))),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "gelu": F.gelu,
    "elu:1.0": F.elu,
    "elu:0.5": lambda v: F.elu(v, 0.5),
    "silu": F.silu,
    "softplus": lambda v: F.softplus(v, threshold=60),
    "exp": torch.exp,
    "abs": torch.abs,
    "square": torch.square,
    "step": lambda v: torch.heaviside(v.detach(), torch.ones((), dtype=torch.float64)),
    "clamp:-0.5:0.75": lambda v: torch.clamp(v, -0.5, 0.75),
}
for name, function in functions.items():
    case("function " + name, function, x)
for name, function in {"log": torch.log, "sqrt": torch.sqrt}.items():
    case("function " + name, function, positive)
case("softmax", lambda v: F.softmax(v, dim=-1), numbers(4, 11))
case("logSoftmax", lambda v: F.log_softmax(v, dim=-1), numbers(4, 11))
case("prelu one", F.prelu, plain(6, 5), torch.tensor([0.25], dtype=torch.float64))
# PyTorch has channels at axis 1, we at the last: the same for [n, c].
case("prelu last", F.prelu, plain(6, 5), numbers(5))

# Two operands: both sides broadcast.
a, b = numbers(2, 1, 3, 3), numbers(2, 4, 3, 3).abs() + 0.5
case("add", torch.add, a, b)
case("sub", torch.sub, a, b)
case("mul", torch.mul, a, b)
case("div", torch.div, a, b)
ties = torch.randint(-2, 3, (4, 6)).double()
case("maximum", torch.maximum, ties, torch.randint(-2, 3, (4, 6)).double())
case("minimum", torch.minimum, ties, torch.randint(-2, 3, (6,)).double())
mask = torch.randint(0, 2, (4, 1)).bool()
saved["where/mask"] = saved["maskedFill/mask"] = mask.double()
case("where", lambda p, q: torch.where(mask, p, q), numbers(4, 6), numbers(6))
case("maskedFill", lambda p: p.masked_fill(mask, -2.5), numbers(4, 6))
case("pow 3", lambda v: v.pow(3), numbers(3, 4))
case("pow 1.7", lambda v: v.pow(float(torch.tensor(1.7))), positive)
case("pow -1", lambda v: v.pow(-1), positive)

# Reductions; of equal extremes PyTorch may mean any, so there are none here.
distinct = torch.randperm(60).double().view(3, 4, 5) / 8
case("max", lambda v: v.max(dim=1).values, distinct)
case("min", lambda v: v.min(dim=-1).values, distinct)
case("var", lambda v: v.var(dim=(0, 2)), numbers(3, 4, 5))
case("var biased", lambda v: v.var(dim=1, correction=0), numbers(3, 4, 5))
case("mean", lambda v: v.mean(dim=(0, 2)), numbers(3, 4, 5))

# Plumbing.
case("concat", lambda p, q: torch.cat((p, q), dim=1), numbers(2, 3, 4), numbers(2, 1, 4))
case("stack", lambda p, q: torch.stack((p, q), dim=1), numbers(2, 3), numbers(2, 3))
case("narrow", lambda v: v.narrow(1, 1, 2), numbers(2, 4, 3))
case("select", lambda v: v.select(2, 1), numbers(2, 4, 3))
case("pad", lambda v: F.pad(v, (0, 0, 2, 1), value=1.5), numbers(2, 3, 4))
case("chunk", lambda v: v.chunk(3, dim=-1)[2], numbers(2, 7))
case("expand", lambda v: v.expand(2, 3, 4), numbers(3, 1))
rows = torch.tensor([2, 0, 2, 1])
places = torch.tensor([[1, 1, 0], [4, 2, 4]])
case("indexSelect", lambda v: v.index_select(1, rows), numbers(2, 3, 4))
case("gather", lambda v: v.gather(1, places), numbers(2, 5))

# Layers, composed by their definitions.
linear = lambda v, w, c: v @ w.T + c
case("Residual", lambda v, w, c: torch.tanh(linear(v, w, c)) + v, numbers(5, 4),
     parameters={"body.weight": numbers(4, 4, scale=0.5), "body.bias": numbers(4)})
case("Residual projected", lambda v, w, c, p: linear(v, w, c) + v @ p.T, numbers(5, 4),
     parameters={"body.weight": numbers(3, 4), "body.bias": numbers(3), "projection.weight": numbers(3, 4)})


def highway(v, wh, bh, wt, bt):
    t = torch.sigmoid(linear(v, wt, bt))
    return t * torch.relu(linear(v, wh, bh)) + (1 - t) * v


case("Highway", highway, numbers(5, 4),
     parameters={"transform.weight": numbers(4, 4, scale=0.7), "transform.bias": numbers(4),
                 "gate.weight": numbers(4, 4, scale=0.7), "gate.bias": numbers(4) - 1})
case("Concat", lambda v, w, c: torch.cat((linear(v, w, c), v), dim=-1), numbers(2, 3, 4),
     parameters={"0.weight": numbers(2, 4), "0.bias": numbers(2)})
case("Rbf", lambda v, c, beta: torch.exp(-beta * ((v[:, None, :] - c) ** 2).sum(-1)), numbers(5, 3, scale=0.7),
     parameters={"centres": numbers(4, 3, scale=0.7), "beta": numbers(4, scale=0.2) + 1})
case("PRelu", lambda v, w: F.prelu(v, w), plain(6, 5), parameters={"weight": torch.full((5,), 0.25).double()})

save_file({n: v.detach().float().contiguous() for n, v in saved.items()}, Path(__file__).with_name("pointwise.safetensors"))
