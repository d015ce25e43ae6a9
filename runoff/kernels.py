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
class Product:
    """A product of two square matrices."""

    side: int

    @property
    def name(self) -> str:
        """What it is called in results."""
        return f"product of {self.side}×{self.side} matrices"

    @property
    def images(self) -> tuple[int, ...]:
        """The shape of its input."""
        return (self.side, self.side)

    @property
    def weights(self) -> tuple[int, ...]:
        """The shape of what the input is multiplied by."""
        return (self.side, self.side)

    @property
    def operations(self) -> int:
        """Multiplications and additions."""
        return 2 * self.side**3


@dataclass(frozen=True)
class Convolution:
    """A 3×3 convolution of one square picture that gives as many channels, with nothing added around the picture.

    Libraries leave out what zeros around it would be multiplied by: counted, that made this machine's peak 244 GOP/s on
    256 channels at 14×14, where 221 are done.
    """

    channels: int
    side: int

    @property
    def name(self) -> str:
        """What it is called in results."""
        return f"3×3 convolution, {self.channels} channels to {self.side}×{self.side}"

    @property
    def images(self) -> tuple[int, ...]:
        """The shape of its input, NCHW."""
        return (1, self.channels, self.side + 2, self.side + 2)

    @property
    def weights(self) -> tuple[int, ...]:
        """The shape of its weights, OIHW."""
        return (self.channels, self.channels, 3, 3)

    @property
    def operations(self) -> int:
        """Multiplications and additions."""
        return 2 * 9 * self.channels**2 * self.side**2


PRODUCTS = (Product(768), Product(1536))
"""One that a core's cache holds a good part of, and one large enough to keep many cores busy."""
CONVOLUTIONS = (Convolution(128, 28), Convolution(256, 56))
"""One of ResNet-18's own size, and one that is wider than its own at that size: more to do for each byte."""


@dataclass(frozen=True)
class Kernel:
    """One computation that can be repeated."""

    name: str
    operations: int
    run: Callable[[], object]


@dataclass(frozen=True)
class Peak:
    """The most operations a second that any of some kernels reached, and which one that was."""

    operations_per_second: float
    kernel: str


def fastest(kernels: Iterable[Kernel], seconds: float = SECONDS) -> Peak:
    """Repeat each kernel for so many seconds and give the best repeat of all: a peak is what was reached once."""
    return max(
        (Peak(kernel.operations / best_time(kernel.run, seconds), kernel.name) for kernel in kernels),
        key=lambda peak: peak.operations_per_second,
    )


def best_time(run: Callable[[], object], seconds: float) -> float:
    """Give the shortest time in seconds of all repeats, at least one, after one that is not timed."""
    run()
    end = time.perf_counter() + seconds
    best = float("inf")
    while best == float("inf") or time.perf_counter() < end:
        begin = time.perf_counter_ns()
        run()
        best = min(best, (time.perf_counter_ns() - begin) * 1e-9)
    return best
