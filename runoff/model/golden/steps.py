"""How golden is computed, by the form that a model comes in: the steps, and what each of them needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runoff.contract import MODULE, ONNX


@dataclass(frozen=True)
class GoldenStep:
    """A step that computes golden in a separate process: what it is called by, in words too, and what it needs.

    What it is ``opened_by`` returns what gives golden's outputs for one batch after another, without a rounding.
    ``version`` goes up with every change of how golden is computed, so that it is computed anew; a test asks.
    """

    function: str
    by: str
    requires: tuple[str, ...]
    distributions: tuple[str, ...]
    version: int
    opened_by: str


STEPS: Mapping[str, GoldenStep] = {
    MODULE: GoldenStep(
        function="runoff.model.golden.from_module:compute_golden",
        by="TorchVision's own model",
        requires=("torch", "torchvision"),
        distributions=("torch", "torchvision"),
        version=2,
        opened_by="runoff.model.golden.from_module:open_golden",
    ),
    ONNX: GoldenStep(
        function="runoff.model.golden.from_onnx:compute_golden",
        by="ONNX Runtime",
        requires=("onnx", "onnxruntime"),
        distributions=("onnx", "onnxruntime"),
        version=2,
        opened_by="runoff.model.golden.from_onnx:open_golden",
    ),
}


def golden_step(kind: str) -> GoldenStep:
    """Return the step for a model by the kind of its source: each but an ONNX file makes a module."""
    return STEPS.get(kind, STEPS[MODULE])
