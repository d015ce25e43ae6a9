"""What reduced precision costs and buys."""

from __future__ import annotations

from msgspec import Struct

from runoff.judge.ratios import Ratio
from runoff.stored.schema import Size


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
