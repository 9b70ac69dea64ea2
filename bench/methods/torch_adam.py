"""
PyTorch's side of beside-torch.mjs: mini-batch Adam on MNIST, 784-32-32-10, images standardised and in memory as floats.

    python3 torch_adam.py FOLDER RATE BATCH SEED EPOCHS

Answers with a JSON list of [seconds of training, test accuracy], ten an epoch; evaluations do not count.
"""

import gzip
import json
import sys
import time

import numpy as np
import torch

folder, rate, batch, seed, epochs = sys.argv[1], float(sys.argv[2]), *map(int, sys.argv[3:6])
torch.manual_seed(seed)
torch.set_num_threads(1)


def read(name, header):
    with gzip.open(f"{folder}/{name}.gz") as file:
        return np.frombuffer(file.read(), np.uint8, offset=header)


def images(name):
    return torch.from_numpy(read(f"{name}-images-idx3-ubyte", 16).reshape(-1, 784).astype(np.float32))


def labels(name):
    return torch.from_numpy(read(f"{name}-labels-idx1-ubyte", 8).astype(np.int64))


x, y, test_x, test_y = images("train"), labels("train"), images("t10k"), labels("t10k")
mean, deviation = x.mean(), x.std()
x, test_x = (x - mean) / deviation, (test_x - mean) / deviation
linear, relu = torch.nn.Linear, torch.nn.ReLU
model = torch.nn.Sequential(linear(784, 32), relu(), linear(32, 32), relu(), linear(32, 10))
optimizer = torch.optim.Adam(model.parameters(), lr=rate)
loss_of = torch.nn.CrossEntropyLoss()
steps = (len(x) + batch - 1) // batch
loss_of(model(x[:batch]), y[:batch]).backward()  # what libraries make at their first use is not training
measured, seconds, before = [], 0.0, time.perf_counter()
for epoch in range(epochs):
    order = torch.randperm(len(x))
    for step in range(steps):
        rows = order[step * batch : (step + 1) * batch]
        optimizer.zero_grad(set_to_none=True)
        loss_of(model(x[rows]), y[rows]).backward()
        optimizer.step()
        if (step + 1) % max(1, steps // 10) == 0:
            seconds += time.perf_counter() - before
            with torch.no_grad():
                measured.append([seconds, (model(test_x).argmax(1) == test_y).float().mean().item()])
            before = time.perf_counter()
print(json.dumps(measured))
