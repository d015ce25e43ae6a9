"""Factories of modules as people have them: some that can be raced, and some that do one thing wrong."""

from __future__ import annotations

import os
from typing import Any

import torch
from torch import nn


class Two(nn.Module):
    """A module of two inputs, of which one has whole numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(50, 8)
        self.join = nn.Linear(8 + 5, 3)

    def forward(self, tokens: Any, features: Any, scale: float = 1.0) -> dict[str, Any]:
        """Give a mapping of three outputs, of which one has whole numbers, and what is no tensor."""
        joined = torch.cat([self.embed(tokens).mean(1), features], 1)
        scores = self.join(joined) * scale
        return {"scores": scores, "inner": {"best": scores.argmax(1, keepdim=True), "nothing": None}, "joined": joined}


class Classifier(nn.Module):
    """A classifier of pictures of five channels."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(5, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(1))
        self.head = nn.Linear(8, 4)

    def forward(self, pixels: Any) -> Any:
        """Give a logit for each of four classes."""
        return self.head(self.body(pixels).flatten(1))


class Doing(nn.Module):
    """A module that does one thing more than its layer."""

    def __init__(self, doing: Any) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 4)
        self.register_buffer("count", torch.zeros(1), persistent=False)
        self.drawn = torch.randn(4)
        self.doing = doing

    def forward(self, values: Any) -> Any:
        """Do it."""
        return self.doing(self, self.layer(values), values)


def branching() -> Doing:
    """Make a module that goes two ways, by the values of its input."""
    return Doing(lambda own, made, values: made + 1 if values.mean() > 0 else made - 1)


def branching_by_size() -> Doing:
    """Make a module that asks for sizes alone, which a trace may."""
    return Doing(lambda own, made, values: made if values.shape[0] > 0 else made - 1)


def two() -> Two:
    """Make it."""
    return Two()


def five_channels() -> Classifier:
    """Make it."""
    return Classifier()


def seeded_classifier() -> Classifier:
    """Make the same at every making."""
    torch.manual_seed(7)
    return Classifier()


instance = Classifier()


def noisy() -> Doing:
    """Make a module that adds noise."""
    return Doing(lambda own, made, values: made + torch.randn_like(made))


def counting() -> Doing:
    """Make a module that counts its inferences in a buffer."""

    def count(own: Any, made: Any, values: Any) -> Any:
        own.count += 1
        return made

    return Doing(count)


def in_place() -> Doing:
    """Make a module that writes into its input."""
    return Doing(lambda own, made, values: made + values.mul_(2))


def random_tensor() -> Doing:
    """Make a module that adds numbers drawn when it was made, which no state dict has."""
    return Doing(lambda own, made, values: made + own.drawn)


def shuffled() -> Doing:
    """Make a module that puts its numbers into an order drawn when it was made."""
    return Doing(lambda own, made, values: made[:, own.drawn.argsort()])


def drawing(*, persistent: bool, seeded: bool = False) -> Doing:
    """Make a module that adds a buffer of numbers drawn when it was made."""
    made = Doing(lambda own, made, values: made + own.noise)
    if seeded:
        torch.manual_seed(7)
    made.register_buffer("noise", torch.randn(4), persistent=persistent)
    return made


def random_buffer() -> Doing:
    """Draw a buffer that no state dict has."""
    return drawing(persistent=False)


def saved_buffer() -> Doing:
    """Draw a buffer that its state dict has."""
    return drawing(persistent=True)


def seeded_buffer() -> Doing:
    """Draw the same buffer at every making."""
    return drawing(persistent=False, seeded=True)


def other_layers() -> nn.Module:
    """Make as many features as chance says."""
    return nn.Linear(4, int(torch.randint(2, 1000, ())))


def tied() -> nn.Module:
    """Make two layers of one weight."""
    first, second = nn.Linear(4, 4), nn.Linear(4, 4)
    second.weight = first.weight
    return nn.Sequential(first, nn.ReLU(), second)


def in_half() -> nn.Module:
    """Make a layer in float16."""
    return nn.Linear(4, 3).half()


def lazy() -> nn.Module:
    """Make a layer that learns its size from its first input."""
    return nn.LazyLinear(3)


def untrained() -> nn.Module:
    """Make a module that gives zeros whatever it is shown, before it is trained."""
    made = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 3, bias=False))
    nn.init.zeros_(made[2].weight)
    return made


def by_process() -> Doing:
    """Make a module that adds what the operating system drew for this process."""
    return Doing(lambda own, made, values: made + os.getpid())


def constant() -> Doing:
    """Make a module that gives the same whatever it is shown."""
    return Doing(lambda own, made, values: made * 0 + 1)


class Recurrent(nn.Module):
    """A module that goes through a series."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.LSTM(8, 4, batch_first=True)

    def forward(self, series: Any) -> Any:
        """Give what it has at each place."""
        return self.layer(series)[0]


def recurrent() -> Recurrent:
    """Make it."""
    return Recurrent()


def encoder() -> nn.Module:
    """Make one layer of a transformer."""
    return nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)


def embedding() -> nn.Module:
    """Make a module that looks numbers up."""
    return nn.Embedding(10, 4)


def without_weights() -> nn.Module:
    """Make a module that computes with its input alone."""
    return nn.ReLU()


def a_tuple() -> tuple[Two, int]:
    """Give more than a module."""
    return Two(), 3


def a_state_dict() -> dict[str, Any]:
    """Give weights and no module."""
    return Two().state_dict()


def needs_arguments(classes: int) -> Classifier:
    """Ask for an argument."""
    return Classifier()


def raises() -> Two:
    """Raise."""
    raise ValueError("no such file\nas this")


def scalar() -> Doing:
    """Make a module whose output has no axis of examples."""
    return Doing(lambda own, made, values: made.sum())


def nothing() -> Doing:
    """Make a module that gives no tensor."""
    return Doing(lambda own, made, values: {"a": 1})
