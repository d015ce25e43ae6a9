"""The whole way of ``--weights FILE``: the same weights in every kind of file are the same model, or are refused."""

from __future__ import annotations

import argparse
import os
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runoff.errors import CheckpointBroken
from runoff.model.module.torchvision_import import import_torchvision
from runoff.model.sources.choose import Choice, choose_model
from runoff.model.sources.options import ModelOptions
from runoff.model.weights.state_dict import load_state_dict

pytestmark = [pytest.mark.framework, pytest.mark.long]
SMALL, CLASSES = "shufflenet_v2_x0_5", 7
State = Mapping[str, Any]


@pytest.fixture(scope="module")
def module() -> Any:
    """A small classifier of TorchVision's with batch norms, always the same one."""
    import torch

    torch.manual_seed(0)
    return import_torchvision().models.get_model(SMALL, num_classes=CLASSES)


def choose(path: Path, model: str = SMALL, place: str = "") -> Choice:
    """Take a file as ``--weights`` does, with the steps in this process."""

    def run_step(function: str, arguments: dict[str, Any]) -> Any:
        where, _, name = function.partition(":")
        return getattr(import_module(where), name)(**arguments)

    return choose_model(ModelOptions(model=model, weights=f"{path}{place}"), path.parent / "made", run_step)


def prefixed(prefix: str, state: State) -> dict[str, Any]:
    """Put a prefix before every name."""
    return {f"{prefix}{name}": tensor for name, tensor in state.items()}


def floating(change: Callable[[Any], Any], state: State) -> dict[str, Any]:
    """Change all tensors but those of whole numbers."""
    return {name: change(tensor) if tensor.is_floating_point() else tensor for name, tensor in state.items()}


def parameter(tensor: Any) -> Any:
    """Make a tensor one that training changes."""
    import torch

    return torch.nn.Parameter(tensor)


def lightning(state: State) -> dict[str, Any]:
    """Return what Lightning saves: the model within its own module, with a loss, an optimiser and settings beside."""
    import torch

    beside = {"criterion.weight": torch.ones(CLASSES)}
    moments = {0: {"step": torch.tensor(3.0), "exp_avg": torch.zeros(2)}}
    return {
        "epoch": 2,
        "pytorch-lightning_version": "2.5.0",
        "state_dict": prefixed("model.", state) | beside,
        "optimizer_states": [{"state": moments, "param_groups": [{"lr": 0.1}]}],
        "callbacks": {"ModelCheckpoint": {"best": torch.tensor(0.5)}},
        "hyper_parameters": {"width": 0.5},
    }


SAME: Mapping[str, Callable[[State], Any]] = {
    "ordered": OrderedDict,
    "state_dict": lambda state: {"state_dict": state, "epoch": 3},
    "model": lambda state: {"model": state},
    "model_state_dict": lambda state: {"model_state_dict": state, "loss": 0.5},
    "nested": lambda state: {"checkpoint": {"net": {"weights": state}}},
    "module.": partial(prefixed, "module."),
    "_orig_mod.": partial(prefixed, "_orig_mod."),
    "module._orig_mod.": partial(prefixed, "module._orig_mod."),
    "Lightning": lightning,
    "double": partial(floating, lambda tensor: tensor.double()),
    "Parameters": partial(floating, parameter),
    "Namespace beside": lambda state: {"model": state, "args": argparse.Namespace(lr=0.1)},
    "numpy number beside": lambda state: {"model": state, "best": np.float64(0.9)},
    "Path beside": lambda state: {"model": state, "root": Path("data")},
    "without counters": lambda state: {name: state[name] for name in state if not name.endswith("tracked")},
    "the same twice": lambda state: {"model": state, "model_ema": dict(state)},
}
"""What torch.save is given, by its kind."""


