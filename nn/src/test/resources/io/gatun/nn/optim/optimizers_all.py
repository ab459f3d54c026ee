"""Optimizers and schedules in PyTorch, all options: python optimizers_all.py writes optimizers.safetensors beside it.

As in optimizers.py, weights w[3,7] (decayed) and b[5] (not) start at 0.1 * ((5 i) mod 7 - 3) and the gradient of element i
at step t is 0.1 * ((7 i + 13 t) mod 11 - 5) + 0.05 * p; every seventh element's is 0 in the sparse cases. Optimizers run in
float64 on numbers rounded to float32 first. NAME holds the 26 values after each of the 20 steps.
"""
import math
import pathlib

import torch
from safetensors.torch import save_file

torch.set_default_dtype(torch.float64)
STEPS = 20
out = {}


def f32(x):
    return torch.as_tensor(x, dtype=torch.float32).double()


def start(count, offset):
    i = torch.arange(offset, offset + count)
    return f32(0.1 * ((5 * i) % 7 - 3))


def gradient(p, t, offset, sparse):
    i = torch.arange(offset, offset + p.numel()).reshape(p.shape)
    g = f32(0.1) * ((7 * i + 13 * t) % 11 - 5) + f32(0.05) * p
    return torch.where(i % 7 == 0, torch.zeros_like(g), g) if sparse else g


def run(name, make, clip_norm=None, clip_value=None, sparse=False, thaw=None, plain=False):
    w = start(21, 0).reshape(3, 7).requires_grad_()
    b = start(5, 21).requires_grad_()
    optimizer = make(w, b)
    rows = []
    for t in range(STEPS):
        with torch.no_grad():
            w.grad = None if thaw is not None and t < thaw else gradient(w, t, 0, sparse)
            b.grad = gradient(b, t, 21, sparse)
        if clip_norm:
            torch.nn.utils.clip_grad_norm_([w, b], clip_norm)
        if clip_value:
            torch.nn.utils.clip_grad_value_([w, b], clip_value)
        optimizer.step()
        rows.append(torch.cat([w.detach().flatten(), b.detach()]))
    out[name] = torch.stack(rows).float()


def over(optimizer, lr, decay=0.0, **options):
    """With lr and decay as the floats that we have."""
    def groups(w, b):
        return [{"params": [w], "weight_decay": float(f32(decay))}, {"params": [b], "weight_decay": 0.0}]

    return lambda w, b: optimizer(groups(w, b), lr=float(f32(lr)), **options)


SGD, Adagrad, RMSprop = torch.optim.SGD, torch.optim.Adagrad, torch.optim.RMSprop
Adam, AdamW = torch.optim.Adam, torch.optim.AdamW
run("sgd-dampening", over(SGD, 0.05, 0.05, momentum=0.9, dampening=0.9))
run("sgd-value", over(SGD, 0.05, 0.05, momentum=0.9, nesterov=True), clip_value=0.25)
run("sgd-norm-value", over(SGD, 0.05), clip_norm=1.0, clip_value=0.25)
run("adagrad", over(Adagrad, 0.01))
run("adagrad-options", over(Adagrad, 0.1, 0.1, lr_decay=0.05, initial_accumulator_value=0.1, eps=1e-6), clip_norm=1.0)
run("adagrad-sparse", over(Adagrad, 0.1), sparse=True)
run("rmsprop", over(RMSprop, 0.01))
run("rmsprop-centered", over(RMSprop, 0.01, 0.1, centered=True, alpha=0.9))
run("rmsprop-momentum", over(RMSprop, 0.01, 0.1, momentum=0.9, alpha=0.95, eps=1e-3), clip_value=0.3)
run("rmsprop-all", over(RMSprop, 0.01, 0.1, momentum=0.5, centered=True, alpha=0.8), clip_norm=1.0)
run("rmsprop-sparse", over(RMSprop, 0.01), sparse=True)
run("adam", over(Adam, 0.01))
run("adam-l2", over(Adam, 0.01, 0.1, betas=(0.8, 0.95)), clip_value=0.3)
run("adam-amsgrad", over(Adam, 0.02, 0.1, betas=(0.8, 0.5), amsgrad=True), clip_norm=1.0)
run("adam-sparse", over(Adam, 0.01), sparse=True)
run("adamw-amsgrad", over(AdamW, 0.02, 0.1, betas=(0.8, 0.5), amsgrad=True), clip_norm=1.0)
run("adamw-thaw", over(AdamW, 0.02, 0.1), thaw=8)
run("sgd-thaw", over(SGD, 0.02, 0.1, momentum=0.9, dampening=0.5), thaw=8)
run("groups", lambda w, b: AdamW(
    [{"params": [w], "lr": float(f32(0.02)), "weight_decay": float(f32(0.1))},
     {"params": [b], "lr": float(f32(0.002)), "betas": (0.5, 0.9), "weight_decay": 0.0}]), clip_norm=1.0)


