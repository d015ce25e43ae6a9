"""ONNX graphs as repairs look at them: values that are written in them, shapes, and nodes replaced by others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Graph:
    """A model, the values that are written in it, and the shapes that ONNX infers; None for a side not known."""

    model: Any
    constants: Mapping[str, Any]
    shapes: Mapping[str, Sequence[int | None]]

    def add_constant(self, name: str, value: Any) -> str:
        """Add an initializer and give its name."""
        from onnx import numpy_helper

        self.model.graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
        return name


def read_graph(model: Any) -> Graph:
    """Read a model's written values and infer its shapes."""
    return Graph(model, constants(model), shapes(model))


def replace_nodes(model: Any, kind: str, make: Callable[[Any, Graph], list[Any] | None]) -> bool:
    """Replace every node of a kind by the nodes that ``make`` gives for it, None to leave it."""
    if not any(node.op_type == kind for node in model.graph.node):
        return False
    graph = read_graph(model)
    made = [(node, make(node, graph) if node.op_type == kind else None) for node in model.graph.node]
    if all(nodes is None for _, nodes in made):
        return False
    kept = [new for node, nodes in made for new in ([node] if nodes is None else nodes)]
    del model.graph.node[:]
    model.graph.node.extend(kept)
    return True


def read_attributes(node: Any) -> dict[str, Any]:
    """Give a node's attributes as values."""
    from onnx import helper

    return {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}


def drop_attribute(node: Any, name: str, harmless: object) -> None:
    """Drop an attribute whose value is the harmless one, or any where that is None."""
    for place, attribute in reversed(list(enumerate(node.attribute))):
        if attribute.name == name and (harmless is None or read_attributes(node)[name] == harmless):
            del node.attribute[place]


def constants(model: Any) -> dict[str, Any]:
    """Give the values that are written in a graph, by name."""
    from onnx import numpy_helper

    found = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    return found | dict(constant_nodes(model))


def constant_nodes(model: Any) -> Iterator[tuple[str, Any]]:
    """Give what the nodes of type Constant hold."""
    from onnx import numpy_helper

    for node in model.graph.node:
        if node.op_type == "Constant" and "value" in (values := read_attributes(node)):
            yield node.output[0], numpy_helper.to_array(values["value"])


def shapes(model: Any) -> dict[str, list[int | None]]:
    """Give the shapes that ONNX infers for a graph's values, None for a side that is not known."""
    import onnx

    graph = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    found = {name: list(value.shape) for name, value in constants(model).items()}
    for value in (*graph.input, *graph.value_info, *graph.output):
        kind = value.type.tensor_type
        if kind.HasField("shape"):
            found[value.name] = [side.dim_value if side.HasField("dim_value") else None for side in kind.shape.dim]
    return found
