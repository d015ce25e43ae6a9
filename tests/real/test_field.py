"""The field beyond the default three, for real: converted, calibrated, right on 595 pictures, and raced."""

from __future__ import annotations

import json

import pytest

from runoff.judge.agreement import floor
from tests.suite_runs import RACE

pytestmark = [pytest.mark.framework, pytest.mark.full]

FLOAT32 = (
    "pytorch-channels-last",
    "pytorch-torchscript",
    "onnxruntime-offline",
    "tensorflow-savedmodel",
    "tensorflow-session",
    "openvino",
)
INT8 = ("pytorch-int8", "onnxruntime-int8", "openvino-int8")
BFLOAT16 = "pytorch-bfloat16"
FEWEST_PICTURES = 500
FEW_DRAWINGS = """
from runoff.model.inputs import images

def pytest_configure():
    images.FURTHER_COUNT = 64
"""
"""A plugin for runs whose contenders of reduced precision are compared on fewer pictures."""
ONCE = (*RACE, "--weights", "builtin", "--launches", "1", "--rounds", "1", "-m", "not service and not conversion")


@pytest.fixture(scope="module")
def field(real_suite):
    """Run one launch of these contenders on the fixture images, every metric, and give what came of each."""
    return stored_run(real_suite, *FLOAT32, *INT8)


@pytest.fixture(scope="module")
def emulated(real_suite, field):
    """Run the one that many processors can only emulate, half a second a picture, on a quarter of the pictures."""
    (real_suite.root / "few_drawings.py").write_text(FEW_DRAWINGS)
    return stored_run(real_suite, BFLOAT16, options=("-p", "few_drawings"))


def stored_run(suite, *contenders, options=()):
    """Race contenders on the fixture images, and give what was stored."""
    done = suite.perform(suite.bare_command(*ONCE, *options, "--contenders", ",".join(contenders)))
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((suite.root / "results" / "runoff.json").read_text())


def came_of(field, name):
    """Give what came of a contender."""
    return field["machine_info"]["runoff"]["contenders"][name]


@pytest.mark.parametrize("name", FLOAT32)
def test_float32_agrees_on_every_picture(field, name):
    """A float32 contender gives golden's Top-1 on all pictures, and differs by no more than float32 explains."""
    found = came_of(field, name)
    assert found["status"] == "raced", found["reason"]
    assert found["agreement"]["share"] == 1.0
    assert found["agreement"]["largest_difference"] <= found["agreement"]["noise"]


@pytest.mark.parametrize("name", INT8)
def test_int8_is_judged_by_many_pictures(field, name):
    """A quantised one agrees on its floor's share of at least 500 pictures that golden is sure of; it is no float32."""
    assert assert_reduced(came_of(field, name)) >= FEWEST_PICTURES


def test_bfloat16_is_judged_as_int8_is(emulated):
    """The one in bfloat16 agrees on its floor's share of the pictures that golden is sure of; it is no float32."""
    assert assert_reduced(came_of(emulated, BFLOAT16)) > 64


def assert_reduced(found):
    """Assert that a contender raced, kept its floor and computed in less than float32; return how many were decided."""
    assert found["status"] == "raced", found["reason"]
    judged = found["quantisation"]
    assert judged["decided_share"] >= floor(found["precision"])
    assert judged["rms_difference"] > judged["noise"]
    return judged["decided"]


def test_what_reduced_precision_buys_is_stored(field):
    """The group ``quantisation`` has each reduced contender with its ratio to its own backend, where that raced."""
    stored = {one["extra_info"]["contender"]: one for one in field["benchmarks"] if one["group"] == "quantisation"}
    assert set(stored) == set(INT8)
    assert stored["openvino-int8"]["extra_info"]["ratio_to_float32"]["reference"] == "openvino"
    assert stored["pytorch-int8"]["extra_info"]["ratio_to_float32"]["reference"] == "pytorch"
    assert (
        stored["onnxruntime-int8"]["extra_info"]["ratio_to_float32"] is None
    )  # plain ONNX Runtime is not in this race
    assert all(one["stats"]["median"] == pytest.approx(one["extra_info"]["rms_difference"]) for one in stored.values())


def test_every_contender_holds_its_threads(field):
    """Every framework reports the thread count that was asked for."""
    asked = field["machine_info"]["runoff"]["stratum"]["threads"]
    threads = {one["extra_info"]["threads"] for one in field["benchmarks"] if one["group"] == "inference"}
    assert threads == {asked}
