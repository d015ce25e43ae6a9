"""Another Python than the one that runs the tests, with another numpy: what environments are tried with."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

OTHER_NUMPY = "numpy>=2" if np.__version__.startswith("1.") else "numpy<2"
RELEASES = ("3.13", "3.12", "3.14", "3.10", "3.11") if OTHER_NUMPY == "numpy>=2" else ("3.10", "3.11", "3.12")
PATIENCE = 600.0


class NoOtherPython(Exception):
    """There is no other Python here, or its packages can't be installed."""


def candidates() -> Iterator[tuple[str, Path]]:
    """Give the releases and paths where another Python may be: on the PATH, and in pyenv's folder behind its shims."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for release in RELEASES:
        if found := shutil.which(f"python{release}"):
            yield release, Path(found)
        yield from ((release, path) for path in sorted(pyenv.glob(f"{release}.*/bin/python")))


def other_python() -> Path:
    """Find a Python of another release than this one that really starts: pyenv's shims exist for those that don't.

    Raises NoOtherPython.
    """
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    question = [*("-c", "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])")]
    for release, path in candidates():
        done = subprocess.run([path, *question], capture_output=True, text=True, check=False)
        if done.returncode == 0 and done.stdout.strip() == release != here:
            return path
    raise NoOtherPython(f"no other Python than {here} starts here; looked for {', '.join(RELEASES)}")


def install(interpreter: Path, *packages: str) -> None:
    """Install packages with pip.

    Raises NoOtherPython with pip's last word.
    """
    command = [interpreter, "-m", "pip", "install", "--quiet", *packages]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise NoOtherPython(f"pip can't install {' '.join(packages)} for {interpreter}: {last}")


def make_other_python(folder: Path) -> Path:
    """Make a virtual environment of another Python with another major release of numpy; give its interpreter.

    Raises NoOtherPython.
    """
    subprocess.run([other_python(), "-m", "venv", folder], check=True, capture_output=True)
    interpreter = folder / "bin" / "python"
    install(interpreter, OTHER_NUMPY)
    return interpreter
