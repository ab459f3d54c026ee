"""Golden numbers of the losses: python losses.py, writes losses.safetensors beside itself.

Inputs are float32, results come from PyTorch in float64. Each case has x, t, and for each reduction the loss and its
gradient dx, without reduction for an upstream gradient g.
"""

import pathlib

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

torch.manual_seed(4)
out = {}
REDUCTIONS = ("mean", "sum", "none")


def each(name, x, t, loss, reductions=REDUCTIONS, **more):
    """Results of loss(x, t, reduction): loss.mean and dx.mean for the mean, and so on."""
    given = {"x": x, "t": t, **more}
    for r in reductions:
        leaf = x.double().requires_grad_()
        result = loss(leaf, t.double() if t.is_floating_point() else t, r)
        g = torch.rand_like(result).float()
        if result.dim():
            given["g"] = g
        (result * g.double()).sum().backward() if result.dim() else result.backward()
        given[f"loss.{r}"] = result.detach()
        given[f"dx.{r}"] = leaf.grad
    for key, value in given.items():
        out[f"{name}/{key}"] = value.float().clone() if value.is_floating_point() else value.int().clone()


def reduce(losses, r):
    return {"none": losses, "sum": losses.sum(), "mean": losses.mean()}[r]


# Regression. Some differences are 0, 1 and beyond.
x = (torch.randn(5, 7) * 2).float()
t = (x + torch.randn(5, 7) * 1.5).float()
t[0, 0] = x[0, 0]
x[0, 1], t[0, 1] = 2, 1
each("mse", x, t, lambda x, t, r: F.mse_loss(x, t, reduction=r))
each("l1", x, t, lambda x, t, r: F.l1_loss(x, t, reduction=r))
each("smoothL1", x, t, lambda x, t, r: F.smooth_l1_loss(x, t, reduction=r))
each("smoothL1-0.3", x, t, lambda x, t, r: F.smooth_l1_loss(x, t, reduction=r, beta=0.3))
each("smoothL1-0", x, t, lambda x, t, r: F.smooth_l1_loss(x, t, reduction=r, beta=0.0), ["mean"])
each("huber", x, t, lambda x, t, r: F.huber_loss(x, t, reduction=r))
each("huber-1.7", x, t, lambda x, t, r: F.huber_loss(x, t, reduction=r, delta=1.7))
for tau in (0.1, 0.5, 0.9):
    each(
        f"quantile-{tau}",
        x,
        t,
        lambda x, t, r: reduce(torch.maximum(tau * (t - x), (tau - 1) * (t - x)), r),
    )
each("rmse", x, t, lambda x, t, r: torch.sqrt(F.mse_loss(x, t) + 1e-8), ["mean"])
positive = torch.rand(5, 7) * 4 - 0.5
each(
    "msle",
    positive,
    torch.rand(5, 7) * 4,
    lambda x, t, r: reduce((torch.log1p(t) - torch.log1p(x)) ** 2, r),
)

# Binary classes, soft and hard; certain and wrong ones.
p = torch.rand(5, 7)
hard = torch.randint(0, 2, (5, 7)).float()
soft = torch.rand(5, 7)
p[0, :4] = torch.tensor([0.0, 1.0, 0.0, 1.0])
hard[0, :4] = torch.tensor([0.0, 1.0, 1.0, 0.0])
each("bce", p, hard, lambda x, t, r: F.binary_cross_entropy(x, t, reduction=r))
each("bce-soft", p, soft, lambda x, t, r: F.binary_cross_entropy(x, t, reduction=r))
w = torch.rand(5, 7)
each("bce-weight", p, soft, lambda x, t, r: F.binary_cross_entropy(x, t, w.double(), reduction=r), w=w)
z = torch.randn(5, 7) * 3
z[0, :6] = torch.tensor([100.0, -100.0, 100.0, -100.0, 20.0, -20.0])
hard[0, :6] = torch.tensor([1.0, 0.0, 0.0, 1.0, 1.0, 1.0])
positives = torch.tensor([0.5, 1, 2, 3, 9, 0.1, 1])
logits = F.binary_cross_entropy_with_logits
each("bceLogits", z, hard, lambda x, t, r: logits(x, t, reduction=r))
each("bceLogits-soft", z, soft, lambda x, t, r: logits(x, t, reduction=r))
each("bceLogits-weight", z, soft, lambda x, t, r: logits(x, t, reduction=r, pos_weight=positives.double()))


