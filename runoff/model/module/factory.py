"""A callable of the user's own that makes a module, which is given flat inputs and outputs. Needs torch alone."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from runoff.errors import FactoryUnusable, first_line
from runoff.model.module.torchvision_import import import_torchvision

SEED = 0
ANY_NUMBER = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def is_factory(architecture: str) -> bool:
    """Whether a model's name is that of a callable of the user's own."""
    return bool(re.fullmatch(r"\w+(\.\w+)*:\w+", architecture)) and not architecture.startswith("timm:")


def build_factory(architecture: str, arguments: Mapping[str, Any], seed: int = SEED) -> Any:
    """Make a factory's module in float32, with flat inputs and outputs and every buffer in its state dict."""
    return interface(keep_buffers(call_factory(architecture, seed).float()), arguments)


def interface(module: Any, arguments: Mapping[str, Any]) -> Any:
    """Return a module as it is run: wrapped, where it does not take one tensor and give one."""
    return flat(module, arguments["inputs"]) if arguments["wrapped"] else module


def keep_buffers(module: Any) -> Any:
    """Let a module's state dict hold the buffers that it leaves out too: what is saved is all that it computes with."""
    for each in module.modules():
        each._non_persistent_buffers_set.clear()
    return module


def call_factory(architecture: str, seed: int = SEED) -> Any:
    """Import a factory and call it, or take the module that its name is of; in eval mode.

    Raises FactoryUnusable.
    """
    import torch

    with suppress(ModuleNotFoundError):
        import_torchvision()  # by its own way: what the user imports of it may not load here otherwise
    made = find_factory(architecture)
    torch.manual_seed(seed)
    if not isinstance(made, torch.nn.Module):
        needed = [
            name for name, each in parameters_of(made) if each.default is each.empty and each.kind not in ANY_NUMBER
        ]
        if needed:
            raise FactoryUnusable(f"{architecture} needs arguments ({', '.join(needed)}); give a callable without any")
        with saying(f"{architecture} raised"):
            made = made()
    if not isinstance(made, torch.nn.Module):
        raise FactoryUnusable(
            f"{architecture} gave a {type(made).__name__} and no torch.nn.Module; return the module alone"
        )
    return made.eval()


def parameters_of(function: Any) -> list[tuple[str, inspect.Parameter]]:
    """Return a callable's parameters, none where Python can't tell them."""
    try:
        return list(inspect.signature(function).parameters.items())
    except (TypeError, ValueError):
        return []


def find_factory(architecture: str) -> Any:
    """Import what ``package.module:callable`` names.

    Raises FactoryUnusable, which says what was looked for and where.
    """
    module, _, name = architecture.partition(":")
    if not re.fullmatch(r"\w+(\.\w+)*", module) or not name.isidentifier():
        raise FactoryUnusable(f"--model {architecture} is no package.module:callable, such as models.tiny:make")
    try:
        with saying(f"importing {module} raised", but=ModuleNotFoundError):
            found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        where = "the folder that it was started in, PYTHONPATH and the environment's packages"
        raise FactoryUnusable(f"--model {architecture}: no module {error.name!r} in {where}") from error
    if not hasattr(found, name):
        offered = sorted(each for each, value in vars(found).items() if callable(value) and not each.startswith("_"))
        raise FactoryUnusable(f"{found.__file__} has no {name!r}; it has {', '.join(offered) or 'no callable'}")
    made = getattr(found, name)
    if not callable(made):
        raise FactoryUnusable(f"{architecture} is a {type(made).__name__} and no callable")
    return made


@contextmanager
def saying(what: str, but: type[Exception] | tuple[()] = ()) -> Iterator[None]:
    """Turn whatever the user's code raises into a FactoryUnusable with its kind and first line."""
    try:
        yield
    except FactoryUnusable:
        raise
    except Exception as error:
        if but and isinstance(error, but):
            raise
        raise FactoryUnusable(f"{what} {first_line(error)}") from error


def keywords_of(module: Any, names: Sequence[str]) -> Sequence[str]:
    """Return the names of inputs where a module's forward names them so, else none: they are given by their places."""
    return names if set(names) <= {name for name, _ in parameters_of(module.forward)} else ()


def call_with(module: Any, keywords: Sequence[str], tensors: Sequence[Any]) -> Any:
    """Call a module with tensors, by keyword where there are any."""
    return module(**dict(zip(keywords, tensors, strict=True))) if keywords else module(*tensors)


def flat(module: Any, names: Sequence[str]) -> Any:
    """Wrap a module: tensors in by their places, tensors alone out."""
    import torch

    keywords = keywords_of(module, names)

    class Flat(torch.nn.Module):  # type: ignore[misc]  # torch has no types where types are checked
        """The module, with flat inputs and outputs."""

        def __init__(self) -> None:
            super().__init__()
            self.inner = module

        def forward(self, *tensors: Any) -> Any:
            """Run the module."""
            leaves = leaves_of(call_with(self.inner, keywords, tensors))
            return leaves[0] if len(leaves) == 1 else leaves

    return Flat().eval()


def leaves_of(given: Any) -> tuple[Any, ...]:
    """Return the tensors in what a module gave, in the order of torch's own trees."""
    import torch
    from torch.utils import _pytree

    return tuple(leaf for leaf in _pytree.tree_leaves(given) if isinstance(leaf, torch.Tensor))
