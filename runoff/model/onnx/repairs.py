"""Known repairs of ONNX files for a converter that stopped at operator set 13: what newer sets say, said as 13 does.

Each repair changes a model in place and returns whether it changed anything. The operators' definitions are those of
ONNX's Operators.md and Changelog.md.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper

from runoff.model.onnx.graph import (
    OWN_DOMAINS,
    Graph,
    drop_attribute,
    read_attributes,
    read_constants,
    read_graph,
    replace_nodes,
)
from runoff.model.onnx.names import clean_names, lower_ir_version
from runoff.model.onnx.products import cubic_resize, pad

OPSET = 13
MICROSOFT = "com.microsoft"
"""ONNX Runtime's own operators, of which Gelu became ONNX's."""
CUBIC_RESIZE = "cubic Resize as products"
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
    "ScatterElements": {"reduction": b"none"},
    "ScatterND": {"reduction": b"none"},
    "Cast": {"saturate": 1},
}
"""Attributes that came later and say, with these values, what 13 does anyway; None is any value."""


def repair_file(source: Path, destination: Path, names: Collection[str] | None = None) -> tuple[str, ...]:
    """Write a file as its repairs leave it and name those that changed something; write nothing where none did.

    ``names`` are those of REPAIRS that are done, all of them unless given.
    """
    model = onnx.load(str(source))
    done = tuple(name for name, change in REPAIRS.items() if (names is None or name in names) and change(model))
    if done:
        onnx.save(model, str(destination))
    return done


def drop_empty_inputs(model: Any) -> bool:
    """Drop optional inputs that are left empty at the end, which say nothing and are looked up all the same."""
    dropped = False
    for node in model.graph.node:
        while node.input and not node.input[-1]:
            del node.input[-1]
            dropped = True
    return dropped


def layer_normalization(node: Any, graph: Graph) -> list[Any] | None:
    """Return the nodes of one LayerNormalization (17): (x - mean) / sqrt(variance + epsilon) * scale + bias.

    None where it has more outputs than its first.
    """
    attributes = read_attributes(node)
    sides = graph.shapes.get(node.input[0])
    if len(node.output) > 1 or sides is None:
        return None
    first = int(attributes.get("axis", -1)) % len(sides)
    axes, name = list(range(first, len(sides))), node.output[0]
    epsilon = graph.add_constant(f"{name}/epsilon", np.float32(attributes.get("epsilon", 1e-5)))
    two = graph.add_constant(f"{name}/two", np.float32(2))
    has_bias = len(node.input) > 2 and node.input[2]
    return [
        helper.make_node("ReduceMean", [node.input[0]], [f"{name}/mean"], axes=axes, keepdims=1),
        helper.make_node("Sub", [node.input[0], f"{name}/mean"], [f"{name}/centred"]),
        helper.make_node("Pow", [f"{name}/centred", two], [f"{name}/squares"]),
        helper.make_node("ReduceMean", [f"{name}/squares"], [f"{name}/variance"], axes=axes, keepdims=1),
        helper.make_node("Add", [f"{name}/variance", epsilon], [f"{name}/safe"]),
        helper.make_node("Sqrt", [f"{name}/safe"], [f"{name}/deviation"]),
        helper.make_node("Div", [f"{name}/centred", f"{name}/deviation"], [f"{name}/normalised"]),
        helper.make_node("Mul", [f"{name}/normalised", node.input[1]], [f"{name}/scaled"]),
        helper.make_node("Add", [f"{name}/scaled", node.input[2]], [name])
        if has_bias
        else helper.make_node("Identity", [f"{name}/scaled"], [name]),
    ]


def gelu(node: Any, graph: Graph) -> list[Any] | None:
    """Return the nodes of one Gelu (20), x / 2 * (1 + erf(x / sqrt(2))); None for the approximation by tanh."""
    if read_attributes(node).get("approximate", b"none") != b"none":
        return None
    name = node.output[0]
    root, one, half = (
        graph.add_constant(f"{name}/{what}", np.float32(value))
        for what, value in (("root", np.sqrt(2)), ("one", 1), ("half", 0.5))
    )
    return [
        helper.make_node("Div", [node.input[0], root], [f"{name}/divided"]),
        helper.make_node("Erf", [f"{name}/divided"], [f"{name}/erf"]),
        helper.make_node("Add", [f"{name}/erf", one], [f"{name}/raised"]),
        helper.make_node("Mul", [node.input[0], f"{name}/raised"], [f"{name}/product"]),
        helper.make_node("Mul", [f"{name}/product", half], [name]),
    ]


def hard_swish(node: Any, graph: Graph) -> list[Any]:
    """Return the nodes of one HardSwish (14): x times the hard sigmoid x / 6 + 1 / 2."""
    name = node.output[0]
    return [
        helper.make_node("HardSigmoid", [node.input[0]], [f"{name}/sigmoid"], alpha=1 / 6, beta=0.5),
        helper.make_node("Mul", [node.input[0], f"{name}/sigmoid"], [name]),
    ]


def reshaped(node: Any, graph: Graph) -> list[Any] | None:
    """Return the Reshape to a known shape, of which one side may be left open, of one Squeeze or Unsqueeze (13).

    A Squeeze without axes drops all ones.
    """
    if not is_clear(node, graph):
        return None
    sides = graph.shapes[node.input[0]]
    wanted = [-1 if side is None else side for side in sides]
    axes = graph.constants[node.input[1]] if len(node.input) > 1 else np.flatnonzero(np.array(wanted) == 1)
    if node.op_type == "Squeeze":
        dropped = {int(axis) % len(sides) for axis in axes}
        wanted = [side for axis, side in enumerate(wanted) if axis not in dropped]
    else:
        for axis in sorted(int(axis) % (len(sides) + len(axes)) for axis in axes):
            wanted.insert(axis, 1)
    shape = graph.add_constant(f"{node.output[0]}/shape", np.array(wanted, np.int64))
    return [helper.make_node("Reshape", [node.input[0], shape], list(node.output))]


def is_clear(node: Any, graph: Graph) -> bool:
    """Whether a Squeeze or Unsqueeze can be said by a Reshape.

    Its axes are constant and at most one side of its input is not known; all sides are, where it has no axes.
    """
    sides = graph.shapes.get(node.input[0])
    has_axes = len(node.input) > 1
    if sides is None or (has_axes and node.input[1] not in graph.constants):
        return False
    return sum(side is None for side in sides) <= (1 if has_axes else 0)


def sliced_shape(node: Any, graph: Graph) -> list[Any] | None:
    """Return the slice of the whole shape for one Shape (15) that has a start or an end, None for another."""
    attributes = read_attributes(node)
    if not attributes:
        return None
    name = node.output[0]
    first = graph.add_constant(f"{name}/start", np.array([attributes.get("start", 0)], np.int64))
    last = graph.add_constant(f"{name}/end", np.array([attributes.get("end", np.iinfo(np.int64).max)], np.int64))
    return [
        helper.make_node("Shape", [node.input[0]], [f"{name}/whole"]),
        helper.make_node("Slice", [f"{name}/whole", first, last], [name]),
    ]


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

    Reductions get their axes as an attribute again; attributes that came later are dropped where they say nothing. So
    is a Reshape's, whose computed shape has a zero only where a tensor is empty.
    """
    operators = next(opset for opset in model.opset_import if opset.domain in OWN_DOMAINS)
    if operators.version <= OPSET:
        return False
    known = read_constants(model)
    for node in (node for node in model.graph.node if node.domain in OWN_DOMAINS):
        if node.op_type in REDUCTIONS and len(node.input) > 1 and (axes := known.get(node.input[1])) is not None:
            del node.input[1]
            node.attribute.append(helper.make_attribute("axes", [int(axis) for axis in axes]))
            drop_attribute(node, "noop_with_empty_axes", None)
        if node.op_type == "Reshape":
            drop_attribute(node, "allowzero", 0 if 0 in known.get(node.input[1], []) else None)
        for name, harmless in DEFAULTS.get(node.op_type, {}).items():
            drop_attribute(node, name, harmless)
    operators.version = OPSET
    return True


REPAIRS: Mapping[str, Callable[[Any], bool]] = {
    "IR version lowered": lower_ir_version,
    "names cleaned": clean_names,
    "empty inputs dropped": drop_empty_inputs,
    "simplified": simplify,
    "LayerNormalization spelled out": lambda model: replace_nodes(model, "LayerNormalization", layer_normalization),
    "Gelu spelled out": lambda model: replace_nodes(model, "Gelu", gelu, (*OWN_DOMAINS, MICROSOFT)),
    "HardSwish spelled out": lambda model: replace_nodes(model, "HardSwish", hard_swish),
    "Squeeze and Unsqueeze as Reshape": lambda model: (
        replace_nodes(model, "Squeeze", reshaped) | replace_nodes(model, "Unsqueeze", reshaped)
    ),
    "Shape sliced": lambda model: replace_nodes(model, "Shape", sliced_shape),
    CUBIC_RESIZE: lambda model: replace_nodes(model, "Resize", cubic_resize),
    "Pad as products": lambda model: replace_nodes(model, "Pad", pad),
    f"set back to operator set {OPSET}": set_back,
}
"""By what they are called in the matrix, in the order that they are done."""
