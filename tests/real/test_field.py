"""The field on the default model, for real: converted, calibrated, right on many pictures, and raced once."""

from __future__ import annotations

import json

import pytest

from runoff.judge.agreement import floor
from runoff.model.inputs.images import FURTHER_COUNT
from tests.suite_runs import RACE

pytestmark = [pytest.mark.framework, pytest.mark.full]

FLOAT32 = (
    "pytorch",
    "pytorch-channels-last",
    "pytorch-torchscript",
    "onnxruntime",
    "onnxruntime-offline",
    "tensorflow",
    "tensorflow-savedmodel",
    "tensorflow-session",
    "openvino",
)
REDUCED = ("pytorch-int8", "onnxruntime-int8", "openvino-int8", "pytorch-bfloat16")
FEWEST_PICTURES = 500
FEWER_DRAWINGS = 64
"""How many pictures more what has reduced precision is compared on here: bfloat16 takes half a second for each, where
a processor can only emulate it, and so does golden in float64."""
PLUGIN = f"""
from runoff.model.inputs import images

def pytest_configure():
    images.FURTHER_COUNT = {FEWER_DRAWINGS}
"""
ONCE = (*RACE, "--weights", "builtin", "--launches", "1", "--rounds", "1", "-m", "not service and not conversion")


@pytest.fixture(scope="module")
def field(real_suite):
    """Run one launch of all contenders on the fixture images, every metric, and give what was stored."""
    (real_suite.root / "few_drawings.py").write_text(PLUGIN)
    asked = (*ONCE, "-p", "few_drawings", "--contenders", ",".join((*FLOAT32, *REDUCED)))
    done = real_suite.perform(real_suite.bare_command(*asked))
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
def test_reduced_precision_is_judged_by_many_pictures(field, name):
    """One agrees on its floor's share of the pictures that golden is sure of; it computed in less than float32."""
    # Golden is sure of so large a share that with all drawings, as usual, at least 500 pictures judge.
    found = came_of(field, name)
    assert found["status"] == "raced", found["reason"]
    judged = found["quantisation"]
    assert judged["decided_share"] >= floor(found["precision"])
    assert judged["rms_difference"] > judged["noise"]
    assert judged["images"] > FEWER_DRAWINGS
    usual = judged["images"] - FEWER_DRAWINGS + FURTHER_COUNT
    assert usual * judged["decided"] / judged["images"] >= FEWEST_PICTURES


def test_what_reduced_precision_buys_is_stored(field):
    """The group ``quantisation`` has each reduced contender with its ratio to its own backend, where that raced."""
    stored = {one["extra_info"]["contender"]: one for one in field["benchmarks"] if one["group"] == "quantisation"}
    assert set(stored) == set(REDUCED)
    for name, found in stored.items():
        assert found["extra_info"]["ratio_to_float32"]["reference"] == name.partition("-")[0]
    assert all(one["stats"]["median"] == pytest.approx(one["extra_info"]["rms_difference"]) for one in stored.values())


def test_every_contender_holds_its_threads(field):
    """Every framework reports the thread count that was asked for, and none keeps more threads busy."""
    asked = field["machine_info"]["runoff"]["stratum"]["threads"]
    inference = [one["extra_info"] for one in field["benchmarks"] if one["group"] == "inference"]
    assert {info["threads"] for info in inference} == {asked}
    assert all(info["busy_threads"] < asked + 0.5 for info in inference)
