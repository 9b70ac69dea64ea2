"""Makes rivals.json: 50 steps of MoMo-Adam, SLS, COCOB and Muon on the samples of optimizers.json, in float64. The rules are
written down from their papers on one flat vector; where the authors' own code, which is what people run, departs from
the paper, it is followed, and what it does is named.

    python3 test/helpers/methods/rivals.py > test/helpers/methods/rivals.json

Networks are dense with tanh between their layers, softmax cross-entropy plus 0.01 ‖θ‖², all 60 samples in every step. θ
is W1 (inputs, outputs), b1, W2, b2, …; its start is exact in float32.
"""

import json
from math import sqrt
from pathlib import Path

import numpy as np

STEPS = 50
EVERY = 5  # steps between the iterates that are kept
fixture = json.loads((Path(__file__).parent / "optimizers.json").read_text())
x, y, shallow_start = (np.array(fixture[name]) for name in ("x", "y", "start"))
SHALLOW, DEEP = [3, 4, 2], [3, 4, 6, 3, 2]
deep_size = sum((n + 1) * m for n, m in zip(DEEP, DEEP[1:]))
deep_start = (0.7 * np.random.default_rng(0).standard_normal(deep_size)).astype(np.float32).astype(float)


def layers(theta, widths):
    """Views of the kernels and biases in θ."""
    at, views = 0, []
    for n, m in zip(widths, widths[1:]):
        kernel, bias = theta[at : at + n * m].reshape(n, m), theta[at + n * m : at + (n + 1) * m]
        views.append((kernel, bias))
        at += (n + 1) * m
    return views


def loss_and_gradient(theta, widths=SHALLOW):
    h = [x]
    for kernel, bias in layers(theta, widths):
        h.append(np.tanh(h[-1] @ kernel + bias))
    kernel, bias = layers(theta, widths)[-1]
    logits = h[-2] @ kernel + bias
    shifted = logits - logits.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows = np.arange(len(y))
    d = np.exp(logs)
    d[rows, y] -= 1
    d /= len(y)
    gradient = 0.02 * theta
    parts = list(zip(layers(gradient, widths), layers(theta, widths), h))
    for (d_kernel, d_bias), (kernel, _), inputs in reversed(parts):
        d_kernel += inputs.T @ d
        d_bias += d.sum(axis=0)
        d = (d @ kernel.T) * (1 - inputs**2)
    return -logs[rows, y].mean() + 0.01 * theta @ theta, gradient


def run(rule, widths=SHALLOW):
    """`rule` is a generator that is sent θ, its loss and gradient, and yields the next θ."""
    theta, losses, path = {3: shallow_start, 5: deep_start}[len(widths)], [], []
    next(rule)
    for step in range(1, STEPS + 1):
        loss, gradient = loss_and_gradient(theta, widths)
        losses.append(loss)
        theta = rule.send((theta, loss, gradient))
        if step % EVERY == 0:
            path.append(numbers(theta))
    return {"losses": numbers(losses), "path": path}


def numbers(values):
    return [float(f"{value:.10g}") for value in values]


def sls(n_batches, c=0.1, eta=1.0, eta_max=10.0, beta=0.9, gamma=2.0):
    """Vaswani et al. 2019, Algorithms 1 and 2 (option 1 of IssamLaradji/sls, bounded by eta_max as its first version is):
    the length of the last step is tried first, γ^(1/n) times as long."""
    theta, loss, g = yield
    margins = []
    while True:
        eta = min(gamma ** (1 / n_batches) * eta, eta_max)
        for _ in range(100):
            trial = theta - eta * g
            margin = loss_and_gradient(trial)[0] - (loss - c * eta * (g @ g))
            margins.append(abs(margin))
            if margin <= 0:
                break
            eta *= beta
        assert margin <= 0 and min(margins) > 1e-6  # no decision that rounding could turn
        theta, loss, g = yield trial


