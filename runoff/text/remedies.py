"""What errors say is to be done."""

from __future__ import annotations

import sys
from pathlib import Path

TREE = Path(__file__).parents[2].resolve()


def command_to_install(extra: str) -> str:
    """Return the command that installs Runoff with an extra for this interpreter.

    Where Runoff is not installed, only its checkout is there, and pip is given that.
    """
    from importlib import metadata  # here: only who lacks something waits for it

    try:
        metadata.distribution("runoff")
    except metadata.PackageNotFoundError:
        return f"{sys.executable} -m pip install -e '{TREE}[{extra}]'"
    return f"{sys.executable} -m pip install 'runoff[{extra}]'"
