"""Golden of a module as people have them: constants in float32, outputs of truth values, one example at a time."""

from __future__ import annotations

import numpy as np
import pytest

from runoff.arrays import Input, Output
from runoff.contract import OTHER, Model, Source
from runoff.model.golden import from_module
from runoff.model.golden.golden import load_golden

pytestmark = pytest.mark.framework
EPSILON = np.finfo(np.float32).eps


@pytest.fixture
def golden_of(tmp_path, monkeypatch):
    """Compute golden of a module on a few numbers, whose outputs are named by their types."""

    def computed(made, *dtypes):
        outputs = tuple(Output(dtype, (4,), dtype) for dtype in dtypes)
        model = Model(
            "own", "0" * 64, (Input("values", (4,)),), outputs, None, None, OTHER, Source("factory", "a:b", {})
        )
        monkeypatch.setattr(from_module, "make_module", lambda given: made.eval())
        monkeypatch.setattr(from_module, "from_json", lambda kind, values: model)
        np.save(tmp_path / "values.npy", np.random.default_rng(0).standard_normal((6, 4)).astype(np.float32))
        files = {"values": str(tmp_path / "values.npy")}
        from_module.compute_golden({}, files, str(tmp_path / "golden.npz"), 4)
        return load_golden(tmp_path / "golden.npz")

    return computed


def test_a_constant_in_float32_has_its_rounding_from_a_batch(golden_of):
    """What does not run in float64 is run in a batch, and its rounding is never nothing; both are said."""
    import torch

    from tests.stand_ins.factories import Doing

    made = golden_of(Doing(lambda own, layer, values: layer @ torch.ones(4, 4)), "float32")
    largest = np.abs(made.outputs["float32"]).max()
    assert EPSILON * largest <= made.roundings["float32"] <= 20 * EPSILON * largest
    assert made.note.startswith("golden's rounding is that of a batch against single examples: the model does not run")


def test_what_takes_one_example_alone_has_the_least_rounding(golden_of):
    """A module that refuses a batch, too, has golden."""
    import torch

    from tests.stand_ins.factories import Doing

    made = golden_of(Doing(lambda own, layer, values: layer.reshape(1, 4) @ torch.ones(4, 4)), "float32")
    assert made.roundings["float32"] == pytest.approx(EPSILON * np.abs(made.outputs["float32"]).max())


def test_truth_values_and_whole_numbers_have_golden(golden_of):
    """Outputs may be of any type: those that are no floating-point numbers are not rounded."""
    from tests.stand_ins.factories import Doing

    made = golden_of(Doing(lambda own, layer, values: (layer, layer > 0, layer.long())), "float32", "bool", "int64")
    assert 0 < made.roundings["float32"] < 1e-6
    assert (made.outputs["bool"].dtype, made.outputs["int64"].dtype, made.note) == (np.bool_, np.int64, "")
