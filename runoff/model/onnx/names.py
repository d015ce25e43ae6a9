"""Repairs of names in ONNX files: TensorFlow takes letters, digits and few signs for the names of what a graph has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from runoff.model.onnx.external_data import graphs

NO_NAME = re.compile(r"[^A-Za-z0-9_.]")
"""What an input's or output's name is cleaned of."""
NO_SCOPE = re.compile(r"[^A-Za-z0-9_.\\/>-]")
"""What can't be in the name of a node."""


def clean_names(model: Any) -> bool:
    """Put ``_`` for the signs in inputs', outputs' and nodes' names that TensorFlow's can't have."""
    graph = model.graph
    written = {tensor.name for tensor in graph.initializer}
    wanted = {value.name for value in (*graph.input, *graph.output) if value.name not in written}
    cleaned = {name: NO_NAME.sub("_", name) for name in wanted if NO_NAME.search(name)}
    taken = {name for node in graph.node for name in node.output} | written | wanted
    cleaned = {name: new for name, new in cleaned.items() if new not in taken}
    changed = bool(cleaned)
    for each in graphs(graph):
        rename(each, cleaned)
        for node in each.node:
            if NO_SCOPE.search(node.name):
                node.name, changed = NO_SCOPE.sub("_", node.name), True
    return changed


def rename(graph: Any, names: Mapping[str, str]) -> None:
    """Rename values in a graph wherever they are named."""
    for node in graph.node:
        for listed in (node.input, node.output):
            listed[:] = [names.get(name, name) for name in listed]
    for value in (*graph.input, *graph.output, *graph.value_info):
        value.name = names.get(value.name, value.name)


def lower_ir_version(model: Any) -> bool:
    """Say an older version of the format, whose checker onnx-tf calls; newer ones add nothing that is read here."""
    if model.ir_version <= CHECKED_IR:
        return False
    model.ir_version = CHECKED_IR
    return True


CHECKED_IR = 10
"""The newest version of the format that onnx 1.16's checker takes."""
