"""What the benchmarks of one group have in ``extra_info`` beside what all have; the service questions' stand apart."""

from __future__ import annotations

from msgspec import Struct, field

from runoff.judge.conversions import Cell
from runoff.judge.ratios import Ratio
from runoff.stored.schema import Amount, Size


class Quantisation(Struct, frozen=True):
    """What a contender of reduced precision costs and buys."""

    contender: str
    """The contender's name."""
    precision: str
    """What its arithmetic is done in."""
    images: int
    """All images (images)."""
    decided: int
    """The images whose golden Top-1 leads by more than noise and `lead` (images)."""
    decided_agreement: Size
    """How many of these agree (share)."""
    all_agreement: Size
    """How many of all images agree (share)."""
    floor: Size
    """How many of the decided images have to agree in this precision (share)."""
    lead: Size
    """How far a golden Top-1 probability leads where an image counts as decided (share)."""
    rms_difference: Size
    """The root mean square of all differences (logits)."""
    largest_difference: Size
    """The largest difference (logits)."""
    disagreeing: tuple[str, ...]
    """The decided images that do not agree, by their names."""
    ratio_to_float32: Ratio | None
    """Its time relative to its backend's plain variant; none where that did not race."""


class Package(Struct, frozen=True):
    """A package that a framework needs."""

    name: str
    """Its name."""
    version: str
    """Its version."""
    size: int | None = field(name="bytes")
    """What it takes on disk (bytes); none where that is not known."""
    shared_with: tuple[str, ...]
    """The other backends of the run that need it too."""

    @property
    def is_shared(self) -> bool:
        """Whether another backend of the run needs it too."""
        return bool(self.shared_with)


class Footprint(Struct, frozen=True):
    """What a contender takes on disk."""

    contender: str
    """The contender's name."""
    own: int = field(name="own_bytes")
    """The packages that its backend alone needs (bytes)."""
    shared: int = field(name="shared_bytes")
    """The packages that others need too (bytes)."""
    artifact: int = field(name="artifact_bytes")
    """Its artifact (bytes)."""
    packages: tuple[Package, ...]
    """Each package."""

    @property
    def total(self) -> int:
        """All that it takes, as far as sizes are known."""
        return self.own + self.shared + self.artifact

    @property
    def unknown(self) -> list[str]:
        """The packages whose size is not known."""
        return [package.name for package in self.packages if package.size is None]


class StoredPeak(Struct, frozen=True):
    """The fastest that a library was on this machine in a precision."""

    precision: str
    """What the arithmetic was done in."""
    operations_per_second: Amount
    """What it reached (operations a second)."""
    library: str
    """The library."""
    kernel: str
    """The kernel that it reached this with."""


class Bound(Struct, frozen=True):
    """What bounds a computation."""

    by: str
    """`memory` where it does fewer operations a byte than the machine can, else `compute`."""
    intensity: Amount
    """What it does for each byte read or written (operations a byte)."""
    balance: Amount
    """What the machine has time for (operations a byte)."""
    attainable: Amount
    """What the roof allows (operations a second)."""


class Efficiency(Struct, frozen=True):
    """How fast a contender computes, relative to what the machine can do."""

    contender: str
    """The contender's name."""
    flop: Amount
    """What an inference computes, by `torch.utils.flop_counter` (operations)."""
    padding_flop: Size
    """The part of it that multiplies zeros around pictures, and is left out of the rest (operations)."""
    operations_per_second: Amount
    """What it reached (operations a second)."""
    peak: StoredPeak | None
    """The machine's peak in its precision; none where no library gave one."""
    share: Amount | None
    """What it reached, by that peak (share); none without a peak."""
    reason: str | None
    """Why there is no peak."""
    bound: Bound | None
    """What bounds the model on this machine."""


class Conversions(Struct, frozen=True):
    """What one converter made of the files that one exporter wrote."""

    converter: str
    """The converter's name."""
    backend: str
    """The backend that it converts for."""
    exporter: str
    """The exporter's name."""
    environment: str
    """The environment that it ran in."""
    versions: dict[str, str]
    """The versions of its packages."""
    cells: tuple[Cell, ...]
    """Each model and operator set."""
    unit: str = "seconds"
    """The unit of the statistics."""
