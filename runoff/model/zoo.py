"""What conversions are tried on: architectures and small models of one operator each, as ONNX files.

An architecture is TorchVision's, with random weights that make every part matter. A small model carries an operator
that converters are known to stumble over: it takes images, N×3×S×S, and gives N rows, by a convolution, the operator
and a flattening.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from runoff.arrays import Input, Output
from runoff.contract import Model, Source
from runoff.model.case import Way, write_case
from runoff.model.module.random_weights import randomise_untrained_parts
from runoff.model.module.torchvision_import import import_torchvision

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
CHANNELS = 8


def make_architecture(name: str) -> Any:
    """Make TorchVision's module."""
    return import_torchvision().models.get_model(name, weights=None, **ARCHITECTURES[name])


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


def pad(widths: tuple[int, ...], mode: str = "constant") -> Any:
    """Make a model that pads its sides by these widths; negative ones crop."""
    from torch.nn.functional import pad as padded

    return between(lambda values: padded(values, widths, mode=mode))


def layer(name: str, *arguments: Any, **options: Any) -> Any:
    """Make a model with one of torch.nn's layers."""
    import torch

    made = getattr(torch.nn, name)(*arguments, **options)
    return between(made, made)


def dynamic_reshape() -> Any:
    """Make a model that reshapes by sizes it reads from its input."""
    return between(lambda values: values.reshape(values.shape[0], -1, values.shape[2] // 2).softmax(1))


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


WIDTHS = (1, 2, 3, 2)
TRANSPOSED = {"stride": 2, "padding": 1, "output_padding": 1}
OPERATORS: Mapping[str, Callable[[], Any]] = {
    "resize-nearest": lambda: resize(scale_factor=2, mode="nearest"),
    "resize-bilinear": lambda: resize(scale_factor=2, mode="bilinear"),
    "resize-aligned": lambda: resize(size=(24, 40), mode="bilinear", align_corners=True),
    "resize-bicubic": lambda: resize(scale_factor=2, mode="bicubic"),
    "resize-smaller": lambda: resize(size=(10, 12), mode="bilinear"),
    "pad-constant": lambda: pad(WIDTHS),
    "pad-reflect": lambda: pad(WIDTHS, "reflect"),
    "pad-replicate": lambda: pad(WIDTHS, "replicate"),
    "pad-negative": lambda: pad((-1, -2, -3, -2)),
    "dynamic-axes": dynamic_reshape,
    "group-norm": lambda: layer("GroupNorm", 2, CHANNELS),
    "layer-norm": layer_norm,
    "softmax-einsum": attention,
    "transposed-convolution": lambda: layer("ConvTranspose2d", CHANNELS, CHANNELS, 3, **TRANSPOSED),
    "hard-swish": lambda: layer("Hardswish"),
    "gelu": lambda: layer("GELU"),
    "adaptive-pool": lambda: layer("AdaptiveAvgPool2d", 4),
}
"""The models by name; ``dynamic-axes`` is exported with a dynamic batch, height and width."""

MODELS = (*ARCHITECTURES, *OPERATORS)
ZOO_VERSION = 2
"""Goes up with every change of the models or of how they are exported, so that cells are tried anew; a test asks."""
DYNAMIC = "dynamic-axes"
DYNAMIC_AXES = {0: "batch", 2: "height", 3: "width"}
SEED = 0
IMAGES = 24
"""The batch that is exported; for one of at most 20 pictures onnx2tf downloads some, and fails without a network."""
SIZES = dict.fromkeys(ARCHITECTURES, 64) | dict.fromkeys(OPERATORS, 16)
"""The side of the pictures: small where the model allows, so that converting takes the time and not running."""


def zoo_model(name: str) -> Model:
    """Return a model of the zoo, which is no classifier of anything and takes random pictures."""
    inputs = (Input("images", (3, SIZES[name], SIZES[name]), layout="NCHW"),)
    outputs = (Output("logits", None),)
    return Model(name, f"zoo-{ZOO_VERSION}-{name}", inputs, outputs, None, None, "other", Source("zoo", name, {}))


def export_zoo_model(model: str, exporter: str, opset: int, folder: str) -> None:
    """Write a model's case into a folder.

    Raises ConversionFailed at the stage ``export``.
    """
    import torch

    declared = zoo_model(model)
    torch.manual_seed(SEED)
    module = make_architecture(model) if model in ARCHITECTURES else OPERATORS[model]()
    images = torch.randn(IMAGES, *declared.picture_shape)
    randomise_untrained_parts(module, images)
    dynamic = DYNAMIC_AXES if model == DYNAMIC else {}
    inputs = {declared.inputs[0].name: images.numpy()}
    write_case(module, declared, inputs, folder, Way(exporter, opset, dynamic))
