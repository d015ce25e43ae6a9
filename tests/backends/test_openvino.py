"""OpenVINO's own file: nobody is told that it is used here."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from runoff.backends import openvino

pytestmark = pytest.mark.framework

REPORTED = """
from openvino.tools.ovc.telemetry_utils import init_ovc_telemetry
from nncf.telemetry import wrapper
print(init_ovc_telemetry().consent, isinstance(wrapper.telemetry, wrapper.NNCFTelemetry))
"""


def test_conversions_are_reported_to_nobody():
    """In the environment that all variants are converted in, the converter and NNCF may not report their use."""
    (variables,) = {tuple(variant.convert_variables.items()) for variant in openvino.VARIANTS}
    usual = {name: value for name, value in os.environ.items() if name not in ("CI", "NNCF_CI")}
    command = [sys.executable, "-c", REPORTED]
    done = subprocess.run(command, env=usual | dict(variables), capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.split() == ["False", "False"], done.stderr
