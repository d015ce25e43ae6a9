"""What came of the conversions that were tried, as a stored run has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runoff.judge.conversions import Attempt, Cell
from runoff.stored.fields import Field

GROUP = "conversion"


@dataclass(frozen=True)
class Conversions:
    """A converter of files that one exporter wrote, in an environment, and its cells."""

    converter: str
    backend: str
    exporter: str
    environment: str
    versions: dict[str, str]
    cells: Sequence[Cell]


def is_conversion(benchmark: Field) -> bool:
    """Tell whether a benchmark is of the group ``conversion`` and ours."""
    group = benchmark.get("group")
    return group is not None and group.value == GROUP and benchmark["extra_info"].get("cells") is not None


def read_converted(benchmarks: Field) -> tuple[Conversions, ...]:
    """Read the benchmarks of the group ``conversion``."""
    return tuple(read_one(benchmark["extra_info"]) for benchmark in benchmarks.items() if is_conversion(benchmark))


def read_one(about: Field) -> Conversions:
    """Read one converter's."""
    return Conversions(
        converter=about["converter"].text(),
        backend=about["backend"].text(),
        exporter=about["exporter"].text(),
        environment=about["environment"].text(),
        versions={name: version.text() for name, version in about["versions"].parts().items()},
        cells=tuple(read_cell(cell) for cell in about["cells"].items()),
    )


def read_cell(cell: Field) -> Cell:
    """Read one cell."""
    return Cell(
        model=cell["model"].text(),
        exporter=cell["exporter"].text(),
        opset=cell["opset"].whole(),
        backend=cell["backend"].text(),
        plain=read_attempt(cell["plain"]),
        repaired=cell.optional("repaired", read_attempt),
        repairs=tuple(name.text() for name in cell["repairs"].items()),
    )


def read_attempt(attempt: Field) -> Attempt:
    """Read what came of one attempt."""
    return Attempt(
        result=attempt["result"].text(),
        stage=attempt.optional("stage", Field.text),
        operator=attempt.optional("operator", Field.text),
        reason=attempt.optional("reason", Field.text),
        agreement=attempt.optional("agreement", Field.number),
        largest_difference=attempt.optional("largest_difference", Field.number),
        noise=attempt.optional("noise", Field.number),
        seconds=attempt.optional("seconds", Field.amount),
    )
