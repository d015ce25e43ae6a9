"""What reduced precision costs and buys, as a stored run has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runoff.judge.ratios import Ratio
from runoff.stored.fields import Field
from runoff.stored.rows import read_ratio


@dataclass(frozen=True)
class Quantisation:
    """A contender of reduced precision: shares of pictures, errors in logits, and its ratio to ``against``."""

    contender: str
    precision: str
    images: int
    decided: int
    decided_agreement: float
    all_agreement: float
    floor: float
    lead: float
    rms_difference: float
    largest_difference: float
    against: str | None
    bought: Ratio | None


def read_quantised(benchmarks: Mapping[str, Field]) -> tuple[Quantisation, ...]:
    """Read the benchmarks of the group, by contender."""
    return tuple(read_one(name, benchmark["extra_info"]) for name, benchmark in benchmarks.items())


def read_one(contender: str, about: Field) -> Quantisation:
    """Read one contender's."""
    bought = about.get("bought")
    return Quantisation(
        contender=contender,
        precision=about["precision"].text(),
        images=about["images"].whole(),
        decided=about["decided"].whole(),
        decided_agreement=about["decided_agreement"].number(),
        all_agreement=about["all_agreement"].number(),
        floor=about["floor"].number(),
        lead=about["lead"].number(),
        rms_difference=about["rms_difference"].number(),
        largest_difference=about["largest_difference"].number(),
        against=bought["contender"].text() if bought else None,
        bought=read_ratio(bought, bought["launches"].whole()) if bought else None,
    )
