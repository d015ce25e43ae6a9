"""What a process starts in: an interpreter, a tree, environment variables, CPUs."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from runoff.processes.variables import undisturbed

ROOT = Path(__file__).parents[2].resolve()
"""The tree that this very module is of; a link to the package alone is one too, whatever lies beside the package."""


@dataclass(frozen=True)
class Surroundings:
    """What a process starts in: an interpreter, the tree whose code it runs, and environment variables beside ours.

    One of ``high_priority`` is put before other processes where the system permits that. One that is given ``cpus``
    is kept on these, with every thread that it starts. It can import what lies in ``home``, a folder of the user's,
    where there is one.
    """

    interpreter: Path = Path(sys.executable)
    tree: Path = ROOT
    variables: Mapping[str, str] = field(default_factory=dict)
    high_priority: bool = False
    cpus: tuple[int, ...] = ()
    home: Path | None = None


USUAL = Surroundings()


def process_variables(surroundings: Surroundings = USUAL) -> dict[str, str]:
    """Return the environment variables of a process: ours, less what would make it unlike a user's own.

    Programs that are installed beside the interpreter are found first, as in an environment that a user has activated:
    onnx2tf runs onnxsim, and continues without a word where there is none. So another interpreter than ours is not told
    where ours has its library.
    """
    kept, own = undisturbed(os.environ), dict(surroundings.variables)
    if surroundings.interpreter != USUAL.interpreter:
        kept.pop("PYTHONHOME", None)
    path = os.pathsep.join([str(surroundings.interpreter.parent), kept.get("PATH", os.defpath)])
    no_gpu = {"CUDA_VISIBLE_DEVICES": ""}
    return kept | no_gpu | {"PATH": path} | own | {"PYTHONPATH": module_path(surroundings, kept, own)}


def module_path(surroundings: Surroundings, kept: Mapping[str, str], own: Mapping[str, str]) -> str:
    """Return PYTHONPATH for a process: the tree comes first, and what was there before stays behind it.

    In between are a backend's own folders and the user's, in which a model's factory may lie. Folders are named from
    our own, since another tree's process has another current one.
    """
    inherited = [os.path.abspath(folder) for folder in kept.get("PYTHONPATH", "").split(os.pathsep) if folder]  # noqa: PTH100 - Path.absolute keeps '..'
    folders = [surroundings.tree, own.get("PYTHONPATH"), surroundings.home, *inherited]
    return os.pathsep.join(map(str, filter(None, folders)))
