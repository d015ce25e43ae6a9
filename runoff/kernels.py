"""What a machine's peak is measured with: dense kernels, the same shapes for every library, timed in the same way.

Standard library only: backends offer kernels through this in processes that have no other framework.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

SECONDS = 0.4
"""How long a kernel is repeated."""


@dataclass(frozen=True)
class Shape:
    """A product of matrices or a convolution: the shapes of its operands, and its multiplications and additions."""

    name: str
    images: tuple[int, ...]
    weights: tuple[int, ...]
    operations: int


Kernel = tuple[Shape, Callable[[], object]]
"""A computation of such a shape that can be repeated."""


def product(side: int) -> Shape:
    """Return a product of two square matrices."""
    square = (side, side)
    return Shape(f"product of {side}×{side} matrices", square, square, 2 * side**3)


def convolution(channels: int, side: int) -> Shape:
    """Return a 3×3 convolution of one square picture, NCHW, that gives as many channels, with nothing added around it.

    Libraries leave out what zeros around it would be multiplied by: counted, that made this machine's peak 244 GOP/s on
    256 channels at 14×14, where 221 are done.
    """
    name = f"3×3 convolution, {channels} channels to {side}×{side}"
    images, weights = (1, channels, side + 2, side + 2), (channels, channels, 3, 3)
    return Shape(name, images, weights, 2 * 9 * channels**2 * side**2)


PRODUCTS = (product(768), product(1536))
"""One that a core's cache holds a good part of, and one large enough to keep many cores busy."""
CONVOLUTIONS = (convolution(128, 28), convolution(256, 56))
"""One of ResNet-18's own size, and one that is wider than its own at that size: more to do for each byte."""


@dataclass(frozen=True)
class Peak:
    """The most operations a second that any of some kernels reached, and which one that was."""

    operations_per_second: float
    kernel: str


def fastest(kernels: Iterable[Kernel], seconds: float = SECONDS) -> Peak | None:
    """Repeat each kernel for so many seconds and return the best repeat of all; None where there is no kernel."""
    return max(
        (Peak(shape.operations / best_time(run, seconds), shape.name) for shape, run in kernels),
        key=lambda peak: peak.operations_per_second,
        default=None,
    )


def best_time(run: Callable[[], object], seconds: float) -> float:
    """Return the shortest time in seconds of all repeats, at least one, after one that is not timed."""
    run()
    end = time.perf_counter() + seconds
    best = float("inf")
    while best == float("inf") or time.perf_counter() < end:
        begin = time.perf_counter_ns()
        run()
        best = min(best, (time.perf_counter_ns() - begin) * 1e-9)
    return best


def blas_threads(threads: int) -> dict[str, str]:
    """Return the variables that limit the threads of whichever library numpy multiplies with."""
    return dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), str(threads))
