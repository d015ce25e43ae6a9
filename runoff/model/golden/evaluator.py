"""Outputs of an ONNX file as exact as can be had: by onnx's reference evaluator, in float64."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import AttributeProto, TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun

from runoff.arrays import Arrays
from runoff.model.golden.evaluator_patches import patches
from runoff.model.golden.golden import in_float64

HALVES = (TensorProto.FLOAT16, TensorProto.BFLOAT16)
FLOATS = (TensorProto.FLOAT, *HALVES)
DEFAULT_DOMAINS = ("", "ai.onnx")


def evaluate(file: Path, examples: Iterable[Arrays], seconds: float) -> list[Arrays]:
    """Return a file's outputs in float64 for one example after another, for as many as so many seconds are enough.

    Raises whatever the evaluator does, and TimeoutError where they are not enough for the first.
    """
    started, longest = time.monotonic(), 0.0
    found: list[Arrays] = []
    with time_limit(seconds):
        model = onnx.load(str(file))
        widen_graph(model.graph)
        opset = next((each.version for each in model.opset_import if each.domain in DEFAULT_DOMAINS), 1)
        evaluator = ReferenceEvaluator(model, new_ops=patches(opset))
        for example in examples:
            begun = time.monotonic()
            if found and begun - started + longest > seconds:
                break
            outputs = evaluator.run(None, {name: in_float64(array) for name, array in example.items()})
            found.append(dict(zip(evaluator.output_names, outputs, strict=True)))
            longest = max(longest, time.monotonic() - begun)
    return found


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in what is done here when so many seconds are over; in a process's main thread alone.

    The evaluator runs operators in Python, some of them for hours.
    """

    def stop(number: int, frame: Any) -> None:
        raise TimeoutError(f"not one example in {seconds:g} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def widen_graph(graph: Any) -> None:
    """Make all floating-point numbers that are written in a graph float64, and what it casts to them."""
    for tensor in graph.initializer:
        widen_tensor(tensor)
    for node in graph.node:
        if node.op_type == "ConstantOfShape" and not node.attribute:
            node.attribute.append(helper.make_attribute("value", numpy_helper.from_array(np.zeros(1))))
        for attribute in node.attribute:
            widen_attribute(node, attribute)


def widen_attribute(node: Any, attribute: Any) -> None:
    """Do the same for a node's attribute, and the graphs inside it."""
    if attribute.type == AttributeProto.TENSOR:
        widen_tensor(attribute.t)
    elif attribute.type == AttributeProto.GRAPH:
        widen_graph(attribute.g)
    elif attribute.name in ("to", "dtype") and attribute.i in FLOATS:
        attribute.i = TensorProto.DOUBLE
    elif node.op_type == "Constant" and attribute.name in ("value_float", "value_floats"):
        value = np.asarray(helper.get_attribute_value(attribute), np.float64)
        attribute.CopyFrom(helper.make_attribute("value", numpy_helper.from_array(value)))


def widen_tensor(tensor: Any) -> None:
    """Make a tensor of floating-point numbers one of float64."""
    if tensor.data_type in FLOATS:
        tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float64), tensor.name))


def has_half(file: Path) -> bool:
    """Whether a file's weights are numbers of 16 bits."""
    graph = onnx.load(str(file), load_external_data=False).graph
    return any(tensor.data_type in HALVES for tensor in graph.initializer)


def failing_operator(error: BaseException) -> str:
    """Return the operator that raised an error, with a colon after it; nothing where none did."""
    trace, found = error.__traceback__, ""
    while trace:
        operator = trace.tb_frame.f_locals.get("self")
        found = f"{operator.op_type}: " if isinstance(operator, OpRun) and hasattr(operator, "onnx_node") else found
        trace = trace.tb_next
    return found
