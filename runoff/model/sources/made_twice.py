"""A model of the user's own, made and looked at: whatever its factory does wrong is found before anything is measured.

Runs in processes that have torch: the second makes it anew, and compares.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from runoff.arrays import Input, Output, Signature, share_off
from runoff.contract import Model, Source
from runoff.errors import FactoryUnusable
from runoff.files.arrays import load_arrays, save_arrays
from runoff.files.values import from_json, to_json
from runoff.model.inputs.input_options import input_text, task_of
from runoff.model.module.factory import (
    SEED,
    call_factory,
    call_with,
    flat,
    interface,
    keep_buffers,
    keywords_of,
    leaves_of,
    saying,
)
from runoff.model.module.module import give_state
from runoff.model.sources.architecture_weights import unnamed
from runoff.model.sources.given_weights import give_weights
from runoff.model.weights.state_dict import load_state_dict, store_state_dict
from runoff.text import numbers

KIND = "factory"
OUTPUTS = "outputs.npz"
"""The file of the first making's outputs, beside the examples."""
SAME = 1e-5
"""How far the outputs of two makings may be apart, as a share of the largest number."""


def import_factory(
    architecture: str, inputs: list[dict[str, Any]], examples: str, home: str, folder: str, weights: list[str]
) -> dict[str, Any]:
    """Return the ``model`` that a factory makes, with its weights and buffers, and a ``note``.

    It is run on the first of the ``examples`` of a file, which gets its ``outputs`` beside them. ``home`` is the folder
    that was started in, whose sources are the user's, and ``weights`` are what --weights says. Raises FactoryUnusable,
    and CheckpointBroken for a file of weights that are not the module's.
    """
    import torch

    given = tuple(from_json(Input, values) for values in inputs)
    names = [each.name for each in given]
    shown = tensors_of(given, examples)
    made = call_factory(architecture)
    others = {str(each.dtype) for each in made.state_dict().values() if each.is_floating_point()} - {"torch.float32"}
    made = made.float()
    first = tuple(each[:1] for each in shown)
    if any(map(torch.nn.parameter.is_lazy, made.state_dict(keep_vars=True).values())):
        with saying(f"{architecture}: its forward, which gives lazy layers their sizes, raised"), torch.no_grad():
            flat(made, names)(*(each.clone() for each in first))
    whose = give_weights(architecture, made, names, shown, *weights)
    loose = digests_of(loose_tensors(made))
    module = keep_buffers(made)
    wrapped = flat(module, names)
    before = {name: tensor.clone() for name, tensor in wrapped.state_dict().items()}
    with torch.no_grad():
        outputs = run_twice(architecture, wrapped, given, first)
        nested = call_with(module, keywords_of(module, names), first)
    require_same_state(architecture, before, wrapped.state_dict())
    declared = outputs_of(architecture, nested)
    arguments = {"inputs": names, "wrapped": len(given) > 1 or not isinstance(nested, torch.Tensor)}
    state = interface(module, arguments).state_dict()
    arrays = {name: tensor.detach().numpy() for name, tensor in state.items()}
    path, weights_sha256 = store_state_dict(Path(folder), re.sub(r"[^A-Za-z0-9]+", "-", architecture), arrays)
    signature = Signature(given, declared)
    graph = [KIND, architecture, arguments, hash_sources(architecture, Path(home)), weights_sha256]
    model = Model(
        name=whose.name,
        sha256=hashlib.sha256(json.dumps(graph).encode()).hexdigest(),
        inputs=given,
        outputs=declared,
        preprocessing=None,
        labels=unnamed(signature.classes or 0) or None,
        task=task_of(signature),
        source=Source(KIND, architecture, arguments, path, weights_sha256, whose.origin),
    )
    save_arrays(Path(examples).with_name(OUTPUTS), arrays_of(outputs))
    cast = f"{architecture} was made in {', '.join(sorted(others))} and is run in float32" if others else ""
    return {"model": to_json(model), "note": "; ".join(filter(None, (whose.note, cast))), "loose": loose}


def check_factory(model: dict[str, Any], examples: str, loose: dict[str, str]) -> None:
    """Make the module anew in a separate process, drawing other random numbers, with the state dict that was saved.

    Its outputs must be those of the first. Raises FactoryUnusable, which names those of the ``loose`` tensors, by their
    digests of the first making, that are others now.
    """
    import torch

    made = from_json(Model, model)
    architecture, arguments = made.source.architecture, made.source.arguments
    assert made.source.weights is not None
    module = call_factory(architecture, SEED + 1).float()
    others = [name for name, digest in digests_of(loose_tensors(module)).items() if loose.get(name) != digest]
    module, arrays = interface(module, arguments), load_state_dict(made.source.weights)
    with saying(f"{architecture}: made again, it does not take the state dict that it had:"):
        give_state(module, {name: torch.from_numpy(arrays[name]) for name in module.state_dict() if name in arrays})
    first = tuple(each[:1] for each in tensors_of(made.inputs, examples))
    with torch.no_grad():
        again = arrays_of(module(*first))
    before = load_arrays(Path(examples).with_name(OUTPUTS))
    off = max(share_off(again[name], array) if name in again else math.inf for name, array in before.items())
    if off > SAME:
        drawn = f"{', '.join(others)} {'is' if len(others) == 1 else 'are'} another each time" if others else "it draws"
        raise FactoryUnusable(
            f"{architecture}: its weights do not decide it: made again in another process with the same state dict, "
            f"its outputs are off by {numbers.percent(off, 1)}. {drawn}; put it in the state dict by "
            "register_buffer(NAME, TENSOR), "
            "which is persistent, or call torch.manual_seed before it is drawn"
        )


def arrays_of(given: Any) -> dict[str, NDArray[Any]]:
    """Return the tensors that a module gave, by their places."""
    return {str(place): tensor.numpy() for place, tensor in enumerate(leaves_of(given))}


def loose_tensors(module: Any) -> dict[str, Any]:
    """Return the tensors of a module that are not in its state dict: buffers that it leaves out, and plain ones."""
    import torch

    saved, buffers = module.state_dict().keys(), dict(module.named_buffers())
    plain = {
        f"{path}.{name}".lstrip("."): value
        for path, layer in module.named_modules()
        for name, value in vars(layer).items()
        if isinstance(value, torch.Tensor)
    }
    return {name: tensor for name, tensor in {**buffers, **plain}.items() if name not in saved}


def digests_of(tensors: Mapping[str, Any]) -> dict[str, str]:
    """Return a hash of the numbers of each tensor."""
    import torch

    return {
        name: hashlib.sha256(tensor.detach().reshape(-1).contiguous().view(torch.uint8).numpy()).hexdigest()
        for name, tensor in tensors.items()
    }


def tensors_of(inputs: Sequence[Input], examples: str) -> tuple[Any, ...]:
    """Read the examples of each input from a file."""
    import torch

    arrays = load_arrays(Path(examples))
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
    """Whether a source is the user's: in the folder started in, but not in packages that are installed there.

    An environment often lies in that folder, which is then the own one of a module that is in no package.
    """
    if "site-packages" in file.parts:
        return "site-packages" in own.parent.parts and file.is_relative_to(own)
    return file.is_relative_to(home) or file.is_relative_to(own)
