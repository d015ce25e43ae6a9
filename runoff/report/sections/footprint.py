"""What it costs to deploy each contender, in words."""

from __future__ import annotations

from runoff.report.blocks import Section
from runoff.stored.details import Footprint
from runoff.stored.run import StoredRun
from runoff.text import numbers
from runoff.text.table import Table, make_columns, plain_notes

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
    return Section(
        name="footprint",
        title="What it costs to deploy",
        table=Table(
            caption="Megabytes on disk: packages that the framework needs at run time, and the artifact",
            columns=make_columns(
                ("contender", "MB", "packages", "own\nMB", "shared\nMB", "artifact\nMB", CONSISTS_OF), (CONSISTS_OF,)
            ),
            rows=tuple(row(one) for one in sorted(run.footprint, key=lambda one: (one.total, one.contender))),
        ),
        notes=plain_notes((COUNTED, *unknown_sizes(run.footprint))),
    )


def row(one: Footprint) -> tuple[str, ...]:
    """Write a contender's line."""
    own = [package for package in one.packages if not package.is_shared][:LARGEST]
    return (
        one.contender,
        f"{'≥ ' if one.unknown else ''}{numbers.megabytes(one.total)}",
        str(len(one.packages)),
        numbers.megabytes(one.own),
        numbers.megabytes(one.shared),
        numbers.megabytes(one.artifact),
        ", ".join(f"{package.name} {numbers.megabytes(package.size)}" for package in own) or numbers.NOTHING,
    )


def unknown_sizes(deployed: tuple[Footprint, ...]) -> tuple[str, ...]:
    """Name the packages whose size is not known, in one sentence, where there are any."""
    names = sorted({name for one in deployed for name in one.unknown})
    return (f"Without a record of their files, and not counted: {', '.join(names)}.",) if names else ()
