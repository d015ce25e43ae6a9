"""Other trees: a second checkout of Runoff as an environment, so that two versions of a backend race in one run."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from runoff.contract import Backend, Variant, find_variant
from runoff.environments.contenders import Contender, Environment
from runoff.errors import UnknownContender
from runoff.processes.process import call

DECLARE_TIMEOUT = 60.0


def read_declarations(environment: Environment, logs: Path) -> dict[str, Backend]:
    """Ask an environment's tree what its backends declare: variables, layout and requirements may differ from ours.

    What is given has the declarations only; a worker of that tree converts, loads and runs. Raises ProtocolMismatch
    for a tree of another protocol, or WorkerCrashed where its backends can't be read.
    """
    declared: dict[str, dict[str, Any]] = call(
        "runoff.backends:declare",
        {},
        label=f"environment {environment.name}",
        log=logs / f"declare-{environment.name}.log",
        timeout=DECLARE_TIMEOUT,
        interpreter=Path(sys.executable),
        tree=environment.tree,
    )
    return {name: backend_of(values, environment.tree) for name, values in declared.items()}


def backend_of(declared: Mapping[str, Any], tree: Path) -> Backend:
    """Make a backend of what it declared in its own tree."""
    file = tree.joinpath(*declared["__name__"].split(".")).with_suffix(".py")
    variants = tuple(Variant(**variant) for variant in declared["VARIANTS"])
    return cast(Backend, SimpleNamespace(**{**declared, "VARIANTS": variants, "__file__": str(file)}))


def find_in_tree(
    contender: Contender, backends: Mapping[str, Backend], environment: Environment
) -> tuple[Contender, Backend]:
    """Give a contender and its backend as the tree of its environment declares them.

    Raises UnknownContender where that tree has no such backend or variant.
    """
    backend = backends.get(contender.backend)
    if backend is None:
        raise UnknownContender(
            f"the tree of {environment.name!r} has no backend {contender.backend!r}, only {', '.join(backends)}; "
            f"leave {contender.id} out, or add runoff/backends/{contender.backend}.py to that tree"
        )
    try:
        variant = find_variant(backend, contender.variant.name)
    except UnknownContender as error:
        names = ", ".join(Contender(contender.backend, other).id for other in backend.VARIANTS)
        raise UnknownContender(
            f"the tree of {environment.name!r} has no variant {contender.variant.name!r} of {contender.backend!r}, "
            f"only {names}; leave {contender.id} out, or add the variant to that tree"
        ) from error
    return dataclasses.replace(contender, variant=variant), backend


def tree_version(tree: Path) -> str | None:
    """Give the short commit of a checkout, with ``-dirty`` where files differ from it, None where git knows of none."""
    git = shutil.which("git")
    if git is None:
        return None

    def ask(*words: str) -> str | None:
        done = subprocess.run([git, "-C", str(tree), *words], capture_output=True, text=True, check=False)
        return done.stdout.strip() if done.returncode == 0 else None

    top = ask("rev-parse", "--show-toplevel")
    if top is None or Path(top) != tree.resolve():  # a folder inside some other project's checkout
        return None
    return ask("describe", "--always", "--dirty", "--exclude=*")
