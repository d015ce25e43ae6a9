"""ONNX Runtime slowed down by a known share: a real contender whose true ratio to itself is known."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from runoff.arrays import Arrays, Signature
from runoff.backends import onnxruntime
from runoff.contract import Session, Variant

SHARES = (0.0, 0.01, 0.02, 0.03, 0.05, 0.10)
VARIANTS = tuple(
    Variant(f"{share * 100:.0f}", f"ONNX Runtime, {share:.0%} slower", load_options={"share": share})
    for share in SHARES
)
REQUIRES = onnxruntime.REQUIRES
FORM = onnxruntime.FORM
CONVERT_REQUIRES = onnxruntime.CONVERT_REQUIRES
DISTRIBUTIONS = onnxruntime.DISTRIBUTIONS
CONVERT_DISTRIBUTIONS = onnxruntime.CONVERT_DISTRIBUTIONS
SUFFIX = onnxruntime.SUFFIX
import_framework = onnxruntime.import_framework
convert = onnxruntime.convert


@dataclass(frozen=True)
class SlowedSession:
    """A session that spends a share of every inference's own time on nothing, after it."""

    session: Session
    share: float

    @property
    def threads(self) -> int:
        """The session's own number of threads."""
        return self.session.threads

    def run(self, inputs: Arrays) -> Sequence[NDArray[Any]]:
        """Run the model, then wait awake for the share of what that took."""
        begin = time.perf_counter_ns()
        outputs = self.session.run(inputs)
        end = time.perf_counter_ns()
        until = end + round((end - begin) * self.share)
        while time.perf_counter_ns() < until:
            pass
        return outputs


def load(artifact: Path, signature: Signature, variant: Variant, threads: int) -> SlowedSession:
    """Load as ONNX Runtime's backend does, and slow the session down."""
    return SlowedSession(onnxruntime.load(artifact, signature, variant, threads), variant.load_options["share"])
