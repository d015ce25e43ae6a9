"""What share of this machine's peak a contender reaches, and what bounds it: pure functions of numbers.

The roofline model (Williams, Waterman, Patterson, "Roofline: An Insightful Visual Performance Model for Multicore
Architectures", Communications of the ACM 52(4), 2009): operations a second are bounded by the machine's peak, and by
its memory's bytes a second times the operations that are done for each byte.

Operations are those of the model as it is written, less those that multiply the zeros around pictures: libraries leave
them out, and counting them would show a ResNet-18 at 1.08 times its share. A runtime may do with still fewer, by
Winograd's convolutions or fused kernels, so that a share above 1 is not impossible.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from runoff.measure.peaks import FLOAT32, LibraryPeak, Roof
from runoff.model.operations import Operations

BYTES = {"float64": 8, "float32": 4, "bfloat16": 2, "float16": 2, "int8": 1}
"""How many bytes a number of each precision takes."""


@dataclass(frozen=True)
class Bound:
    """What bounds a computation: ``memory`` where it does fewer operations a byte than the machine can, or ``compute``.

    ``intensity`` are the operations that it does for each byte read or written, ``balance`` those a machine has time
    for; ``attainable`` are the operations a second that the roof allows.
    """

    by: str
    intensity: float
    balance: float
    attainable: float


@dataclass(frozen=True)
class Efficiency:
    """A contender's operations a second, and their share of the peak in its own precision.

    ``flop`` is the count of ``torch.utils.flop_counter``, ``padding_flop`` the part of it that is left out of the rest.
    ``share`` is None where no library gave a peak in that precision; ``reason`` then says so, and ``value`` is taken
    against float32's. ``value`` is the time taken as a multiple of the time at the peak: 1 is the peak, less is better.
    """

    flop: int
    padding_flop: int
    operations_per_second: float
    value: float
    unit: str
    peak: LibraryPeak | None
    share: float | None
    reason: str | None
    bound: Bound | None


def efficiency(seconds: float, precision: str, operations: Operations, roof: Roof) -> Efficiency | None:
    """Judge an inference that takes so many seconds; None where there is not even a peak in float32."""
    reached = operations.needed / seconds
    own, instead = roof.peak(precision), roof.peak(FLOAT32)
    against = own or instead
    if against is None:
        return None
    return Efficiency(
        flop=operations.flop,
        padding_flop=operations.padding,
        operations_per_second=reached,
        value=against.operations_per_second / reached,
        unit=f"× time at {against.precision} peak",
        peak=own,
        share=reached / own.operations_per_second if own else None,
        reason=None if own else f"no library at hand could show this machine's peak in {precision}",
        bound=bound(operations, precision, own.operations_per_second, roof.bytes_per_second) if own else None,
    )


def bound(operations: Operations, precision: str, peak: float, bytes_per_second: float | None) -> Bound | None:
    """Say what bounds the model as a whole, None where bytes can't be told or their speed was not measured."""
    if bytes_per_second is None or precision not in BYTES:
        return None
    intensity = operations.needed / (BYTES[precision] * (operations.weights + operations.activations))
    return Bound(
        by="memory" if intensity * bytes_per_second < peak else "compute",
        intensity=intensity,
        balance=peak / bytes_per_second,
        attainable=min(peak, intensity * bytes_per_second),
    )


def efficiency_json(found: Efficiency) -> dict[str, Any]:
    """Give what is stored beside the value."""
    stored = dataclasses.asdict(found)
    return {name: stored[name] for name in stored if name not in ("value", "unit")}


def roof_json(roof: Roof) -> dict[str, Any]:
    """Give the machine's peaks as JSON values: the best of each precision, and what every library reached."""
    precisions = dict.fromkeys(peak.precision for peak in roof.peaks)
    best = {precision: roof.peak(precision) for precision in precisions}
    return {
        "best": {name: dataclasses.asdict(peak) for name, peak in best.items() if peak},
        "libraries": [dataclasses.asdict(peak) for peak in roof.peaks],
        "bytes_per_second": roof.bytes_per_second,
        "failures": dict(roof.failures),
    }
