"""The variables that workers inherit and that tell how a run was made, with what backends set in their place."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runoff.backends import Declaration
from runoff.processes.variables import telling
from runoff.stored.schema import one_line

FOLDERS = re.compile(r"/(?:[^\s:,;=/]+/)*(?=[^\s:,;=/])")
"""The folders of a file that is named from the root on."""


@dataclass(frozen=True)
class Variable:
    """An environment variable that workers inherit, except those of the backends that set their own."""

    name: str
    value: str
    replaced_for: tuple[str, ...]


def inherited_variables(variables: Mapping[str, str], backends: Mapping[str, Declaration]) -> tuple[Variable, ...]:
    """Pick the variables that change how frameworks run: those that tell, and those that a backend sets itself."""
    told = telling(variables)
    replaced = {
        name: tuple(backend for backend, declared in backends.items() if name in declared.ENVIRONMENT)
        for name in sorted(variables)
    }
    return tuple(
        Variable(name, variables[name], replaced_for)
        for name, replaced_for in replaced.items()
        if replaced_for or name in told
    )


def in_effect(inherited: Sequence[Variable]) -> dict[str, str]:
    """Return those that no backend sets itself: what makes a run another one than without them.

    A value is in one line, as it is stored, and names files without their folders, which are a machine's own.
    """
    return {
        variable.name: FOLDERS.sub("", one_line(variable.value)) for variable in inherited if not variable.replaced_for
    }


def inherited_words(names: Sequence[str]) -> str:
    """Say that workers inherit variables of these names, what that does, and what to do."""
    return (
        f"every worker inherits {', '.join(names)}, which can change threads, kernels or memory of one runtime and "
        "not of another; thread counts are set by each framework's own API all the same and read back: "
        f"unset {' '.join(names)}, unless you deploy so"
    )
