"""What it costs to deploy each contender, in words."""

from __future__ import annotations

from runoff.report.blocks import Section
from runoff.stored.details import Footprint
from runoff.stored.run import StoredRun
from runoff.text import numbers
from runoff.text.table import make_table, plain_notes

LARGEST = 3
COUNTED = (
    "Shared is what another backend of this run needs too in the same environment, numpy among it. Counted are the "
    "files that a package recorded when it was installed; Python itself and what only converting needs are not."
)
CONSISTS_OF = "largest of its own"


def footprint_section(run: StoredRun) -> Section | None:
    """Say what contenders take on disk, None where it was not asked."""
    if not run.footprint:
        return None
    caption = "Megabytes on disk: packages that the framework needs at run time, and the artifact"
    smallest_first = sorted(run.footprint, key=lambda footprint: (footprint.total, footprint.contender))
    notes = [COUNTED]
    if unknown := sorted({name for footprint in run.footprint for name in footprint.unknown}):
        notes.append(f"Without a record of their files, and not counted: {', '.join(unknown)}.")
    table = make_table(caption, list(map(cells, smallest_first)), (CONSISTS_OF,))
    return Section("footprint", "What it costs to deploy", table, plain_notes(notes))


def cells(footprint: Footprint) -> dict[str, str]:
    """Write a contender's line."""
    own = [package for package in footprint.packages if not package.is_shared][:LARGEST]
    return {
        "contender": footprint.contender,
        "MB": f"{'≥ ' if footprint.unknown else ''}{numbers.megabytes(footprint.total)}",
        "packages": str(len(footprint.packages)),
        "own\nMB": numbers.megabytes(footprint.own),
        "shared\nMB": numbers.megabytes(footprint.shared),
        "artifact\nMB": numbers.megabytes(footprint.artifact),
        CONSISTS_OF: ", ".join(f"{package.name} {numbers.megabytes(package.size)}" for package in own)
        or numbers.NOTHING,
    }
