"""Random weights with which every part of a model matters: for its speed alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from runoff.contract import Model
from runoff.errors import CheckpointBroken
from runoff.model.module.module import build_module, taking
from runoff.model.weights.state_dict import Array

SEED = 0
IMAGES = 8
LEAST_SPREAD = 1e-6
"""The least share of its largest output by which a model's outputs must differ between images, to say anything."""
SHIFT = 1.0
"""What is added to what a batch norm gives (its standard deviations): see ``shift_batch_norms``."""


def random_state_dict(model: Model) -> dict[str, Array]:
    """Return seeded random weights of the model's architecture.

    Raises CheckpointBroken where its outputs are not finite, or the same whatever it is shown, and UsageError for an
    input that it can't take.
    """
    import torch

    torch.manual_seed(SEED)
    with taking(model.source.architecture, model.inputs[0]):
        module = build_module(model.source.architecture, model.source.arguments)
        shift_batch_norms(module)
        images = random_pictures(model.picture_shape)
        randomise_untrained_parts(module, images)
        with torch.inference_mode():
            outputs = module(images).numpy()
    require_answers(model.source.architecture, outputs)
    return {name: tensor.numpy() for name, tensor in module.state_dict().items()}


def random_pictures(shape: tuple[int, ...]) -> Any:
    """Return random pictures with as much in them at every scale, as photographs have it.

    Noise alone has nothing coarse: with statistics of it, photographs grow from layer to layer of a deep network.
    """
    import torch

    channels, *sides = shape
    scales = [2**power for power in range(min(sides).bit_length())]
    coarse = [torch.randn((IMAGES, channels, *(-(-side // scale) for side in sides))) for scale in scales]
    whole = [torch.nn.functional.interpolate(each, size=tuple(sides)) for each in coarse]
    return torch.stack(whole).sum(0) / len(scales) ** 0.5


def require_answers(architecture: str, outputs: Array) -> None:
    """Refuse outputs, one row an image, that are no subject for a comparison.

    Raises CheckpointBroken.
    """
    if not np.isfinite(outputs).all():
        found = "are not finite numbers"
    elif np.ptp(outputs, axis=0).max() <= LEAST_SPREAD * np.abs(outputs).max():
        found = "are the same for every image"
    else:
        return
    raise CheckpointBroken(
        f"{architecture} with random weights gives outputs that {found}; give it trained ones by --weights PATH"
    )


def shift_batch_norms(module: Any) -> None:
    """Make each untrained batch norm add the standard deviation of what it gives, so that activations are near linear.

    Without it half of the numbers are cut off, and both rounding and whatever lies outside the statistics, such as a
    picture of one colour, grow with every layer: by 1.2 after a batch norm and a ReLU (the square root of π / (π - 1);
    Yang et al., "A Mean Field Theory of Batch Normalization", 2019: near the linear regime it is less), more where
    channels weigh each other. EfficientNetV2-S gave a dark picture logits thousands of times those of others; a sixth
    was rounding.
    """
    import torch

    for layer in module.modules():
        if isinstance(layer, torch.nn.modules.batchnorm._BatchNorm) and layer.affine:
            with torch.no_grad():
                layer.bias += SHIFT * layer.weight.abs()


def randomise_untrained_parts(module: Any, *examples: Any) -> None:
    """Make every part of an untrained module matter to its output; ``examples`` are a batch of each input.

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
        module.train()(*examples)
    module.eval()
