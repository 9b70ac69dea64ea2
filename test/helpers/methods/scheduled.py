"""Makes scheduled.json: what PyTorch's optimizers do in 50 steps with PyTorch's schedules of the learning rate, and what
NadamW and the Schedule-Free optimizers do, in float64.

    python3 test/helpers/methods/scheduled.py > test/helpers/methods/scheduled.json

The network, its data and the start are those of optimizers.json (optimizers.py). Of each run: the rates of all steps, the
losses where they began, and every tenth iterate; of Schedule-Free ones also the averages x, at which they are judged.

- NadamW: as AlgoPerf's baselines have it (mlcommons/algorithmic-efficiency, reference_algorithms/target_setting_algorithms).
- Schedule-Free: the step as in Algorithm 1 and its AdamW form of Defazio et al., "The Road Less Scheduled" (2024), with
  the details of facebookresearch/schedule_free 1.4 (decay at y, weights of the average γ_max², warm-up (k + 1) / steps).
- ScheduleFree+: Defazio, "ScheduleFree+" (arXiv 2605.19095), with the details of adamc_schedulefree_plus_paper.py there.
"""

import json
import math
import os

import torch

STEPS = 50
torch.set_default_dtype(torch.float64)
with open(os.path.join(os.path.dirname(__file__), "optimizers.json")) as file:
    data = json.load(file)
x = torch.tensor(data["x"])
y = torch.tensor(data["y"])
start = torch.tensor(data["start"])
sizes = (12, 4, 8, 2)  # W1 (3, 4), b1, W2 (4, 2), b2


def loss_at(parameters):
    w1, b1, w2, b2 = parameters
    logits = torch.tanh(x @ w1.reshape(3, 4) + b1) @ w2.reshape(4, 2) + b2
    return torch.nn.functional.cross_entropy(logits, y) + 0.01 * sum((p**2).sum() for p in parameters)


def numbers(values):
    return [float(f"{float(value):.10g}") for value in values]


def run(make, schedule=None):
    """`make` gives an optimizer of the parameters, `schedule` a scheduler of the optimizer."""
    parameters = [p.clone().requires_grad_() for p in start.split(sizes)]
    optimizer = make(parameters)
    scheduler = schedule(optimizer) if schedule else None
    rates, losses, path = [], [], []
    for _ in range(STEPS):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.zero_grad()
        loss = loss_at(parameters)
        loss.backward()
        optimizer.step()
        if scheduler:
            scheduler.step()
        losses.append(loss.item())
        path.append(torch.cat([p.detach() for p in parameters]))
    return {"rates": numbers(rates), "losses": numbers(losses), "path": [numbers(p) for p in path[9::10]]}


def gradient_at(theta):
    theta = theta.clone().requires_grad_()
    loss = loss_at(theta.split(sizes))
    loss.backward()
    return loss.item(), theta.grad


def after_warmup(steps, rest):
    """(1/steps, 2/steps, …, 1), then what `rest` gives."""

    def schedule(optimizer):
        rising = schedules.LinearLR(optimizer, start_factor=1 / steps, total_iters=steps - 1)
        return schedules.SequentialLR(optimizer, [rising, rest(optimizer)], milestones=[steps])

    return schedule


