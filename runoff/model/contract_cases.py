"""What ``runoff check-backend`` asks a backend: small models with what they give, and one that nobody can take."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runoff.arrays import Input, Output
from runoff.contract import MODULE, ONNX, OTHER, OWN, Form, Model, Source
from runoff.files.values import from_json, to_json
from runoff.model.case import MODEL_FILE, Way, write_case
from runoff.model.module.module import build_module, make_module
from runoff.model.onnx.export import BATCH, OPSET, TORCHSCRIPT
from runoff.model.weights.state_dict import hash_state_dict, save_state_dict

EXAMPLES = 6
FORM_FILE = "form.json"
CALIBRATION_FILE = "calibration.npy"
PICTURES = "pictures"
"""The model that every backend has to take."""
UNTAKEABLE = "untakeable"
WORDS = 50
"""How many words the model of words knows."""
CUT = 100
"""After how many bytes the weights of the model that nobody can take end."""


def pictures() -> Any:
    """Make a model of pictures that are higher than wide: two convolutions, a mean over places, ten numbers."""
    from torch import nn

    convolutions = (nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, stride=2), nn.ReLU())
    return nn.Sequential(*convolutions, nn.AvgPool2d(4), nn.Flatten(), nn.LazyLinear(10))


def pairs() -> Any:
    """Make a model of two inputs and two outputs, of which each is of another shape."""
    import torch

    class Pairs(torch.nn.Module):  # type: ignore[misc]  # torch has no types where these are checked
        def __init__(self) -> None:
            super().__init__()
            self.convolution = torch.nn.Conv2d(3, 4, 3, padding=1)
            self.linear = torch.nn.Linear(5, 4)

        def forward(self, image: Any, extra: Any) -> Any:
            scaled = self.convolution(image) * self.linear(extra)[:, :, None, None]
            return scaled.mean((2, 3)), scaled

    return Pairs()


def words() -> Any:
    """Make a model of whole numbers: it sums what stands for each word."""
    import torch

    class Words(torch.nn.Module):  # type: ignore[misc]  # as above
        def __init__(self) -> None:
            super().__init__()
            self.table = torch.nn.Embedding(WORDS, 6)

        def forward(self, tokens: Any) -> Any:
            return torch.tanh(self.table(tokens).sum(1))

    return Words()


@dataclass(frozen=True)
class Asked:
    """A model that is asked: the function of this module that makes it, what it takes and gives."""

    make: Callable[[], Any]
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]


# The names are those of folders, and OpenVINO takes a path with a comma for two.
MODELS: Mapping[str, Asked] = {
    PICTURES: Asked(pictures, (Input("images", (3, 28, 20), layout="NCHW"),), (Output("logits", (10,)),)),
    "pairs": Asked(
        pairs,
        (Input("image", (3, 12, 16), layout="NCHW"), Input("extra", (5,))),
        (Output("means", (4,)), Output("map", (4, 12, 16))),
    ),
    "words": Asked(words, (Input("tokens", (7,), "int64"),), (Output("sums", (6,)),)),
}


def write_contract_cases(folder: str) -> None:
    """Write a folder for each model: its weights, its ONNX file, examples, and what it gives for them."""
    for name, asked in MODELS.items():
        place = Path(folder) / name
        place.mkdir()
        model = write_weights(asked, name, place)
        random = np.random.default_rng(0)
        arrays = {given.name: drawn(random, given) for given in asked.inputs}
        write_case(make_module(model), model, arrays, str(place), Way(TORCHSCRIPT, OPSET, BATCH))
        np.save(place / CALIBRATION_FILE, arrays[asked.inputs[0].name])
        write_form(place, model)
    write_untakeable(Path(folder))


def drawn(random: np.random.Generator, given: Input) -> NDArray[Any]:
    """Draw examples of an input."""
    shape = (EXAMPLES, *given.shape)
    if given.dtype == "int64":
        return random.integers(0, WORDS, shape)
    return random.standard_normal(shape, np.float32)


def write_weights(asked: Asked, name: str, place: Path) -> Model:
    """Write the weights that a model is drawn with, and return it."""
    import torch

    architecture = f"{__name__}:{asked.make.__name__}"
    arguments = {"inputs": [given.name for given in asked.inputs], "wrapped": True}
    module = build_module(architecture, arguments)
    with torch.inference_mode():
        module(*(torch.zeros((1, *given.shape), dtype=getattr(torch, given.dtype)) for given in asked.inputs))
    arrays = {key: value.numpy() for key, value in module.state_dict().items()}
    save_state_dict(place / "weights.npz", arrays)
    sha256 = hash_state_dict(arrays)
    source = Source(OWN, architecture, arguments, place / "weights.npz", sha256, OWN)
    return Model(name, sha256, asked.inputs, asked.outputs, None, None, OTHER, source)


def write_form(place: Path, model: Model) -> None:
    """Write what backends convert from beside it: the form of a model whose ONNX file is in a folder."""
    (place / FORM_FILE).write_text(json.dumps(to_json(Form(model, model.sha256, place / MODEL_FILE))))


def write_untakeable(folder: Path) -> None:
    """Write the model that nobody can take: weights that end too early, an ONNX file of an unknown operator."""
    import onnx
    from onnx import TensorProto, helper

    place = folder / UNTAKEABLE
    place.mkdir()
    form = load_form(folder / PICTURES, ONNX)
    weights = (folder / PICTURES / "weights.npz").read_bytes()[:CUT]
    (place / "weights.npz").write_bytes(weights)
    shutil.copy(folder / PICTURES / CALIBRATION_FILE, place)
    given, made = form.model.inputs[0], form.model.outputs[0]
    shapes = {each.name: ["batch", *(each.shape or ())] for each in (given, made)}
    tensors = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]
    node = helper.make_node("Nothing", [given.name], [made.name], domain="runoff.nothing")
    graph = helper.make_graph([node], UNTAKEABLE, tensors[:1], tensors[1:])
    sets = [helper.make_opsetid("", OPSET), helper.make_opsetid("runoff.nothing", 1)]
    onnx.save(helper.make_model(graph, opset_imports=sets, ir_version=8), str(place / MODEL_FILE))
    source = Source(OWN, form.model.source.architecture, form.model.source.arguments, place / "weights.npz", "", OWN)
    model = Model(UNTAKEABLE, UNTAKEABLE, form.model.inputs, form.model.outputs, None, None, OTHER, source)
    write_form(place, model)


def load_form(place: Path, kind: str) -> Form:
    """Read the form of a kind that lies in a folder."""
    form = from_json(Form, json.loads((place / FORM_FILE).read_text()))
    return Form(form.model, form.sha256) if kind == MODULE else form