def sigmoid_focal(x, t, alpha, gamma, r):
    """As torchvision.ops.sigmoid_focal_loss."""
    p = torch.sigmoid(x)
    ce = logits(x, t, reduction="none")
    loss = ce * (1 - (p * t + (1 - p) * (1 - t))) ** gamma
    return reduce(loss if alpha < 0 else (alpha * t + (1 - alpha) * (1 - t)) * loss, r)


far = z.clone()
far[0, :4] = torch.tensor([8.0, -8.0, 9.0, -9.0])
each("sigmoidFocal", far, hard, lambda x, t, r: sigmoid_focal(x, t, 0.25, 2, r))
each("sigmoidFocal-3", far, soft, lambda x, t, r: sigmoid_focal(x, t, -1, 3, r))

# Classes.
z = torch.randn(6, 5) * 3
z[0] = torch.tensor([1000.0, -1000, 0, 3, -3])
y = torch.tensor([1, 0, 4, -100, 2, 2])
classes = torch.tensor([0.2, 1, 3, 0.5, 2])
q = torch.softmax(torch.randn(6, 5), 1)
each("crossEntropy", z, y, lambda x, t, r: F.cross_entropy(x, t, reduction=r))
each("crossEntropy-weight", z, y, lambda x, t, r: F.cross_entropy(x, t, classes.double(), reduction=r))
each("crossEntropy-ignore", z, y.clamp(min=0), lambda x, t, r: F.cross_entropy(x, t, ignore_index=2, reduction=r))
each("crossEntropy-smooth", z, y, lambda x, t, r: F.cross_entropy(x, t, label_smoothing=0.1, reduction=r))
each(
    "crossEntropy-smooth-weight",
    z,
    y,
    lambda x, t, r: F.cross_entropy(x, t, classes.double(), label_smoothing=0.2, reduction=r),
)
each("crossEntropy-soft", z, q, lambda x, t, r: F.cross_entropy(x, t, reduction=r))
each(
    "crossEntropy-soft-smooth-weight",
    z,
    q,
    lambda x, t, r: F.cross_entropy(x, t, classes.double(), label_smoothing=0.2, reduction=r),
)
logp = torch.log_softmax(torch.randn(6, 5), 1)
each("nll", logp, y, lambda x, t, r: F.nll_loss(x, t, reduction=r))
each("nll-weight", logp, y, lambda x, t, r: F.nll_loss(x, t, classes.double(), reduction=r))


def focal(x, t, gamma, alpha, r):
    log_p = torch.log_softmax(x, 1).gather(1, t[:, None])[:, 0]
    a = torch.ones(5).double() if alpha is None else alpha.double()
    return reduce(-a[t] * (1 - log_p.exp()) ** gamma * log_p, r)


mild = torch.randn(6, 5) * 2
certain = y.clamp(min=0)
each("focal", mild, certain, lambda x, t, r: focal(x, t, 2, None, r))
each("focal-weight", mild, certain, lambda x, t, r: focal(x, t, 1.5, classes, r))

