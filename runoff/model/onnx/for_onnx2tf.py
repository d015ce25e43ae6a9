"""What ONNX files are changed to for onnx2tf and LiteRT: GELU in TensorFlow's order, and batches of one alone."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import onnx

from runoff.model.onnx.graph import read_constants

FIXED_BATCH = "batch fixed at one"


def order_gelus(source: Path, destination: Path) -> None:
    """Write a file with each product that halves a GELU before the one with 1 + erf, not after it: the same bits.

    LiteRT knows GELU by this order alone, and has no erf by itself.
    """
    model = onnx.load(str(source))
    nodes = list(model.graph.node)
    made_by = {name: node for node in nodes for name in node.output}
    uses = Counter(name for node in nodes for name in node.input)
    halves = {name for name, value in read_constants(model).items() if value.size == 1 and float(value.item()) == 0.5}
    placed: list[Any] = []
    for node in nodes:
        product = next((name for name in node.input if name not in halves), "")
        inner, half = made_by.get(product), next((name for name in node.input if name in halves), None)
        raised = raised_erf(inner, made_by) if node.op_type == "Mul" and half and uses[product] == 1 else None
        if inner is not None and raised is not None:
            (halved,) = [name for name in inner.input if name != raised]
            placed.remove(inner)
            inner.input[:], node.input[:] = [halved, half], [product, raised]
            placed.append(inner)
        placed.append(node)
    changed = [onnx.NodeProto.FromString(node.SerializeToString()) for node in placed]
    del model.graph.node[:]
    model.graph.node.extend(changed)
    onnx.save(model, str(destination))


def raised_erf(product: Any, made_by: dict[str, Any]) -> str | None:
    """Return which factor of a product is 1 + erf, None where none is."""
    if product is None or product.op_type != "Mul":
        return None
    for name in product.input:
        added = made_by.get(name)
        if added is not None and added.op_type == "Add" and any(is_erf(made_by.get(each)) for each in added.input):
            return str(name)
    return None


def is_erf(node: Any) -> bool:
    """Whether a node is an Erf."""
    return node is not None and node.op_type == "Erf"


def fix_batch(source: Path, destination: Path) -> tuple[str, ...]:
    """Write a file whose batch may have any size for a batch of one, its shapes folded, and name this repair.

    A vision transformer computes shapes from its batch, which onnx2tf loses. Nothing is written where the batch is not
    what is open, or other sides are too.
    """
    import onnxsim

    model = onnx.load(str(source))
    written = {each.name for each in model.graph.initializer}
    sides = {
        given.name: [side.dim_value for side in given.type.tensor_type.shape.dim]
        for given in model.graph.input
        if given.name not in written
    }
    if not all(known and known[0] <= 0 and all(side > 0 for side in known[1:]) for known in sides.values()):
        return ()
    fixed, _ = onnxsim.simplify(model, overwrite_input_shapes={name: [1, *known[1:]] for name, known in sides.items()})
    onnx.save(fixed, str(destination))
    return (FIXED_BATCH,)