def cocob(alpha=100.0):
    """Orabona, Tommasi 2017, Algorithm 2 (COCOB-Backprop); L starts at 1e-8 as in bremen79/parameterfree."""
    theta, loss, g = yield
    origin = theta
    largest, absolute, reward, total = 1e-8, 0, 0, 0
    while True:
        largest = np.maximum(largest, abs(g))
        absolute = absolute + abs(g)
        reward = np.maximum(reward - g * (theta - origin), 0)
        total = total - g
        fraction = total / (largest * np.maximum(absolute + largest, alpha * largest))
        theta, loss, g = yield origin + fraction * (largest + reward)


def momo_adam(lr=1e-2, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0, lb=0.0):
    """Schaipp et al. 2023, Algorithm 2 in the form of fabian-sp/MoMo: unbiased averages by a longer step and a lower bound
    weighted as the averages are."""
    d, v, f, gamma = 0, 0, 0, 0
    theta, loss, g = yield
    t = 0
    bounded = []
    while True:
        t += 1
        grow = 1 + lr * weight_decay
        d = beta1 * d + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        f = beta1 * f + (1 - beta1) * loss
        gamma = beta1 * gamma + (1 - beta1) * (g @ theta)
        scale = np.sqrt(v / (1 - beta2**t)) + eps
        unbias = 1 - beta1**t
        above = grow * (f - unbias * lb - gamma) + d @ theta
        model = max(above, 0) / (d @ (d / scale))
        bounded.append(model < lr / unbias)
        assert t < 50 or lb == 0 or 5 < sum(bounded) < 45  # both lengths are met
        theta, loss, g = yield (theta - min(lr / unbias, model) * d / scale) / grow


def newton_schulz(g):
    """The quintic iteration towards UVᵀ of g = USVᵀ, which the reference makes in bfloat16."""
    a, b, c = 3.4445, -4.7750, 2.0315
    tall = g.shape[0] > g.shape[1]
    u = g.T if tall else g
    u = u / (np.linalg.norm(u) + 1e-7)
    for _ in range(5):
        square = u @ u.T
        u = a * u + (b * square + c * square @ square) @ u
    return u.T if tall else u


def muon(widths, lr=0.02, momentum=0.95, adam_lr=3e-4, beta1=0.9, beta2=0.95, eps=1e-10, weight_decay=0.0):
    """Jordan 2024, as KellerJordan/Muon's MuonWithAuxAdam: kernels between the first and the last by Muon, transposed to
    (outputs, inputs) as PyTorch has them, all else by AdamW."""
    theta, loss, g = yield
    b, m, v = np.zeros_like(theta), 0, 0
    t = 0
    while True:
        t += 1
        b = b + (1 - momentum) * (g - b)
        nesterov = g + momentum * (b - g)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        after = (1 - adam_lr * weight_decay) * theta
        after = after - adam_lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps)
        hidden = list(zip(layers(after, widths), layers(theta, widths), layers(nesterov, widths)))[1:-1]
        for (out, _), (kernel, _), (direction, _) in hidden:
            rows, columns = direction.T.shape
            update = newton_schulz(direction.T) * sqrt(max(1, rows / columns))
            out[:] = (1 - lr * weight_decay) * kernel - lr * update.T
        theta, loss, g = yield after


runs = {
    "momo-adam": run(momo_adam()),
    "momo-adam-long": run(momo_adam(lr=0.2, beta1=0.8, weight_decay=0.05, lb=0.64)),
    "sls": run(sls(n_batches=5)),
    "sls-bounded": run(sls(n_batches=2, c=0.5, eta=0.3, eta_max=2.0)),
    "cocob": run(cocob()),
    "cocob-bold": run(cocob(alpha=10.0)),
    "muon": run(muon(DEEP), DEEP),
    "muon-decay": run(muon(DEEP, lr=0.01, momentum=0.9, adam_lr=0.01, weight_decay=0.1), DEEP),
}
print(json.dumps({"deep": {"widths": DEEP, "start": deep_start.tolist()}, "runs": runs}))
