"""The form ``module``: a model as a torch module, made in a process that has torch."""

from __future__ import annotations

from typing import Any

from runoff.contract import Model
from runoff.model.state_dict import load_state_dict
from runoff.model.torchvision_import import import_torchvision


def build_module(model: Model) -> Any:
    """Build the model's module as its source makes it, with weights that are still to be given."""
    return import_torchvision().models.get_model(model.source.architecture, weights=None, **model.source.arguments)


def make_module(model: Model) -> Any:
    """Build the model's module with its weights, in eval mode."""
    import torch

    assert model.source.weights is not None
    module = build_module(model)
    arrays = load_state_dict(model.source.weights)
    module.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
    return module.eval()


def example(model: Model, images: int = 1) -> Any:
    """Return a batch of zeros of the model's first input."""
    import torch

    return torch.zeros((images, *model.picture_shape))
