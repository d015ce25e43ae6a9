"""How much of the machine's peak each contender uses."""

from __future__ import annotations

from msgspec import Struct

from runoff.stored.schema import Amount, Size


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
