"""Whose weights a factory's module has: those that it loads, a file's, or random ones. Runs in a process with torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runoff.contract import OWN, RANDOM
from runoff.model.module.factory import flat, leaves_of, saying
from runoff.model.module.module import give_state
from runoff.model.module.random_weights import SEED, randomise_untrained_parts, require_answers, shift_batch_norms
from runoff.model.sources.architecture import FILE
from runoff.model.sources.options import AUTO
from runoff.model.weights.checkpoint_file import read_checkpoint
from runoff.model.weights.state_dict_search import Shapes, find_state_dict


@dataclass(frozen=True)
class Whose:
    """Weights as a run names them, whose they are, and what there is to know about them."""

    name: str
    origin: str
    note: str = ""


def give_weights(
    architecture: str, module: Any, names: Sequence[str], examples: tuple[Any, ...], weights: str, place: str | None
) -> Whose:
    """Leave a module the weights that its factory gave it, or give it those that are asked for.

    Raises CheckpointBroken for a file without a state dict of the module's, and for random weights that say nothing.
    """
    if weights == AUTO:
        return Whose(OWN, OWN)
    if weights == RANDOM:
        draw_weights(architecture, flat(module, names), tuple(each.clone() for each in examples))
        return Whose(f"{RANDOM}-{SEED}", RANDOM)
    return load_weights(architecture, module, Path(weights), place)


def load_weights(architecture: str, module: Any, path: Path, place: str | None) -> Whose:
    """Give a module the state dict of a file; what the module keeps out of its own stays as it was made."""
    import torch

    shapes = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
    expected = Shapes(architecture, shapes, frozenset(), twins_of(module))
    arrays, note = find_state_dict(path.name, read_checkpoint(path), place, expected)
    give_state(module, {name: torch.from_numpy(array) for name, array in arrays.items()})
    return Whose(path.name, FILE, note)


def twins_of(module: Any) -> dict[str, tuple[str, ...]]:
    """Return, for each entry of a state dict whose tensor has other names too, those names."""
    names: dict[int, list[str]] = {}
    for name, tensor in module.state_dict(keep_vars=True).items():
        names.setdefault(id(tensor), []).append(name)
    groups = [group for group in names.values() if len(group) > 1]
    return {name: tuple(other for other in group if other != name) for group in groups for name in group}


def draw_weights(architecture: str, module: Any, examples: tuple[Any, ...]) -> None:
    """Draw all weights that layers know how to draw, always the same ones, and make every part matter.

    Raises FactoryUnusable where the module does not run in training mode, and CheckpointBroken for outputs that say
    nothing.
    """
    import torch

    torch.manual_seed(SEED)
    for layer in module.modules():
        if callable(reset := getattr(layer, "reset_parameters", None)):
            reset()
    shift_batch_norms(module)
    with saying(f"{architecture}: its forward in training mode, in which random weights are drawn, raised"):
        randomise_untrained_parts(module, *examples)
    with torch.inference_mode():
        for output in leaves_of(module(*examples)):
            if output.is_floating_point():
                require_answers(architecture, output.numpy())