def written(state: State, folder: Path) -> Iterator[tuple[str, Path]]:
    """Write the same weights in every way that people save them."""
    import torch
    from safetensors.torch import save_file

    for kind, content in SAME.items():
        torch.save(content(state), folder / "own.pth")
        yield kind, folder / "own.pth"
    torch.save(state, folder / "own.pth", _use_new_zipfile_serialization=False)
    yield "legacy", folder / "own.pth"
    save_file(dict(state), folder / "own.safetensors")
    yield "safetensors", folder / "own.safetensors"
    np.savez(folder / "own.npz", **{name: tensor.numpy() for name, tensor in state.items()})
    yield "arrays", folder / "own.npz"


@pytest.mark.full
def test_the_same_weights_in_any_file_are_the_same_model(module: Any, tmp_path: Path) -> None:
    """Whatever wrapped, renamed or stored them, golden, artifacts and results are those of one hash."""
    found = {kind: choose(path).model for kind, path in written(module.state_dict(), tmp_path)}
    assert {kind: model.classes for kind, model in found.items()} == dict.fromkeys(found, CLASSES)
    first = found["ordered"]
    assert {kind for kind, model in found.items() if model.sha256 != first.sha256} == set()
    assert first.source.weights is not None
    for name, array in load_state_dict(first.source.weights).items():
        np.testing.assert_array_equal(array, module.state_dict()[name].numpy(), strict=True)


@pytest.mark.parametrize("kind", ["half", "bfloat16"])
def test_rounded_weights_are_another_model_in_float32(module: Any, tmp_path: Path, kind: str) -> None:
    """Weights saved in fewer bits are those bits in float32: near the others, and under a hash of their own."""
    import torch

    torch.save(floating(lambda tensor: getattr(tensor, kind)(), module.state_dict()), tmp_path / "own.pth")
    weights = choose(tmp_path / "own.pth").model.source.weights
    assert weights is not None
    for name, array in load_state_dict(weights).items():
        tensor = module.state_dict()[name]
        rounded = getattr(tensor, kind)().float() if tensor.is_floating_point() else tensor
        np.testing.assert_array_equal(array, rounded.numpy(), strict=True)


def test_a_moving_average_beside_the_weights_is_asked_about(module: Any, tmp_path: Path) -> None:
    """With two models in a file the error has both places, and what it says to type gives each."""
    import torch

    state = module.state_dict()
    average = floating(lambda tensor: tensor * 0.5, state)
    torch.save({"model": state, "model_ema": average}, tmp_path / "own.pth")
    with pytest.raises(CheckpointBroken, match=r"at model, model_ema; say which by --weights own\.pth#model_ema"):
        choose(tmp_path / "own.pth")
    hashes = {choose(tmp_path / "own.pth", place=place).model.sha256 for place in ("#model", "#model_ema")}
    assert len(hashes) == 2


def test_parameters_without_running_statistics_are_refused(module: Any, tmp_path: Path) -> None:
    """What an optimiser sees of a model is not all of it: the first statistic that is missing is named."""
    import torch

    torch.save(OrderedDict(module.named_parameters()), tmp_path / "own.pth")
    with pytest.raises(CheckpointBroken, match=r"is no shufflenet_v2_x0_5 state dict: .*running_mean.* found nothing"):
        choose(tmp_path / "own.pth")


class Malicious:
    """An object whose pickle asks for a file to be created."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Ask for a program to be run when the object is loaded."""
        return os.system, ("touch ran",)


@pytest.mark.parametrize("modern", [True, False])
def test_nothing_beside_whole_weights_is_ever_run(
    module: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, modern: bool
) -> None:
    """A file with all weights and a call to a program beside them is refused, and no file is created."""
    import torch

    monkeypatch.chdir(tmp_path)
    content = {"model": module.state_dict(), "hook": Malicious()}
    torch.save(content, "own.pth", _use_new_zipfile_serialization=modern)
    with pytest.raises(CheckpointBroken, match=r"it asks to run (posix|nt)\.system, which Runoff never does"):
        choose(tmp_path / "own.pth")
    assert [path.name for path in tmp_path.iterdir()] == ["own.pth"]
