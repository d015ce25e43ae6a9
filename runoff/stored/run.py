"""A stored run as the reports see it: read, checked, and turned into one row a contender."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from runoff.files.names import shown
from runoff.judge.ratios import INVALID, control_is_valid
from runoff.stored.accuracy import Accuracy
from runoff.stored.benchmarks import ACCURACY, CONVERSION, QUANTISATION, AnyBenchmark, Benchmark
from runoff.stored.details import Conversions, Efficiency, Footprint, Quantisation
from runoff.stored.info import Commit, MachineInfo, RunFile, RunInfo
from runoff.stored.json_file import read_json
from runoff.stored.model import StoredModel
from runoff.stored.rounds import with_three_ratios
from runoff.stored.rows import Measure, Row, make_measure, make_row
from runoff.stored.schema import StoredRunBroken, read_record
from runoff.stored.service import ANSWERS, Service
from runoff.stored.stratum import Stratum
from runoff.stored.upgrade import upgraded

UNKNOWN_COMMITS = ("", "unknown", "unversioned")
DETAILS: Mapping[str, type[Any]] = {
    QUANTISATION: Quantisation,
    "footprint": Footprint,
    "efficiency": Efficiency,
    ACCURACY: Accuracy,
    **ANSWERS,
}
"""What the benchmarks of a group have in ``extra_info`` beside what all have."""


@dataclass(frozen=True)
class StoredRun:
    """A run: what it was, on which machine, and its rows in order of their medians, those without one last.

    ``info`` is what it says of itself, ``measures`` holds every metric by group and contender, ``others`` the names of
    benchmarks that are not Runoff's, ``limits`` what a contender is chosen under, as ``--choose`` has it, ``source``
    the JSON that it was read from.
    """

    moment: datetime
    commit: Commit | None
    machine: MachineInfo
    info: RunInfo
    stratum: Stratum
    rows: Sequence[Row]
    measures: Mapping[tuple[str, str], Measure]
    service: Service
    others: Sequence[str]
    limits: str
    quantisation: tuple[Quantisation, ...]
    footprint: tuple[Footprint, ...]
    efficiency: tuple[Efficiency, ...]
    conversions: tuple[Conversions, ...]
    accuracy: tuple[Accuracy, ...]
    source: Any = field(repr=False, compare=False)

    @property
    def system(self) -> str:
        """The operating system."""
        return " ".join(filter(None, (self.machine.system, self.machine.release, self.machine.machine)))

    @property
    def model(self) -> StoredModel | None:
        """The model that was raced, None in a run that prepared none."""
        return self.stratum.model

    @property
    def images(self) -> int:
        """How many pictures agreement was found on."""
        return self.stratum.images.count if self.stratum.images else 0

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
        if self.info.control and not control_is_valid(self.info.control, self.info.margin):
            return False
        return all(row.verdict != INVALID for row in self.rows)


def read_run(path: Path) -> StoredRun:
    """Read a run from a file.

    Raises StoredRunBroken with the file and the field.
    """
    try:
        return parse_run(read_json(path))
    except StoredRunBroken as error:
        raise StoredRunBroken(f"{shown(path)}: {error.what}", error.remedy) from error


def parse_run(stored: Any) -> StoredRun:
    """Read a run from its JSON values, those of an older schema too.

    Raises StoredRunBroken with the field.
    """
    machine = upgraded(stored.get("machine_info") if isinstance(stored, dict) else None)
    file = read_record({**stored, "machine_info": machine}, RunFile)
    info, commit = file.machine_info.runoff, file.commit_info
    benchmarks: defaultdict[str, dict[str, Benchmark]] = defaultdict(dict)
    details: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    conversions, others = [], []
    for place, benchmark in enumerate(file.benchmarks):
        path = f"benchmarks[{place}]"
        if benchmark.group and benchmark.extra_info.get("contender"):
            read, detail = read_benchmark(benchmark, path)
            benchmarks[read.group][read.extra_info.contender] = read
            details[read.group][read.extra_info.contender] = detail
        elif benchmark.group == CONVERSION and benchmark.extra_info.get("cells") is not None:
            conversions.append(read_record(benchmark.extra_info, Conversions, f"{path}.extra_info"))
        else:
            others.append(benchmark.fullname)
    for group, by_name in benchmarks.items():
        benchmarks[group] = with_three_ratios(by_name, info.stratum.reference)
    rows = [make_row(name, came_of, benchmarks, details) for name, came_of in info.contenders.items()]
    return StoredRun(
        moment=file.datetime if file.datetime.tzinfo else file.datetime.replace(tzinfo=timezone.utc),
        commit=None if commit is None or commit.identifier in UNKNOWN_COMMITS else commit,
        machine=file.machine_info,
        info=info,
        stratum=info.comparable,
        rows=tuple(sorted(rows, key=lambda row: (row.median is None, row.median or 0.0))),
        measures={
            (group, name): make_measure(benchmark)
            for group, by_name in benchmarks.items()
            for name, benchmark in by_name.items()
        },
        service=Service(info.service, **{group.replace("-", "_"): details[group] for group in ANSWERS}),
        others=tuple(sorted(others)),
        limits=info.limits,
        quantisation=tuple(details[QUANTISATION].values()),
        footprint=tuple(details["footprint"].values()),
        efficiency=tuple(details["efficiency"].values()),
        conversions=tuple(conversions),
        accuracy=tuple(details[ACCURACY].values()),
        source=stored,
    )


def read_benchmark(benchmark: AnyBenchmark, path: str) -> tuple[Benchmark, Any]:
    """Read a benchmark of a contender, and what its group alone has beside that; None where it has nothing."""
    values = {"group": benchmark.group, "extra_info": benchmark.extra_info, "stats": benchmark.stats}
    read = read_record(values, Benchmark, path)
    kind = DETAILS.get(read.group)
    return read, read_record(benchmark.extra_info, kind, f"{path}.extra_info") if kind else None
