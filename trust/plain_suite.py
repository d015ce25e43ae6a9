"""What one would write with plain pytest-benchmark: the same session benchmarked again and again, one after another."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from runoff.arrays import Arrays, Signature
from runoff.backends import onnxruntime
from runoff.files.values import from_json

REQUEST = json.loads(os.environ["RUNOFF_TRUST_REQUEST"])
"""What a worker would be started with."""


@pytest.fixture(scope="module")
def inputs() -> Arrays:
    """Load one example."""
    return {name: np.array(np.load(file, mmap_mode="r")[:1]) for name, file in REQUEST["inputs"].items()}


@pytest.mark.parametrize("twin", range(int(os.environ["RUNOFF_TRUST_TWINS"])))
def test_twin(benchmark: BenchmarkFixture, twin: int, inputs: Arrays) -> None:
    """Benchmark a fresh session of the same model."""
    signature = from_json(Signature, REQUEST["signature"])
    session = onnxruntime.load(Path(REQUEST["artifact"]), signature, onnxruntime.VARIANTS[0], REQUEST["threads"])
    benchmark(session.run, inputs)
