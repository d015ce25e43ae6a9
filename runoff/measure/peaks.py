"""This machine's peak: what the libraries at hand reach with dense kernels, and how fast memory can be copied.

Each library is asked once a precision, in a fresh process of high priority, while nothing else of the run is at work.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from runoff.backends import Declaration
from runoff.contract import OffersKernels, import_backend
from runoff.errors import RunoffError
from runoff.kernels import PRODUCTS, Kernel, best_time, blas_threads, fastest
from runoff.measure.launches import Progress
from runoff.processes.process import call
from runoff.processes.surroundings import Surroundings
from runoff.stored.details import StoredPeak

PEAK_TIMEOUT = 120.0
NUMPY = "numpy"
FLOAT32 = "float32"
COPIED = 128 * 1024 * 1024
"""Bytes of the array that is copied: STREAM asks for four times the last cache, and gets it up to 32 MiB."""
COPYING_SECONDS = 0.5


@dataclass(frozen=True)
class Roof:
    """What bounds any computation on this machine: operations a second by precision and library, bytes a second.

    ``bytes_per_second`` is None where copying could not be measured. ``failures`` say why a library gave no peak.
    """

    peaks: tuple[StoredPeak, ...]
    bytes_per_second: float | None
    failures: Mapping[str, str]

    def peak(self, precision: str) -> StoredPeak | None:
        """Return the best peak of a precision, None where no library gave one."""
        of_precision = [peak for peak in self.peaks if peak.precision == precision]
        return max(of_precision, key=lambda peak: peak.operations_per_second, default=None)


def measure_roof(
    backends: Mapping[str, Declaration], precisions: Sequence[str], threads: int, *, logs: Path, progress: Progress
) -> Roof:
    """Ask every backend that offers kernels, and numpy, one after the other; one that fails costs itself alone."""
    asked = [
        (name, precision, backend.module, backend.ENVIRONMENT)
        for name, backend in backends.items()
        if "peak_kernels" in backend.functions
        for precision in precisions
    ]
    asked.append((NUMPY, FLOAT32, __name__, blas_threads(threads)))
    failures: dict[str, str] = {}

    def ask(function: str, library: str, what: str, arguments: dict[str, Any], variables: Mapping[str, str]) -> Any:
        try:
            return call(
                f"runoff.measure.peaks:{function}",
                {**arguments, "threads": threads},
                label=f"peak of {library}, {what}",
                log=logs / f"peak-{library}-{what}.log",
                timeout=PEAK_TIMEOUT,
                surroundings=Surroundings(variables=variables, high_priority=True),
            )
        except RunoffError as error:
            failures[f"{library}, {what}"] = f"{type(error).__name__}: {error}"
            return None
        finally:
            progress.step()

    progress.begin("measuring this machine's peak", len(asked) + 1)
    peaks = [
        StoredPeak(precision=precision, library=library, **peak)
        for library, precision, module, variables in asked
        if (peak := ask("library_peak", library, precision, {"module": module, "precision": precision}, variables))
    ]
    return Roof(tuple(peaks), ask("copying_speed", NUMPY, "copying", {}, {}), failures)


def library_peak(module: str, precision: str, threads: int) -> dict[str, Any] | None:
    """Return a library's peak as JSON values, None where a module has no kernel of it, in the process made for it."""
    chosen = import_backend(module)
    assert isinstance(chosen, OffersKernels)
    peak = fastest(chosen.peak_kernels(precision, threads))
    return None if peak is None else vars(peak)


def peak_kernels(precision: str, threads: int) -> Iterator[Kernel]:
    """Yield numpy's own products in float32; ``threads`` are those that its process was started with."""
    random = np.random.default_rng(0)
    for product in PRODUCTS:
        square = random.random(product.images, np.float32)
        yield product, partial(np.matmul, square, square)


def copying_speed(threads: int) -> float:
    """Return how many bytes a second so many threads can copy from memory to memory, read and written ones together.

    As STREAM's Copy counts them (McCalpin, "Memory Bandwidth and Machine Balance in Current High Performance
    Computers", 1995): what a cache reads before it writes is left out.
    """
    source = np.ones(COPIED, np.uint8)
    parts = list(zip(np.array_split(np.zeros_like(source), threads), np.array_split(source, threads), strict=True))
    with ThreadPoolExecutor(threads) as pool:
        seconds = best_time(lambda: list(pool.map(lambda pair: np.copyto(*pair), parts)), COPYING_SECONDS)
    return 2 * COPIED / seconds
