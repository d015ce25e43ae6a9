"""Sessions of the real runtimes for a model with two inputs and two outputs, which are told apart by their names."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

from runoff.arrays import named
from runoff.backends import find_backends
from runoff.contract import Form
from runoff.files.arrays import load_arrays, save_arrays
from runoff.files.values import to_json
from runoff.processes.process import call
from tests.lanes import in_full
from tests.stand_ins import two_by_two
from tests.stand_ins.two_by_two import MODEL, SIGNATURE

pytestmark = [pytest.mark.framework, pytest.mark.long]


def batch_of(size):
    """Return a batch of both inputs, in the order that the model does not have them in."""
    random = np.random.default_rng(size)
    return {
        "alpha": random.integers(0, 9, (size, 4)),
        "zeta": random.standard_normal((size, 2, 3)).astype(np.float32),
    }


@pytest.fixture
def answers(tmp_path):
    """Run a contender on batches in a separate process; return what it gave for each, or what it refused."""

    def run(name, variant, *batches):
        declared, written = find_backends()[name], []
        if missing := [module for module in (*declared.REQUIRES, "onnx") if find_spec(module) is None]:
            pytest.skip(f"{name} needs {', '.join(missing)}")
        model, log = tmp_path / "two.onnx", tmp_path / "log"
        call(f"{two_by_two.__name__}:write_model", {"destination": str(model)}, label="two", log=log, timeout=300)
        for place, batch in enumerate(batches):
            written.append([str(tmp_path / f"{place}.npz"), str(tmp_path / f"{place}-out.npz")])
            save_arrays(tmp_path / f"{place}.npz", batch)
        asked = {"backend": declared.module, "variant": variant, "artifact": str(tmp_path / f"model{declared.SUFFIX}")}
        form = to_json(Form(MODEL, "0" * 64, model))
        converting = asked | {"form": form, "calibration": None, "converters": []}
        call("runoff.measure.artifacts:convert", converting, label=name, log=log, timeout=300)
        running = asked | {"batches": written}
        refused = call(f"{two_by_two.__name__}:run_session", running, label=name, log=log, timeout=300)
        return refused or [list(load_arrays(tmp_path / f"{place}-out.npz").values()) for place in range(len(batches))]

    return run


@pytest.mark.parametrize(
    ("name", "variant"),
    [
        ("onnxruntime", ""),
        ("openvino", ""),
        *in_full(("tensorflow", ""), ("tensorflow", "session"), ("tensorflow", "savedmodel")),
    ],
)
def test_inputs_and_outputs_are_told_apart_by_their_names(answers, name, variant):
    """Whatever order a converter lists them in, each output is that of its own input, at every size of batch."""
    batches = [batch_of(size) for size in (1, 3)]
    for batch, outputs in zip(batches, answers(name, variant, *batches), strict=True):
        found = named(outputs, SIGNATURE, len(batch["alpha"]))
        np.testing.assert_array_equal(found["wide"], batch["zeta"] * 2)
        np.testing.assert_array_equal(found["count"], batch["alpha"] + 1)


def test_openvino_refuses_another_type_than_the_models(answers):
    """OpenVINO itself would take whole numbers for an input of float32, and compute with them as if they were."""
    wrong = batch_of(1) | {"zeta": np.ones((1, 2, 3), np.int64)}
    assert answers("openvino", "", batch_of(1), wrong) == "'zeta' takes float32, it was given int64; give it that"
