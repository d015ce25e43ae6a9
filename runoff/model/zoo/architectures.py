"""TorchVision's architectures that conversions are tried on, with random weights that make every part matter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runoff.model.torchvision_import import import_torchvision

ARCHITECTURES: Mapping[str, Mapping[str, Any]] = {
    "resnet18": {},
    "resnet34": {},
    "resnet50": {},
    "mobilenet_v2": {},
    "mobilenet_v3_small": {},
    "mobilenet_v3_large": {},
    "efficientnet_b0": {},
    "squeezenet1_1": {},
    "shufflenet_v2_x1_0": {},
    "densenet121": {},
    "regnet_y_400mf": {},
    "convnext_tiny": {},
    "googlenet": {"aux_logits": False, "init_weights": False},
    "vit_b_16": {"image_size": 64},
    "swin_t": {},
}
"""What each is made with, by TorchVision's name."""


def make_architecture(name: str) -> Any:
    """Make TorchVision's module."""
    return import_torchvision().models.get_model(name, weights=None, **ARCHITECTURES[name])


def randomise_untrained_parts(module: Any, examples: Any) -> None:
    """Make every part of an untrained module matter to its output.

    Batch norms take their statistics from the examples, as training would give them; weights that start out all alike
    (a vision transformer's head is all zeros, ConvNeXt's layer scales all 1e-6) become random.
    """
    import torch

    for weight in module.parameters():
        if weight.dim() > 1 and bool((weight == weight.flatten()[0]).all()):
            torch.nn.init.normal_(weight, std=0.02)
    for layer in module.modules():
        if isinstance(layer, torch.nn.modules.batchnorm._BatchNorm):
            layer.momentum = None
    with torch.no_grad():
        module.train()(examples)
    module.eval()
