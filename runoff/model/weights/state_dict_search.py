"""The state dict in a file: which of its mappings, and under which prefix. Pure functions of names and shapes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from runoff.errors import CheckpointBroken
from runoff.model.weights.checkpoint_file import Content
from runoff.model.weights.state_dict import Array, hash_state_dict
from runoff.text.numbers import first_few

COMPILED = "_orig_mod."
"""What torch.compile puts into names."""
COUNTER = "num_batches_tracked"
"""How the names of those entries end that inference does not use, and old files lack."""
SHOWN = 4


@dataclass(frozen=True)
class Shapes:
    """What a state dict of an architecture has to hold: a shape for each name.

    ``head`` are the names of those whose first side is the number of classes. ``twins`` are for a name the others of
    the same tensor, of which a file may hold one alone.
    """

    architecture: str
    expected: Mapping[str, tuple[int, ...]]
    head: frozenset[str]
    twins: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def find(self, arrays: Mapping[str, Array], name: str) -> Array | None:
        """Return an entry, or that of one of its twins; None where there is none."""
        return next((arrays[each] for each in (name, *self.twins.get(name, ())) if each in arrays), None)

    def differing(self, arrays: Mapping[str, Array]) -> list[str]:
        """Name the entries that are missing or of another shape, and those that should not be there, in order."""
        classes = {array.shape[:1] for name, array in arrays.items() if name in self.head}
        wanted = {
            name: (*next(iter(classes)), *shape[1:]) if name in self.head and len(classes) == 1 else shape
            for name, shape in self.expected.items()
        }
        parts = {name.partition(".")[0] for name in self.expected}
        wrong = [
            name
            for name, shape in wanted.items()
            if ((found := self.find(arrays, name)) is None and not name.endswith(COUNTER))
            or (found is not None and found.shape != shape)
        ]
        return wrong + [name for name in arrays if name not in wanted and name.partition(".")[0] in parts]


@dataclass(frozen=True)
class Candidate:
    """Arrays of a file under one prefix: ``place`` is how ``--weights FILE#PLACE`` names it."""

    place: str
    arrays: Mapping[str, Array]
    ignored: int


def find_state_dict(name: str, content: Content, place: str | None, shapes: Shapes) -> tuple[dict[str, Array], str]:
    """Return the state dict of an architecture in a file's content, in its order, and a note of what was left out.

    ``place`` says which, where there are several. Raises CheckpointBroken where there is none, or more than one.
    """
    under = f"{place}."  # a prefix of names within the mapping that is named makes it no other
    every = candidates_in(content, shapes)
    candidates = [each for each in every if place is None or f"{each.place}.".startswith(under)]
    fitting = [each for each in candidates if not shapes.differing(each.arrays)]
    different = {hash_state_dict(each.arrays): each for each in reversed(fitting)}
    if len(different) > 1:
        places = [each.place for each in fitting]
        raise CheckpointBroken(
            f"{name} holds {len(different)} state dicts, at {', '.join(places)}; "
            f"say which by --weights {name}#{places[-1]}"
        )
    if not fitting:
        raise CheckpointBroken(why_none(name, content, candidates, place, shapes))
    found = fitting[0]
    classes = {found.arrays[key].shape[0] for key in shapes.head}
    if min(classes, default=2) < 2:
        raise CheckpointBroken(
            f"{name} gives {min(classes)} logits per image; Top-1 needs a classifier of two or more classes"
        )
    entries = {key: shapes.find(found.arrays, key) for key in shapes.expected}
    whole = {key: np.asarray(np.zeros((), np.int64) if array is None else array) for key, array in entries.items()}
    note = f"{found.ignored} entries of {name} are no part of the model and were left out" if found.ignored else ""
    return whole, note


def candidates_in(content: Content, shapes: Shapes, place: str = "") -> Iterator[Candidate]:
    """Yield the arrays of every mapping in a file's content, under each prefix that an expected name may have."""
    arrays = {key.replace(COMPILED, ""): value for key, value in content.items() if isinstance(value, np.ndarray)}
    sure = (name for name in shapes.expected if not name.endswith(COUNTER) and name not in shapes.twins)
    last = next(reversed(list(sure)), "")
    prefixes = [key.removesuffix(last) for key in arrays if key.endswith(f".{last}") or key == last]
    for prefix in dict.fromkeys(prefixes or ([""] if arrays else [])):
        under = {key.removeprefix(prefix): value for key, value in arrays.items() if key.startswith(prefix)}
        parts = {name.partition(".")[0] for name in shapes.expected}
        mine = {key: value for key, value in under.items() if key.partition(".")[0] in parts}
        named = ".".join(filter(None, (place, prefix.rstrip("."))))
        yield Candidate(named, mine, len(arrays) - len(mine))
    for key, value in content.items():
        if not isinstance(value, np.ndarray):
            yield from candidates_in(value, shapes, f"{place}.{key}" if place else key)


def why_none(name: str, content: Content, candidates: list[Candidate], place: str | None, shapes: Shapes) -> str:
    """Say why no state dict of the architecture is in a file: the first difference of what comes nearest."""
    if not candidates:
        where = f"nothing at {place}" if place else "no arrays of numbers"
        return f"{name} holds {where}, but {first_few(list(content), SHOWN) or 'nothing'}; give a state dict's own file"
    nearest = min(candidates, key=lambda each: len(shapes.differing(each.arrays)))
    differing = shapes.differing(nearest.arrays)
    key = differing[0]
    found = nearest.arrays[key].shape if key in nearest.arrays else "nothing"
    return (
        f"{name} is no {shapes.architecture} state dict: {len(differing)} entries differ, first {key!r}: expected "
        f"{shapes.expected.get(key, 'nothing')}, found {found}; give the weights of a {shapes.architecture}"
    )
