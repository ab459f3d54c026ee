"""Training steps of PyTorch on the nets of `gatun bench train`: same layers, batch, optimizer and kind of data.

    python torch_step.py MODEL [--layout nhwc|nchw] [--threads N] [--warm SECONDS] [--steps N]
        [--device cpu|cuda] [--batch N] [--amp bf16] [--tf32] [--compile]

MODEL is resnet20, resnet18c, resnet50, vgg16, lstm, gru, transformer, mlp, or adamw and sgd for one optimizer step on
25 million parameters. Prints one line of JSON with the keys that `gatun bench train --json` has. Needs torch. On a GPU
each timed step is waited for.
"""

import argparse
import json
import resource
import statistics
import time

import torch
from torch import nn
from torch.nn import functional as F

OPTIMIZED = 25_000_000


def normalized(inputs, outputs, kernel, stride=1):
    """Convolution without bias, then batch norm."""
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs))


class Residual(nn.Module):
    """relu(branch(x) + shortcut(x)); the branch has ReLUs between its parts, the shortcut is a 1x1 where shapes differ."""

    def __init__(self, inputs, outputs, stride, parts):
        super().__init__()
        between = [module for part in parts for module in (part, nn.ReLU(inplace=True))]
        self.branch = nn.Sequential(*between[:-1])
        same = inputs == outputs and stride == 1
        self.shortcut = nn.Identity() if same else normalized(inputs, outputs, 1, stride)

    def forward(self, x):
        return F.relu(self.branch(x).add_(self.shortcut(x)), inplace=True)


def basic(inputs, width, stride):
    parts = [normalized(inputs, width, 3, stride), normalized(width, width, 3)]
    return Residual(inputs, width, stride, parts), width


def bottleneck(inputs, width, stride):
    outputs = 4 * width
    parts = [normalized(inputs, width, 1), normalized(width, width, 3, stride), normalized(width, outputs, 1)]
    return Residual(inputs, outputs, stride, parts), outputs


def resnet(stem, channels, block, widths, depths, classes):
    layers = list(stem)
    for stage, (width, depth) in enumerate(zip(widths, depths)):
        for position in range(depth):
            layer, channels = block(channels, width, 2 if stage > 0 and position == 0 else 1)
            layers.append(layer)
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes))


def cifar(width):
    return normalized(3, width, 3), nn.ReLU(inplace=True)


def imagenet():
    return normalized(3, 64, 7, 2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)


def vgg16():
    layers, channels = [], 3
    for width, depth in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(depth):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(inplace=True)]
            channels = width
        layers.append(nn.MaxPool2d(2))
    layers.append(nn.Flatten())
    for inputs in (512 * 7 * 7, 4096):
        layers += [nn.Linear(inputs, 4096), nn.ReLU(inplace=True), nn.Dropout()]
    return nn.Sequential(*layers, nn.Linear(4096, 1000))


class Recurrent(nn.Module):
    """Two layers of 512 units over 128 inputs, and a linear layer on every step's output."""

    def __init__(self, cell):
        super().__init__()
        self.cell = cell(128, 512, num_layers=2)
        self.head = nn.Linear(512, 128)

    def forward(self, x):
        return self.head(self.cell(x)[0]).flatten(0, 1)


class Transformer(nn.Module):
    """Four layers of width 256, 4 heads and 1,024 hidden units, norms first, and a linear layer on every place."""

    def __init__(self):
        super().__init__()
        layer = nn.TransformerEncoderLayer(256, 4, 1024, dropout=0.1, activation="gelu", norm_first=True)
        self.layers = nn.TransformerEncoder(layer, 4, nn.LayerNorm(256), enable_nested_tensor=False)
        self.head = nn.Linear(256, 128)

    def forward(self, x):
        return self.head(self.layers(x)).flatten(0, 1)


def mlp():
    return nn.Sequential(
        nn.Linear(784, 1024), nn.ReLU(inplace=True), nn.Linear(1024, 1024), nn.ReLU(inplace=True), nn.Linear(1024, 10)
    )


