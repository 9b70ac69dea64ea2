"""
PyTorch's side of the compute benchmarks: for every line on standard input, one loss and gradient of the network; one
JSON line with wall and CPU milliseconds on standard output.

    python3 torch_peer.py MODEL ROWS CHUNK THREADS [cpu|gpu]      gpu: the first CUDA device, the CPU where there is none
    python3 torch_peer.py MODEL ROWS STEPS THREADS steps          STEPS steps of Adam on mini-batches of ROWS samples instead; the
                                                                  milliseconds are those of one

MODEL is fcnn, cnn, resnet18, resnet18-cifar, gpt:LAYERS,HEADS,WIDTH,BLOCK,VOCABULARY,
or lstm, gru or rnn:WIDTH,BLOCK,VOCABULARY.
"""

import json
import sys
import time

import torch
from torch import nn


def fcnn():
    layers = [nn.Flatten(), nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 10)]
    return nn.Sequential(*layers), (1, 28, 28), 10


def cnn():
    def stage(inputs, outputs):
        return [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]

    head = [nn.Flatten(), nn.Linear(7 * 7 * 32, 32), nn.ReLU(), nn.Linear(32, 10)]
    return nn.Sequential(*stage(1, 16), *stage(16, 32), *head), (1, 28, 28), 10


class BasicBlock(nn.Module):
    """As in torchvision, which Debian does not package."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


def resnet18(stem, classes):
    layers = stem
    channels = 64
    for outputs in (64, 128, 256, 512):
        layers += [BasicBlock(channels, outputs, 1 if outputs == 64 else 2), BasicBlock(outputs, outputs, 1)]
        channels = outputs
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, classes)), (3, 32, 32), classes


def imagenet():
    stem = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    return resnet18(stem, 1000)


def cifar():
    return resnet18([nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU()], 10)


class Block(nn.Module):
    """A layer of GPT-2, its heads' queries, keys and values in one product, as is usual."""

    def __init__(self, heads, width, block):
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(width)
        self.attention = nn.Linear(width, 3 * width)
        self.projection = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.register_buffer("mask", torch.triu(torch.full((block, block), -1e9), 1))

    def forward(self, x):
        rows, block, width = x.shape
        q, k, v = (
            part.view(rows, block, self.heads, width // self.heads).transpose(1, 2)
            for part in self.attention(self.norm1(x)).split(width, 2)
        )
        scores = q @ k.transpose(-2, -1) * (width / self.heads) ** -0.5 + self.mask
        mixed = torch.softmax(scores, -1) @ v
        x = x + self.projection(mixed.transpose(1, 2).reshape(rows, block, width))
        return x + self.mlp(self.norm2(x))


class Positions(nn.Module):
    def __init__(self, block, width):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(block, width))
        self.shift = nn.Parameter(torch.zeros(block, width))

    def forward(self, x):
        return x * self.scale + self.shift


def gpt(layers, heads, width, block, vocabulary):
    first = [nn.Embedding(vocabulary, width), Positions(block, width)]
    last = [nn.LayerNorm(width), nn.Linear(width, vocabulary)]
    return nn.Sequential(*first, *[Block(heads, width, block) for _ in range(layers)], *last), block, vocabulary


class Recurrent(nn.Module):
    """Tokens to the next one, after a block of them."""

    def __init__(self, kind, width, vocabulary):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.layer = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}[kind](width, width, batch_first=True)
        self.logits = nn.Linear(width, vocabulary)

    def forward(self, x):
        return self.logits(self.layer(self.embedding(x))[0][:, -1])


def sequences(name):
    """A network of tokens, the shapes of its inputs and targets, the number of tokens."""
    kind, sizes = name.split(":")
    if kind == "gpt":
        model, block, vocabulary = gpt(*map(int, sizes.split(",")))
        return model, (block,), (block,), vocabulary
    width, block, vocabulary = map(int, sizes.split(","))
    return Recurrent(kind, width, vocabulary), (block,), (), vocabulary


def adam_steps(model, shape, classes, rows):
    """Batches of shuffled samples, which are floats and normalised already: that is faster than to do it batch by batch."""
    samples = torch.randn(20000, *shape)
    labels = torch.randint(0, classes, (20000,))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    while True:
        order = torch.randperm(len(samples))
        batches = [order[at : at + rows] for at in range(0, len(samples) - rows + 1, rows)]
        for batch in batches:
            optimizer.zero_grad(set_to_none=True)
            loss = nn.functional.cross_entropy(model(samples[batch]), labels[batch])
            loss.backward()
            optimizer.step()
            yield loss.item()


def main():
    name, rows, chunk, threads = sys.argv[1], *map(int, sys.argv[2:5])
    gpu = sys.argv[5:] == ["gpu"] and torch.cuda.is_available()
    device = "cuda" if gpu else "cpu"
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    if ":" in name:
        model, *shapes, classes = sequences(name)
        x, y = (torch.randint(0, classes, (rows, *shape), device=device) for shape in shapes)
    else:
        model, shape, classes = {"fcnn": fcnn, "cnn": cnn, "resnet18": imagenet, "resnet18-cifar": cifar}[name]()
        x = torch.randn(rows, *shape, device=device)
        y = torch.randint(0, classes, (rows,), device=device)
    model.to(device)
    stepping = adam_steps(model, shape, classes, rows) if sys.argv[5:] == ["steps"] else None
    about = {"version": torch.__version__, "device": torch.cuda.get_device_name() if gpu else None}
    print(json.dumps(about), flush=True)
    for _ in sys.stdin:
        wall, cpu = time.perf_counter(), time.process_time()
        if stepping:
            for _ in range(chunk):
                next(stepping)
            took = {"wall": 1e3 * (time.perf_counter() - wall) / chunk, "cpu": 1e3 * (time.process_time() - cpu) / chunk}
            print(json.dumps(took), flush=True)
            continue
        for p in model.parameters():
            p.grad = None
        loss = 0.0
        for i in range(0, rows, chunk):
            logits = model(x[i : i + chunk]).view(-1, classes)
            part = nn.functional.cross_entropy(logits, y[i : i + chunk].view(-1), reduction="sum")
            part.backward()
            loss += part.item()
        took = {"wall": 1e3 * (time.perf_counter() - wall), "cpu": 1e3 * (time.process_time() - cpu)}
        print(json.dumps(took), flush=True)


if __name__ == "__main__":
    main()
