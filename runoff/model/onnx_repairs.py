"""Known repairs of ONNX files for a converter that stopped at operator set 13: what newer sets say, said as 13 does.

Each repair changes a model in place and tells whether it found anything to change. The operators' definitions are those
of ONNX's Operators.md and Changelog.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from runoff.model.onnx_graph import Graph, constants, drop_attribute, read_attributes, read_graph, replace_nodes

OPSET = 13
REDUCTIONS = frozenset(
    {
        "ReduceL1",
        "ReduceL2",
        "ReduceLogSum",
        "ReduceLogSumExp",
        "ReduceMax",
        "ReduceMean",
        "ReduceMin",
        "ReduceProd",
        "ReduceSumSquare",
    }
)
"""These take their axes as an input since operator set 18, and as an attribute before."""
DEFAULTS: Mapping[str, Mapping[str, object]] = {
    "Resize": {"antialias": 0, "keep_aspect_ratio_policy": b"stretch"},
    "Split": {"num_outputs": None},
    "BatchNormalization": {"training_mode": 0},
    "CastLike": {"saturate": 1},
    "Cast": {"saturate": 1},
}
"""Attributes that came later and say, with these values, what 13 does anyway; None is any value."""


def repair_file(source: Path, destination: Path) -> tuple[str, ...]:
    """Write a file as its repairs leave it and name those that changed something; write nothing where none did."""
    import onnx

    model = onnx.load(str(source))
    done = tuple(name for name, change in REPAIRS.items() if change(model))
    if done:
        onnx.save(model, str(destination))
    return done


def drop_empty_inputs(model: Any) -> bool:
    """Drop optional inputs that are left empty at the end, which say nothing and are looked up all the same."""
    found = False
    for node in model.graph.node:
        while node.input and not node.input[-1]:
            del node.input[-1]
            found = True
    return found


def spell_out_layer_normalization(model: Any) -> bool:
    """Write LayerNormalization (17) as mean, variance and scale; only where it gives its first output alone."""
    return replace_nodes(model, "LayerNormalization", layer_normalization)


def layer_normalization(node: Any, graph: Graph) -> list[Any] | None:
    """Give the nodes of one LayerNormalization: (x - mean) / sqrt(variance + epsilon) * scale + bias."""
    from onnx import helper

    attributes = read_attributes(node)
    sides = graph.shapes.get(node.input[0])
    if len(node.output) > 1 or sides is None:
        return None
    first = int(attributes.get("axis", -1)) % len(sides)
    axes, name = list(range(first, len(sides))), node.output[0]
    epsilon = graph.add_constant(f"{name}/epsilon", np.float32(attributes.get("epsilon", 1e-5)))
    two = graph.add_constant(f"{name}/two", np.float32(2))
    steps = [
        ("ReduceMean", [node.input[0]], "mean", {"axes": axes, "keepdims": 1}),
        ("Sub", [node.input[0], f"{name}/mean"], "centred", {}),
        ("Pow", [f"{name}/centred", two], "squares", {}),
        ("ReduceMean", [f"{name}/squares"], "variance", {"axes": axes, "keepdims": 1}),
        ("Add", [f"{name}/variance", epsilon], "safe", {}),
        ("Sqrt", [f"{name}/safe"], "deviation", {}),
        ("Div", [f"{name}/centred", f"{name}/deviation"], "normalised", {}),
        ("Mul", [f"{name}/normalised", node.input[1]], "scaled", {}),
    ]
    made = [helper.make_node(kind, given, [f"{name}/{out}"], **options) for kind, given, out, options in steps]
    if len(node.input) > 2 and node.input[2]:
        return [*made, helper.make_node("Add", [f"{name}/scaled", node.input[2]], [name])]
    return [*made, helper.make_node("Identity", [f"{name}/scaled"], [name])]


def spell_out_gelu(model: Any) -> bool:
    """Write Gelu (20) as x / 2 * (1 + erf(x / sqrt(2))); the approximation by tanh is left alone."""
    return replace_nodes(model, "Gelu", gelu)


def gelu(node: Any, graph: Graph) -> list[Any] | None:
    """Give the nodes of one exact Gelu."""
    from onnx import helper

    if read_attributes(node).get("approximate", b"none") != b"none":
        return None
    name = node.output[0]
    root, one, half = (
        graph.add_constant(f"{name}/{what}", np.float32(value))
        for what, value in (("root", np.sqrt(2)), ("one", 1), ("half", 0.5))
    )
    steps = [
        ("Div", [node.input[0], root], f"{name}/divided"),
        ("Erf", [f"{name}/divided"], f"{name}/erf"),
        ("Add", [f"{name}/erf", one], f"{name}/raised"),
        ("Mul", [node.input[0], f"{name}/raised"], f"{name}/product"),
        ("Mul", [f"{name}/product", half], name),
    ]
    return [helper.make_node(kind, given, [out]) for kind, given, out in steps]


def spell_out_hard_swish(model: Any) -> bool:
    """Write HardSwish (14) as x times the hard sigmoid x / 6 + 1 / 2."""
    return replace_nodes(model, "HardSwish", hard_swish)


def hard_swish(node: Any, graph: Graph) -> list[Any] | None:
    """Give the nodes of one HardSwish."""
    from onnx import helper

    name = node.output[0]
    return [
        helper.make_node("HardSigmoid", [node.input[0]], [f"{name}/sigmoid"], alpha=1 / 6, beta=0.5),
        helper.make_node("Mul", [node.input[0], f"{name}/sigmoid"], [name]),
    ]


def reshape_for_axes(model: Any) -> bool:
    """Write Squeeze and Unsqueeze (13) as a Reshape to a known shape, where at most one side is not known."""
    squeezed = replace_nodes(model, "Squeeze", reshaped)
    return replace_nodes(model, "Unsqueeze", reshaped) or squeezed


def reshaped(node: Any, graph: Graph) -> list[Any] | None:
    """Give the Reshape of one Squeeze or Unsqueeze whose axes are constant."""
    from onnx import helper

    if not is_clear(node, graph):
        return None
    sides, axes = graph.shapes[node.input[0]], graph.constants[node.input[1]]
    wanted = [-1 if side is None else side for side in sides]
    if node.op_type == "Squeeze":
        dropped = {int(axis) % len(sides) for axis in axes}
        wanted = [side for axis, side in enumerate(wanted) if axis not in dropped]
    else:
        for axis in sorted(int(axis) % (len(sides) + len(axes)) for axis in axes):
            wanted.insert(axis, 1)
    shape = graph.add_constant(f"{node.output[0]}/shape", np.array(wanted, np.int64))
    return [helper.make_node("Reshape", [node.input[0], shape], list(node.output))]


def is_clear(node: Any, graph: Graph) -> bool:
    """Tell whether a Squeeze or Unsqueeze has constant axes and an input of which at most one side is not known."""
    if len(node.input) < 2 or node.input[1] not in graph.constants:
        return False
    sides = graph.shapes.get(node.input[0])
    return sides is not None and sum(side is None for side in sides) <= 1


def multiply_for_cubic_resize(model: Any) -> bool:
    """Write a cubic Resize as a product with a matrix for each of height and width, where the sizes are known."""
    return replace_nodes(model, "Resize", cubic_resize)


def cubic_resize(node: Any, graph: Graph) -> list[Any] | None:
    """Give the two products of one cubic Resize of N×C×H×W: resizing is linear in the values, each side by itself."""
    from onnx import helper

    attributes = read_attributes(node)
    before, after = graph.shapes.get(node.input[0]), graph.shapes.get(node.output[0])
    mode = attributes.get("coordinate_transformation_mode", b"half_pixel").decode()
    is_plain = not attributes.get("exclude_outside") and not attributes.get("antialias")
    if attributes.get("mode") != b"cubic" or mode not in COORDINATES or not is_plain:
        return None
    if (
        before is None
        or after is None
        or len(before) != 4
        or before[:2] != after[:2]
        or None in (*before[2:], *after[2:])
    ):
        return None
    coefficient = float(attributes.get("cubic_coeff_a", -0.75))
    name = node.output[0]
    rows, columns = (
        cubic_matrix(int(old or 0), int(new or 0), mode, coefficient)
        for old, new in zip(before[2:], after[2:], strict=True)
    )
    left, right = graph.add_constant(f"{name}/rows", rows), graph.add_constant(f"{name}/columns", columns.T)
    return [
        helper.make_node("MatMul", [left, node.input[0]], [f"{name}/resized"]),
        helper.make_node("MatMul", [f"{name}/resized", right], [name]),
    ]


COORDINATES: Mapping[str, Callable[[Any, int, int], Any]] = {
    "half_pixel": lambda place, old, new: (place + 0.5) * old / new - 0.5,
    "pytorch_half_pixel": lambda place, old, new: (place + 0.5) * old / new - 0.5 if new > 1 else place * 0.0,
    "align_corners": lambda place, old, new: place * (old - 1) / max(new - 1, 1),
    "asymmetric": lambda place, old, new: place * old / new,
}
"""Where a place of the resized side lies on the old one, by ONNX's names."""