# Model, shape of the input, targets in a step, classes.
NETS = {
    "resnet20": (lambda: resnet(cifar(16), 16, basic, (16, 32, 64), (3, 3, 3), 10), (128, 3, 32, 32), 128, 10),
    "resnet18c": (
        lambda: resnet(cifar(64), 64, basic, (64, 128, 256, 512), (2, 2, 2, 2), 10), (64, 3, 32, 32), 64, 10),
    "resnet50": (
        lambda: resnet(imagenet(), 64, bottleneck, (64, 128, 256, 512), (3, 4, 6, 3), 1000),
        (16, 3, 224, 224), 16, 1000),
    "vgg16": (vgg16, (16, 3, 224, 224), 16, 1000),
    "lstm": (lambda: Recurrent(nn.LSTM), (64, 32, 128), 64 * 32, 128),
    "gru": (lambda: Recurrent(nn.GRU), (64, 32, 128), 64 * 32, 128),
    "transformer": (Transformer, (128, 16, 256), 128 * 16, 128),
    "mlp": (mlp, (256, 784), 256, 10),
}


def sized(shape, targets, batch):
    """Shape and targets for another batch, which is the second axis of a sequence and the first of everything else."""
    axis = 1 if len(shape) == 3 else 0
    return shape[:axis] + (batch,) + shape[axis + 1:], targets // shape[axis] * batch


def training(name, layout="nhwc", device="cpu", batch=None, amp=False, compiled=False):
    """A step of the net, how many targets it has, what they are, and the number of parameters.

    amp runs the forward pass and the loss under autocast to bfloat16, compiled the net by torch.compile.
    """
    make, shape, targets, classes = NETS[name]
    if batch:
        shape, targets = sized(shape, targets, batch)
    model, x = make().to(device), (torch.rand(shape) * 2 - 1).to(device)
    if len(shape) == 4 and layout == "nhwc":
        model, x = model.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
    wanted = torch.randint(classes, (targets,)).to(device)
    run = torch.compile(model) if compiled else model
    if len(shape) == 4:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4, fused=True)
    else:
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)

    def step():
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(device, torch.bfloat16, enabled=amp):
            loss = F.cross_entropy(run(x), wanted)
        loss.backward()
        optimizer.step()

    unit = "tokens/s" if len(shape) == 3 else "img/s"
    return step, targets, unit, sum(p.numel() for p in model.parameters())


def optimizing(name, device="cpu", count=OPTIMIZED):
    parameter = nn.Parameter(torch.rand(count, device=device))
    parameter.grad = torch.rand(count, device=device)
    if name == "adamw":
        optimizer = torch.optim.AdamW([parameter], lr=1e-3, fused=True)
    else:
        optimizer = torch.optim.SGD([parameter], lr=0.01, momentum=0.9, weight_decay=5e-4, fused=True)
    return optimizer.step, count, "parameters/s", count


def allow_tf32(allowed):
    """Whether products of floats may round their factors to TF32; no change of the default on a CPU."""
    torch.backends.cuda.matmul.allow_tf32 = allowed
    torch.backends.cudnn.allow_tf32 = allowed


def wait(device):
    if device == "cuda":
        torch.cuda.synchronize()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model", choices=[*NETS, "adamw", "sgd"])
    parser.add_argument("--layout", choices=["nhwc", "nchw"], default="nhwc")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--warm", type=float, default=3, help="seconds of steps that are not timed, two at least")
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--batch", type=int, help="samples in a step of a net")
    parser.add_argument("--amp", choices=["bf16"], help="autocast in the forward pass")
    parser.add_argument("--tf32", action="store_true", help="products of floats in TF32")
    parser.add_argument("--compile", action="store_true", help="by torch.compile")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    allow_tf32(options.tf32)
    torch.backends.cudnn.benchmark = True
    if options.model in NETS:
        step, work, unit, parameters = training(
            options.model, options.layout, options.device, options.batch, bool(options.amp), options.compile)
    else:
        step, work, unit, parameters = optimizing(options.model, options.device)
    begin, warmed = time.perf_counter(), 0
    while warmed < 2 or time.perf_counter() - begin < options.warm:
        step()
        wait(options.device)
        warmed += 1
    seconds = []
    for _ in range(options.steps):
        begin = time.perf_counter()
        step()
        wait(options.device)
        seconds.append(time.perf_counter() - begin)
    median = statistics.median(seconds)
    print(json.dumps({
        "model": options.model,
        "backend": "torch " + torch.__version__,
        "layout": options.layout,
        "device": options.device,
        "amp": options.amp,
        "compiled": options.compile,
        "threads": torch.get_num_threads(),
        "parameters": parameters,
        "median_ms": 1e3 * median,
        "best_ms": 1e3 * min(seconds),
        "rate": work / median,
        "unit": unit,
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }))


if __name__ == "__main__":
    main()
