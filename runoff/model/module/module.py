"""The form ``module``: a model as a torch module, made in a process that has torch."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from runoff.arrays import Arrays, Input
from runoff.contract import Model
from runoff.errors import UsageError
from runoff.files.values import from_json
from runoff.model.module import timm_import
from runoff.model.module.factory import build_factory, find_factory, is_factory
from runoff.model.module.torchvision_import import import_torchvision
from runoff.model.weights.state_dict import load_state_dict


@dataclass(frozen=True)
class Kind:
    """A kind of architectures: how their code is imported, and how one is built by its name and arguments."""

    import_code: Callable[[], object]
    build: Callable[[str, Mapping[str, Any]], Any]


def build_torchvision(name: str, arguments: Mapping[str, Any]) -> Any:
    """Build a model of TorchVision's, with weights that are still to be given."""
    return import_torchvision().models.get_model(name, weights=None, **arguments)


KINDS: Mapping[str, Kind] = {
    "": Kind(import_torchvision, build_torchvision),
    timm_import.KIND: Kind(timm_import.import_timm, timm_import.build_timm),
}
"""By what stands before the colon of an architecture's name, as ``--model`` has it."""


def kind_of(architecture: str) -> tuple[Kind, str]:
    """Return the kind of an architecture, and its name without that; a callable of the user's own keeps its module."""
    if is_factory(architecture):
        return Kind(partial(find_factory, architecture), build_factory), architecture
    before, colon, name = architecture.partition(":")
    return (KINDS[before], name) if colon else (KINDS[""], architecture)


def build_module(architecture: str, arguments: Mapping[str, Any]) -> Any:
    """Build a module as its source makes it, with weights that are still to be given."""
    kind, name = kind_of(architecture)
    return kind.build(name, arguments)


def build_empty(architecture: str, arguments: Mapping[str, Any]) -> Any | None:
    """Build a module on torch's device "meta", where nothing is initialised or computed.

    None where a state dict would leave it incomplete: it computes with numbers while it is made, or keeps tensors that
    its state dict lacks. What a user's own code does there is not known.
    """
    import torch

    if is_factory(architecture):
        return None
    try:
        with torch.device("meta"):
            module = build_module(architecture, arguments)
    except (NotImplementedError, RuntimeError):  # RegNet asks for the value of a tensor, which has none there
        return None
    saved = module.state_dict().keys()
    whole = all(name in saved for name, _ in module.named_buffers())
    plain = any(isinstance(value, torch.Tensor) for layer in module.modules() for value in vars(layer).values())
    return module if whole and not plain else None


def make_module(model: Model) -> Any:
    """Build the model's module with its weights, in eval mode."""
    import torch

    assert model.source.weights is not None
    module = build_module(model.source.architecture, model.source.arguments)
    arrays = load_state_dict(model.source.weights)
    give_state(module, {name: torch.from_numpy(array) for name, array in arrays.items()})
    return module.eval()


def give_state(module: Any, tensors: Mapping[str, Any], *, assign: bool = False) -> None:
    """Give a module a state dict, as one that it wrote itself; with ``assign`` it keeps these very tensors.

    Tensors alone do not say which version of its layers wrote them, and MNASNet refuses those of none.
    """
    state = OrderedDict(tensors)
    versions = getattr(module.state_dict(), "_metadata", None)  # a module may write a dict without them
    state._metadata = versions  # type: ignore[attr-defined]  # it is where torch itself reads them
    module.load_state_dict(state, assign=assign)


@contextmanager
def taking(architecture: str, given: Input) -> Iterator[None]:
    """Turn what an architecture raises for an input that it can't take into a UsageError."""
    try:
        yield
    except (AssertionError, IndexError, RuntimeError, TypeError, ValueError) as error:
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise UsageError(
            f"{architecture} takes no input of {'×'.join(map(str, given.shape))} {given.dtype} ({reason}); "
            "check --input-size and --preprocessing"
        ) from error


def require_input(model: dict[str, Any]) -> None:
    """Run a model once on the input that it is said to take.

    Raises UsageError where it refuses that.
    """
    import torch

    given = from_json(Model, model)
    (first, *_) = given.inputs
    with taking(given.source.architecture, first), torch.inference_mode():
        make_module(given)(*example(given))


def example(model: Model) -> tuple[Any, ...]:
    """Return a batch of one example of zeros for each of the model's inputs."""
    import torch

    return tuple(torch.zeros((1, *given.shape), dtype=getattr(torch, given.dtype)) for given in model.inputs)


def run_module(module: Any, model: Model, batch: Arrays) -> dict[str, Any]:
    """Run a module on a batch of arrays by name and return its outputs by name."""
    import torch

    with torch.inference_mode():
        given = module(*(torch.from_numpy(batch[each.name]) for each in model.inputs))
        outputs = given if isinstance(given, tuple) else (given,)
        return {each.name: output.numpy() for each, output in zip(model.outputs, outputs, strict=True)}


def with_float32_logits(module: Any) -> Any:
    """Wrap a module so that its outputs are float32, whatever it computes in; whole numbers stay as they are."""
    import torch

    class InFloat32(torch.nn.Module):  # type: ignore[misc]  # torch has no types where types are checked
        """The module, and the cast."""

        def __init__(self, inner: Any) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, images: Any, *others: Any) -> Any:
            """Run the module."""
            made = self.inner(images, *others)
            single, *rest = (
                each.float() if each.is_floating_point() else each
                for each in (made if isinstance(made, tuple) else (made,))
            )
            return (single, *rest) if rest else single

    return InFloat32(module).eval()
