"""ONNX Runtime as golden is computed by it, and as files of others are tried: with no optimisation unless asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

PLAIN, OPTIMISED = "ORT_DISABLE_ALL", "ORT_ENABLE_ALL"
FATAL = 4
"""The severity from which on it logs: what it raises says the same."""


def open_session(path: Path, optimisation: str = PLAIN) -> Any:
    """Open a file on the processor; raises whatever ONNX Runtime does for what it does not take."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, optimisation)
    options.log_severity_level = FATAL
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
