"""What came of the mutants: read from mutmut, and held against the survivors that docs/mutants.md explains."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

LEAST_DEAD = 0.9
SURVIVED, TIMED_OUT, NOT_COVERED, NOT_RUN = "survived", "timeout", "no tests", "not checked"
HEADINGS = ("folder", "mutants", "killed", "survived", "timed out", "not covered", "equivalent", "dead of the others")
NOTHING = "–"


@dataclass(frozen=True)
class Change:
    """A mutant: its function as ``folder.module.function``, the text that it changes, and what that becomes."""

    function: str
    before: str
    after: str


@dataclass(frozen=True)
class Explained:
    """A row of docs/mutants.md: a change, or a part of one in any function that the pattern names, and why it lives."""

    change: Change
    why: str

    @property
    def is_equivalent(self) -> bool:
        """Whether the mutant does what the original does, so that no test can tell them apart."""
        return self.why.startswith("equivalent")

    def explains(self, change: Change) -> bool:
        """Whether it is about this mutant: its text, replaced in the one, gives the other."""
        replaced = (
            change.before.replace(self.change.before, self.change.after) if self.change.before else self.change.after
        )
        return fnmatchcase(change.function, self.change.function) and replaced == change.after


@dataclass(frozen=True)
class Outcome:
    """What came of a folder's mutants: how many of each status, and which survivors nothing explains."""

    folder: str
    statuses: Counter[str]
    equivalent: int

    @property
    def dead_share(self) -> float:
        """The share of the mutants that died, of those that are not equivalent."""
        alive = self.statuses[SURVIVED] + self.statuses[NOT_COVERED] - self.equivalent
        others = self.statuses.total() - self.equivalent
        return 1 - alive / others if others else 1.0

    @property
    def cells(self) -> tuple[str, ...]:
        """What the table says of it."""
        named = [self.statuses[status] for status in (SURVIVED, TIMED_OUT, NOT_COVERED)]
        total = self.statuses.total()
        return (self.folder, *map(str, (total, total - sum(named), *named, self.equivalent)), f"{self.dead_share:.1%}")


def read_statuses(printed: str) -> dict[str, str]:
    """Read what ``mutmut results --all true`` prints: each mutant that was run, with what came of it."""
    found = re.findall(r"^ +(\S+): (.+)$", printed, flags=re.MULTILINE)
    return {name: status for name, status in found if status != NOT_RUN}


def read_change(mutant: str, printed: str) -> Change:
    """Read what ``mutmut show`` prints of a mutant: the lines that differ, without their indentation."""
    before, after = (
        " ".join(line[1:].strip() for line in printed.splitlines() if re.match(rf"{sign}(?!{sign})", line))
        for sign in (r"-", r"\+")
    )
    return Change(function_of(mutant), before, after)


def function_of(mutant: str) -> str:
    """Return ``record.race.Judged.control`` of ``runoff.record.race.xǁJudgedǁcontrol__mutmut_1``."""
    module, _, name = mutant.partition("__mutmut_")[0].rpartition(".")
    return f"{module.removeprefix('runoff.')}.{name.removeprefix('x_').removeprefix('xǁ').replace('ǁ', '.')}"


def read_explained(page: str) -> list[Explained]:
    """Read the rows of docs/mutants.md that are about a function, a text and what becomes of it."""
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in page.splitlines() if line.startswith("| `")]
    cells = [[cell.strip().replace(r"\|", "|") for cell in row] for row in rows if len(row) == 4]
    return [
        Explained(Change(*(cell.strip("`") if cell != NOTHING else "" for cell in row[:3])), row[3]) for row in cells
    ]


def table(outcomes: Iterable[Outcome]) -> str:
    """Draw the outcomes, one folder a row."""
    rows: Sequence[Sequence[str]] = [HEADINGS, *(outcome.cells for outcome in outcomes)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
