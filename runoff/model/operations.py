"""What one inference takes: floating-point operations, and the numbers that it has to read and write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from runoff.model.torchvision_import import import_torchvision

DISTRIBUTIONS = ("torch", "torchvision")
SHAPE = (1, 3, 224, 224)
FUSED = ("BatchNorm2d", "Dropout", "Identity", "ReLU", "ReLU6")
"""Modules that runtimes compute within the layer before, or not at all: they read and write nothing of their own."""


@dataclass(frozen=True)
class Operations:
    """Of one inference: ``flop`` are floating-point operations, the others are how many numbers pass through memory.

    ``weights`` are read once each; ``activations`` are counted once as written by the layer that gives them and once as
    read by the next.
    """

    flop: int
    weights: int
    activations: int


def count_operations(architecture: str, classes: int) -> dict[str, int]:
    """Count what one inference of an architecture takes, as JSON values; nothing is computed (torch's device "meta").

    A multiply-accumulate is two operations, and only convolutions and matrix products are counted, as
    ``torch.utils.flop_counter`` does. Layers of ``FUSED`` and additions of shortcuts move no numbers of their own, so
    that the count is the least that a runtime layer by layer has to move.
    """
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    with torch.device("meta"):
        module = import_torchvision().models.get_model(architecture, weights=None, num_classes=classes).eval()
        image = torch.empty(SHAPE)
    moved = [0]

    def note(layer: Any, inputs: tuple[Any, ...], output: Any) -> None:
        moved[0] += sum(tensor.numel() for tensor in (*inputs, output))

    for layer in module.modules():
        if not list(layer.children()) and type(layer).__name__ not in FUSED:
            layer.register_forward_hook(note)
    counter = FlopCounterMode(display=False)
    with torch.inference_mode(), counter:
        module(image)
    weights = sum(parameter.numel() for parameter in module.parameters())
    return {"flop": counter.get_total_flops(), "weights": weights, "activations": moved[0]}
