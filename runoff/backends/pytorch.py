"""PyTorch running TorchVision's own model: the reference."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runoff.contract import Batch, Checkpoint, Logits, Variant, conversion_stage

VARIANTS = (Variant(description="eager, inference_mode", default=True),)
LAYOUT = "NCHW"
REQUIRES = ("torch", "torchvision")
CONVERT_REQUIRES = ("torch",)
DISTRIBUTIONS = ("torch", "torchvision")
CONVERT_DISTRIBUTIONS = ("torch",)
SUFFIX = ".pt"
ENVIRONMENT: dict[str, str] = {}


@dataclass(frozen=True)
class EagerSession:
    """TorchVision's module in eval mode, and the framework that it is of."""

    torch: Any
    module: Any

    @property
    def threads(self) -> int:
        """The size of the intra-op pool, as torch reports it."""
        return int(self.torch.get_num_threads())

    def run(self, batch: Batch) -> Logits:
        """Run the module; from_numpy and numpy() share memory, so nothing is copied on either side."""
        with self.torch.inference_mode():
            logits: Logits = self.module(self.torch.from_numpy(batch)).numpy()
        return logits


def import_framework() -> None:
    """Import torch and torchvision."""
    from runoff.model.torchvision_import import import_torchvision

    import_torchvision()


def convert(checkpoint: Checkpoint, variant: Variant, artifact: Path, calibration: Path) -> None:
    """Save the state dict as torch's own file, with the architecture that it belongs to."""
    import torch

    from runoff.model.state_dict import load_state_dict

    with conversion_stage("save"):
        arrays = load_state_dict(checkpoint.weights)
        tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
        torch.save({"architecture": checkpoint.architecture, "state_dict": tensors}, artifact)


def load(artifact: Path, variant: Variant, threads: int) -> EagerSession:
    """Build the module without initialising weights that are replaced at once, and give it the saved ones."""
    import torch

    from runoff.model.torchvision_import import import_torchvision

    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    saved = torch.load(artifact, map_location="cpu", weights_only=True)
    classes = len(saved["state_dict"]["fc.bias"])
    with torch.device("meta"):
        module = import_torchvision().models.get_model(saved["architecture"], weights=None, num_classes=classes)
    module.load_state_dict(saved["state_dict"], assign=True)
    return EagerSession(torch, module.eval())
