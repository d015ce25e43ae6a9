"""Whether an ONNX file gives probabilities already."""

from __future__ import annotations

import pytest

onnx = pytest.importorskip("onnx", reason="the graphs are made with onnx, which is not installed")
pytestmark = pytest.mark.framework
probabilities = pytest.importorskip("runoff.model.onnx.probabilities", reason="as above")
node = onnx.helper.make_node

LOGITS = [node("MatMul", ["x", "w"], ["logits"])]
SOFTMAX = node("Softmax", ["logits"], ["shares"])

SPELLED_OUT = [
    node("Exp", ["logits"], ["powers"]),
    node("ReduceSum", ["powers"], ["total"]),
    node("Div", ["powers", "total"], ["y"]),
]


def graph(*nodes):
    """Return a graph of nodes after those that give logits."""
    return onnx.helper.make_graph([*LOGITS, *nodes], "made", [], [])


@pytest.mark.parametrize(
    ("nodes", "found"),
    [
        ([node("Softmax", ["logits"], ["y"])], True),
        ([SOFTMAX, node("Identity", ["shares"], ["y"])], True),
        ([SOFTMAX, node("Squeeze", ["shares"], ["flat"]), node("Reshape", ["flat", "shape"], ["y"])], True),
        ([SOFTMAX, node("Flatten", ["shares"], ["flat"]), node("Cast", ["flat"], ["y"], to=1)], True),
        (SPELLED_OUT, True),
        ([*SPELLED_OUT[:2], node("Expand", ["total", "s"], ["wide"]), node("Div", ["powers", "wide"], ["y"])], True),
        ([*SPELLED_OUT[:2], node("Div", ["powers", "logits"], ["y"])], False),
        ([node("Relu", ["logits"], ["powers"]), *SPELLED_OUT[1:]], False),
        ([node("Flatten", ["logits"], ["y"])], False),
        ([SOFTMAX, node("Mul", ["shares", "scale"], ["y"])], False),
        ([SOFTMAX, node("Add", ["logits", "shares"], ["y"])], False),
        ([node("LogSoftmax", ["logits"], ["y"])], False),
        ([node("Softmax", ["logits"], ["y"], domain="own")], False),
        ([SOFTMAX, node("Identity", ["shares"], ["y"], domain="own")], False),
        ([SOFTMAX], False),
        ([node("Identity", ["y"], ["y"])], False),
    ],
    ids=[
        "softmax",
        "through Identity",
        "through Squeeze and Reshape",
        "through Flatten and Cast",
        "spelled out",
        "spelled out with its sum expanded",
        "another quotient",
        "a quotient without exponentials",
        "logits",
        "scaled after it",
        "beside it",
        "its logarithm",
        "of another domain",
        "through another domain",
        "another output",
        "a circle",
    ],
)
def test_the_last_operator_that_changes_numbers_decides(nodes, found):
    """A softmax is found through what moves numbers only, and nothing else is taken for one."""
    assert probabilities.gives_probabilities(graph(*nodes), "y") is found
