"""What git says of a folder, whatever hooks and wrappers have set for another repository."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCAL = (
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX"),
    *("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_GRAFT_FILE", "GIT_SHALLOW_FILE"),
    *("GIT_NAMESPACE", "GIT_CEILING_DIRECTORIES", "GIT_REPLACE_REF_BASE", "GIT_NO_REPLACE_OBJECTS"),
    *("GIT_INTERNAL_SUPER_PREFIX", "GIT_REFLOG_ACTION", "GIT_QUARANTINE_PATH", "GIT_EXTERNAL_DIFF", "GIT_DEFAULT_HASH"),
)
"""The variables that name a repository or its parts (``git rev-parse --local-env-vars``), which git sets for hooks.

Those of its configuration stay: a container may say so which folders are safe.
"""


def git(folder: Path, *words: str) -> str | None:
    """Return what git prints in a folder, None where it fails, is not there, or the folder is no checkout's own.

    A folder inside some other project's checkout is none: its commit says nothing about what lies in the folder.
    """
    program = shutil.which("git")
    if program is None or not (folder / ".git").exists():
        return None
    kept = {name: value for name, value in os.environ.items() if name not in LOCAL}
    done = subprocess.run([program, "-C", str(folder), *words], capture_output=True, text=True, check=False, env=kept)
    return done.stdout.strip() if done.returncode == 0 else None


@contextmanager
def at_home(folder: Path) -> Iterator[None]:
    """Be in a folder, without these variables, while the block lasts: for others' code that asks git by itself."""
    before, taken = Path.cwd(), {name: os.environ.pop(name) for name in LOCAL if name in os.environ}
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
        os.environ.update(taken)
