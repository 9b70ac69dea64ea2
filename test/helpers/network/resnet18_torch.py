"""
The reference for models.test.ts: ResNet-18 as torchvision builds it, with the parameters in θ, its loss and gradient
on the images given. Files are raw float32; argument: the folder with theta, x (channels last) and y (class numbers).
"""

import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn


class BasicBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


def resnet18(classes):
    blocks, channels = [], 64
    for outputs in (64, 128, 256, 512):
        blocks += [BasicBlock(channels, outputs, 1 if outputs == 64 else 2), BasicBlock(outputs, outputs, 1)]
        channels = outputs
    stem = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    return nn.Sequential(*stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, classes))


def to_torch(values, parameter):
    """From (height, width, in, out) or (in, out) to PyTorch's order."""
    shape = parameter.shape
    if len(shape) == 4:
        return values.reshape(shape[2], shape[3], shape[1], shape[0]).transpose(3, 2, 0, 1)
    return values.reshape(shape[1], shape[0]).T if len(shape) == 2 else values


def from_torch(gradient):
    if gradient.ndim == 4:
        return gradient.transpose(2, 3, 1, 0).ravel()
    return gradient.T.ravel() if gradient.ndim == 2 else gradient


def main():
    folder = Path(sys.argv[1])
    read = lambda name, kind: np.fromfile(folder / name, dtype=kind)
    y = torch.from_numpy(read("y", np.int32).astype(np.int64))
    x = torch.from_numpy(read("x", np.float32).reshape(len(y), 32, 32, 3).transpose(0, 3, 1, 2).copy())
    theta = read("theta", np.float32)
    model = resnet18(1000)
    at = 0
    with torch.no_grad():
        for parameter in model.parameters():
            values = to_torch(theta[at : at + parameter.numel()], parameter)
            parameter.copy_(torch.from_numpy(np.ascontiguousarray(values)))
            at += parameter.numel()
    assert at == len(theta), f"PyTorch has {at} parameters, theta {len(theta)}"
    loss = nn.functional.cross_entropy(model(x), y)
    loss.backward()
    gradient = np.concatenate([from_torch(p.grad.numpy()) for p in model.parameters()])
    gradient.astype(np.float32).tofile(folder / "gradient")
    print(loss.item())


main()
