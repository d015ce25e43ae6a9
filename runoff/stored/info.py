"""What a run says of itself in ``machine_info["runoff"]``, and what is read beside it of pytest-benchmark's JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct, field, structs

from runoff.judge.agreement import Agreement
from runoff.judge.golden_check import Check
from runoff.judge.ratios import Ratio
from runoff.judge.three_ratios import Ratios
from runoff.stored.accuracy import StoredAccuracy
from runoff.stored.benchmarks import AnyBenchmark
from runoff.stored.model import StoredModel
from runoff.stored.probe import StoredProbe
from runoff.stored.schema import SCHEMA, Amount, Count, Size, read_record
from runoff.stored.service import Question
from runoff.stored.stratum import Pictures, Stratum
from runoff.stored.upgrade import upgraded

RACED = "raced"
NO_COMMIT = "no known commit"
"""What stands in the place of a commit's name where the code is no checkout, or git is not there."""
DIGITS = 12


class Schedule(Struct, frozen=True):
    """What was asked for: launches, precision, seconds at most, the looks planned and the one that it stopped at."""

    launches: Count
    precision: Size | None
    max_seconds: Size | None
    looks: tuple[int, ...]
    stopped_at_look: int | None


class StoredArtifact(Struct, frozen=True, omit_defaults=True):
    """A contender's artifact: its bytes and their hash, and the repairs that the ONNX file needed first."""

    size: int = field(name="bytes")
    sha256: str
    repairs: tuple[str, ...] = ()


class StoredOrigin(Struct, frozen=True, omit_defaults=True):
    """Where a backend from elsewhere comes from: its file's name, its code's hash, and the distribution, if any."""

    file: str
    sha256: str
    distribution: str = ""
    version: str = ""


class StoredContender(Struct, frozen=True):
    """What came of a contender; ``stage`` and ``reason`` say where and why it did not race.

    ``origin`` is None for a backend of Runoff's own.
    """

    status: str
    stage: str | None
    reason: str | None
    description: str
    precision: str
    versions: dict[str, str]
    artifact: StoredArtifact | None
    agreement: Agreement | None
    quantisation: Agreement | None
    origin: StoredOrigin | None = None


class VersionStep(Struct, frozen=True):
    """A contender's ratio to the same one with the next older version of its framework, in the same rounds."""

    contender: str
    distribution: str
    version: str
    version_before: str
    ratio: Ratio


class StoredGolden(Struct, frozen=True, omit_defaults=True):
    """Golden's largest rounding error, and how golden was checked; None where it is the model's own module."""

    rounding: Size | None = None
    check: Check | None = None


class BrokenOff(Struct, frozen=True):
    """The signal that broke a run off, or an error in its words, and what is missing: groups of benchmarks.

    ``journals`` are the files that have every launch which was over, named from the checkout.
    """

    signal: str
    journals: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


class Resumed(Struct, frozen=True):
    """A run was gone on with after so many launches, so many seconds after the last of them was over."""

    launches: Count
    seconds: Size


class RunInfo(Struct, frozen=True):
    """A run as a whole; before a race it has no model, no pictures and no contenders.

    ``limits`` is what a contender is chosen under, as ``--choose`` has it, ``tolerance`` what reduced precision of a
    model that is no classifier is judged by, ``repeat`` the command that made it but for contenders and limits. One
    that was ``broken_off`` has what was measured by then; where it was gone on with, ``resumed`` says after which
    launches. Runs of before there was a ``probe`` have none, and of their control, whose rounds are not stored, the
    typical ratio alone.
    """

    seed: int
    launches: Count
    rounds: Count
    margin: Amount
    schedule: Schedule
    stratum: Stratum
    limits: str = ""
    tolerance: Amount | None = None
    repeat: tuple[str, ...] = ()
    workers_go_first: bool | None = None
    control: Ratio | None = None
    control_ratios: Ratios | None = None
    model: StoredModel | None = None
    images: Pictures | None = None
    golden: StoredGolden = StoredGolden()
    contenders: dict[str, StoredContender] = {}
    warnings: tuple[str, ...] = ()
    service: dict[str, Question] = {}
    probe: StoredProbe | None = None
    version_steps: tuple[VersionStep, ...] = ()
    accuracy: StoredAccuracy | None = None
    broken_off: BrokenOff | None = None
    resumed: tuple[Resumed, ...] = ()
    schema: int = SCHEMA

    @property
    def comparable(self) -> Stratum:
        """The stratum with what a run says of its model, its pictures and the contenders that raced."""
        raced = {name: contender.versions for name, contender in self.contenders.items() if contender.status == RACED}
        return structs.replace(self.stratum, model=self.model, images=self.images, contenders=raced)


class Commit(Struct, frozen=True):
    """The commit that was measured, as pytest-benchmark stores it; ``changed`` says whether files differed from it."""

    identifier: str = field(name="id", default="")
    time: Annotated[datetime, Meta(tz=True)] | None = None
    changed: bool | None = field(name="dirty", default=None)

    @property
    def name(self) -> str:
        """The short name that people read in a history."""
        return f"{self.identifier[:DIGITS]}{' with changes' if self.changed else ''}"

    @property
    def full_name(self) -> str:
        """The whole name."""
        return f"{self.identifier}{' with changes' if self.changed else ''}"


class MachineInfo(Struct, frozen=True):
    """The machine, as pytest-benchmark stores it, with what Runoff adds."""

    runoff: RunInfo
    node: str | None = None
    system: str | None = None
    release: str | None = None
    machine: str | None = None
    python_version: str | None = None


class RunFile(Struct, frozen=True):
    """A file that pytest-benchmark wrote."""

    datetime: datetime
    machine_info: MachineInfo
    benchmarks: tuple[AnyBenchmark, ...]
    commit_info: Commit | None = None


def read_info(machine: Any) -> RunInfo:
    """Read what a run says of itself from its ``machine_info``; raises StoredRunBroken."""
    return read_record(upgraded(machine)["runoff"], RunInfo, "machine_info.runoff")
