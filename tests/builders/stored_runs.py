"""Stored runs for the tests of what reads them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from runoff.judge.agreement import Agreement
from runoff.judge.ratios import Ratio, ratio_over_launches
from runoff.model.sources.architecture import IMAGENET
from runoff.processor import Core, Processor
from runoff.stored.benchmarks import ExtraInfo, Percentiles
from runoff.stored.info import RunInfo, Schedule, StoredArtifact, StoredContender
from runoff.stored.model import StoredModel, StoredSource
from runoff.stored.schema import write_record
from runoff.stored.stratum import Pictures, Stratum

Values = dict[str, Any]

STAGES = {"interpreter": 0.02, "import": 1.1, "load": 0.2, "first inference": 0.1}
PROCESSOR = Processor(
    "Example CPU", ("avx", "avx2", "fpu"), (Core("Example", "1", "2", "3", 32768, 524288, 33554432),), hypervisor=False
)
INJECTION = '<script>alert("x")</script><img src=x>|`*_[a](b)\x1b[31m'


def benchmark(group: str, contender: str, value: float, ratio: Values | None, **additional: Any) -> Values:
    """Make one benchmark as pytest-benchmark stores it."""
    info = ExtraInfo(
        contender=contender,
        backend=contender,
        variant="",
        environment="here",
        versions={"torch": "2.13.0"},
        threads=2,
        unit="seconds",
        agreement=1.0,
        ratio=None,
    )
    return {
        "group": group,
        "name": f"test[{contender}]",
        "extra_info": write_record(info) | {"ratio": ratio, **additional},
        "stats": {"median": value, "data": [value * 0.9, value, value * 1.1]},
    }


def ratio(value: float, verdict: str, reach: float = 0.02) -> Values:
    """Make a ratio with its interval."""
    low, high = value * (1 - reach), value * (1 + reach)
    made: Values = write_record(Ratio(value, low, high, 0.95, 8, 0.95, "pytorch", 20, verdict))
    return made


def percentiles(median: float) -> Values:
    """Make the percentiles of 240 raw times, too few for the 99th."""
    values = {"p50": median, "p90": 1.1 * median, "p95": 1.2 * median}
    made: Values = write_record(Percentiles(240, values, {"p99": "it needs 299 samples, not 240"}))
    return made


def agreeing(share: float) -> Agreement:
    """Make an agreement over 83 pictures, golden sure of all."""
    return Agreement(share, share, 83, 83, 3e-6, 1e-6, 1e-4, ())


def came_of(status: str = "raced", stage: str | None = None, reason: str | None = None) -> Values:
    """Make what came of a contender."""
    judged = status in ("raced", "wrong")
    made: Values = write_record(
        StoredContender(
            status=status,
            stage=stage,
            reason=reason,
            description="eager",
            precision="float32",
            versions={"torch": "2.13.0"},
            artifact=StoredArtifact(46_800_000, "ef" * 32) if judged else None,
            agreement=agreeing(1.0 if status == "raced" else 0.5) if judged else None,
            quantisation=None,
        )
    )
    return made


def make_stored_run() -> Values:
    """Make a stored run: one faster, one slower, one no different, one not converted, one wrong, one skipped."""
    read: Values = json.loads(stored_text())
    return read


@cache
def stored_text() -> str:
    """Write that run as JSON, which is read anew for whoever changes it."""
    raced = {
        "pytorch": (0.025, ratio(1.0, "reference", reach=0.0)),
        "onnxruntime": (0.0171, ratio(0.684, "faster")),
        "tensorflow": (0.0254, ratio(1.017, "no difference shown")),
        "pytorch-channels-last": (0.033, ratio(1.32, "slower")),
    }
    curve = {"seconds": [place / 100 for place in range(900)], "bytes": [1e6 * place for place in range(900)]}
    peaks = {"interpreter": 14e6, "import": 200e6, "load": 300e6, "first inference": 300e6, "steady inference": 397e6}
    benchmarks = []
    for name, (median, compared) in raced.items():
        benchmarks += [
            benchmark("inference", name, median, compared, percentiles=percentiles(median)),
            benchmark("cold-start", name, 1.42, None, stages=STAGES),
            benchmark("peak-memory", name, 397e6, None, stages=peaks, curve=curve),
        ]
    info = RunInfo(
        seed=7,
        launches=8,
        rounds=20,
        margin=0.05,
        schedule=Schedule(8, None, None, (8,), 1),
        stratum=Stratum(PROCESSOR, 2, "pytorch", {"here": {"torch": "2.13.0"}}),
        repeat=("python", "-m", "tox", "-e", "compare", "--", "--seed", "7", "--launches", "8", "--rounds", "20"),
        control=Ratio(1.002, 0.991, 1.013, 0.95, 8, 0.95, "pytorch", 20, "no difference shown"),
        model=StoredModel("resnet18", "builtin", "ab" * 32, StoredSource("torchvision", "builtin"), IMAGENET),
        images=Pictures(83, "cd" * 32),
        warnings=("the machine drifted: let it settle, then run again",),
    )
    stored = {
        "machine_info": {"system": "Linux", "release": "6.1", "machine": "x86_64", "runoff": write_record(info)},
        "commit_info": {"id": "abc123", "dirty": True},
        "datetime": "2026-01-02T03:04:05.678901+00:00",
        "benchmarks": benchmarks,
    }
    others = {
        "onnxruntime-int8": came_of("conversion failed", "convert", "Resize is not\nsupported"),
        "tensorflow-xla": came_of("wrong", "check", "Top-1 differs on 12 of 83 pictures"),
        "openvino": came_of("skipped", None, "openvino is not installed"),
    }
    about(stored)["contenders"] = {name: came_of() for name in raced} | others
    return json.dumps(stored)


def add_contender(
    stored: Values,
    name: str,
    times: float,
    *,
    verdict: str = "faster",
    reach: float = 0.02,
    peak: float = 397e6,
    cold: float = 1.42,
    agreement: float = 1.0,
    artifact: int = 46_800_000,
) -> None:
    """Add a contender that takes so many times as long as the reference, or put it in the place of one."""
    drop_contender(stored, name)
    made = StoredArtifact(artifact, "ef" * 32)
    found = came_of() | {"agreement": write_record(agreeing(agreement)), "artifact": write_record(made)}
    about(stored)["contenders"][name] = found
    median = 0.025 * times
    stages = {stage: cold * part / sum(STAGES.values()) for stage, part in STAGES.items()}
    peaks = {"interpreter": 14e6, "import": peak / 2, "steady inference": peak}
    stored["benchmarks"] += [
        benchmark("inference", name, median, ratio(times, verdict, reach), percentiles=percentiles(median)),
        benchmark("cold-start", name, cold, None, stages=stages),
        benchmark("peak-memory", name, peak, None, stages=peaks, curve={"seconds": [0.0, 1.0], "bytes": [1e6, peak]}),
    ]


def add_rounds(stored: Values, launches: int = 8, rounds: int = 30, spread: float = 0.03) -> None:
    """Give every contender raw times around its median, with the long tail that such times have; the same each time."""
    random = np.random.RandomState(7)
    for one in stored["benchmarks"]:
        if one["group"] == "inference":
            noise = random.gamma(2.0, spread / 2, launches * rounds)
            one["stats"]["data"] = (one["stats"]["median"] * np.exp(noise - np.median(noise))).tolist()


def set_undisturbed(stored: Values, name: str, value: float, reach: float = 0.01, widened: float = 0.0) -> None:
    """Give a contender an undisturbed ratio beside its typical one."""
    (info,) = (
        one["extra_info"]
        for one in stored["benchmarks"]
        if (one["group"], one["extra_info"]["contender"]) == ("inference", name)
    )
    undisturbed = ratio(value, "", reach) | {"of": "undisturbed", "widened": widened}
    tail = "it needs 59 rounds, not 48"
    info["ratios"] = {"undisturbed": undisturbed, "typical": info["ratio"], "tail": tail}


def drop_contender(stored: Values, name: str) -> None:
    """Take a contender and all that was measured of it out of a stored run."""
    about(stored)["contenders"].pop(name, None)
    stored["benchmarks"] = [one for one in stored["benchmarks"] if one["extra_info"]["contender"] != name]


FIELD: Mapping[str, tuple[float, float, float, float]] = {
    "openvino-int8": (0.184, 260e6, 0.62, 1.0),
    "onnxruntime-int8": (0.212, 180e6, 0.31, 82 / 83),
    "openvino-bf16": (0.34, 290e6, 0.60, 1.0),
    "litert-int8": (0.41, 95e6, 0.16, 80 / 83),
    "openvino": (0.64, 305e6, 0.58, 1.0),
    "onnxruntime": (0.684, 241e6, 0.26, 1.0),
    "onnxruntime-offline": (0.686, 236e6, 0.21, 1.0),
    "onnxruntime-no-arena": (0.71, 198e6, 0.26, 1.0),
    "litert": (0.80, 150e6, 0.19, 1.0),
    "pytorch-bf16": (0.86, 420e6, 2.4, 1.0),
    "pytorch-torchscript": (0.93, 430e6, 2.6, 1.0),
    "pytorch-channels-last": (0.94, 398e6, 2.24, 1.0),
    "onnxruntime-unoptimised": (0.96, 240e6, 0.25, 1.0),
    "tensorflow": (1.017, 617e6, 3.3, 1.0),
    "pytorch-compile": (1.24, 700e6, 38.0, 1.0),
    "tensorflow-xla": (1.28, 640e6, 5.1, 1.0),
    "pytorch-int8": (1.31, 410e6, 2.5, 81 / 83),
    "tensorflow-savedmodel": (1.44, 625e6, 3.6, 1.0),
    "tensorflow-no-onednn": (1.62, 600e6, 3.1, 1.0),
}
"""A whole field: times the reference's latency, peak memory in bytes, cold start in seconds, agreement."""


