"""A case for converters: an ONNX file with inputs, what its module gives for them, and how exact that is."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from runoff.arrays import Arrays
from runoff.contract import Model
from runoff.errors import conversion_stage
from runoff.files.arrays import load_arrays, save_arrays
from runoff.files.values import from_json
from runoff.model.golden.golden import in_float64, load_golden
from runoff.model.module.module import make_module, run_module
from runoff.model.onnx.export import write_onnx

MODEL_FILE = "model.onnx"
EXPECTED_FILE = "expected.npz"
GOLDEN_FILE = "golden.npz"
OPERATORS = "operators"
INPUT, OUTPUT, ROUNDING = "input ", "output ", "rounding "
"""How the names of arrays begin in that file."""
EXACT = 2
"""How many examples of a user's own model are computed in float64, which takes a second each and more."""


@dataclass(frozen=True)
class Way:
    """How a case is made: by which of torch's exporters, at which operator set, with which axes of any size.

    The first ``exact`` examples are computed in float64 too, all for None.
    """

    exporter: str
    opset: int
    dynamic: Mapping[int, str] = field(default_factory=dict)
    exact: int | None = None


@dataclass(frozen=True, eq=False)
class Case:
    """N examples of each input, the module's outputs for them with their rounding errors, and the file's operators."""

    inputs: Arrays
    outputs: Arrays
    roundings: Mapping[str, float]
    operators: tuple[str, ...]

    def save(self, folder: Path) -> None:
        """Write it beside the model."""
        arrays = {f"{INPUT}{name}": array for name, array in self.inputs.items()}
        arrays |= {f"{OUTPUT}{name}": array for name, array in self.outputs.items()}
        arrays |= {f"{ROUNDING}{name}": np.array(error) for name, error in self.roundings.items()}
        save_arrays(folder / EXPECTED_FILE, {**arrays, OPERATORS: np.array(self.operators)})


def load_case(folder: Path) -> Case:
    """Read what was saved in a folder."""
    saved = load_arrays(folder / EXPECTED_FILE)

    def beginning(prefix: str) -> dict[str, Any]:
        return {name.removeprefix(prefix): array for name, array in saved.items() if name.startswith(prefix)}

    roundings = {name: float(error) for name, error in beginning(ROUNDING).items()}
    return Case(beginning(INPUT), beginning(OUTPUT), roundings, tuple(saved[OPERATORS].tolist()))


def export_own_model(model: dict[str, Any], inputs: str, exporter: str, opset: int, folder: str) -> None:
    """Write the case of a user's own model into a folder; ``inputs`` is a file with N examples of each input.

    Raises ConversionFailed at the stage ``export``.
    """
    own = from_json(Model, model)
    write_case(make_module(own), own, load_arrays(Path(inputs)), folder, Way(exporter, opset, exact=EXACT))


def write_file_case(model: dict[str, Any], inputs: str, folder: str) -> None:
    """Write the case of a user's ONNX file, with the data beside it: golden is ONNX Runtime's, as in the race.

    Raises CheckpointBroken where ONNX Runtime can't run it.
    """
    from runoff.model.golden.from_onnx import compute_golden  # only here: it imports onnx

    own, place, arrays = from_json(Model, model), Path(folder), load_arrays(Path(inputs))
    assert own.source.weights is not None
    shutil.copytree(own.source.weights.parent, place, dirs_exist_ok=True)
    (place / own.source.weights.name).rename(place / MODEL_FILE)
    files = {name: place / f"input-{number}.npy" for number, name in enumerate(arrays)}
    for name, file in files.items():
        np.save(file, arrays[name])
    compute_golden(model, {name: str(file) for name, file in files.items()}, str(place / GOLDEN_FILE), EXACT)
    golden = load_golden(place / GOLDEN_FILE)
    Case(arrays, golden.outputs, golden.roundings, tuple(read_operators(place / MODEL_FILE))).save(place)


def write_case(module: Any, model: Model, inputs: Arrays, folder: str, way: Way) -> None:
    """Export a module, and write what it gives for inputs.

    Raises ConversionFailed at the stage ``export``.
    """
    import torch

    place = Path(folder)
    examples = tuple(torch.from_numpy(inputs[given.name]) for given in model.inputs)
    outputs = run_module(module, model, inputs)
    with conversion_stage("export"):
        destination = place / MODEL_FILE
        asked: dict[str, Any] = {"exporter": way.exporter, "opset": way.opset, "dynamic": way.dynamic}
        write_onnx(module, examples, destination, model.signature, **asked)
        operators = read_operators(destination)
    doubled = {name: in_float64(array[: way.exact]) for name, array in inputs.items()}
    true = run_module(module.double(), model, doubled)
    roundings = {
        name: float(np.abs(array[: way.exact].astype(np.float64) - true[name].astype(np.float64)).max())
        for name, array in outputs.items()
    }
    Case(inputs, outputs, roundings, tuple(operators)).save(place)


def read_operators(path: Path) -> list[str]:
    """Return the operators' types in an ONNX file's graph, each once."""
    import onnx

    return sorted({node.op_type for node in onnx.load(str(path)).graph.node})
