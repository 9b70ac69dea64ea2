"""Makes parameter-free.json: 50 steps of rules without a learning rate in float64, on the network, data and start of
optimizers.json, or on a quadratic: D-Adapt Adam's first steps on the network are so long that the last digits decide what
follows, and so are those of Mechanic where nothing pulls its scale down.

    python3 test/helpers/methods/parameter_free.py > test/helpers/methods/parameter-free.json

The rules are written down from their papers on one flat vector; where the authors' own code, which is what people run,
departs from the paper, it is followed, and what it does is named.
"""

import json
from math import cos, pi, sqrt
from pathlib import Path

import numpy as np

STEPS = 50
data = json.loads((Path(__file__).parent / "optimizers.json").read_text())
x, y = np.array(data["x"]), np.array(data["y"])
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


def network(theta):
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


def quadratic(theta):
    """½ Σ λ_i (θ_i − 1)², λ from 1 to 100, geometrically."""
    eigenvalues = 100 ** (np.arange(8) / 7)
    return eigenvalues @ (theta - 1) ** 2 / 2, eigenvalues * (theta - 1)


STARTS = {network: np.array(data["start"]), quadratic: np.zeros(8)}


def run(rule, problem=network):
    """`rule` is a generator that is sent θ and its gradient, and yields the next θ and the point it is judged at."""
    theta, losses, path, judged = STARTS[problem], [], [], []
    next(rule)
    for _ in range(STEPS):
        loss, gradient = problem(theta)
        losses.append(loss)
        theta, point = rule.send((theta, gradient))
        path.append(numbers(theta))
        judged.append(numbers(point))
    points = {} if judged == path else {"judged": judged}
    return {"problem": problem.__name__, "losses": numbers(losses), "path": path, **points}


def numbers(values):
    return [float(f"{value:.8g}") for value in values]


def constant(t):
    return 1


def cosine(t):
    """What CosineAnnealingLR of PyTorch makes of a learning rate of 1 in step t = 1, 2, …"""
    return (1 + cos(pi * (t - 1) / STEPS)) / 2


def prodigy(d=1e-6, d_coef=1.0, weight_decay=0.0, schedule=constant):
    """Mishchenko, Defazio (arXiv:2306.06101), Algorithm 4; konstmish/prodigy: ε times the new d, decay beside the step."""
    m, v, s, r, t = 0, 0, 0, 0, 0
    start, g = yield
    theta = start
    while True:
        t += 1
        beta3, lr = sqrt(BETA2), schedule(t)
        r = beta3 * r + (1 - beta3) * lr * d**2 * (g @ (start - theta))
        s = beta3 * s + (1 - beta3) * lr * d**2 * g
        m = BETA1 * m + (1 - BETA1) * d * g
        v = BETA2 * v + (1 - BETA2) * d**2 * g**2
        larger = max(d, d_coef * r / np.abs(s).sum())
        theta = theta - lr * d * (m / (np.sqrt(v) + larger * EPSILON) + weight_decay * theta)
        d = larger
        theta, g = yield theta, theta


def dadapt_adam(d=1e-6, weight_decay=0.0, schedule=constant):
    """Defazio, Mishchenko (arXiv:2301.07733), Algorithm 5; facebookresearch/dadaptation 3.2, dadapt_adam.py: A is from before
    the step in the inner product, decay is part of the gradient."""
    root = sqrt(BETA2)
    theta, g = yield
    m, v, s, r, t = 0, 0, 0 * theta, 0, 0
    while True:
        t += 1
        lr = schedule(t)
        g = g + weight_decay * theta
        r = root * r + (1 - root) * lr * d * (g @ (s / (np.sqrt(v) + EPSILON)))
        s = root * s + (1 - root) * lr * d * g
        m = BETA1 * m + (1 - BETA1) * lr * d * g
        v = BETA2 * v + (1 - BETA2) * g**2
        d = max(d, r / ((1 - root) * np.abs(s).sum()))
        theta = theta - m / (np.sqrt(v) + EPSILON)
        theta, g = yield theta, theta


