"""What an ONNX file takes: shapes, types and layouts, as it says and as --input completes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from onnx import TensorProto

from runoff.arrays import Input
from runoff.errors import OnnxFileUnusable, UsageError
from runoff.model.inputs.input_options import DeclaredInput
from runoff.model.onnx.graph import read_attributes

DTYPES: Mapping[int, str] = {
    TensorProto.FLOAT: "float32",
    TensorProto.FLOAT16: "float16",
    TensorProto.DOUBLE: "float64",
    TensorProto.BOOL: "bool",
    TensorProto.INT8: "int8",
    TensorProto.INT16: "int16",
    TensorProto.INT32: "int32",
    TensorProto.INT64: "int64",
    TensorProto.UINT8: "uint8",
    TensorProto.UINT16: "uint16",
    TensorProto.UINT32: "uint32",
    TensorProto.UINT64: "uint64",
}
"""ONNX's types of numbers that numpy has, by numpy's names."""
CHANNELS = (1, 3, 4)
BEFORE_CONVOLUTION = frozenset(
    {"Add", "Cast", "Clip", "DequantizeLinear", "Div", "Identity", "Mul", "Pad", "QuantizeLinear", "Sub"}
)
"""What preprocessing within a graph is made of: it leaves the order of the axes."""
TO_CHANNELS_FIRST = [0, 3, 1, 2]
Sides = tuple["int | None", ...]


def read_inputs(graph: Any, declared: Sequence[DeclaredInput], picture: tuple[int, ...]) -> tuple[Input, ...]:
    """Return a graph's inputs, where their unknown sides are declared, or those of a ``picture`` (C, H, W).

    Initializers that older files list among them are none. Raises UsageError with the options to give, and
    OnnxFileUnusable for an input of something else than numbers.
    """
    written = {tensor.name for tensor in graph.initializer}
    values = [value for value in graph.input if value.name not in written]
    if not values:
        raise OnnxFileUnusable("it takes no input, so there is nothing to run it on")
    said = {each.input.name: each for each in declared}
    if unknown := [name for name in said if name not in {value.name for value in values}]:
        raise UsageError(f"--input {said[unknown[0]].text}: it takes {', '.join(value.name for value in values)}")
    picture = picture if len(values) == 1 else ()
    made = [read_input(graph, value, said.get(value.name), picture) for value in values]
    if asked := [f"--input {each}" for each in made if isinstance(each, str)]:
        raise UsageError(
            f"the file does not declare all of its inputs; give {', '.join(asked)}, with a number for each ?"
        )
    return tuple(each for each in made if isinstance(each, Input))


def read_input(graph: Any, value: Any, declared: DeclaredInput | None, picture: tuple[int, ...]) -> Input | str:
    """Return one input, or what has to be said of it as ``--input`` has it."""
    dtype = dtype_of(value, "input")
    sides = sides_of(value)
    batched = is_batched(sides, declared)
    own = None if sides is None else sides[1:] if batched else sides
    layout = layout_of(graph, value.name, sides) if batched else ""
    if own is not None and layout and picture:
        shown = picture if layout == "NCHW" else (*picture[1:], *picture[:1])
        own = tuple(side or given for side, given in zip(own, shown, strict=True))
    if declared is None:
        if own is None or None in own:
            return f"{value.name}={'x'.join(str(side or '?') for side in own or (None,))}"
        if layout is None:
            written = "x".join(map(str, own))
            return f"{value.name}={written}:NCHW (or :NHWC; neither where it is no picture)"
        return Input(value.name, tuple(side or 0 for side in own), dtype, layout, batched)
    if declared.says_dtype and declared.input.dtype != dtype:
        raise UsageError(f"--input {declared.text}: in the file its type is {dtype}")
    shape = declared.input.shape
    fits = own is None or len(own) == len(shape)
    if not fits or any(side not in (None, given) for side, given in zip(own or shape, shape, strict=True)):
        written = "×".join(str(side or "?") for side in sides or ())
        found = written or "one number"
        raise UsageError(f"--input {declared.text}: in the file it is {found}; give the shape of one example")
    return Input(value.name, shape, dtype, declared.input.layout or layout or "", batched)


def dtype_of(value: Any, what: str) -> str:
    """Return the type of the numbers of an input or output.

    Raises OnnxFileUnusable for one that is no tensor of numbers.
    """
    kind = value.type.WhichOneof("value")
    if kind != "tensor_type":
        found = str(kind or "untyped").removesuffix("_type")
        raise OnnxFileUnusable(
            f"its {what} {value.name!r} is a {found} {what} and no tensor, which can't be compared number by number; "
            f"export it with tensors alone (ZipMap off, in scikit-learn's exporters)"
        )
    dtype = DTYPES.get(value.type.tensor_type.elem_type)
    if dtype is None:
        name = TensorProto.DataType.Name(value.type.tensor_type.elem_type)
        raise OnnxFileUnusable(f"its {what} {value.name!r} is of {name}, a type that numpy does not have")
    return dtype


def sides_of(value: Any) -> Sides | None:
    """Return the sides of an input or output, None for each that is not known, and for all where there is no shape."""
    tensor = value.type.tensor_type
    if not tensor.HasField("shape"):
        return None
    return tuple(side.dim_value if side.dim_value > 0 else None for side in tensor.shape.dim)


def is_batched(sides: Sides | None, declared: DeclaredInput | None) -> bool:
    """Whether the first axis is that of the examples: where it may have any size or 1, unless all axes are declared."""
    if sides is None:
        return True
    if declared is not None and len(declared.input.shape) in (len(sides), len(sides) - 1):
        return len(declared.input.shape) < len(sides)
    return bool(sides) and sides[0] in (None, 1)


def layout_of(graph: Any, name: str, sides: Sides | None) -> str | None:
    """Return the layout of pictures, empty for other ranks than theirs, None where it can't be told.

    A side of channels on one of two axes says it, else what the graph does first.
    """
    if sides is None or len(sides) != len("NCHW"):
        return ""
    channels = [layout for axis, layout in ((1, "NCHW"), (3, "NHWC")) if sides[axis] in CHANNELS]
    return channels[0] if len(channels) == 1 else layout_by_use(graph, name)


def layout_by_use(graph: Any, name: str) -> str | None:
    """Return the layout that the first convolution or transposition behind an input takes it for."""
    names = {name}
    for node in graph.node:  # in the order that they are computed in
        if not names.intersection(node.input):
            continue
        if node.op_type == "Conv" and node.input[0] in names:
            return "NCHW"
        if node.op_type == "Transpose" and read_attributes(node).get("perm") == TO_CHANNELS_FIRST:
            return "NHWC"
        if node.op_type in BEFORE_CONVOLUTION:
            names.update(node.output)
    return None
