"""Is it said what keeps two runs from being comparable, and nothing else?"""

from __future__ import annotations

import dataclasses

import msgspec
import pytest

from fixtures.results import baseline_differences
from runoff.model.sources.architecture import IMAGENET
from runoff.stored.run import parse_run
from runoff.stored.stratum import (
    Pictures,
    StoredModel,
    StoredSource,
    Stratum,
    have_the_same_pictures,
    stratum_differences,
)
from tests.builders.stored_runs import make_stored_run

SOURCE = StoredSource("torchvision", "builtin")
BASE = Stratum(
    cpu="Example CPU",
    cpu_flags=("avx2", "avx512f"),
    threads=2,
    reference="pytorch",
    model=StoredModel("resnet18", "builtin", "ab" * 32, SOURCE, IMAGENET),
    images=Pictures(83, "ef" * 32),
    environments={"here": {"torch": "2.13.0", "onnx": "1.16.2"}, "ort118": {"onnxruntime": "1.18.0"}},
    contenders={"pytorch": {"torch": "2.13.0"}, "tensorflow": {"onnx": "1.16.2"}},
)


def test_a_run_is_comparable_with_itself():
    """Nothing differs between two equal strata."""
    assert stratum_differences(BASE, BASE) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cpu": "Other CPU"}, "CPU model: Example CPU → Other CPU"),
        ({"cpu_flags": ("amx_bf16", "avx2")}, "CPU flags: gone avx512f; new amx_bf16"),
        ({"threads": 4}, "threads: 2 → 4"),
        ({"reference": "onnxruntime"}, "reference: pytorch → onnxruntime"),
        (
            {"model": StoredModel("resnet18", "imagenet", "cd" * 32, StoredSource("torchvision", "official"))},
            "model: resnet18 with builtin weights (abababababab) → resnet18 with imagenet weights (cdcdcdcdcdcd)",
        ),
        (
            {"environments": {"here": {"torch": "2.12.0", "onnx": "1.16.2"}}},
            "torch: 2.13.0 → 2.12.0 in the environment here",
        ),
        ({"contenders": {"tensorflow": {}}}, "onnx: 1.16.2 → none for tensorflow"),
        ({"contenders": {"pytorch": {"torch": "2.12.0"}}}, "torch: 2.13.0 → 2.12.0 for pytorch"),
    ],
)
def test_each_difference_is_said(change, said):
    """What differs is named with what it was and what it is."""
    assert stratum_differences(BASE, msgspec.structs.replace(BASE, **change)) == [said]


@pytest.mark.parametrize(
    "change",
    [
        {"environments": {"here": {"torch": "2.13.0", "openvino": "2026.4.1"}, "other": {"torch": "1.0"}}},
        {"contenders": {"pytorch": {"torch": "2.13.0"}, "openvino": {"openvino": "2026.4.1"}}},
        {"model": None},
        {"model": StoredModel("another name", "mine", "ab" * 32, StoredSource("torchvision", "file"))},
        {"images": Pictures(12, "00" * 32)},
    ],
)
def test_what_makes_no_difference_is_not_said(change):
    """What only one run has, the pictures, and where a model's name and weights come from do not matter."""
    assert stratum_differences(BASE, msgspec.structs.replace(BASE, **change)) == []


def test_another_input_is_said_where_both_are_known():
    """The same weights on larger pictures take another time; another mean does not, and older runs have none stored."""
    other = {"crop": (448, 320)}, {"mean": (0.1,)}
    large, dark = (with_preprocessing(dataclasses.replace(IMAGENET, **changes)) for changes in other)
    assert stratum_differences(BASE, large) == ["input: 3×224×224 float32 → 3×448×320 float32"]
    assert stratum_differences(BASE, dark) == stratum_differences(with_preprocessing(None), large) == []


def with_preprocessing(preprocessing):
    """Return the stratum of another preprocessing, or of a run of before it was stored."""
    return msgspec.structs.replace(BASE, model=msgspec.structs.replace(BASE.model, preprocessing=preprocessing))


def test_a_version_is_said_once():
    """A package that differs in its environment is not said again for every contender that uses it."""
    head = msgspec.structs.replace(
        BASE,
        environments={"here": {"torch": "2.12.0"}},
        contenders={"pytorch": {"torch": "2.12.0"}, "tensorflow": {"onnx": "1.16.2"}},
    )
    assert stratum_differences(BASE, head) == ["torch: 2.13.0 → 2.12.0 in the environment here"]


def test_many_flags_are_said_shortly():
    """Of many flags the first four are named and the others counted."""
    head = msgspec.structs.replace(BASE, cpu_flags=(*BASE.cpu_flags, *(f"flag{number}" for number in range(9))))
    assert stratum_differences(BASE, head) == ["CPU flags: new flag0, flag1, flag2, flag3 and 5 more"]


def test_differences_read_the_same_from_the_other_side():
    """Swapping the runs swaps what was and what is."""
    head = msgspec.structs.replace(BASE, threads=4, cpu_flags=())
    assert stratum_differences(head, BASE) == ["CPU flags: new avx2, avx512f", "threads: 4 → 2"]


def test_agreement_is_comparable_between_runs_of_the_same_pictures():
    """The hash of the contents decides, not how many there are; pictures that are not known are not the same."""
    for images, same in ((Pictures(83, "ef" * 32), True), (Pictures(83, "00" * 32), False), (None, False)):
        assert have_the_same_pictures(BASE, msgspec.structs.replace(BASE, images=images)) is same


def test_a_stored_run_has_its_stratum():
    """The contenders of a stratum are those that raced; what was not converted, wrong or skipped is none of them."""
    stratum = parse_run(make_stored_run()).stratum
    assert set(stratum.contenders) == {"pytorch", "onnxruntime", "tensorflow", "pytorch-channels-last"}
    assert (stratum.model, stratum.reference) == (BASE.model, "pytorch")


def test_pytest_benchmark_names_the_same():
    """--benchmark-compare names the same differences, before a race too, and the field that a foreign file lacks."""
    saved = make_stored_run()["machine_info"]
    now = msgspec.structs.replace(parse_run(make_stored_run()).stratum, model=None, images=None, contenders={})
    assert baseline_differences(saved, now) == []
    assert baseline_differences(saved, msgspec.structs.replace(now, threads=4)) == ["threads: 2 → 4"]
    assert baseline_differences({}, now) == ["there is no field machine_info.runoff; expected a run that Runoff stored"]
