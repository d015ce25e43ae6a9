"""Where a run keeps what: caches, logs and journals that stay, and separate files that go with it."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from runoff.errors import WorkplaceUnusable
from runoff.processes.surroundings import ROOT

Used = TypeVar("Used")

HOME = "RUNOFF_HOME"
"""The variable that names the folder for caches, in place of the usual one."""
PACKED = ROOT / "runoff" / "suite"
"""Where a wheel has the suite; a checkout has it beside the package."""


def is_packed() -> bool:
    """Whether this Runoff was installed from a wheel, and is no checkout."""
    return PACKED.is_dir()


def homes(variables: Mapping[str, str] = os.environ, usual: Path | None = None) -> Iterator[Path]:
    """Yield the folders that caches may be in, the first that can be written being the one.

    They are the one that RUNOFF_HOME names, ``usual`` or else ``.runoff/`` in a checkout, the user's cache folder as
    the platform has it, and one for temporary files.
    """
    from platformdirs import user_cache_path  # here: what only reads or computes needs no package for it

    if variables.get(HOME):
        yield Path(variables[HOME]).absolute()
    if usual is not None:
        yield usual
    elif not is_packed():
        yield ROOT / ".runoff"
    with suppress(RuntimeError):  # there is neither HOME nor a user's entry that has one
        cache = user_cache_path("runoff")
        if cache.is_absolute():  # older releases of platformdirs give it from ~ then
            yield cache
    with suppress(FileNotFoundError):  # there is no folder for temporary files
        yield Path(tempfile.gettempdir()) / f"runoff-{os.geteuid()}"


def private_folder(home: Path) -> Path:
    """Make a folder where there is none, and return it; in a place such as /tmp only its user can look into it.

    Raises OSError where it can't be made, or is another user's in such a place, where everybody can make a folder of
    any name and change what is kept in it.
    """
    home.parent.mkdir(parents=True, exist_ok=True)
    shared = home.parent.stat().st_mode & stat.S_ISVTX
    home.mkdir(mode=0o700 if shared else 0o777, exist_ok=True)
    if shared and (owner := home.lstat().st_uid) != os.geteuid():
        raise PermissionError(errno.EPERM, f"it belongs to the user with number {owner}", str(home))
    return home


def use_first(use: Callable[[Path], Used], usual: Path | None = None) -> tuple[Used, list[str]]:
    """Return what ``use`` makes of the first of ``homes`` that can be had, and why those before it can't be.

    ``use`` raises OSError for a folder that it can't write in. Raises WorkplaceUnusable where none can be had.
    """
    reasons: list[str] = []
    for home in homes(usual=usual):
        try:
            return use(private_folder(home)), reasons
        except OSError as error:
            reasons.append(f"{home} ({error.strerror or error})")
    raise WorkplaceUnusable(
        f"no folder for caches can be written: {', '.join(reasons)}; free space, make one of them writable, or name "
        f"another one by {HOME}"
    )


def usable_home(usual: Path | None = None, doubts: list[str] | None = None) -> Path:
    """Return the folder that a race started here keeps its caches in, made where there is none.

    ``usual`` is tried in place of a race's own. Where another is taken, why so is added to ``doubts``. Raises
    WorkplaceUnusable.
    """

    def writable(home: Path) -> Path:
        if not os.access(home, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(home))
        return home.resolve()

    home, reasons = use_first(writable, usual)
    if reasons and doubts is not None:
        doubts.append(moved(home, reasons))
    return home


def moved(home: Path, reasons: Sequence[str]) -> str:
    """Say where caches are instead of the usual folder, and why."""
    return f"caches, logs and journals are in {home}, since they can't be kept in {' or '.join(reasons)}"


@dataclass(frozen=True)
class Workplace:
    """The folder that caches, logs and journals live in (``.runoff/``), and one run's own files in it."""

    home: Path
    working: Path

    @property
    def checkpoints(self) -> Path:
        """Expanded checkpoints."""
        return self.home / "checkpoints"

    @property
    def artifacts(self) -> Path:
        """Converted models."""
        return self.home / "artifacts"

    @property
    def logs(self) -> Path:
        """What the processes printed."""
        return self.home / "logs"

    @property
    def journals(self) -> Path:
        """Every launch of every run, written down as it was measured."""
        return self.home / "runs"