class Keras:
    """RMSprop as tf.keras writes it: rho 0.9, epsilon under the root."""

    def __init__(self, w, b, lr, eps):
        self.params, self.lr, self.eps = [w, b], float(f32(lr)), eps
        self.squares = [torch.zeros_like(p) for p in self.params]

    def step(self):
        with torch.no_grad():
            for p, s in zip(self.params, self.squares):
                s.mul_(0.9).add_(0.1 * p.grad**2)
                p.sub_(self.lr * p.grad / torch.sqrt(s + self.eps))


run("rmsprop-keras", lambda w, b: Keras(w, b, 0.01, 1e-3))

# Adam of a loss whose Hessian is diagonal: AdaHessian's D is that diagonal whatever z is. a w^2 / 2 + c w^4 / 4, exact HVP.
w = start(21, 0).reshape(3, 7).requires_grad_()
a = f32(0.5 + 0.1 * (torch.arange(21) % 5)).reshape(3, 7)
c = f32(0.3 + 0.2 * (torch.arange(21) % 3)).reshape(3, 7)
m, v, rows = torch.zeros_like(w), torch.zeros_like(w), []
for t in range(1, STEPS + 1):
    loss = (a * w**2 / 2 + c * w**4 / 4).sum()
    g, = torch.autograd.grad(loss, w, create_graph=True)
    z = torch.where(torch.arange(21).reshape(3, 7) % 2 == 0, 1.0, -1.0)
    d = z * torch.autograd.grad((g * z).sum(), w)[0]
    with torch.no_grad():
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * d * d
        w -= float(f32(0.15)) * ((m / (1 - 0.9**t)) / ((v / (1 - 0.999**t)).sqrt() + 1e-4) + float(f32(0.01)) * w)
    rows.append(w.detach().flatten().clone())
out["adahessian"] = torch.stack(rows).float()
out["adahessian/a"], out["adahessian/c"] = a.float(), c.float()

# The worked linear fit: X = 1..5, w0 = [1.5, 0.5] (bias, slope), rate 0.01, 100 steps on the mean of squared errors.
x, y = torch.arange(1.0, 6.0), torch.tensor([2, 3, 3.5, 5, 6.5])
for name, factor in (("fit/mse", 1.0), ("fit/half", 0.5)):
    p = torch.tensor([1.5, 0.5], requires_grad=True)
    rows = []
    for _ in range(100):
        loss = factor * ((p[0] + p[1] * x - y) ** 2).mean()
        g, = torch.autograd.grad(loss, p)
        p = (p - 0.01 * g).detach().requires_grad_()
        rows.append(torch.cat([p.detach(), loss.detach()[None]]))
    out[name] = torch.stack(rows).float()


