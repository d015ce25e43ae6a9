"""What share of this machine's peak a contender reaches, and what bounds it: pure functions of numbers.

The roofline model (Williams, Waterman, Patterson, "Roofline: An Insightful Visual Performance Model for Multicore
Architectures", Communications of the ACM 52(4), 2009): operations a second are bounded by the machine's peak, and by
its memory's bytes a second times the operations that are done for each byte.

Operations are those of the model as it is written, less those that multiply the zeros around pictures: libraries leave
them out, and counting them would show a ResNet-18 at 1.08 times its share. A runtime may do with still fewer, by
Winograd's convolutions or fused kernels, so that a share above 1 is not impossible.
"""

from __future__ import annotations

from dataclasses import dataclass

from runoff.environments.contenders import Contender
from runoff.measure.peaks import FLOAT32, Roof
from runoff.model.operations import Operations
from runoff.stored.details import Bound, Efficiency

BYTES = {"float64": 8, "float32": 4, "bfloat16": 2, "float16": 2, "int8": 1}
"""How many bytes a number of each precision takes."""


@dataclass(frozen=True)
class EfficiencyFigure:
    """The time taken as a multiple of the time at the peak, in its unit: 1 is the peak, less is better.

    Where no library gave a peak in the contender's precision, it is taken against float32's.
    """

    value: float
    unit: str
    efficiency: Efficiency


def efficiency(contender: Contender, seconds: float, operations: Operations, roof: Roof) -> EfficiencyFigure | None:
    """Judge an inference that takes so many seconds; None where there is not even a peak in float32."""
    precision, reached = contender.variant.precision, operations.needed / seconds
    own = roof.peak(precision)
    against = own or roof.peak(FLOAT32)
    if against is None:
        return None
    described = Efficiency(
        contender=contender.id,
        flop=operations.flop,
        padding_flop=operations.padding,
        operations_per_second=reached,
        peak=own,
        share=reached / own.operations_per_second if own else None,
        reason=None if own else f"no library at hand could show this machine's peak in {precision}",
        bound=bound(operations, precision, own.operations_per_second, roof.bytes_per_second) if own else None,
    )
    return EfficiencyFigure(against.operations_per_second / reached, f"× time at {against.precision} peak", described)


def bound(operations: Operations, precision: str, peak: float, bytes_per_second: float | None) -> Bound | None:
    """Say what bounds the model as a whole, None where bytes are not known or their speed was not measured."""
    if bytes_per_second is None or precision not in BYTES:
        return None
    intensity = operations.needed / (BYTES[precision] * (operations.weights + operations.activations))
    return Bound(
        by="memory" if intensity * bytes_per_second < peak else "compute",
        intensity=intensity,
        balance=peak / bytes_per_second,
        attainable=min(peak, intensity * bytes_per_second),
    )
