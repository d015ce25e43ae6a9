"""A module that goes several ways is no graph, which is found by other inputs than the traced one."""

from __future__ import annotations

import numpy as np
import pytest

from runoff.arrays import Input
from runoff.errors import ConversionFailed
from runoff.model.module.branches import other_examples, require_one_way

VALUES = (Input("values", (4,)),)


def check(module, *inputs):
    """Look for branches in a module as its export does."""
    import torch

    zeros = tuple(torch.zeros((1, *given.shape), dtype=getattr(torch, given.dtype)) for given in inputs)
    require_one_way(module.eval(), zeros, inputs, "export")


@pytest.mark.framework
def test_a_branch_on_values_is_refused():
    """The stage and the remedy are named, and by how much the graph would have been off."""
    from tests.stand_ins.factories import branching

    with pytest.raises(
        ConversionFailed, match=r"export: the module branches on the values .* by torch\.where"
    ) as caught:
        check(branching(), *VALUES)
    assert caught.value.stage == "export"


@pytest.mark.framework
def test_what_goes_one_way_is_not_refused():
    """Sizes may be asked for, several inputs and outputs be of any type, and numbers that it refuses say nothing."""
    from tests.stand_ins.factories import Doing, branching_by_size

    def refuse(own, made, values):
        if bool((values != 0).any()):
            raise ValueError("zeros alone")
        return made

    check(branching_by_size(), *VALUES)
    check(Doing(refuse), *VALUES)


def test_the_examples_are_unlike_each_other():
    """Numbers lie around, above and below zero, bytes are dark and light, and whole numbers any model has: 0 and 1."""
    inputs = (Input("values", (50,)), Input("levels", (50,), "uint8"), Input("tokens", (50,), "int64"))
    values, levels, tokens = (np.concatenate(each) for each in zip(*other_examples(inputs), strict=True))
    assert {row.mean() > 0 for row in values} == {row.mean() > 127 for row in levels} == {True, False}
    assert set(np.unique(tokens)) == {0, 1}
    assert (values.dtype, levels.dtype, tokens.dtype) == (np.float32, np.uint8, np.int64)
