"""The one place where TorchVision is imported, also beside a torch that can't load its compiled operators."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

# The schemas that TorchVision expects its compiled library to have declared by the time its Python part is imported.
_SCHEMAS = {
    "nms": "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}

# torch forgets a declaration as soon as the object that made it is collected.
_declarations: list[Any] = []


def import_torchvision() -> ModuleType:
    """Import TorchVision and return it.

    A CPU-only torch beside a CUDA-built TorchVision can't load TorchVision's compiled operators, and a plain import
    then fails with "operator torchvision::nms does not exist". Only where they can't be loaded, the schemas of the
    missing ones are declared first; models and transforms then work, and calling such an operator still fails.

    Raises ``ModuleNotFoundError`` where torch or TorchVision is not installed.
    """
    if "torchvision" not in sys.modules:
        importlib.import_module("torch")
        if not _compiled_operators_load():
            _declare_schemas()
    with warnings.catch_warnings():
        # The image reader is compiled as well; nothing here reads pictures with it.
        warnings.filterwarnings("ignore", message="Failed to load image Python extension")
        return importlib.import_module("torchvision")


def _compiled_operators_load() -> bool:
    """Try to load TorchVision's compiled library, as TorchVision itself does when it is imported."""
    torch: Any = importlib.import_module("torch")
    package = importlib.util.find_spec("torchvision")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("No module named 'torchvision'", name="torchvision")
    library = next(Path(package.origin).parent.glob("_C.*"), None)
    if library is None:
        return False
    try:
        torch.ops.load_library(str(library))
    except OSError:
        return False
    return True


def _declare_schemas() -> None:
    """Declare the operators that TorchVision's import looks up, without giving them an implementation."""
    torch: Any = importlib.import_module("torch")
    declaration = torch.library.Library("torchvision", "FRAGMENT")
    for name, schema in _SCHEMAS.items():
        if not hasattr(torch.ops.torchvision, name):
            declaration.define(schema)
    _declarations.append(declaration)
