"""ONNX graphs as repairs look at them: values that are written in them, shapes, and nodes replaced by others."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper


@dataclass(frozen=True)
class Graph:
    """A model, the values that are written in it, and the shapes that ONNX infers; None for a side not known."""

    model: Any
    constants: Mapping[str, Any]
    shapes: Mapping[str, Sequence[Any]]

    def add_constant(self, name: str, value: Any) -> str:
        """Add an initializer and return its name."""
        self.model.graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
        return name


def read_graph(model: Any) -> Graph:
    """Read a model's written values and infer its shapes."""
    constants = read_constants(model)
    shapes: dict[str, list[Any]] = {name: list(value.shape) for name, value in constants.items()}
    graph = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    for value in (*graph.input, *graph.value_info, *graph.output):
        tensor = value.type.tensor_type
        if tensor.HasField("shape"):
            sides = tensor.shape.dim
            shapes[value.name] = [side.dim_value if side.HasField("dim_value") else None for side in sides]
    return Graph(model, constants, shapes)


def read_constants(model: Any) -> dict[str, Any]:
    """Return the values that are written in a graph, by name: its initializers and its nodes of type Constant."""
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Constant" and "value" in (attributes := read_attributes(node)):
            constants[node.output[0]] = numpy_helper.to_array(attributes["value"])
    return constants


OWN_DOMAINS = ("", "ai.onnx")
"""The domains of ONNX's own operators; another's of the same name may do something else."""


def replace_nodes(
    model: Any, kind: str, make: Callable[[Any, Graph], list[Any] | None], domains: Collection[str] = OWN_DOMAINS
) -> bool:
    """Replace every node of a kind, of these domains, by the nodes that ``make`` returns for it, None to leave it."""

    def is_meant(node: Any) -> bool:
        return node.op_type == kind and node.domain in domains

    if not any(map(is_meant, model.graph.node)):
        return False
    graph = read_graph(model)
    made = [(node, make(node, graph) if is_meant(node) else None) for node in model.graph.node]
    if all(nodes is None for _, nodes in made):
        return False
    kept = [new for node, nodes in made for new in ([node] if nodes is None else nodes)]
    del model.graph.node[:]
    model.graph.node.extend(kept)
    return True


def read_attributes(node: Any) -> dict[str, Any]:
    """Return a node's attributes as values."""
    return {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}


def drop_attribute(node: Any, name: str, harmless: object) -> None:
    """Drop an attribute whose value is the harmless one, or any where that is None."""
    for place, attribute in reversed(list(enumerate(node.attribute))):
        if attribute.name == name and (harmless is None or read_attributes(node)[name] == harmless):
            del node.attribute[place]
