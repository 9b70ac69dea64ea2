"""Makes parameter-free.json: 50 steps of rules without a learning rate on the network, data and start of optimizers.json,
in float64. The rules are written down from their papers on one flat vector; where the authors' own code, which is what
people run, departs from the paper, it is followed, and what it does is named.

    python3 test/helpers/methods/parameter_free.py > test/helpers/methods/parameter-free.json
"""

import json
from math import sqrt
from pathlib import Path

import numpy as np

STEPS = 50
problem = json.loads((Path(__file__).parent / "optimizers.json").read_text())
x, y, start = (np.array(problem[name]) for name in ("x", "y", "start"))
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


def loss_and_gradient(theta):
    """Cross-entropy of a 3-4-2 network with tanh, plus 0.01 ‖θ‖²; θ is W1 (3, 4), b1 (4), W2 (4, 2), b2 (2)."""
    w1, b1, w2, b2 = theta[:12].reshape(3, 4), theta[12:16], theta[16:24].reshape(4, 2), theta[24:]
    hidden = np.tanh(x @ w1 + b1)
    logits = hidden @ w2 + b2
    shifted = logits - logits.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows = np.arange(len(y))
    d_logits = np.exp(logs)
    d_logits[rows, y] -= 1
    d_logits /= len(y)
    d_inner = d_logits @ w2.T * (1 - hidden**2)
    parts = x.T @ d_inner, d_inner.sum(axis=0), hidden.T @ d_logits, d_logits.sum(axis=0)
    gradient = np.concatenate([part.ravel() for part in parts])
    return -logs[rows, y].mean() + 0.01 * theta @ theta, gradient + 0.02 * theta


def run(rule):
    """`rule` is a generator that is sent θ and its gradient, and yields the next θ and the point it is judged at."""
    theta, losses, path, judged = start, [], [], []
    next(rule)
    for _ in range(STEPS):
        loss, gradient = loss_and_gradient(theta)
        losses.append(loss)
        theta, point = rule.send((theta, gradient))
        path.append(numbers(theta))
        judged.append(numbers(point))
    return {"losses": numbers(losses), "path": path, **({} if judged == path else {"judged": judged})}


def numbers(values):
    return [float(f"{value:.10g}") for value in values]


def prodigy(d=1e-6, d_coef=1.0, weight_decay=0.0):
    """Mishchenko, Defazio (arXiv:2306.06101), Algorithm 4; konstmish/prodigy: ε times the new d, decay beside the step."""
    m, v, s, r = 0, 0, 0, 0
    theta, g = yield
    while True:
        beta3 = sqrt(BETA2)
        r = beta3 * r + (1 - beta3) * d**2 * (g @ (start - theta))
        s = beta3 * s + (1 - beta3) * d**2 * g
        m = BETA1 * m + (1 - BETA1) * d * g
        v = BETA2 * v + (1 - BETA2) * d**2 * g**2
        larger = max(d, d_coef * r / np.abs(s).sum())
        theta = theta - d * (m / (np.sqrt(v) + larger * EPSILON) + weight_decay * theta)
        d = larger
        theta, g = yield theta, theta


runs = {
    "prodigy": run(prodigy()),
    "prodigy-decay": run(prodigy(d=1e-3, d_coef=0.5, weight_decay=0.05)),
}
print(json.dumps({"runs": runs}))