# Margins.
each("multiMargin", mild, certain, lambda x, t, r: F.multi_margin_loss(x, t, reduction=r))
each(
    "multiMargin-2",
    mild,
    certain,
    lambda x, t, r: F.multi_margin_loss(x, t, p=2, margin=0.7, weight=classes.double(), reduction=r),
)
signs = torch.where(torch.rand(5, 7) < 0.5, -1.0, 1.0)
x = torch.randn(5, 7) * 3
x[0, 0], signs[0, 0] = 1, 1
x[0, 1], x[0, 2] = 100, -100
each("softMargin", x, signs, lambda x, t, r: F.soft_margin_loss(x, t, reduction=r))
each("hinge", x, signs, lambda x, t, r: reduce(torch.relu(1 - t * x), r))
each("hinge-0.5", x, signs, lambda x, t, r: reduce(torch.relu(0.5 - t * x), r))
labels = torch.randint(0, 2, (5, 7)).float()
some = torch.rand(7)
each("multiLabelSoftMargin", x, labels, lambda x, t, r: F.multilabel_soft_margin_loss(x, t, reduction=r))
each(
    "multiLabelSoftMargin-weight",
    x,
    labels,
    lambda x, t, r: F.multilabel_soft_margin_loss(x, t, some.double(), reduction=r),
    w=some,
)
other, third = torch.randn(5, 7), torch.randn(5, 7)
each(
    "marginRanking",
    x,
    signs,
    lambda x, t, r: F.margin_ranking_loss(x, other.double(), t, margin=0.3, reduction=r),
    other=other,
)
near = torch.randn(5, 7)
rows = torch.tensor([1.0, -1, 1, -1, -1])
for margin in (0.0, 0.2):
    each(
        f"cosineEmbedding-{margin}",
        near,
        rows,
        lambda x, t, r: F.cosine_embedding_loss(x, other.double(), t, margin=margin, reduction=r),
        other=other,
    )
for name, options in {
    "tripletMargin": {},
    "tripletMargin-swap": {"margin": 2.0, "swap": True},
    "tripletMargin-1": {"margin": 3.0, "p": 1.0},
}.items():
    each(
        name,
        near,
        other,
        lambda x, t, r: F.triplet_margin_loss(x, t, third.double(), reduction=r, **options),
        other=third,
    )

# Divergences.
target = torch.softmax(torch.randn(6, 5), 1)
target[0] = torch.tensor([0.0, 0.25, 0.75, 0, 0])
kl = REDUCTIONS + ("batchmean",)
each("klDiv", logp, target, lambda x, t, r: F.kl_div(x, t, reduction=r), kl)
other = torch.log_softmax(torch.randn(6, 5), 1)
each("klDiv-log", logp, other, lambda x, t, r: F.kl_div(x, t, reduction=r, log_target=True), kl)
for temperature in (1.0, 4.0):
    each(
        f"distillation-{temperature}",
        mild,
        z,
        lambda x, t, r: temperature**2
        * F.kl_div(
            torch.log_softmax(x / temperature, 1), torch.softmax(t / temperature, 1), reduction=r
        ),
        ["batchmean"],
    )
counts = torch.randint(0, 6, (5, 7)).float()
rates = torch.rand(5, 7) * 4 + 0.1
log_rates = torch.randn(5, 7)
each("poissonNll", log_rates, counts, lambda x, t, r: F.poisson_nll_loss(x, t, reduction=r))
each("poissonNll-rate", rates, counts, lambda x, t, r: F.poisson_nll_loss(x, t, log_input=False, reduction=r))
variance = torch.rand(5, 7) * 2
variance[0, 0] = 0
for name, full in {"gaussianNll": False, "gaussianNll-full": True}.items():
    each(
        name,
        log_rates,
        near,
        lambda x, t, r: F.gaussian_nll_loss(x, t, variance.double(), full=full, eps=1e-3, reduction=r),
        other=variance,
    )
each(
    "gaussianNll-variance",
    rates,
    near,
    lambda x, t, r: F.gaussian_nll_loss(log_rates.double(), t, x, reduction=r),
    other=log_rates,
)


def gaussian_kl(mean, log_variance, r):
    return (-0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum(1)).mean()


each("gaussianKl", near, log_rates, gaussian_kl, ["batchmean"])
each("gaussianKl-variance", log_rates, near, lambda x, t, r: gaussian_kl(t, x, r), ["batchmean"])

save_file(out, pathlib.Path(__file__).with_name("losses.safetensors"))
print(len(out), "tensors")
