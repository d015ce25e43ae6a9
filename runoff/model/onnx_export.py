"""TorchVision's model as an ONNX file, for the backends that start from one."""

from __future__ import annotations

import warnings
from pathlib import Path

from runoff.contract import Checkpoint
from runoff.model.golden import golden_module

OPSET = 13  # the newest that onnx-tf translates


def export_onnx(checkpoint: Checkpoint, destination: Path, opset: int = OPSET) -> None:
    """Export the eval-mode module with the TorchScript-based exporter: ``images`` N×3×224×224 in, ``logits`` out.

    The batch is a dynamic axis.
    """
    import torch

    module = golden_module(checkpoint)
    example = torch.zeros(1, 3, 224, 224)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # dynamo=False is deliberate: onnx-tf needs its graphs
        torch.onnx.export(
            module,
            (example,),
            str(destination),
            dynamo=False,
            opset_version=opset,
            input_names=["images"],
            output_names=["logits"],
            dynamic_axes={"images": {0: "batch"}, "logits": {0: "batch"}},
        )
