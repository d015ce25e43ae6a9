"""Runs of ``pytest`` in a folder, each in a child of this process, which has imported what all of them import.

Every line of the input is a run: its arguments, variables and the files that its output goes to. Its answer is the exit
code. A run is what ``python -m pytest`` is, but for the interpreter's start and the imports, which it does not pay.
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import re
import sys
import threading
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from pluggy import PluginManager

PRELOADED = (
    "PIL.Image",
    "cpuinfo",
    "jinja2",
    "memory_profiler",
    "msgspec",
    "numpy",
    "packaging.requirements",
    "psutil",
    "pytest",
    "rich.console",
    "rich.progress",
    "rich.table",
    "scipy.special",
)
"""What a run imports of other packages, without pytest's plugins, which it rewrites as it imports them."""
OWN = re.compile(r"^from (runoff[\w.]*) import", re.MULTILINE)
"""What the suite's plugins import of Runoff; backends, which tests add and change, are found anew by each run."""


def perform(run: dict[str, Any]) -> int:
    """Be a run of pytest, and return its exit code."""
    os.environ.clear()
    os.environ.update(run["variables"])
    for number, path in ((0, os.devnull), (1, run["stdout"]), (2, run["stderr"])):
        opened = os.open(path, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(opened, number)
        os.close(opened)
    import pytest

    return int(pytest.main(run["arguments"]))


def read_plugins_once() -> None:
    """Let runs look for a plugin in installed packages only where one offers it by that name.

    For each plugin that a conftest or ``-p`` names, pytest reads the entry points of all that is installed.
    """
    offered = entry_points(group="pytest11").names
    load = PluginManager.load_setuptools_entrypoints

    def load_offered(manager: PluginManager, group: str, name: str | None = None) -> int:
        return load(manager, group, name) if name is None or name in offered else 0

    PluginManager.load_setuptools_entrypoints = load_offered  # type: ignore[method-assign]  # for the runs to come


def fork(run: dict[str, Any]) -> int:
    """Perform a run in a child and wait for its exit code."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 1
    try:
        code = perform(run)
    except SystemExit as ended:
        code = int(ended.code or 0)
    finally:
        threading._shutdown()  # what the interpreter does at its end
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    """Answer every line with the exit code of its run."""
    sys.path[0] = str(Path.cwd())  # as ``python -m pytest`` has it
    for module in PRELOADED:
        importlib.import_module(module)
    read_plugins_once()
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        for file in Path("fixtures").glob("*.py"):
            for module in OWN.findall(file.read_text()):
                importlib.import_module(module)
        answers.write(f"{json.dumps(fork(json.loads(line)))}\n")
        answers.flush()


if __name__ == "__main__":
    main()
