"""Train a small network on scikit-learn's handwritten digits and walk through it meanwhile.

    python examples/train_digits.py        # and, in another terminal: layerwalk view

A plain training script of a minute or so on two processors. The two lines that make it visible are
marked; everything else is as it would be without them.
"""

from __future__ import annotations

import argparse

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor, nn

import layerwalk

CLASSES = tuple("0123456789")


class DigitNet(nn.Module):
    """Two residual blocks for grey images of 8 x 8."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU())
        self.block1 = Block(32)
        self.pool = nn.MaxPool2d(2)
        self.block2 = Block(32)
        self.head = nn.Sequential(nn.Flatten(), nn.Dropout(0.3), nn.Linear(32 * 16, 10))

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, 1, 8, 8] to logits [N, 10]."""
        return self.head(self.block2(self.pool(self.block1(self.stem(x)))))


class Block(nn.Module):
    """Two convolutions and a skip connection."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, padding=1)
        self.norm = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, width, H, W] to the same shape."""
        return torch.relu(x + self.conv2(torch.relu(self.norm(self.conv1(x)))))


def shifted(images: Tensor) -> Tensor:
    """Move each batch by up to a pixel, as augmentation."""
    down, right = (int(torch.randint(-1, 2, ())) for _ in range(2))
    return images.roll((down, right), dims=(2, 3))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--port", type=int, default=None, help="of the viewer (5570)")
    options = parser.parse_args()

    torch.manual_seed(0)
    digits = load_digits()
    images = (digits.images[:, None] / 16).astype(np.float32)
    split = train_test_split(images, digits.target, test_size=0.2, random_state=0)
    x_train, x_test, y_train, y_test = (torch.from_numpy(part) for part in split)

    model = DigitNet()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-2)
    steps = options.epochs * (len(x_train) // 64)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=5e-3, total_steps=steps)

    viewer = layerwalk.watch(
        model, x_test[:32], classes=CLASSES, dataset="digits", port=options.port
    )  # 1

    step = 0
    for epoch in range(options.epochs):
        model.train()
        for chosen in torch.randperm(len(x_train))[: len(x_train) // 64 * 64].split(64):
            loss = nn.functional.cross_entropy(model(shifted(x_train[chosen])), y_train[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            viewer.publish(step=step, loss=loss, rate=schedule.get_last_lr()[0])  # 2
            step += 1
        model.eval()
        with torch.no_grad():
            accuracy = float((model(x_test).argmax(1) == y_test).float().mean())
        print(
            f"epoch {epoch + 1:2d}  loss {loss.item():.3f}  test accuracy {accuracy:.1%}",
            flush=True,
        )


if __name__ == "__main__":
    main()
