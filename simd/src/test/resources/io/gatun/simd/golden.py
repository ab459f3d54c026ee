"""Golden numbers for GoldenTest, from PyTorch 2.13: python golden.py > golden.txt

Inputs are whole numbers over powers of two, by formulas that the test repeats, so only results are stored: a name, then
floats as their 32 bits in hexadecimal.
"""
import struct
import torch
import torch.nn.functional as F

COUNT, STEPS = 37, 20


def value(i, factor, modulus, divisor):
    return (i * factor % modulus - modulus // 2) / divisor


def tensor(n, factor, modulus, divisor):
    return torch.tensor([value(i, factor, modulus, divisor) for i in range(n)], dtype=torch.float32)


def put(name, t):
    bits = [struct.unpack("<I", struct.pack("<f", v))[0] for v in t.detach().flatten().tolist()]
    print(name, " ".join(f"{b:08x}" for b in bits))


def run(name, make):
    p = tensor(COUNT, 6151, 997, 256).requires_grad_()
    optimizer = make([p])
    for t in range(STEPS):
        p.grad = torch.tensor([value(t * COUNT + i, 7919, 1009, 512) for i in range(COUNT)], dtype=torch.float32)
        optimizer.step()
    put(name, p)


for momentum, dampening, nesterov, decay in [
    (0, 0, False, 0), (0, 0, False, 0.01), (0.9, 0, False, 0), (0.9, 0.25, False, 0.01), (0.9, 0, True, 0.01)
]:
    run(f"sgd:{momentum}:{dampening}:{nesterov}:{decay}".lower(), lambda p: torch.optim.SGD(
        p, lr=0.05, momentum=momentum, dampening=dampening, nesterov=nesterov, weight_decay=decay, foreach=False))
for beta1, beta2, eps, decay in [(0.9, 0.999, 1e-8, 0.01), (0.75, 0.9375, 1e-6, 0.1), (0.9, 0.999, 1e-8, 0)]:
    run(f"adamw:{beta1}:{beta2}:{eps}:{decay}", lambda p: torch.optim.AdamW(
        p, lr=0.01, betas=(beta1, beta2), eps=eps, weight_decay=decay, foreach=False))

ROWS, C = 24, 5
src = tensor(ROWS * C, 6151, 997, 128).reshape(ROWS, C).requires_grad_()
residual = tensor(ROWS * C, 7919, 1009, 512).reshape(ROWS, C).requires_grad_()
gamma = tensor(C, 3, 7, 2).requires_grad_()
beta = tensor(C, 5, 11, 4).requires_grad_()
running_mean, running_var = tensor(C, 7, 13, 8), tensor(C, 7, 13, 8).abs() + 1
y = F.relu(F.batch_norm(src, running_mean, running_var, gamma, beta, True, 0.1, 1e-5) + residual)
y.backward(tensor(ROWS * C, 4391, 1013, 512).reshape(ROWS, C))
for name, t in [("dst", y), ("runningMean", running_mean), ("runningVar", running_var), ("diffSrc", src.grad),
                ("diffResidual", residual.grad), ("diffGamma", gamma.grad), ("diffBeta", beta.grad)]:
    put("batchnorm:" + name, t)

logits = tensor(6 * 7, 6151, 997, 64).reshape(6, 7).requires_grad_()
loss = F.cross_entropy(logits, torch.tensor([3, -100, 0, 6, 2, -100]), ignore_index=-100)
loss.backward()
put("crossentropy:loss", loss.reshape(1))
put("crossentropy:diffLogits", logits.grad)