def rosenbrock(p):
    return (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2


def small_net(p):
    """2-4-1 tanh net on 8 points, mean squared error: p is w1 [4,2], b1 [4], w2 [1,4], b2 [1]."""
    points = torch.tensor([[(i % 4) / 2 - 0.75, (i // 4) - 0.5] for i in range(8)])
    wanted = torch.tensor([[0.5, -0.5, 0.25, 1.0, -1.0, 0.75, 0.0, -0.25]]).T
    h = torch.tanh(points @ p[:8].reshape(4, 2).T + p[8:12])
    return ((h @ p[12:16].reshape(1, 4).T + p[16] - wanted) ** 2).mean()


def lbfgs(name, f, begin, steps, **options):
    p = f32(begin).clone().requires_grad_()
    optimizer = torch.optim.LBFGS([p], **options)
    rows, evaluations = [], [0]

    def closure():
        evaluations[0] += 1
        optimizer.zero_grad()
        loss = f(p)
        loss.backward()
        return loss

    for _ in range(steps):
        loss = optimizer.step(closure)
        rows.append(torch.cat([p.detach().clone(), loss.detach()[None], torch.tensor([float(evaluations[0])])]))
    out[name] = torch.stack(rows).float()


NET = [0.1 * ((5 * i) % 7 - 3) for i in range(17)]
lbfgs("lbfgs/rosenbrock", rosenbrock, [-1.2, 1.0], 6, line_search_fn="strong_wolfe", max_iter=4, history_size=10)
lbfgs("lbfgs/rosenbrock-history", rosenbrock, [-1.2, 1.0], 6, line_search_fn="strong_wolfe", max_iter=4, history_size=2)
lbfgs("lbfgs/rosenbrock-long", rosenbrock, [-1.2, 1.0], 1, line_search_fn="strong_wolfe", max_iter=40, max_eval=100)
lbfgs("lbfgs/fixed", small_net, NET, 3, lr=0.2, max_iter=4, history_size=10)
lbfgs("lbfgs/net", small_net, NET, 3, line_search_fn="strong_wolfe", max_iter=4, history_size=10)

# Averages: w_t = t + 0.1 i over 8 updates.
series = [f32([t + 0.1 * i for i in range(5)]) for t in range(8)]
for name, fn in (("average/ema", torch.optim.swa_utils.get_ema_avg_fn(0.9)), ("average/swa", None)):
    model = torch.nn.Linear(5, 1, bias=False)
    averaged = torch.optim.swa_utils.AveragedModel(model, avg_fn=fn)
    rows = []
    for values in series:
        with torch.no_grad():
            model.weight.copy_(values[None])
        averaged.update_parameters(model)
        rows.append(averaged.module.weight.detach().flatten().clone())
    out[name] = torch.stack(rows).float()

# Schedules: the rate of each of 100 steps.
L = torch.optim.lr_scheduler


def schedule(name, make, lr=0.1, steps=100, metric=None, **options):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=float(f32(lr)), **options)
    scheduler = make(optimizer)
    rates = []
    for t in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step() if metric is None else scheduler.step(metric(t))
    out["schedule/" + name] = torch.tensor(rates).float()


schedule("step", lambda o: L.StepLR(o, 17, 0.3))
schedule("multistep", lambda o: L.MultiStepLR(o, [10, 35, 80], 0.2))
schedule("exponential", lambda o: L.ExponentialLR(o, 0.97))
schedule("linear", lambda o: L.LinearLR(o, 0.25, 0.75, 40))
schedule("polynomial", lambda o: L.PolynomialLR(o, 60, 2.0))
schedule("cosine", lambda o: L.CosineAnnealingLR(o, 40, 0.001))
schedule("restarts", lambda o: L.CosineAnnealingWarmRestarts(o, 10, 2, 0.001))
schedule("restarts-same", lambda o: L.CosineAnnealingWarmRestarts(o, 15, 1, 0.0))
schedule("triangular", lambda o: L.CyclicLR(o, 0.01, 0.1, 8, 12, "triangular"), momentum=0.9)
schedule("triangular2", lambda o: L.CyclicLR(o, 0.01, 0.1, 10, None, "triangular2"), momentum=0.9)
schedule("exp-range", lambda o: L.CyclicLR(o, 0.01, 0.1, 10, None, "exp_range", 0.98), momentum=0.9)
schedule("onecycle", lambda o: L.OneCycleLR(o, 0.1, 100), momentum=0.9)
schedule("onecycle-linear", lambda o: L.OneCycleLR(
    o, 0.1, 100, pct_start=0.4, anneal_strategy="linear", div_factor=10, final_div_factor=100), momentum=0.9)
schedule("onecycle-three", lambda o: L.OneCycleLR(o, 0.1, 100, pct_start=0.25, three_phase=True), momentum=0.9)
schedule("sequential", lambda o: L.SequentialLR(
    o, [L.ConstantLR(o, 0.1, 20), L.ExponentialLR(o, 0.9)], [20]))
schedule("chained", lambda o: L.ChainedScheduler([L.ConstantLR(o, 0.5, 30), L.ExponentialLR(o, 0.98)]))
schedule("lambda", lambda o: L.LambdaLR(o, lambda t: 1 / math.sqrt(t + 1)))
BUMPY = [1 / (1 + t // 3) + 0.01 * ((7 * t) % 5) if t < 30 else 0.2 + 0.001 * (t % 7) for t in range(100)]
out["plateau/metric"] = torch.tensor(BUMPY).float()
METRIC = out["plateau/metric"].double().tolist()
schedule("plateau", lambda o: L.ReduceLROnPlateau(o), metric=lambda t: METRIC[t])
schedule("plateau-options", lambda o: L.ReduceLROnPlateau(
    o, "min", 0.5, 3, 0.01, "abs", 2, 0.003), metric=lambda t: METRIC[t])
schedule("plateau-max", lambda o: L.ReduceLROnPlateau(o, "max", 0.3, 5, 0.05, "rel"), metric=lambda t: METRIC[t])

# Gains and bounds of torch.nn.init.
for name, args in (("linear", ()), ("sigmoid", ()), ("tanh", ()), ("relu", ()), ("leaky_relu", (0.2,))):
    out["gain/" + name] = torch.tensor([torch.nn.init.calculate_gain(name, *args)]).float()

save_file(out, pathlib.Path(__file__).with_name("optimizers.safetensors"))