def dog(blocks, reps_rel=1e-6, weight_decay=0.0):
    """Ivgi, Hinder, Carmon (arXiv:2302.12022), eq. 1 and 2, and the averager of Shamir, Zhang; formll/dog: ε = 1e-8 below the
    root, decay is part of the gradient. For L-DoG every tensor is a block."""
    start, g = yield
    far = [reps_rel * (1 + np.linalg.norm(start[b])) for b in blocks]
    squares = [1e-8] * len(blocks)
    theta, averaged, t = start, start, 0
    while True:
        theta, g, t = theta.copy(), g + weight_decay * theta, t + 1
        for i, b in enumerate(blocks):
            far[i] = max(far[i], np.linalg.norm(theta[b] - start[b]))
            squares[i] += g[b] @ g[b]
            theta[b] -= far[i] / sqrt(squares[i]) * g[b]
        averaged = averaged + (1 + 8) / (t + 8) * (theta - averaged)
        theta, g = yield theta, averaged


def dowg(epsilon=1e-4):
    """Khaled, Mishchenko, Jin (arXiv:2305.16284), Algorithm 1; rka97/dowg: ε is both r_ε² and part of the denominator."""
    r2, v = epsilon, 0
    start, g = yield
    theta = start
    while True:
        r2 = max(r2, np.sum((theta - start) ** 2))
        v += r2 * np.sum(g**2)
        theta = theta - r2 * g / (sqrt(v) + epsilon)
        theta, g = yield theta, theta


def mechanic(s_init=1e-8, s_decay=0.01, schedule=constant):
    """Cutkosky, Defazio, Mehta (arXiv:2306.00144), Algorithm 1, over Adam at learning rate 1; optimizedlearning/mechanic with
    store_delta: m starts at 1e-6, rewards stay at or above 0."""
    beta = np.array([0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999])
    s, r, v = np.zeros((3, len(beta)))
    m = np.full(len(beta), 1e-6)
    start, g = yield
    theta, delta, mean, square, t = start, 0 * start, 0, 0, 0
    while True:
        t += 1
        mean = BETA1 * mean + (1 - BETA1) * g
        square = BETA2 * square + (1 - BETA2) * g**2
        update = -schedule(t) * (mean / (1 - BETA1**t)) / (np.sqrt(square / (1 - BETA2**t)) + EPSILON)
        norm = np.linalg.norm
        h = delta @ (g + s_decay * s.sum() * norm(g) * theta / (norm(theta) + 1e-8))
        delta = delta + update
        m = np.maximum(beta * m, abs(h))
        v = beta**2 * v + h**2
        r = np.maximum(0, beta * r - s * h)
        s = (s_init / len(beta) * m + r) / (np.sqrt(v) + 1e-8)
        theta = start + s.sum() * delta
        theta, g = yield theta, theta


WHOLE = [slice(0, 26)]
TENSORS = [slice(0, 12), slice(12, 16), slice(16, 24), slice(24, 26)]

runs = {
    "prodigy": run(prodigy()),
    "prodigy-decay": run(prodigy(d=1e-3, d_coef=0.5, weight_decay=0.05)),
    "dadapt-adam": run(dadapt_adam(), quadratic),
    "dadapt-adam-decay": run(dadapt_adam(d=1e-4, weight_decay=0.05), quadratic),
    "dog": run(dog(WHOLE)),
    "dog-decay": run(dog(WHOLE, reps_rel=1e-3, weight_decay=0.05)),
    "l-dog": run(dog(TENSORS)),
    "l-dog-decay": run(dog(TENSORS, reps_rel=1e-3, weight_decay=0.05)),
    "dowg": run(dowg()),
    "mechanic": run(mechanic()),
    "prodigy-cosine": run(prodigy(schedule=cosine), quadratic),
    "dadapt-adam-cosine": run(dadapt_adam(schedule=cosine), quadratic),
    "mechanic-cosine": run(mechanic(schedule=cosine), quadratic),
    "mechanic-no-decay": run(mechanic(s_init=1e-9, s_decay=0), quadratic),
}
print(json.dumps({"runs": runs}))
