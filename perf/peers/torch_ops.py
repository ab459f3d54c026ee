"""Single operations of PyTorch, made from the lines of Gatun's specs.

    python torch_ops.py "LINE" [--device cpu|cuda] [--tf32] [--seconds S]

LINE is such as "gemm bf16 m=4096 n=4096 k=4096", "conv bf16 backward_data n=… ph=1 pw=1" or "adamw f32 count=…". Prints one
line of JSON with the median. Images are channels_last, as Gatun's are. Needs torch.
"""

import argparse
import json
import statistics
import time

import torch
from torch.nn import functional as F

from torch_step import allow_tf32, optimizing, wait

TYPES = {"f32": torch.float32, "bf16": torch.bfloat16, "f16": torch.float16}


class Line:
    """The words of a spec's line, each to be taken once; rest() refuses what nobody took."""

    def __init__(self, text):
        self.text = text
        words = text.split()
        self.family, self.type = words[0], TYPES.get(words[1])
        if self.type is None:
            raise ValueError(f"'{text}' has no type of {', '.join(TYPES)}")
        self.flags = {word for word in words[2:] if "=" not in word}
        self.values = dict(word.split("=") for word in words[2:] if "=" in word)

    def flag(self, name):
        there = name in self.flags
        self.flags.discard(name)
        return there

    def number(self, name, otherwise=None):
        if name not in self.values and otherwise is None:
            raise ValueError(f"'{self.text}' has no {name}=")
        return int(self.values.pop(name, otherwise))

    def rest(self):
        if self.flags or self.values:
            raise ValueError(f"PyTorch's peer of '{self.text}' does not know {', '.join([*self.flags, *self.values])}")


def numbers(shape, of, device):
    return (torch.rand(shape, device=device) * 2 - 1).to(of)


def gemm(line, device):
    m, n, k, batch = line.number("m"), line.number("n"), line.number("k"), line.number("batch", 1)
    a, b = (k, m) if line.flag("ta") else (m, k), (n, k) if line.flag("tb") else (k, n)
    ta, tb = a != (m, k), b != (k, n)
    line.rest()
    lead = () if batch == 1 else (batch,)
    a, b = numbers(lead + a, line.type, device), numbers(lead + b, line.type, device)
    a, b = a.mT if ta else a, b.mT if tb else b
    c = torch.empty(lead + (m, n), dtype=line.type, device=device)
    return lambda: torch.matmul(a, b, out=c)


def conv(line, device):
    direction = next((d for d in ("forward", "backward_data", "backward_weights") if line.flag(d)), None)
    n, h, w, inputs, outputs = (line.number(name) for name in ("n", "h", "w", "ic", "oc"))
    kernel = (line.number("kh"), line.number("kw"))
    stride, padding = (line.number("sh", 1), line.number("sw", 1)), (line.number("ph", 0), line.number("pw", 0))
    groups = line.number("g", 1)
    line.rest()
    last = torch.channels_last
    x = numbers((n, inputs, h, w), line.type, device).to(memory_format=last)
    weights = numbers((outputs, inputs // groups, *kernel), line.type, device).to(memory_format=last)
    if direction == "forward":
        return lambda: F.conv2d(x, weights, None, stride, padding, 1, groups)
    gradient = torch.rand_like(F.conv2d(x, weights, None, stride, padding, 1, groups)).to(memory_format=last)
    wanted = [direction == "backward_data", direction == "backward_weights", False]
    return lambda: torch.ops.aten.convolution_backward(
        gradient, x, weights, None, stride, padding, (1, 1), False, (0, 0), groups, wanted)


def adamw(line, device):
    count = line.number("count")
    line.rest()
    return optimizing("adamw", device, count)[0]


FAMILIES = {"gemm": gemm, "conv": conv, "adamw": adamw}


def operation(text, device):
    """A function that starts the operation once."""
    line = Line(text)
    if line.family not in FAMILIES:
        raise ValueError(f"PyTorch's peer knows {', '.join(FAMILIES)}, not '{line.family}'")
    with torch.no_grad():
        made = FAMILIES[line.family](line, device)
    return torch.no_grad()(made)


def nanos(run, runs, device):
    """Nanoseconds of one run, the mean of so many in a row, the waiting for the last included."""
    wait(device)
    begin = time.perf_counter_ns()
    for _ in range(runs):
        run()
    wait(device)
    return (time.perf_counter_ns() - begin) / runs


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("line")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--tf32", action="store_true")
    parser.add_argument("--seconds", type=float, default=1)
    options = parser.parse_args()
    allow_tf32(options.tf32)
    torch.backends.cudnn.benchmark = True
    run = operation(options.line, options.device)
    runs = max(1, int(2e6 / min(nanos(run, 1, options.device) for _ in range(5))))
    samples, end = [], time.perf_counter() + options.seconds
    while not samples or time.perf_counter() < end:
        samples.append(nanos(run, runs, options.device))
    print(json.dumps({"spec": options.line, "backend": "torch " + torch.__version__, "device": options.device,
                      "median_ms": statistics.median(samples) / 1e6, "best_ms": min(samples) / 1e6}))


if __name__ == "__main__":
    main()
