"""A stored run as the reports see it: read, checked, and turned into one row a contender."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from runoff.judge.ratios import INVALID, MARGIN, Ratio, control_is_valid
from runoff.stored.conversions import Conversions, is_conversion, read_converted
from runoff.stored.efficiency import Efficiency, read_efficient
from runoff.stored.fields import Field, StoredRunBroken
from runoff.stored.footprint import Footprint, read_deployed
from runoff.stored.quantisation import Quantisation, read_quantised
from runoff.stored.rows import Measure, Row, read_measure, read_ratio, read_row
from runoff.stored.schema import SCHEMA
from runoff.stored.service import Service, read_service
from runoff.stored.strata import read_stratum
from runoff.stored.stratum import Stratum
from runoff.stored.version_steps import VersionStep, read_stepped


@dataclass(frozen=True)
class Control:
    """The ratio of a second reference to the first, which should be 1."""

    contender: str
    ratio: Ratio


@dataclass(frozen=True)
class Checkpoint:
    """The trained model that every contender ran, by name and hash."""

    name: str
    architecture: str
    sha256: str


@dataclass(frozen=True)
class StoredRun:
    """A run: what it was, on which machine, and its rows in order of their medians, those without one last.

    ``measures`` holds every metric by group and contender, ``others`` the names of benchmarks that are not Runoff's,
    ``limits`` what a contender is chosen under, as ``--choose`` has it, ``repeat`` the command that made it but for
    contenders and limits, ``source`` the JSON that it was read from.
    """

    moment: datetime
    commit: str
    system: str
    seed: int
    launches: int
    rounds: int
    margin: float
    stratum: Stratum
    checkpoint: Checkpoint
    images: int
    control: Control | None
    warnings: Sequence[str]
    rows: Sequence[Row]
    measures: Mapping[tuple[str, str], Measure]
    service: Service
    others: Sequence[str]
    limits: str
    repeat: Sequence[str]
    quantisation: tuple[Quantisation, ...]
    footprint: tuple[Footprint, ...]
    efficiency: tuple[Efficiency, ...]
    conversions: tuple[Conversions, ...]
    version_steps: tuple[VersionStep, ...]
    source: Field = field(repr=False, compare=False)

    @property
    def raced(self) -> bool:
        """Whether there is a race to show: it has none where only service questions or conversions were asked for."""
        figures = ((row.median, row.cold_start, row.peak) for row in self.rows)
        alone = self.service.questions or self.only_converted
        return not alone or any(value is not None for values in figures for value in values)

    @property
    def only_converted(self) -> bool:
        """Whether conversions are all that the run asked for."""
        return bool(self.conversions) and not self.rows and not self.service.questions

    @property
    def timed(self) -> tuple[Row, ...]:
        """The rows that an inference was timed of."""
        return tuple(row for row in self.rows if row.median is not None)

    @property
    def is_valid(self) -> bool:
        """Whether the control lets the run be believed."""
        if self.control and not control_is_valid(self.control.ratio, self.margin):
            return False
        return all(row.verdict != INVALID for row in self.rows)


def read_run(path: Path) -> StoredRun:
    """Read a run from a file.

    Raises StoredRunBroken with the file and the field.
    """
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StoredRunBroken(f"{path} can't be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise StoredRunBroken(f"{path} is not JSON ({error}); give a file that pytest-benchmark stored") from error
    try:
        return parse_run(stored)
    except StoredRunBroken as error:
        raise StoredRunBroken(f"{path}: {error}") from error


def parse_run(stored: Any) -> StoredRun:
    """Read a run from its JSON values.

    Raises StoredRunBroken with the field.
    """
    machine = Field("", stored).get("machine_info")
    about = machine.get("runoff") if machine else None
    if machine is None or about is None:
        raise StoredRunBroken("there is no field machine_info.runoff; expected a run that Runoff stored")
    schema = about["schema"].value
    if schema != SCHEMA:
        raise StoredRunBroken(
            f"machine_info.runoff.schema is {schema!r}, this Runoff reads {SCHEMA}; use the Runoff that wrote it"
        )
    root = Field("", stored)
    groups = read_groups(root["benchmarks"])
    rows = [read_row(name, came_of, groups) for name, came_of in about["contenders"].parts().items()]
    rows.sort(key=lambda row: (row.median is None, row.median or 0.0))
    stratum, checkpoint = read_stratum(about), about["checkpoint"]
    return StoredRun(
        moment=read_moment(root["datetime"]),
        commit=read_commit(root),
        system=" ".join(
            part for name in ("system", "release", "machine") if (part := machine.optional(name, Field.text))
        ),
        seed=about["seed"].whole(),
        launches=about["launches"].whole(),
        rounds=about["rounds"].whole(),
        margin=about.optional("margin", Field.amount) or MARGIN,
        stratum=stratum,
        checkpoint=Checkpoint(*(checkpoint[name].text() for name in ("name", "architecture", "sha256"))),
        images=about["images"]["count"].whole(),
        control=about.optional("control", lambda control: read_control(control, about["launches"].whole())),
        warnings=tuple(warning.text() for warning in about["warnings"].items()),
        rows=tuple(rows),
        measures={
            (group, name): read_measure(found) for group, names in groups.items() for name, found in names.items()
        },
        service=read_service(about, groups),
        others=tuple(
            sorted(
                one["fullname"].text()
                for one in root["benchmarks"].items()
                if not is_ours(one) and not is_conversion(one)
            )
        ),
        limits=about.optional("limits", Field.text) or "",
        repeat=tuple(word.text() for word in about["repeat"].items()),
        quantisation=read_quantised(groups.get("quantisation", {})),
        footprint=read_deployed(groups.get("footprint", {})),
        efficiency=read_efficient(groups.get("efficiency", {})),
        conversions=read_converted(root["benchmarks"]),
        version_steps=about.optional("version_steps", read_stepped) or (),
        source=root,
    )


def is_ours(benchmark: Field) -> bool:
    """Tell whether a benchmark is a metric of a contender; others are somebody else's."""
    return bool(benchmark.get("group")) and bool(benchmark["extra_info"].get("contender"))


def read_groups(benchmarks: Field) -> dict[str, dict[str, Field]]:
    """Give the benchmarks by group and contender; those that are not of a contender are somebody else's."""
    groups: dict[str, dict[str, Field]] = {}
    for benchmark in benchmarks.items():
        if is_ours(benchmark):
            group, contender = benchmark["group"].text(), benchmark["extra_info"]["contender"].text()
            groups.setdefault(group, {})[contender] = benchmark
    return groups


def read_control(control: Field, launches: int) -> Control:
    """Read the control's ratio; ``launches`` is how many the run had, should the control not say its own."""
    return Control(
        control["contender"].text(), read_ratio(control, control.optional("launches", Field.whole) or launches)
    )


def read_moment(moment: Field) -> datetime:
    """Read when the run was stored."""
    try:
        return datetime.fromisoformat(moment.text())
    except ValueError as error:
        raise StoredRunBroken(f"the field {moment.path} is {moment.value!r}, expected a date and time") from error


def read_commit(root: Field) -> str:
    """Name the commit that was measured, empty where there was none."""
    commit = root.get("commit_info")
    name = commit.optional("id", Field.text) if commit else None
    if commit is None or name in (None, "unknown"):
        return ""
    return f"{name} with changes" if commit.optional("dirty", lambda dirty: dirty.value) else str(name)