def make_field_run() -> Values:
    """Make a stored run of a whole field of twenty contenders."""
    stored = make_stored_run()
    for name in [name for name in about(stored)["contenders"] if name != "pytorch"]:
        drop_contender(stored, name)
    for name, (times, peak, cold, agrees) in FIELD.items():
        verdict = "faster" if times < 1 else "slower" if times > 1.03 else "no difference shown"
        add_contender(stored, name, times, verdict=verdict, peak=peak, cold=cold, agreement=agrees)
    return stored


def about(stored: Values) -> Values:
    """Return the part of a stored run that can be changed before it is read."""
    found: Values = stored["machine_info"]["runoff"]
    return found


def keep_groups(stored: Values, *groups: str) -> None:
    """Drop what was measured in other groups."""
    stored["benchmarks"] = [one for one in stored["benchmarks"] if one["group"] in groups]


def make_exploratory(stored: Values) -> None:
    """Turn a run into one of a single launch, which has no intervals."""
    about(stored)["launches"] = 1
    about(stored)["control"] |= {"low": None, "high": None}
    for one in stored["benchmarks"]:
        compared = one["extra_info"]["ratio"]
        if compared and compared["verdict"] != "reference":
            compared |= {"low": None, "high": None, "verdict": "exploratory"}


def make_comparable_run(
    launches: Mapping[tuple[str, str], Sequence[float]], *, machine: float = 1.0, error_share: float = 1.0
) -> Values:
    """Make a stored run from the log-ratios of launches by group and contender.

    The reference is there in every group; ``machine`` is how much slower than usual the machine is.
    """
    contenders = sorted({contender for _, contender in launches})
    benchmarks = []
    for group in dict.fromkeys(group for group, _ in launches):
        unit, usual = ("bytes", 400e6) if group == "peak-memory" else ("seconds", 0.025)
        reference = ratio(1.0, "reference", reach=0.0)
        benchmarks.append(benchmark(group, "pytorch", usual * machine, reference, unit=unit, agreement=1.0))
        for contender in contenders:
            if (group, contender) in launches:
                found = ratio_over_launches(launches[group, contender], error_share=error_share)
                stored = write_record(dataclasses.replace(found, reference="pytorch", verdict="inconclusive"))
                median = usual * machine * found.value
                benchmarks.append(benchmark(group, contender, median, stored, unit=unit, agreement=1.0))
    run = make_stored_run() | {"benchmarks": benchmarks}
    about(run)["contenders"] = {name: came_of() for name in ("pytorch", *contenders)}
    return run


def spread(mean: float, reach: float = 0.002, count: int = 8) -> list[float]:
    """Return log-ratios of launches with a known mean, half of them below and half above it."""
    return [mean + (reach if number % 2 else -reach) for number in range(count)]
