"""
PyTorch's side of bench/models/run.mjs: for every line on standard input one epoch with Adam, or as many steps of one as
SECONDS allow; answers with the seconds of an epoch.

    python3 torch_peer.py MODEL THREADS SECONDS
"""

import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "compute"))

import torch
from torch import nn
from torch.nn import functional as F

import torch_peer as peers


class Lstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(64, 64, batch_first=True)
        self.head = nn.Linear(64, 64)

    def forward(self, x):
        return self.head(self.lstm(x)[0][:, -1])


class TwoInputs(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(20, 64), nn.Linear(30, 64)
        self.rest = nn.Sequential(nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 1))

    def forward(self, a, b):
        return self.rest(torch.cat([torch.relu(self.a(a)), torch.relu(self.b(b))], 1))


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 16, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(0.25), nn.Linear(800, 64), nn.ReLU(), nn.Dropout(0.5), nn.Linear(64, 10),
    )  # fmt: skip


def dense(*widths):
    layers = []
    for a, b in zip(widths, widths[1:]):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def classes(z, y):
    return F.cross_entropy(z.reshape(-1, z.shape[-1]), y.reshape(-1))


def poisson(model, points):
    """Residual and boundary of examples/poisson-problem.mjs."""
    x = points.clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(model(x).sum(), x, create_graph=True)
    second = [torch.autograd.grad(gradient[:, i].sum(), x, create_graph=True)[0][:, i] for i in (0, 1)]
    f = 2 * torch.pi**2 * torch.sin(torch.pi * points).prod(1)
    side = (torch.arange(50) + 0.5) / 50
    low, high = torch.zeros(50), torch.ones(50)
    edges = [torch.stack(edge, 1) for edge in ((side, low), (side, high), (low, side), (high, side))]
    return ((second[0] + second[1] + f) ** 2).mean() + 100 * (model(torch.cat(edges)) ** 2).mean()


def tanh_network():
    layers = [nn.Linear(2, 20), nn.Tanh()]
    for _ in range(7):
        layers += [nn.Linear(20, 20), nn.Tanh()]
    return nn.Sequential(*layers, nn.Linear(20, 1))


def numbers(*shape):
    return lambda count: torch.rand(count, *shape)


def labels(below, *shape):
    return lambda count: torch.randint(below, (count, *shape))


# model, inputs, targets, loss, samples, batch: as models.mjs has them
MODELS = {
    "mlp": (lambda: dense(13, 64, 64, 1), [numbers(13)], numbers(1), F.mse_loss, 2000, 32),
    "cnn": (cnn, [numbers(1, 28, 28)], labels(10), classes, 2000, 128),
    "resnet18-cifar": (lambda: peers.cifar()[0], [numbers(3, 32, 32)], labels(10), classes, 128, 64),
    "lstm": (Lstm, [numbers(40, 64)], labels(64), classes, 1000, 64),
    "gpt": (lambda: peers.gpt(4, 4, 128, 64, 65)[0], [labels(65, 64)], labels(65, 64), classes, 128, 32),
    "two inputs": (TwoInputs, [numbers(20), numbers(30)], numbers(1), F.binary_cross_entropy_with_logits, 2000, 64),
    "autoencoder": (
        lambda: dense(784, 128, 32, 128, 784), [numbers(784)], numbers(784), F.binary_cross_entropy_with_logits, 2000, 128,
    ),
    "poisson": (tanh_network, [numbers(2)], numbers(1), None, 400, 400),
}  # fmt: skip

name, threads, limit = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
torch.set_num_threads(threads)
torch.manual_seed(1)
build, inputs, targets, loss, count, batch = MODELS[name]
model = build()
x, y = [make(count) for make in inputs], targets(count)
optimiser = torch.optim.Adam(model.parameters())
steps = -(-count // batch)
print(json.dumps({"ready": True}), flush=True)
for _ in sys.stdin:
    order = torch.randperm(count)
    start, done = time.perf_counter(), 0
    for step in range(steps):
        rows = order[step * batch : (step + 1) * batch]
        optimiser.zero_grad()
        if loss is None:
            poisson(model, x[0][rows]).backward()
        else:
            loss(model(*[part[rows] for part in x]), y[rows]).backward()
        optimiser.step()
        done += 1
        if time.perf_counter() - start > limit:
            break
    print(json.dumps({"seconds": (time.perf_counter() - start) * steps / done}), flush=True)
