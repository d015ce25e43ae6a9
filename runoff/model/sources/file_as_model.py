"""An ONNX file of somebody's own as a value: copied, looked at, and run once. Needs onnx and ONNX Runtime, no torch."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from runoff.arrays import Input, Output, Signature, arranged
from runoff.contract import ONNX, OWN, Model, Preprocessing, Source
from runoff.errors import OnnxFileUnusable, UsageError
from runoff.files.values import from_json, to_json
from runoff.model.inputs.examples import given_examples
from runoff.model.inputs.input_options import InputOptions, input_text, task_of
from runoff.model.inputs.preprocessing_fields import changed
from runoff.model.onnx.external_data import copy_whole, data_beside, graphs, read_onnx
from runoff.model.onnx.inputs import dtype_of, read_inputs
from runoff.model.onnx.metadata import labels_of, picture_fields, read_metadata
from runoff.model.onnx.probabilities import gives_probabilities
from runoff.model.onnx.runtime import open_session
from runoff.model.sources.architecture import IMAGENET

ONE, TWO = 1, 2
SUPPRESSION = ("NonMaxSuppression", "EfficientNMS_TRT", "BatchedNMS_TRT")
COLOURS = 3
Changes = Sequence[Mapping[str, Any]]


def import_onnx(path: str, architecture: str, folder: str, inputs: dict[str, Any], changes: Changes) -> dict[str, Any]:
    """Return the model that a file is, as JSON values; ``architecture`` is its path as it was given.

    ``inputs`` are what the options say of them, and ``changes`` the fields of its preprocessing. Raises
    OnnxFileUnusable for a file that can't be raced, and UsageError where more has to be said of it.
    """
    file, options = Path(path), from_json(InputOptions, inputs)
    with saying(architecture):
        content = read_onnx(file)
        data = data_beside(content, file)
        require_comparable(content.graph)
        metadata = read_metadata(content)
        given = read_inputs(content.graph, options.inputs, picture_sides(changes))
        preprocessing = preprocessing_of(given, changes, picture_fields(metadata))
        copy, sha256 = copy_whole(file, data, Path(folder))
        found, batch = run_once(copy, given, options)
    outputs = tuple(replace(each, probabilities=gives_probabilities(content.graph, each.name)) for each in found)
    signature = Signature(given, outputs)
    model = Model(
        name=OWN,
        sha256=sha256,
        inputs=given,
        outputs=outputs,
        preprocessing=preprocessing,
        labels=labels_of(metadata, signature.classes) if signature.classes else None,
        task=task_of(signature),
        source=Source(ONNX, architecture, {}, copy, sha256, OWN),
        batch=batch,
    )
    return to_json(model)


@contextmanager
def saying(architecture: str) -> Iterator[None]:
    """Begin what goes wrong with the file's path, where it is not said."""
    try:
        yield
    except UsageError as error:
        if architecture in str(error) or Path(architecture).name in str(error):
            raise
        raise type(error)(f"{architecture}: {error}") from error


def require_comparable(graph: Any) -> None:
    """Refuse a graph whose outputs can't be compared number by number.

    Raises OnnxFileUnusable.
    """
    for value in graph.output:
        dtype_of(value, "output")
    found = next((node.op_type for each in graphs(graph) for node in each.node if node.op_type in SUPPRESSION), None)
    if found:
        raise OnnxFileUnusable(
            f"it holds {found}, so that the number and order of its rows hang on the last digit of a score; export it "
            "without that, up to boxes and scores"
        )


def picture_sides(changes: Changes) -> tuple[int, ...]:
    """Return channels, height and width of the pictures that a preprocessing makes, none where it does not say."""
    fields = {name: value for values in changes for name, value in values.items()}
    return (len(fields.get("channels", "RGB")), *fields["crop"]) if "crop" in fields else ()


def preprocessing_of(inputs: Sequence[Input], changes: Changes, known: Mapping[str, Any]) -> Preprocessing | None:
    """Return how pictures become the one input, None where nothing is said: nobody can tell by the file.

    ``known`` are fields of its metadata. Raises UsageError for a preprocessing that does not fit the input.
    """
    if not changes:
        return None
    if len(inputs) != 1 or not inputs[0].layout:
        taken = ", ".join(map(input_text, inputs))
        raise UsageError(f"--preprocessing is of one input of pictures, and it takes {taken}; give it --inputs")
    (given,), (first, *others) = inputs, changes
    facts = {"layout": given.layout, "dtype": given.dtype}
    for name, fact in facts.items():
        if first.get(name, fact) != fact and first != json.loads(json.dumps(asdict(IMAGENET))):
            raise UsageError(f"the preprocessing says {name} {first[name]}, and its input {given.name} has {fact}")
    crop = {"crop": list(given.shape[1:] if given.layout == "NCHW" else given.shape[:2])}
    made = changed(None, [{**crop, **known, **first, **facts}, *others])
    assert made is not None
    if made.shape != given.shape:
        pictures, taken = ("×".join(map(str, shape)) for shape in (made.shape, given.shape))
        raise UsageError(
            f"pictures become {pictures}, and its input {given.name} takes {taken} ({given.layout}); "
            "give --input-size C H W, or size and crop in --preprocessing FILE"
        )
    return made


def run_once(path: Path, inputs: Sequence[Input], options: InputOptions) -> tuple[list[Output], int | None]:
    """Return a file's outputs as ONNX Runtime gives them, and the only batch that it takes, None where it takes any.

    What ONNX Runtime does not take, it has no golden for. Raises OnnxFileUnusable with its reason.
    """
    import onnxruntime

    version = f"ONNX Runtime {onnxruntime.__version__}"
    with refusing(f"{version} does not take it"):
        session = open_session(path)
    examples = given_examples(inputs, options, TWO).arrays
    names = [each.name for each in session.get_outputs()]

    def run(rows: int) -> list[Any]:
        batch = {name: array[np.arange(rows) % len(array)] for name, array in examples.items()}
        found: list[Any] = session.run(names, arranged(batch, inputs, ""))
        return found

    shown = ", ".join(map(input_text, inputs))
    with refusing(f"{version} can't run it on {shown}; check --input and --inputs"):
        single = run(ONE)
    free = all(given.batched for given in inputs) and takes_two(session, run)
    return [output_of(name, array) for name, array in zip(names, single, strict=True)], None if free else ONE


def takes_two(session: Any, run: Any) -> bool:
    """Whether a session takes two examples at once and gives two rows of each output."""
    if any(each.shape and each.shape[0] == ONE for each in session.get_inputs()):
        return False
    try:
        return all(array.ndim and len(array) == TWO for array in run(TWO))
    except Exception:  # noqa: BLE001 - ONNX Runtime raises what it likes, and each says that it does not take two
        return False


def output_of(name: str, array: Any) -> Output:
    """Declare an output by what it was for one example; without an axis of examples where its first is not 1.

    Raises OnnxFileUnusable for anything but numbers.
    """
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiub":
        raise OnnxFileUnusable(f"its output {name!r} is no array of numbers but a {type(array).__name__}")
    batched = array.ndim > 0 and len(array) == ONE
    return Output(name, array.shape[1:] if batched else array.shape, array.dtype.name, batched)


@contextmanager
def refusing(what: str) -> Iterator[None]:
    """Turn whatever ONNX Runtime raises into an OnnxFileUnusable with its reason."""
    try:
        yield
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise OnnxFileUnusable(f"{what} ({reason})") from error