def cubic_matrix(old: int, new: int, mode: str, coefficient: float) -> Any:
    """Give the new×old matrix of cubic interpolation along one side; what lies outside is the border's value.

    R. G. Keys, "Cubic convolution interpolation for digital image processing", IEEE Trans. ASSP 29 (1981), 1153-1160.
    """
    places = COORDINATES[mode](np.arange(new, dtype=np.float64), old, new)
    first = np.floor(places).astype(int)
    matrix = np.zeros((new, old))
    for offset in range(-1, 3):
        weights = cubic_weight(np.abs(places - first - offset), coefficient)
        np.add.at(matrix, (np.arange(new), np.clip(first + offset, 0, old - 1)), weights)
    return matrix.astype(np.float32)


def cubic_weight(distance: Any, a: float) -> Any:
    """Give Keys' kernel at a distance of at most 2."""
    near = ((a + 2) * distance - (a + 3)) * distance**2 + 1
    far = ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0.0))


def simplify(model: Any) -> bool:
    """Fold constants and drop what does nothing, by onnxslim, where shapes are not known without it.

    It is left out elsewhere: onnx-tf fails on some constant pads that it takes where the graph computes them.
    """
    import onnxslim

    graph = read_graph(model)
    if all(is_clear(node, graph) for node in model.graph.node if node.op_type in {"Squeeze", "Unsqueeze"}):
        return False
    nodes = len(model.graph.node)
    model.CopyFrom(onnxslim.slim(model))
    return len(model.graph.node) < nodes


