"""What the benchmarks of one group have in ``extra_info`` beside what all have; the service questions' stand apart."""

from __future__ import annotations

from msgspec import Struct, field

from runoff.judge.conversions import Cell
from runoff.judge.ratios import Ratio
from runoff.stored.schema import Amount, Size


class Quantisation(Struct, frozen=True):
    """A contender of reduced precision: shares of pictures, errors in logits, and its time relative to float32.

    ``ratio_to_float32`` is taken against its own backend's plain variant; None where that did not race.
    """

    contender: str
    precision: str
    images: int
    decided: int
    decided_agreement: Size
    all_agreement: Size
    floor: Size
    lead: Size
    rms_difference: Size
    largest_difference: Size
    disagreeing: tuple[str, ...]
    ratio_to_float32: Ratio | None


class Package(Struct, frozen=True):
    """A package that a framework needs: bytes on disk, None where not known, and who else needs it."""

    name: str
    version: str
    size: int | None = field(name="bytes")
    shared_with: tuple[str, ...]

    @property
    def is_shared(self) -> bool:
        """Whether another backend of the run needs it too."""
        return bool(self.shared_with)


class Footprint(Struct, frozen=True):
    """A contender's packages, and bytes: of its backend's own, of those that others need too, of the artifact."""

    contender: str
    own: int = field(name="own_bytes")
    shared: int = field(name="shared_bytes")
    artifact: int = field(name="artifact_bytes")
    packages: tuple[Package, ...]

    @property
    def total(self) -> int:
        """All that it takes, as far as sizes are known."""
        return self.own + self.shared + self.artifact

    @property
    def unknown(self) -> list[str]:
        """The packages whose size is not known."""
        return [package.name for package in self.packages if package.size is None]


class StoredPeak(Struct, frozen=True):
    """The most operations a second that a library reached in a precision, and with which kernel."""

    precision: str
    operations_per_second: Amount
    library: str
    kernel: str


class Bound(Struct, frozen=True):
    """What bounds a computation: ``memory`` where it does fewer operations a byte than the machine can, or ``compute``.

    ``intensity`` are the operations that it does for each byte read or written, ``balance`` those a machine has time
    for; ``attainable`` are the operations a second that the roof allows.
    """

    by: str
    intensity: Amount
    balance: Amount
    attainable: Amount


class Efficiency(Struct, frozen=True):
    """A contender's operations a second, and their share of the peak in its own precision.

    ``flop`` is the count of ``torch.utils.flop_counter``, ``padding_flop`` the part of it that is left out of the rest.
    ``share`` is None where no library gave a peak in that precision; ``reason`` then says so.
    """

    contender: str
    flop: Amount
    padding_flop: Size
    operations_per_second: Amount
    peak: StoredPeak | None
    share: Amount | None
    reason: str | None
    bound: Bound | None


class Conversions(Struct, frozen=True):
    """A converter of files that one exporter wrote, in an environment, and its cells."""

    converter: str
    backend: str
    exporter: str
    environment: str
    versions: dict[str, str]
    cells: tuple[Cell, ...]
    unit: str = "seconds"
