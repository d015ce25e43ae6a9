"""What one would write with plain pytest-benchmark: the same session benchmarked again and again, one after another."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from runoff.backends import onnxruntime
from runoff.contract import Batch


@pytest.fixture(scope="module")
def batch() -> Batch:
    """Load one picture."""
    return np.array(np.load(os.environ["RUNOFF_TRUST_IMAGES"], mmap_mode="r")[:1])


@pytest.mark.parametrize("twin", range(int(os.environ["RUNOFF_TRUST_TWINS"])))
def test_twin(benchmark: BenchmarkFixture, twin: int, batch: Batch) -> None:
    """Benchmark a fresh session of the same model."""
    session = onnxruntime.load(
        Path(os.environ["RUNOFF_TRUST_ARTIFACT"]),
        onnxruntime.VARIANTS[0],
        int(os.environ["RUNOFF_TRUST_THREADS"]),
    )
    benchmark(session.run, batch)