def set_back(model: Any) -> bool:
    """Set a model of a newer operator set back to 13, where nothing in it says what 13 can't.

    Reductions get their axes as an attribute again; attributes that came later are dropped where they say nothing.
    """
    ours = next(one for one in model.opset_import if one.domain in ("", "ai.onnx"))
    if ours.version <= OPSET:
        return False
    known = constants(model)
    for node in model.graph.node:
        if node.op_type in REDUCTIONS and len(node.input) > 1 and (axes := known.get(node.input[1])) is not None:
            from onnx import helper

            del node.input[1]
            node.attribute.append(helper.make_attribute("axes", [int(axis) for axis in axes]))
            drop_attribute(node, "noop_with_empty_axes", None)
        if node.op_type == "Reshape" and 0 not in known.get(node.input[1], [0]):
            drop_attribute(node, "allowzero", None)
        for name, harmless in DEFAULTS.get(node.op_type, {}).items():
            drop_attribute(node, name, harmless)
    ours.version = OPSET
    return True


REPAIRS: Mapping[str, Callable[[Any], bool]] = {
    "empty inputs dropped": drop_empty_inputs,
    "simplified": simplify,
    "LayerNormalization spelled out": spell_out_layer_normalization,
    "Gelu spelled out": spell_out_gelu,
    "HardSwish spelled out": spell_out_hard_swish,
    "Squeeze and Unsqueeze as Reshape": reshape_for_axes,
    "cubic Resize as products": multiply_for_cubic_resize,
    f"set back to operator set {OPSET}": set_back,
}
"""By what they are called in the matrix, in the order that they are done."""
