"""Commands in separate processes, on stored runs that are made for them."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.builders.stored_runs import make_comparable_run, spread
from tests.conftest import ROOT

Done = subprocess.CompletedProcess


def runoff(*arguments: str | Path, **options: Any) -> Done[str]:
    """Run ``python -m runoff``, with what it prints as text unless it goes elsewhere."""
    command = [sys.executable, "-m", "runoff", *map(str, arguments)]
    usual = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "encoding": "utf-8", "cwd": ROOT}
    return subprocess.run(command, check=False, **usual | options)


def shell(script: str, *arguments: str | Path, **options: Any) -> Done[str]:
    """Run a script of bash in which ``runoff`` is the command, and the arguments are ``$1`` and on."""
    command = f'runoff() {{ "{sys.executable}" -m runoff "$@"; }}\n{script}'
    usual = {"capture_output": True, "encoding": "utf-8", "cwd": ROOT}
    return subprocess.run(["/bin/bash", "-c", command, "bash", *map(str, arguments)], check=False, **usual | options)


def store(path: Path, times: float = 1.0) -> Path:
    """Store a run of one contender that takes so many times as long as usual."""
    path.write_text(json.dumps(make_comparable_run({("inference", "onnxruntime"): spread(math.log(0.7 * times))})))
    return path


def environment(**variables: str | None) -> dict[str, str]:
    """Return this process's environment with variables of other values, or without those that are None."""
    changed = os.environ | {name: value for name, value in variables.items() if value is not None}
    return {name: value for name, value in changed.items() if variables.get(name, value) is not None}