class NadamW(torch.optim.Optimizer):
    def __init__(self, params, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            lr, (beta1, beta2) = group["lr"], group["betas"]
            for p in group["params"]:
                state = self.state[p]
                if not state:
                    state.update(t=0, mu=torch.zeros_like(p), nu=torch.zeros_like(p))
                state["t"] += 1
                state["mu"] = beta1 * state["mu"] + (1 - beta1) * p.grad
                state["nu"] = beta2 * state["nu"] + (1 - beta2) * p.grad**2
                ahead = beta1 * state["mu"] + (1 - beta1) * p.grad
                mu_hat = ahead / (1 - beta1 ** state["t"])
                nu_hat = state["nu"] / (1 - beta2 ** state["t"])
                p -= lr * group["weight_decay"] * p
                p -= lr * mu_hat / (torch.sqrt(nu_hat) + group["eps"])


def schedule_free(lr, beta, warmup, direction, l2=0.0, decay=0.0):
    """`direction` maps (k, gradient at y) to what z moves along."""
    xk, yk, z = start.clone(), start.clone(), start.clone()
    largest, total = 0.0, 0.0
    losses, path, averages = [], [], []
    for k in range(STEPS):
        loss, gradient = gradient_at(yk)
        losses.append(loss)
        rate = lr * min(1.0, (k + 1) / warmup) if warmup else lr
        largest = max(largest, rate)
        total += largest**2
        c = largest**2 / total
        z = z - rate * decay * yk - rate * direction(k, gradient + l2 * yk)
        xk = (1 - c) * xk + c * z
        yk = beta * xk + (1 - beta) * z
        path.append(yk)
        averages.append(xk)
    return finished(losses, path, averages)


def finished(losses, path, averages):
    every = lambda points: [numbers(p) for p in points[9::10]]
    return {"losses": numbers(losses), "path": every(path), "averages": every(averages)}


def adam_direction(beta1, beta2, eps):
    """β₁ = 0: the gradient itself over the root of the averaged squares."""
    m, v = torch.zeros_like(start), torch.zeros_like(start)

    def direction(k, gradient):
        nonlocal m, v
        m = beta1 * m + (1 - beta1) * gradient
        v = beta2 * v + (1 - beta2) * gradient**2
        return m / (1 - beta1 ** (k + 1)) / (torch.sqrt(v / (1 - beta2 ** (k + 1))) + eps)

    return direction


def schedule_free_plus(warmup, decay, anneal, beta=0.9, beta_max=0.965, norm_beta=0.0, lr=1.0, eps=1e-8):
    """The learning rate rises in `warmup` steps, in which the average is z itself."""
    xk, yk, z = start.clone(), start.clone(), start.clone()
    direction = adam_direction(0.9, 0.95, eps)
    largest, total, norm = eps, 0.0, 0.0
    losses, path, averages = [], [], []
    for k in range(STEPS):
        progress = min(k / anneal, 1.0) if anneal else 0.0
        blend = 1 - math.exp(math.log(1 - beta) * (1 - progress) + math.log(1 - beta_max) * progress)
        loss, gradient = gradient_at(yk)
        losses.append(loss)
        norm = norm_beta * norm + (1 - norm_beta) * gradient.abs().sum().item() * math.sqrt(math.pi / 2)
        gap = max(0.0, loss + blend * (gradient @ (z - xk)).item())
        rate = lr * (min(1.0, (k + 1) / warmup) if warmup else 1.0) * gap / (norm / (1 - norm_beta ** (k + 1)))
        largest = max(largest, rate)
        if k < warmup:
            c = 1.0
        else:
            total += largest**2
            c = largest**2 / total
        z = z - rate**2 * decay * yk
        z = z - rate * direction(k, gradient)
        xk = (1 - c) * xk + c * z
        yk = blend * xk + (1 - blend) * z
        path.append(yk)
        averages.append(xk)
    return finished(losses, path, averages)


optim, schedules = torch.optim, torch.optim.lr_scheduler
runs = {
    "adam-cosine": run(
        lambda p: optim.Adam(p, lr=0.02),
        after_warmup(5, lambda o: schedules.CosineAnnealingLR(o, T_max=45)),
    ),
    "sgd-linear": run(
        lambda p: optim.SGD(p, lr=0.1, momentum=0.9),
        lambda o: schedules.LinearLR(o, start_factor=1, end_factor=0, total_iters=50),
    ),
    "adamw-step": run(
        lambda p: optim.AdamW(p, lr=0.02, weight_decay=0.05),
        after_warmup(10, lambda o: schedules.MultiStepLR(o, milestones=[20, 30], gamma=0.1)),
    ),
    "nadamw": run(
        lambda p: NadamW(p, lr=0.02, weight_decay=0.05),
        after_warmup(5, lambda o: schedules.CosineAnnealingLR(o, T_max=45)),
    ),
    "schedule-free-adamw": schedule_free(0.05, 0.9, 5, adam_direction(0.0, 0.999, 1e-8), decay=0.05),
    "schedule-free-sgd": schedule_free(1.0, 0.9, 5, lambda _, gradient: gradient, l2=0.01),
    "schedule-free-plus": schedule_free_plus(warmup=5, decay=5.0, anneal=25, lr=0.05),
}
print(json.dumps(runs))
