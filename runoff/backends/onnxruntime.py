"""ONNX Runtime on its CPU provider, from TorchVision's model exported by torch.onnx."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runoff.contract import Batch, Checkpoint, Logits, Variant, conversion_stage

VARIANTS = (Variant(description="CPU provider, defaults", default=True),)
LAYOUT = "NCHW"
REQUIRES = ("onnxruntime",)
CONVERT_REQUIRES = ("torch", "torchvision", "onnx")
DISTRIBUTIONS = ("onnxruntime",)
CONVERT_DISTRIBUTIONS = ("torch", "torchvision", "onnx")
SUFFIX = ".onnx"
ENVIRONMENT: dict[str, str] = {}


@dataclass(frozen=True)
class OnnxSession:
    """An InferenceSession and the names of its input and output."""

    session: Any
    input_name: str
    output_name: str

    @property
    def threads(self) -> int:
        """The size of the intra-op pool, from the session's own options."""
        return int(self.session.get_session_options().intra_op_num_threads)

    def run(self, batch: Batch) -> Logits:
        """Run the graph."""
        logits: Logits = self.session.run([self.output_name], {self.input_name: batch})[0]
        return logits


def import_framework() -> None:
    """Import onnxruntime."""
    import onnxruntime  # noqa: F401 - imported for its time


def convert(checkpoint: Checkpoint, variant: Variant, artifact: Path, calibration: Path) -> None:
    """Export the model to ONNX."""
    from runoff.model.onnx_export import export_onnx

    with conversion_stage("export to ONNX"):
        export_onnx(checkpoint, artifact)


def load(artifact: Path, variant: Variant, threads: int) -> OnnxSession:
    """Create the session; flush denormals as every other contender does."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    session = onnxruntime.InferenceSession(str(artifact), options, providers=["CPUExecutionProvider"])
    return OnnxSession(session, session.get_inputs()[0].name, session.get_outputs()[0].name)
