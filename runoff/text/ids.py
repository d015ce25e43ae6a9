"""Contenders' ids, such as ``onnxruntime-int8@1.18``: put together and taken apart here alone; and models' names."""

from __future__ import annotations

HERE = "here"
"""The environment that pytest runs in, which an id need not name."""


def join_id(backend: str, variant: str, environment: str = HERE) -> str:
    """Return a contender's id, which says only what differs from the plain variant ``here``."""
    name = f"{backend}-{variant}" if variant else backend
    return name if environment == HERE else f"{name}@{environment}"


def split_id(identifier: str) -> tuple[str, str]:
    """Return an id without its environment, and the environment's name."""
    name, at, environment = identifier.partition("@")
    return name, environment if at else HERE


def without_variant(identifier: str, variant: str) -> str:
    """Return the id of the plain variant of the same backend in the same environment."""
    name, environment = split_id(identifier)
    return join_id(name.removesuffix(f"-{variant}"), "", environment)


def with_weights(name: str, weights: str) -> str:
    """Name a model and its weights; a file that has both is named once."""
    return name if name.rpartition("/")[2] == weights else f"{name} with {weights} weights"
