"""Small models that carry one operator each that converters are known to stumble over.

Each takes images, N×3×S×S, and gives N rows: a convolution, the operator, and a flattening.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

CHANNELS = 8


def between(operator: Callable[[Any], Any], *parts: Any) -> Any:
    """Make a module: a convolution to 8 channels, the operator, all values of an image in a row.

    ``parts`` are modules that the operator closes over, whose parameters belong to it.
    """
    import torch

    class Carrier(torch.nn.Module):  # type: ignore[misc]  # torch has no types where these are checked
        def __init__(self) -> None:
            super().__init__()
            self.convolution = torch.nn.Conv2d(3, CHANNELS, 3, padding=1)
            self.parts = torch.nn.ModuleList(parts)

        def forward(self, images: Any) -> Any:
            return operator(self.convolution(images)).flatten(1)

    return Carrier()


def resize(**options: Any) -> Any:
    """Make a model that resizes as torch.nn.functional.interpolate does."""
    from torch.nn.functional import interpolate

    return between(lambda values: interpolate(values, **options))


def pad(mode: str) -> Any:
    """Make a model that pads each side by another width."""
    from torch.nn.functional import pad as padded

    return between(lambda values: padded(values, (1, 2, 3, 2), mode=mode))


def crop() -> Any:
    """Make a model that pads by negative widths, which crops."""
    from torch.nn.functional import pad as padded

    return between(lambda values: padded(values, (-1, -2, -3, -2)))


def dynamic_reshape() -> Any:
    """Make a model that reshapes by sizes it reads from its input."""
    return between(lambda values: values.reshape(values.shape[0], -1, values.shape[2] // 2).softmax(1))


def group_norm() -> Any:
    """Make a model with group normalisation."""
    import torch

    layer = torch.nn.GroupNorm(2, CHANNELS)
    return between(layer, layer)


def layer_norm() -> Any:
    """Make a model with layer normalisation over channels, as transformers have it."""
    import torch

    layer = torch.nn.LayerNorm(CHANNELS)
    return between(lambda values: layer(values.permute(0, 2, 3, 1)), layer)


def attention() -> Any:
    """Make a model that scores all pairs of places by einsum and weighs values by their softmax."""
    import torch

    def attend(values: Any) -> Any:
        places = values.flatten(2)
        weights = torch.einsum("ncp,ncq->npq", places, places).softmax(-1)
        return torch.einsum("npq,ncq->ncp", weights, places)

    return between(attend)


def transposed_convolution() -> Any:
    """Make a model that upsamples by a transposed convolution."""
    import torch

    layer = torch.nn.ConvTranspose2d(CHANNELS, CHANNELS, 3, stride=2, padding=1, output_padding=1)
    return between(layer, layer)


def activation(name: str) -> Any:
    """Make a model with one of torch.nn's activations."""
    import torch

    return between(getattr(torch.nn, name)())


def adaptive_pool(size: int) -> Any:
    """Make a model that averages to a fixed number of places."""
    import torch

    return between(torch.nn.AdaptiveAvgPool2d(size))


OPERATORS: Mapping[str, Callable[[], Any]] = {
    "resize-nearest": lambda: resize(scale_factor=2, mode="nearest"),
    "resize-bilinear": lambda: resize(scale_factor=2, mode="bilinear"),
    "resize-aligned": lambda: resize(size=(24, 40), mode="bilinear", align_corners=True),
    "resize-bicubic": lambda: resize(scale_factor=2, mode="bicubic"),
    "resize-smaller": lambda: resize(size=(10, 12), mode="bilinear"),
    "pad-constant": lambda: pad("constant"),
    "pad-reflect": lambda: pad("reflect"),
    "pad-replicate": lambda: pad("replicate"),
    "pad-negative": crop,
    "dynamic-axes": dynamic_reshape,
    "group-norm": group_norm,
    "layer-norm": layer_norm,
    "softmax-einsum": attention,
    "transposed-convolution": transposed_convolution,
    "hard-swish": lambda: activation("Hardswish"),
    "gelu": lambda: activation("GELU"),
    "adaptive-pool": lambda: adaptive_pool(4),
}
"""The models by name; ``dynamic-axes`` is exported with a dynamic batch, height and width."""
