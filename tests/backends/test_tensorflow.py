"""What the backend for TensorFlow declares that converting needs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from runoff.backends import find_backends
from runoff.environments.contenders import Contender
from runoff.environments.discovery import wanted
from runoff.environments.environment import Environment, Installed

BACKEND = find_backends()["tensorflow"]


@pytest.mark.parametrize(
    ("modules", "missing"),
    [
        pytest.param("onnx tensorflow onnx_tf tensorflow_probability", (), id="onnx-tf"),
        pytest.param("onnx tensorflow onnx_tf", ("tensorflow_probability",), id="what onnx-tf imports"),
        pytest.param("onnx tensorflow onnx2tf", (), id="onnx2tf"),
        pytest.param("onnx tensorflow", ("onnx_tf or onnx2tf",), id="neither"),
        pytest.param("tensorflow onnx_tf", ("onnx", "tensorflow_probability"), id="more"),
    ],
)
def test_what_converting_needs_follows_the_converter(modules, missing):
    """onnx-tf needs TensorFlow Probability, and onnx2tf does not; what is missing is known before anything converts."""
    here = Environment(
        "here", Path(sys.executable), backends={"tensorflow": BACKEND}, installed=Installed(frozenset(modules.split()))
    )
    assert here.missing_to_convert(Contender("tensorflow", BACKEND.VARIANTS[0])) == missing


def test_what_onnx_tf_needs_is_looked_for():
    """A survey of an environment asks for the module, so that it is known to be there."""
    assert "tensorflow_probability" in wanted([BACKEND])["modules"]
