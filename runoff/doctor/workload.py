"""What the doctor races against itself: numpy alone, about 10 ms of matrix products on every thread it is given.

A module in the shape of a backend, so that the very harness runs it; no contender, so not among the backends.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from runoff.arrays import Arrays, Input, Logits, Output, Pictures, Signature
from runoff.contract import MODULE, Form, Variant

SIDE = 256
PRODUCTS = 28
"""As many products of 256×256 matrices as take a core with AVX-512 about 10 ms; the work is the same everywhere."""
CLASSES = 1000
SIGNATURE = Signature((Input("images", (3, SIDE, SIDE)),), (Output("numbers", (CLASSES,)),))

VARIANTS = (Variant(description="matrix products in numpy, one BLAS thread for each of its own"),)
REQUIRES = ("numpy",)
FORM = MODULE
DISTRIBUTIONS = ("numpy",)
SUFFIX = ".npy"
ENVIRONMENT: Mapping[str, str] = {
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "BLIS_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
}


@dataclass(frozen=True)
class ProductSession:
    """A matrix that every thread multiplies its own ones with, and the threads.

    Each thread has a share of two matrices: what goes in, and what comes out.
    """

    weights: NDArray[np.float32]
    shares: tuple[NDArray[np.float32], ...]
    pool: ThreadPoolExecutor

    @property
    def threads(self) -> int:
        """The number of threads, each with a share of its own."""
        return len(self.shares)

    def run(self, inputs: Arrays) -> list[Logits]:
        """Return N×1000 numbers that depend on the batch, after the same work on every thread."""
        (images,) = inputs.values()
        return [np.concatenate([self.run_image(image) for image in images])]

    def run_image(self, image: Pictures) -> Logits:
        """Start every thread from the image's own pixels and take the last one's first thousand results, 1×1000."""
        given = np.resize(image, (SIDE, SIDE))
        results = list(self.pool.map(lambda share: self.multiply(share, given), self.shares))
        logits: Logits = results[-1].reshape(1, -1)[:, :CLASSES].copy()
        return logits

    def multiply(self, share: NDArray[np.float32], given: NDArray[np.float32]) -> NDArray[np.float32]:
        """Multiply by the weights again and again; numpy lets the other threads run meanwhile."""
        share[0] = given
        for number in range(PRODUCTS):
            np.matmul(self.weights, share[number % 2], out=share[(number + 1) % 2])
        product: NDArray[np.float32] = share[PRODUCTS % 2]
        return product


def import_framework(variant: Variant) -> None:
    """Nothing: numpy is all, and the worker has it."""


def make_weights() -> NDArray[np.float32]:
    """Draw the matrix, scaled so that products neither grow nor fade.

    A random matrix with entries of variance 1/SIDE keeps a vector's length on average.
    """
    drawn = np.random.RandomState(0).standard_normal((SIDE, SIDE))
    return np.asarray(drawn / np.sqrt(SIDE), dtype=np.float32)


def convert(form: Form, variant: Variant, artifact: Path, calibration: Path | None) -> None:
    """Save the weights; the checkpoint is not used."""
    np.save(artifact, make_weights())


def load(artifact: Path, signature: Signature, variant: Variant, threads: int) -> ProductSession:
    """Load the weights and give every thread its matrices."""
    weights: NDArray[np.float32] = np.load(artifact)
    shares = tuple(np.empty((2, SIDE, SIDE), dtype=np.float32) for _ in range(threads))
    return ProductSession(weights, shares, ThreadPoolExecutor(threads))
