"""``python -m runoff clean``: what the caches take, and what goes."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from runoff.errors import UsageError
from runoff.files.names import shown
from runoff.processes.clearing import CACHES, LOGS, Kept, over_limit, read_kept, remove_all, unused
from runoff.processes.workplace import usable_home
from runoff.quantities import Commands, size
from runoff.text.output import show

DAY = 24 * 3600.0
MEGABYTE = 1e6


def add_clean(commands: Commands) -> None:
    """Declare the command."""
    clean = commands.add_parser(
        "clean",
        help="show the size of the caches, and remove them with --remove",
        description="List the caches with their sizes, the longest unused first; --remove removes them. "
        "Launches that were measured, saved runs and results are never touched.",
    )
    clean.add_argument("--remove", action="store_true", help="remove the caches (default: only list them)")
    clean.add_argument(
        "--keep",
        type=size,
        default=0,
        metavar="SIZE",
        help="keep this much of the most recently used: 5GB (default: nothing)",
    )
    clean.add_argument(
        "--home", type=Path, metavar="DIR", help="the folder of caches (default: that of a race in this folder)"
    )
    clean.set_defaults(do=clean_up)


def clean_up(options: argparse.Namespace) -> None:
    """Show what would go, or remove it.

    Raises UsageError for a file, AnotherRun where a run or a page uses the caches that are to be removed, and
    WorkplaceUnusable.
    """
    home: Path = options.home or usable_home()
    if home.is_file():
        raise UsageError(f"--home: expected the folder of caches, found a file: {shown(home)}")
    if not home.is_dir():
        show(f"There is nothing to remove: {shown(home)} is no folder.\n")
        return
    if not options.remove:
        gone = over_limit(read_kept(home, (*CACHES, *LOGS)), options.keep)
        show(listed(gone, home) + (f"It takes {megabytes(gone)}; --remove removes it.\n" if gone else ""))
        return
    with unused(home):
        gone = over_limit(read_kept(home, (*CACHES, *LOGS)), options.keep)
        freed = remove_all(gone)
    show(listed(gone, home) + f"{freed / MEGABYTE:,.0f} MB were removed.\n")


def listed(kept: Sequence[Kept], home: Path) -> str:
    """Return a line for each thing: megabytes, days since it was used, and its path."""
    if not kept:
        return f"There is nothing to remove in {shown(home)}.\n"
    now = time.time()
    rows = [f"{each.size / MEGABYTE:10,.1f} {(now - each.used) / DAY:6.1f}  {shown(each.path)}" for each in kept]
    return "\n".join([f"{'MB':>10} {'days':>6}  unused", *rows, ""])


def megabytes(kept: Sequence[Kept]) -> str:
    """Return how much things take together."""
    return f"{sum(each.size for each in kept) / MEGABYTE:,.0f} MB"
