"""
PyTorch's side of the compute benchmarks: for every line "run" on standard input, one loss and gradient of the
network; one JSON line with wall and CPU milliseconds on standard output.

    python3 torch_peer.py fcnn ROWS CHUNK THREADS
"""

import json
import sys
import time

import torch


def fcnn():
    return torch.nn.Sequential(
        torch.nn.Linear(784, 32), torch.nn.ReLU(), torch.nn.Linear(32, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10)
    ), (784,), 10


def main():
    name, rows, chunk, threads = sys.argv[1], *map(int, sys.argv[2:5])
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    model, shape, classes = {"fcnn": fcnn}[name]()
    x = torch.randn(rows, *shape)
    y = torch.randint(0, classes, (rows,))
    print(json.dumps({"version": torch.__version__}), flush=True)
    for line in sys.stdin:
        wall, cpu = time.perf_counter(), time.process_time()
        for p in model.parameters():
            p.grad = None
        for i in range(0, rows, chunk):
            torch.nn.functional.cross_entropy(model(x[i : i + chunk]), y[i : i + chunk], reduction="sum").backward()
        took = {"wall": 1e3 * (time.perf_counter() - wall), "cpu": 1e3 * (time.process_time() - cpu)}
        print(json.dumps(took), flush=True)


main()
