"""Random weights: what untrained batch norms are given."""

from __future__ import annotations

import pytest

from runoff.model.module.random_weights import shift_batch_norms


@pytest.mark.framework
def test_batch_norms_add_what_they_vary_by() -> None:
    """A batch norm's bias grows by its weight's size, whatever its sign, and the weight stays."""
    import torch

    layer = torch.nn.BatchNorm2d(3)
    weights, biases = [0.5, -2.0, 0.0], [1.0, 0.0, 0.25]
    layer.load_state_dict({"weight": torch.tensor(weights), "bias": torch.tensor(biases)}, strict=False)
    shift_batch_norms(layer)
    assert layer.weight.tolist() == weights
    assert layer.bias.tolist() == [1.5, 2.0, 0.25]
