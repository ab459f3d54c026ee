"""Writes metrics.safetensors (what metrics are fed) and metrics.golden.txt (what they must say).

Plain numpy, each figure by the words of its definition: pairs are counted one by one, thresholds tried one by one.
Run: python metrics.py
"""

import pathlib

import numpy as np
from safetensors.numpy import save_file

HERE = pathlib.Path(__file__).parent
rng = np.random.default_rng(20)
inputs, golden = {}, {}

# Five classes; one decimal, so that many scores are equal.
logits = np.round(rng.normal(size=(240, 5)), 1).astype(np.float32)
targets = rng.choice(5, size=240, p=[0.4, 0.3, 0.2, 0.1, 0.0]).astype(np.int32)
inputs["classes/logits"], inputs["classes/targets"] = logits, targets


def order(row):
    return sorted(range(len(row)), key=lambda c: (-row[c], c))


predicted = np.array([order(row)[0] for row in logits])
for k in (1, 2, 3, 5):
    hits = [targets[i] in order(logits[i])[:k] for i in range(len(targets))]
    golden[f"top{k}"] = np.mean(hits)

counts = np.zeros((5, 5), dtype=int)
for t, p in zip(targets, predicted):
    counts[t, p] += 1
inputs["classes/counts"] = counts.astype(np.int32)


def ratio(a, b):
    return a / b if b else 0.0


tp = [counts[c, c] for c in range(5)]
fp = [counts[:, c].sum() - counts[c, c] for c in range(5)]
fn = [counts[c].sum() - counts[c, c] for c in range(5)]
support = counts.sum(axis=1)
for name, figure in {
    "precision": lambda a, b, c: ratio(a, a + b),
    "recall": lambda a, b, c: ratio(a, a + c),
    "f1": lambda a, b, c: 2 * ratio(ratio(a, a + b) * ratio(a, a + c), ratio(a, a + b) + ratio(a, a + c)),
    "iou": lambda a, b, c: ratio(a, a + b + c),
}.items():
    each = [figure(tp[c], fp[c], fn[c]) for c in range(5)]
    for c in range(5):
        golden[f"{name}_{c}"] = each[c]
    golden[f"{name}_micro"] = figure(sum(tp), sum(fp), sum(fn))
    golden[f"{name}_macro"] = np.mean(each)
    golden[f"{name}_weighted"] = np.sum(np.array(each) * support) / support.sum()
golden["mean_iou"] = np.mean([ratio(tp[c], tp[c] + fp[c] + fn[c]) for c in range(5) if tp[c] + fp[c] + fn[c] > 0])

x = logits.astype(np.float64)
nll = [np.log(np.exp(x[i]).sum()) - x[i, targets[i]] for i in range(len(targets))]
golden["perplexity"] = np.exp(np.mean(nll))
golden["perplexity_without_3"] = np.exp(np.mean([n for n, t in zip(nll, targets) if t != 3]))

# Two classes by one score, two decimals.
labels = (rng.random(300) < 0.3).astype(np.int32)
scores = np.round(rng.normal(size=300) + labels, 2).astype(np.float32)
inputs["binary/scores"], inputs["binary/labels"] = scores, labels


def auc(s, y):
    positives, negatives = s[y], s[~y]
    won = sum(1.0 if p > n else 0.5 if p == n else 0.0 for p in positives for n in negatives)
    return won / (len(positives) * len(negatives))


def average_precision(s, y):
    area, before = 0.0, 0.0
    for threshold in sorted(set(s), reverse=True):
        called = s >= threshold
        recall = (called & y).sum() / y.sum()
        area += (recall - before) * (called & y).sum() / called.sum()
        before = recall
    return area


golden["roc_auc"] = auc(scores, labels == 1)
golden["average_precision"] = average_precision(scores, labels == 1)
for c in range(4):
    golden[f"roc_auc_{c}"] = auc(logits[:, c], targets == c)
    golden[f"average_precision_{c}"] = average_precision(logits[:, c], targets == c)

# Targets far from zero: sums of squares would lose them.
truth = (1e5 + rng.normal(size=200)).astype(np.float32)
guess = (truth + 0.5 * rng.normal(size=200)).astype(np.float32)
inputs["numbers/truth"], inputs["numbers/guess"] = truth, guess
e = guess.astype(np.float64) - truth.astype(np.float64)
t = truth.astype(np.float64)
golden["mae"] = np.abs(e).mean()
golden["mse"] = (e * e).mean()
golden["rmse"] = np.sqrt((e * e).mean())
golden["r2"] = 1 - (e * e).sum() / ((t - t.mean()) ** 2).sum()

# Boxes: image, label, score, left, top, right, bottom.
truths, found = [], []
for image in range(14):
    for _ in range(rng.integers(0, 5)):
        left, top = rng.uniform(0, 60, 2)
        width, height = rng.uniform(10, 40, 2)
        label = int(rng.integers(0, 3))
        box = np.array([left, top, left + width, top + height])
        truths.append([image, label, 1, *box])
        for _ in range(rng.integers(0, 3)):
            moved = box + rng.normal(size=4) * 2.5
            wrong = int(rng.integers(0, 3)) if rng.random() < 0.2 else label
            found.append([image, wrong, np.round(rng.random(), 1), *moved])
    for _ in range(rng.integers(0, 2)):
        left, top = rng.uniform(0, 60, 2)
        found.append([image, int(rng.integers(0, 3)), np.round(rng.random() * 0.5, 1), left, top, left + 20, top + 20])
truths = np.array(truths, dtype=np.float32)
found = np.array(found, dtype=np.float32)
inputs["boxes/truths"], inputs["boxes/found"] = truths, found
truths, found = truths.astype(np.float64), found.astype(np.float64)


def iou(a, b):
    w = min(a[2], b[2]) - max(a[0], b[0])
    h = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(w, 0) * max(h, 0)
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def curve(label, threshold):
    mine = [d for d in found if d[1] == label]
    mine.sort(key=lambda d: -d[2])  # stable
    there = [g for g in truths if g[1] == label]
    free = [True] * len(there)
    right = []
    for d in mine:
        candidates = [
            (iou(d[3:], g[3:]), -i) for i, g in enumerate(there) if g[0] == d[0] and free[i] and iou(d[3:], g[3:]) >= threshold
        ]
        if candidates:
            free[-max(candidates)[1]] = False
        right.append(bool(candidates))
    hits = np.cumsum(right)
    return hits / len(there), hits / np.arange(1, len(right) + 1)


def points(recall, precision):
    total = 0.0
    for k in range(101):
        reached = precision[recall >= k / 100 - 1e-12]
        total += reached.max() if len(reached) else 0.0
    return total / 101


def whole(recall, precision):
    area, before = 0.0, 0.0
    for i in range(len(recall)):
        area += (recall[i] - before) * precision[i:].max()
        before = recall[i]
    return area


for label in range(3):
    golden[f"coco_{label}_50"] = points(*curve(label, 0.5))
    golden[f"voc_{label}_50"] = whole(*curve(label, 0.5))
golden["coco_50"] = np.mean([points(*curve(label, 0.5)) for label in range(3)])
golden["voc_75"] = np.mean([whole(*curve(label, 0.75)) for label in range(3)])
golden["coco"] = np.mean([points(*curve(label, p / 100)) for label in range(3) for p in range(50, 100, 5)])

save_file(inputs, HERE / "metrics.safetensors")
with open(HERE / "metrics.golden.txt", "w") as out:
    for name, value in golden.items():
        out.write(f"{name} {float(value)!r}\n")
