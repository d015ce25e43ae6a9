"""Is it said what keeps two runs from being comparable, and nothing else?"""

from __future__ import annotations

import dataclasses

import msgspec
import pytest

from fixtures.results import baseline_warning
from runoff.arrays import Input
from runoff.model.sources.architecture import IMAGENET
from runoff.stored.model import StoredModel, StoredSource
from runoff.stored.run import parse_run
from runoff.stored.stratum import (
    Pictures,
    Stratum,
    have_the_same_pictures,
    stratum_differences,
)
from runoff.text.ids import with_weights
from tests.builders.processors import ZEN3, ZEN4, of_schema_2, on_processor
from tests.builders.stored_runs import make_stored_run

SOURCE = StoredSource("torchvision", "builtin")
BASE = Stratum(
    processor=ZEN3,
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
        (
            {"processor": dataclasses.replace(ZEN3, hypervisor=False)},
            "hypervisor: yes → none (what a hypervisor costs differs from runtime to runtime)",
        ),
        ({"threads": 4}, "threads: 2 → 4"),
        ({"variables": {"ONEDNN_MAX_CPU_ISA": "SSE41"}}, "variable ONEDNN_MAX_CPU_ISA: not set → SSE41"),
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
    """Pictures of another size or normalised otherwise are another input; older runs have none stored."""
    other = {"crop": (448, 320)}, {"mean": (0.1,)}
    large, dark = (with_preprocessing(dataclasses.replace(IMAGENET, **changes)) for changes in other)
    assert stratum_differences(BASE, large) == ["input: 3×224×224 float32 → 3×448×320 float32"]
    assert stratum_differences(BASE, dark) == ["preprocessing: mean 0.485, 0.456, 0.406 → 0.1"]
    assert stratum_differences(with_preprocessing(None), large) == []


def test_a_file_that_is_model_and_weights_is_named_once():
    """An ONNX file is named by its path alone, and any other model with its weights."""
    assert with_weights("folder/m.onnx", "m.onnx") == "folder/m.onnx"
    assert with_weights("resnet18", "m.onnx") == "resnet18 with m.onnx weights"


def test_another_task_is_said():
    """Agreement means something else where a model is judged by its numbers, so the two are not compared."""
    judged_otherwise = msgspec.structs.replace(BASE, model=msgspec.structs.replace(BASE.model, task="other"))
    assert stratum_differences(BASE, judged_otherwise) == ["task: classification → other"]


def test_a_models_other_inputs_are_named():
    """What takes no pictures has its inputs by name: another shape is another model to compare with."""
    few, many = (
        msgspec.structs.replace(BASE.model, preprocessing=None, inputs=(Input("tokens", (length,), "int64"),))
        for length in (16, 32)
    )
    base, head = (msgspec.structs.replace(BASE, model=model) for model in (few, many))
    assert stratum_differences(base, head) == ["input: tokens 16 int64 → tokens 32 int64"]


def test_random_weights_are_named_as_speed_only():
    """Whether weights are random follows from their source, is stored, and is said with the model's name."""
    drawn = msgspec.structs.replace(BASE.model, weights="random", source=StoredSource("timm", "random"))
    assert msgspec.to_builtins(drawn)["speed_only"] is True
    assert msgspec.to_builtins(BASE.model)["speed_only"] is False
    other = msgspec.structs.replace(BASE, model=msgspec.structs.replace(drawn, sha256="cd" * 32))
    (said,) = stratum_differences(BASE, other)
    assert "→ resnet18 with random weights (speed only) (cdcdcdcdcdcd)" in said


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


def test_every_variable_that_differs_is_said_and_no_other():
    """Another value, and one that only one run has, keep runs apart; a run without any is stored as it ever was."""
    base = msgspec.structs.replace(BASE, variables={"OMP_NUM_THREADS": "1", "KMP_BLOCKTIME": "0", "MKL_CBWR": "AVX2"})
    head = msgspec.structs.replace(BASE, variables={"OMP_NUM_THREADS": "2", "MKL_CBWR": "AVX2"})
    assert stratum_differences(base, head) == [
        "variable KMP_BLOCKTIME: 0 → not set",
        "variable OMP_NUM_THREADS: 1 → 2",
    ]
    assert "variables" not in msgspec.to_builtins(BASE)


def test_differences_read_the_same_from_the_other_side():
    """Swapping the runs swaps what was and what is."""
    head = msgspec.structs.replace(BASE, threads=4, reference="onnxruntime")
    assert stratum_differences(head, BASE) == ["threads: 4 → 2", "reference: onnxruntime → pytorch"]


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
    assert baseline_warning(saved, now) is None
    (no_baseline, way_on) = "the stored run is no comparable baseline:", "; measure a new one with --benchmark-autosave"
    other = baseline_warning(saved, msgspec.structs.replace(now, threads=4))
    assert other == f"{no_baseline} threads: 2 → 4{way_on}"
    foreign = "there is no field machine_info.runoff"
    assert baseline_warning({}, now) == f"{no_baseline} {foreign}{way_on}"


def test_pytest_benchmark_names_another_processor_and_one_that_is_not_known():
    """--benchmark-compare says which part differs, and of an older run of this processor what it does not hold."""
    now = msgspec.structs.replace(parse_run(on_processor(make_stored_run(), ZEN3)).stratum, model=None, images=None)
    other = baseline_warning(on_processor(make_stored_run(), ZEN4)["machine_info"], now)
    assert "CPU design: model 17 → 1 (" in other
    older = baseline_warning(of_schema_2(make_stored_run(), ZEN3)["machine_info"], now)
    assert older.startswith("processor not fully known in the stored run (caches), so a difference")
