"""Golden numbers of the examples' objectives: python objectives.py, writes objectives.safetensors beside itself.

Inputs are float32, results come from PyTorch in float64. Each case has inputs in.0, in.1, …, its loss, and the gradient
d.0, d.1, … of each input that has one.
"""

import pathlib

import torch
import torch.distributions as D
import torch.nn.functional as F
from safetensors.torch import save_file

torch.manual_seed(11)
out = {}


def case(name, inputs, learning, loss):
    leaves = []
    for i, x in enumerate(inputs):
        out[f"{name}/in.{i}"] = (x.float() if x.is_floating_point() else x.int()).clone()
        leaves.append(x.float().double().requires_grad_(i in learning) if x.is_floating_point() else x)
    result = loss(*leaves)
    result.backward()
    out[f"{name}/loss"] = result.detach().float()
    for i in learning:
        out[f"{name}/d.{i}"] = leaves[i].grad.float()


# Generative adversarial nets.
real, fake = torch.randn(5, 1) * 3, torch.randn(4, 1) * 3
real[0], real[1], fake[0], fake[1] = 40, -40, 40, -40
bce = F.binary_cross_entropy_with_logits
case(
    "discriminator",
    [real, fake],
    [0, 1],
    lambda x, z: bce(x, torch.ones_like(x)) + bce(z, torch.zeros_like(z)),
)
case("generator", [fake], [0], lambda z: bce(z, torch.ones_like(z)))
case("minimaxGenerator", [fake], [0], lambda z: -bce(z, torch.zeros_like(z)))

# Reinforcement.
q, after = torch.randn(6, 3) * 2, torch.randn(6, 3) * 2
actions = torch.tensor([0, 2, 1, 1, 0, 2])
rewards, done = torch.randn(6), torch.tensor([0.0, 1, 0, 0, 1, 0])


def dqn(q, a, r, end, after):
    with torch.no_grad():
        target = r + 0.9 * (1 - end) * after.max(1).values
    return F.huber_loss(q.gather(1, a.long()[:, None])[:, 0], target)


case("dqn", [q, actions, rewards, done, after], [0], dqn)
old = torch.log(torch.rand(8))
new = old + torch.tensor([0.5, 0.5, -0.5, -0.5, 0.1, 0.1, -0.1, -0.1])
advantage = torch.tensor([1.0, -1, 1, -1, 2, -2, 2, -2])


def ppo(new, old, advantage):
    ratio = torch.exp(new - old)
    return -torch.min(ratio * advantage, ratio.clamp(0.8, 1.2) * advantage).mean()


case("ppo", [new, old, advantage], [0], ppo)

# Mixture density; one row is far from all components.
logits, means, scales = torch.randn(5, 3), torch.randn(5, 3, 2), torch.randn(5, 3, 2) * 0.5
target = torch.randn(5, 2)
target[0] = 30


def mixture(logits, means, scales, target):
    components = D.Independent(D.Normal(means, scales.exp()), 1)
    return -D.MixtureSameFamily(D.Categorical(logits=logits), components).log_prob(target).mean()


case("mixtureNll", [logits, means, scales, target], [0, 1, 2], mixture)

# YOLO: 2 pictures, 3 x 3 cells, 2 boxes, 4 classes.
n, side, boxes, classes = 2, 3, 2, 4
prediction = torch.rand(n, side, side, 5 * boxes + classes)
truth = torch.zeros(n, side, side, 5 + classes)
for picture, row, column, klass in [(0, 1, 1, 2), (0, 0, 2, 0), (1, 2, 0, 3)]:
    truth[picture, row, column, :4] = torch.rand(4) * 0.8 + 0.1
    truth[picture, row, column, 4] = 1
    truth[picture, row, column, 5 + klass] = 1
# Nearly the object, in the second box.
prediction[0, 1, 1, 5:9] = truth[0, 1, 1, :4] + 0.01
prediction[0, 1, 1, 7:9] = prediction[0, 1, 1, 7:9].sqrt()


def corners(box):
    x, y, w, h = box
    return x / side - w / 2, y / side - h / 2, x / side + w / 2, y / side + h / 2


def iou(a, b):
    a, b = corners(a), corners(b)
    width = (min(a[2], b[2]) - max(a[0], b[0])).clamp(min=0)
    height = (min(a[3], b[3]) - max(a[1], b[1])).clamp(min=0)
    both = width * height
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


def yolo(prediction, truth, coordinates=5, no_object=0.5):
    """The paper's sum, cell by cell."""
    loss = 0
    for p, t in zip(prediction.reshape(-1, 5 * boxes + classes), truth.reshape(-1, 5 + classes)):
        found = [p[5 * j : 5 * j + 5] for j in range(boxes)]
        if t[4] == 0:
            loss = loss + no_object * sum(box[4] ** 2 for box in found)
            continue
        with torch.no_grad():
            ious = [iou((b[0], b[1], b[2] ** 2, b[3] ** 2), t[:4]) for b in found]
        best = max(range(boxes), key=lambda j: ious[j])
        for j, box in enumerate(found):
            if j == best:
                loss = loss + coordinates * ((box[:2] - t[:2]) ** 2).sum()
                loss = loss + coordinates * ((box[2:4] - t[2:4].sqrt()) ** 2).sum()
                loss = loss + (box[4] - ious[j]) ** 2
            else:
                loss = loss + no_object * box[4] ** 2
        loss = loss + ((p[5 * boxes :] - t[5:]) ** 2).sum()
    return loss / n


case("yolo", [prediction, truth], [0], yolo)

save_file(out, pathlib.Path(__file__).with_name("objectives.safetensors"))
print(len(out), "tensors")
