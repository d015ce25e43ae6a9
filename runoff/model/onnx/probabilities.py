"""Whether an output of an ONNX file is a softmax already, so that nobody takes another."""

from __future__ import annotations

from typing import Any

PASSING = frozenset({"Cast", "Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze"})
"""What changes neither the numbers of an output nor their order."""


def gives_probabilities(graph: Any, output: str) -> bool:
    """Whether the last operator before an output that changes its numbers is a Softmax."""
    makers = {name: node for node in graph.node for name in node.output}
    name, passed = output, set[str]()
    while name in makers and name not in passed:
        passed.add(name)
        node = makers[name]
        if node.op_type not in PASSING or node.domain not in ("", "ai.onnx"):
            return bool(node.op_type == "Softmax" and node.domain in ("", "ai.onnx"))
        name = node.input[0] if node.input else ""
    return False
