"""Whether an output of an ONNX file is a softmax already, so that nobody takes another."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

PASSING = frozenset({"Cast", "Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze"})
"""What changes neither the numbers of an output nor their order."""
DEFAULT_DOMAINS = ("", "ai.onnx")


def gives_probabilities(graph: Any, output: str) -> bool:
    """Whether the last operator before an output that changes its numbers is a Softmax, or is one spelled out."""
    makers = {name: node for node in graph.node if node.domain in DEFAULT_DOMAINS for name in node.output}
    made_by = maker_of(output, makers, PASSING)
    return made_by is not None and (made_by.op_type == "Softmax" or is_spelled_out(made_by, makers))


def maker_of(name: str, makers: Mapping[str, Any], passing: Collection[str]) -> Any:
    """Return the node that made the numbers of a value, back through those that pass them on; None for no known one."""
    passed = set[str]()
    while name in makers and makers[name].op_type in passing and name not in passed:
        passed.add(name)
        name = makers[name].input[0]
    return None if name in passed else makers.get(name)


def is_spelled_out(node: Any, makers: Mapping[str, Any]) -> bool:
    """Whether a node divides exponentials by their sum, as a softmax from JAX is written."""
    if node.op_type != "Div":
        return False
    powers, total = makers.get(node.input[0]), maker_of(node.input[1], makers, PASSING | {"Expand"})
    if powers is None or total is None:
        return False
    return bool(powers.op_type == "Exp" and total.op_type == "ReduceSum" and total.input[0] == node.input[0])
