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
    """How many launches a run was asked for, and when it might stop."""

    launches: Count
    """The launches that were asked for, `--launches` (launches)."""
    precision: Size | None
    """How far an interval may reach to each side, `--precision` (share); none where it was not given."""
    max_seconds: Size | None
    """The longest time to measure for, `--max-time` (seconds); none where it was not given."""
    looks: tuple[int, ...]
    """After how many launches each the race may stop, fixed beforehand (launches)."""
    stopped_at_look: int | None
    """The number of the look that it stopped at, from 1 (count); none without a race."""


class StoredArtifact(Struct, frozen=True, omit_defaults=True):
    """The artifact that a contender loads."""

    size: int = field(name="bytes")
    """What it takes on disk (bytes)."""
    sha256: str
    """The hash of its bytes."""
    repairs: tuple[str, ...] = ()
    """What was changed in the ONNX file so that the converter takes it."""


class StoredOrigin(Struct, frozen=True, omit_defaults=True):
    """Where a backend comes from that is not one of Runoff's own."""

    file: str
    """The name of its file, without folders."""
    sha256: str
    """The hash of its code."""
    distribution: str = ""
    """The package that brings it; empty for a file that `--backend` names."""
    version: str = ""
    """The version of that package."""


class StoredContender(Struct, frozen=True):
    """What came of a contender that was asked for."""

    status: str
    """`raced`, `skipped`, `conversion failed`, `wrong` or `failed`."""
    stage: str | None
    """Where it stopped, such as `convert` or `race`; none where it raced."""
    reason: str | None
    """Why it did not race; none where it raced."""
    description: str
    """What the variant is, in the words of its backend."""
    precision: str
    """What its arithmetic is done in, such as `float32` or `int8`."""
    versions: dict[str, str]
    """The versions of its distributions."""
    artifact: StoredArtifact | None
    """What was converted for it; none where nothing was."""
    agreement: Agreement | None
    """How its outputs compare with golden's; none where it gave none."""
    quantisation: Agreement | None
    """The same by the rules for reduced precision; none for float32."""
    origin: StoredOrigin | None = None
    """Where its backend comes from; none for one of Runoff's own."""


class VersionStep(Struct, frozen=True):
    """A contender's ratio to the same one with the next older version of its framework, in the same rounds."""

    contender: str
    """The contender with the newer version."""
    distribution: str
    """The framework's package."""
    version: str
    """The newer version."""
    version_before: str
    """The older version."""
    ratio: Ratio
    """The time with the newer version relative to the older one."""


class StoredGolden(Struct, frozen=True, omit_defaults=True):
    """How exact golden is, and how it was checked."""

    rounding: Size | None = None
    """Golden's largest rounding error (units of the output)."""
    check: Check | None = None
    """How it was checked; none where golden is the model's own module."""


class BrokenOff(Struct, frozen=True):
    """Why a run ended early, and what is missing from it."""

    signal: str
    """The signal that ended it, or the error in its words."""
    journals: tuple[str, ...] = ()
    """The files with every launch that was over, named from the checkout."""
    missing: tuple[str, ...] = ()
    """The groups of benchmarks that were not measured."""


class Resumed(Struct, frozen=True):
    """Where a run went on after it was broken off."""

    launches: Count
    """How many launches were over by then (launches)."""
    seconds: Size
    """The time between the last of them and going on (seconds)."""


class RunInfo(Struct, frozen=True):
    """A run as a whole; before a race it has no model, no pictures and no contenders."""

    seed: int
    """The seed of every random order, `--seed` (no unit)."""
    launches: Count
    """The launches that were measured for each contender (launches)."""
    rounds: Count
    """The rounds of each launch (rounds)."""
    margin: Amount
    """The difference that matters, `--margin` (share)."""
    schedule: Schedule
    """What was asked for."""
    stratum: Stratum
    """What must be equal for another run to be comparable."""
    limits: str = ""
    """What a contender is chosen under, as `--choose` has it."""
    tolerance: Amount | None = None
    """What reduced precision of a model that is no classifier may be off by (share); none by default."""
    repeat: tuple[str, ...] = ()
    """The command that made the run, without contenders and limits."""
    workers_go_first: bool | None = None
    """Whether every worker had high priority; none without a race."""
    control: Ratio | None = None
    """The control's typical ratio, which should be 1; none without a control."""
    control_ratios: Ratios | None = None
    """The control's three ratios; none in runs from before they were stored."""
    model: StoredModel | None = None
    """The model that was raced."""
    images: Pictures | None = None
    """What agreement was found on."""
    golden: StoredGolden = StoredGolden()
    """How exact golden is."""
    contenders: dict[str, StoredContender] = {}
    """What came of each contender that was asked for, by its name."""
    warnings: tuple[str, ...] = ()
    """What the run warned of, a sentence each."""
    service: dict[str, Question] = {}
    """Each service question that was asked, by its group."""
    probe: StoredProbe | None = None
    """The readings of the probe; none in runs from before there was one."""
    version_steps: tuple[VersionStep, ...] = ()
    """What each newer version of a framework changed."""
    accuracy: StoredAccuracy | None = None
    """The labelled pictures and golden's accuracy on them; none without labels."""
    broken_off: BrokenOff | None = None
    """Why the run ended early; none where it did not."""
    resumed: tuple[Resumed, ...] = ()
    """Where the run went on after it was broken off."""
    schema: int = SCHEMA
    """The number of the form in which the run is stored (no unit)."""

    @property
    def comparable(self) -> Stratum:
        """The stratum with what a run says of its model, its pictures and the contenders that raced."""
        raced = {name: contender.versions for name, contender in self.contenders.items() if contender.status == RACED}
        return structs.replace(self.stratum, model=self.model, images=self.images, contenders=raced)


class Commit(Struct, frozen=True):
    """The commit that was measured, as pytest-benchmark stores it."""

    identifier: str = field(name="id", default="")
    """Its full hash."""
    time: Annotated[datetime, Meta(tz=True)] | None = None
    """When it was made."""
    changed: bool | None = field(name="dirty", default=None)
    """Whether files differed from it; none where that is not known."""

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
    """What Runoff stores of the run as a whole."""
    node: str | None = None
    """The machine's name in its network."""
    system: str | None = None
    """The operating system."""
    release: str | None = None
    """The release of its kernel."""
    machine: str | None = None
    """The processor's architecture, such as `x86_64`."""
    python_version: str | None = None
    """The version of the Python that ran pytest."""


class RunFile(Struct, frozen=True):
    """A file that pytest-benchmark wrote."""

    datetime: datetime
    """When the run was stored."""
    machine_info: MachineInfo
    """The machine, and the run as a whole."""
    benchmarks: tuple[AnyBenchmark, ...]
    """One for each contender and metric."""
    commit_info: Commit | None = None
    """The commit that was measured."""


def read_info(machine: Any) -> RunInfo:
    """Read what a run says of itself from its ``machine_info``; raises StoredRunBroken."""
    return read_record(upgraded(machine)["runoff"], RunInfo, "machine_info.runoff")
