"""A model of the user's own, made and looked at: whatever its factory does wrong is found before anything is measured.

Runs in processes that have torch: the second makes it anew, and compares.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from runoff.arrays import Input, Output, Signature
from runoff.contract import Model, Source, from_json, to_json
from runoff.errors import FactoryUnusable
from runoff.files.arrays import load_arrays
from runoff.model.inputs.input_options import input_text, task_of
from runoff.model.module.factory import (
    SEED,
    build_factory,
    call_factory,
    call_with,
    flat,
    keywords_of,
    leaves_of,
    saying,
)
from runoff.model.sources.architecture_weights import unnamed
from runoff.model.weights.state_dict import load_state_dict, store_state_dict

KIND = "factory"
OWN = "own"
"""The origin of what a factory itself loads or draws."""
SAME = 1e-5
"""How far the sums of two makings' outputs may be apart, as a share."""


def import_factory(
    architecture: str, inputs: list[dict[str, Any]], example: str, home: str, folder: str
) -> dict[str, Any]:
    """Return the ``model`` that a factory makes, with its weights and buffers, and the ``sums`` of its outputs.

    It is run on the ``example`` of a file; ``home`` is the folder that was started in, whose sources are the user's.
    Raises FactoryUnusable.
    """
    import torch

    given = tuple(from_json(Input, values) for values in inputs)
    module = call_factory(architecture)
    names = [each.name for each in given]
    wrapped = flat(module, names)
    before = {name: tensor.clone() for name, tensor in wrapped.state_dict().items()}
    examples = tensors_of(given, example)
    with torch.no_grad():
        outputs = run_twice(architecture, wrapped, given, examples)
        nested = call_with(module, keywords_of(module, names), examples)
    require_same_state(architecture, before, wrapped.state_dict())
    declared = outputs_of(architecture, nested)
    bare = len(given) == 1 and isinstance(nested, torch.Tensor)
    arguments = {"inputs": names, "wrapped": not bare}
    state = (module if bare else wrapped).state_dict()
    arrays = {name: tensor.detach().numpy() for name, tensor in state.items()}
    path, weights_sha256 = store_state_dict(Path(folder), re.sub(r"[^A-Za-z0-9]+", "-", architecture), arrays)
    signature = Signature(given, declared)
    graph = [KIND, architecture, arguments, hash_sources(architecture, Path(home)), weights_sha256]
    model = Model(
        name=OWN,
        sha256=hashlib.sha256(json.dumps(graph).encode()).hexdigest(),
        inputs=given,
        outputs=declared,
        preprocessing=None,
        labels=unnamed(signature.classes or 0) or None,
        task=task_of(signature),
        source=Source(KIND, architecture, arguments, path, weights_sha256, OWN),
    )
    return {"model": to_json(model), "sums": sums_of(outputs)}


def check_factory(model: dict[str, Any], example: str, sums: list[float]) -> None:
    """Make the module anew in a process of its own, drawing other random numbers, with the weights that were saved.

    Its outputs must come to the same ``sums``. Raises FactoryUnusable.
    """
    import torch

    made = from_json(Model, model)
    assert made.source.weights is not None
    module = build_factory(made.source.architecture, made.source.arguments, SEED + 1)
    arrays = load_state_dict(made.source.weights)
    module.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
    with torch.no_grad():
        again = sums_of(module.eval()(*tensors_of(made.inputs, example)))
    if not np.allclose(again, sums, rtol=SAME, atol=SAME):
        raise FactoryUnusable(
            f"{made.source.architecture}: made again with the same weights and buffers it gives other numbers; its "
            "weights do not decide it: register what is drawn at random as a parameter or buffer"
        )


def sums_of(given: Any) -> list[float]:
    """Return the sum of each output's absolute numbers."""
    return [float(output.double().abs().sum()) for output in leaves_of(given)]


def tensors_of(inputs: Sequence[Input], example: str) -> tuple[Any, ...]:
    """Read an example of each input from a file."""
    import torch

    arrays = load_arrays(Path(example))
    return tuple(torch.from_numpy(arrays[given.name]) for given in inputs)


def run_twice(architecture: str, module: Any, inputs: Sequence[Input], examples: tuple[Any, ...]) -> Any:
    """Run a module twice on copies of one example, and return its outputs.

    Raises FactoryUnusable where it writes into its input, or does not give the same twice.
    """
    import torch

    found = []
    shapes = ", ".join(map(input_text, inputs))
    for _ in range(2):
        copies = tuple(example.clone() for example in examples)
        with saying(f"{architecture}: its forward, given {shapes}, raised"):
            found.append(module(*copies))
        for given, example, copy in zip(inputs, examples, copies, strict=True):
            if not torch.equal(example, copy):
                raise FactoryUnusable(
                    f"{architecture}: its forward writes into its input {given.name!r}; clone it first"
                )
    first, second = map(leaves_of, found)
    for one, other in zip(first, second, strict=True):
        if not torch.equal(one, other):
            off = float((one.double() - other.double()).abs().max())
            raise FactoryUnusable(
                f"{architecture}: two inferences of one input differ by {off:.2g}; it draws noise, drops out in eval "
                "mode, or counts: make it give the same twice"
            )
    return found[0]


def outputs_of(architecture: str, given: Any) -> tuple[Output, ...]:
    """Declare a module's outputs, named by where they are in what it gave.

    Raises FactoryUnusable for an output that has no axis of examples.
    """
    import torch
    from torch.utils import _pytree

    found, _ = _pytree.tree_flatten_with_path(given)
    tensors = [(path, leaf) for path, leaf in found if isinstance(leaf, torch.Tensor)]
    if not tensors:
        raise FactoryUnusable(f"{architecture}: its forward gives no tensor, but {type(given).__name__}")
    outputs = []
    for path, leaf in tensors:
        name = re.sub(r"[^A-Za-z0-9_]+", "_", _pytree.keystr(path)).strip("_") or "output"
        name = f"output_{name}" if name[0].isdigit() else name
        if leaf.dim() == 0 or len(leaf) != 1:
            raise FactoryUnusable(
                f"{architecture}: its output {name!r} is of shape {tuple(leaf.shape)} for one example; its first axis "
                "must be that of the examples"
            )
        outputs.append(Output(name, tuple(leaf.shape[1:]), str(leaf.dtype).removeprefix("torch.")))
    return tuple(outputs)


def require_same_state(architecture: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Refuse a module whose inferences change what it holds.

    Raises FactoryUnusable.
    """
    import torch

    for name, tensor in before.items():
        if not torch.equal(tensor, after[name]):
            raise FactoryUnusable(f"{architecture}: an inference changes its own {name.removeprefix('inner.')!r}")


def hash_sources(architecture: str, home: Path) -> str:
    """Hash the sources that a factory imported: those of the folder that was started in, and of its own package."""
    package = sys.modules[architecture.partition(":")[0].partition(".")[0]]
    own = Path(package.__file__).resolve().parent if package.__file__ else home
    digest = hashlib.sha256()
    for name, module in sorted(sys.modules.items()):
        file = Path(getattr(module, "__file__", None) or "")
        if file.suffix == ".py" and file.is_absolute() and is_of(file.resolve(), home.resolve(), own):
            digest.update(f"{name}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\0".encode())
    return digest.hexdigest()


def is_of(file: Path, home: Path, own: Path) -> bool:
    """Whether a source is the user's: in the folder started in, but not in packages that are installed there."""
    if "site-packages" in file.parts:
        return own.name != "site-packages" and file.is_relative_to(own)
    return file.is_relative_to(home) or file.is_relative_to(own)
