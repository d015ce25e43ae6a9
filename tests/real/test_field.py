"""The field beyond the mission's three, for real: converted, calibrated, held to golden on 595 pictures, and raced."""

from __future__ import annotations

import json

import pytest

from runoff.judge.agreement import floor

pytestmark = pytest.mark.framework

FLOAT32 = (
    "pytorch-channels-last",
    "pytorch-torchscript",
    "onnxruntime-offline",
    "tensorflow-savedmodel",
    "tensorflow-session",
    "openvino",
)
REDUCED = ("pytorch-bfloat16", "pytorch-int8", "onnxruntime-int8", "openvino-int8")
FEWEST_PICTURES = 500


@pytest.fixture(scope="module")
def field(real_suite):
    """Run one launch of these contenders on the fixture images, and give what came of each."""
    few = ("--weights", "builtin", "--launches", "1", "--rounds", "1", "-m", "not service and not conversion")
    done = real_suite.perform(real_suite.bare_command(*few, "--contenders", ",".join(FLOAT32 + REDUCED)))
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((real_suite.root / "results" / "runoff.json").read_text())


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


@pytest.mark.parametrize("name", REDUCED)
def test_reduced_precision_is_held_to_its_floor(field, name):
    """A reduced one agrees on its floor's share of at least 500 pictures that golden is sure of, and is not float32."""
    found = came_of(field, name)
    assert found["status"] == "raced", found["reason"]
    judged = found["quantisation"]
    assert judged["decided"] >= FEWEST_PICTURES
    assert judged["decided_share"] >= floor(found["precision"])
    assert judged["rms_difference"] > judged["noise"]


def test_what_reduced_precision_buys_is_stored(field):
    """The group ``quantisation`` has each reduced contender with its ratio to its own backend, where that raced."""
    stored = {one["extra_info"]["contender"]: one for one in field["benchmarks"] if one["group"] == "quantisation"}
    assert set(stored) == set(REDUCED)
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
