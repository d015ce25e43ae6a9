"""The suite as its users run it: ``pytest benchmarks/`` in a copy whose backends are fakes, and what it leaves."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from runoff.answer.recommendation import recommendation
from runoff.stored.run import read_run
from tests.conftest import Suite

ALL_RIGHT = "fake,fake-slower"
FEW = ("--launches", "5", "--rounds", "6")
GROUPS = {"inference", "cold-start", "peak-memory", "footprint", "efficiency"}
LIMITS = "latency<10s,agreement >= 99%"


@pytest.fixture(scope="module")
def finished(suite: Suite):
    """Run the suite once on two contenders whose times are known, storing it in all ways of pytest-benchmark's."""
    shutil.rmtree(suite.root / "results", ignore_errors=True)
    storing = ("--benchmark-autosave", "--benchmark-save-data", "--benchmark-json=own.json")
    done = suite.run("--contenders", ALL_RIGHT, *FEW, "--choose", LIMITS, *storing, FAKE_CLOCK="1")
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def stored(suite: Suite, finished):
    """Give the run's JSON."""
    return json.loads((suite.root / "results" / "runoff.json").read_text())


def benchmark(stored, group: str, contender: str):
    """Find one benchmark of a stored run."""
    (found,) = (
        candidate
        for candidate in stored["benchmarks"]
        if candidate["group"] == group and candidate["extra_info"]["contender"] == contender
    )
    return found


def test_it_prints_a_row_for_each_contender(finished):
    """The table has the contenders, the verdict, the control's line and the setting."""
    assert "fake-slower" in finished.stdout
    assert "reference" in finished.stdout
    assert "Control (a second fake, which should be 1):" in finished.stdout
    assert "Probe: too few rounds to say how disturbed the machine was;" in finished.stdout
    assert "5 launches × 6" in finished.stdout
    assert "seed 1." in finished.stdout


def test_the_summary_ends_with_the_recommendation(suite, stored, finished):
    """The limits are stored as they are written, and what is recommended under them is the last that is printed."""
    assert stored["machine_info"]["runoff"]["limits"] == "latency<10s, agreement>=99%"
    summary, _, last = finished.stdout.rstrip().rpartition("\n")
    assert " passed, " in last
    run = read_run(suite.root / "results" / "runoff.json")
    assert " ".join(summary.split()).endswith(recommendation(run))


def test_every_metric_is_a_benchmark_in_its_group(stored):
    """The JSON has one benchmark per metric and contender, with the samples launch by launch."""
    assert {candidate["group"] for candidate in stored["benchmarks"]} == GROUPS
    assert len(benchmark(stored, "inference", "fake")["stats"]["data"]) == 30
    assert len(benchmark(stored, "cold-start", "fake")["stats"]["data"]) == 5
    assert len(benchmark(stored, "peak-memory", "fake")["stats"]["data"]) == 5


def test_what_was_measured_is_replayed_to_the_last_bit(suite, stored):
    """pytest-benchmark's data are the very durations in the journal: the replay clock adds nothing."""
    newest = max((suite.root / ".runoff" / "runs").glob("*.jsonl"), key=lambda path: path.stat().st_mtime)
    launches = [json.loads(line)["records"]["fake"] for line in newest.read_text().splitlines()]
    measured = [value for launch in launches for value in launch["rounds"]]
    assert benchmark(stored, "inference", "fake")["stats"]["data"] == measured
    cold = [sum(launch["durations"].values()) for launch in launches]
    assert benchmark(stored, "cold-start", "fake")["stats"]["data"] == cold


def test_rounds_were_probed(suite, stored):
    """What a probe read is stored by launch and is in the journal; of rounds as short as a fake's not all are read."""
    probe = stored["machine_info"]["runoff"]["probe"]
    assert probe["reason"] is None
    newest = max((suite.root / ".runoff" / "runs").glob("*.jsonl"), key=lambda path: path.stat().st_mtime)
    written = [json.loads(line).get("probe", []) for line in newest.read_text().splitlines()]
    assert [launch["rounds"] for launch in probe["launches"]] == [
        [reading["round"] for reading in launch] for launch in written
    ]
    assert len(written) == 5
    assert probe["launches"][0]["rounds"][0] == 0
    assert 0 < probe["found"]["quiet_share"] <= 1


def test_the_known_ratio_is_found(stored):
    """A fake that takes twice as long is found slower, by two and a few ticks of its clock, whatever else runs here."""
    ratio = benchmark(stored, "inference", "fake-slower")["extra_info"]["ratio"]
    assert ratio["low"] <= ratio["value"] <= ratio["high"]
    assert [ratio[end] for end in ("low", "high")] == pytest.approx([2, 2], rel=0.01)
    assert ratio["reference"] == "fake"
    assert ratio["verdict"] == "slower"
    assert (ratio["launches"], ratio["rounds"], ratio["confidence"]) == (5, 6, 0.95)


def test_extra_info_is_what_the_design_lists(stored):
    """Every benchmark names its contender, environment, versions, threads, unit and agreement."""
    for candidate in stored["benchmarks"]:
        info = candidate["extra_info"]
        assert {
            "contender",
            "backend",
            "variant",
            "environment",
            "versions",
            "threads",
            "unit",
            "agreement",
            "ratio",
        } <= set(info)
        assert info["environment"] == "here"
        assert info["agreement"] == 1.0
    assert benchmark(stored, "peak-memory", "fake")["extra_info"]["unit"] == "bytes"
    stages = benchmark(stored, "cold-start", "fake")["extra_info"]["stages"]
    assert list(stages) == ["interpreter", "import", "load", "first inference"]
    memory = benchmark(stored, "peak-memory", "fake")
    assert 0 < memory["extra_info"]["anonymous"] < memory["stats"]["median"]
    assert 1.5 < benchmark(stored, "inference", "fake")["extra_info"]["busy_threads"] < 2.5
    curve = memory["extra_info"]["curve"]
    assert len(curve["seconds"]) == len(curve["bytes"]) > 3


def test_the_efficiency_is_of_the_best_peak(stored):
    """Of all libraries the best kernel counts; the share is what was done by the median's time of that."""
    found = benchmark(stored, "efficiency", "fake")
    info = found["extra_info"]
    median = benchmark(stored, "inference", "fake")["stats"]["median"]
    assert info["flop"] == 1_000_000
    assert info["operations_per_second"] == pytest.approx(1_000_000 / median)
    peak = info["peak"]["operations_per_second"]
    assert info["share"] == pytest.approx(info["operations_per_second"] / peak)
    assert found["stats"]["median"] == pytest.approx(1 / info["share"])
    assert info["unit"] == "× time at float32 peak"
    assert info["bound"]["by"] == "memory"
    assert info["peak"] == {
        "precision": "float32",
        "operations_per_second": peak,
        "library": "fake",
        "kernel": "imagined kernel",
    }


def test_machine_info_says_what_the_run_is(stored):
    """machine_info["runoff"] has schema, stratum, seed, model, control and warnings."""
    about = stored["machine_info"]["runoff"]
    assert about["schema"] == 3
    assert about["seed"] == 1
    assert (about["model"]["name"], about["model"]["weights"]) == ("resnet18", "builtin")
    assert {"processor", "threads", "reference", "environments"} == set(about["stratum"])
    assert about["control"]["reference"] == "fake"
    assert [about["control"][part] for part in ("low", "value", "high")] == pytest.approx([1, 1, 1], abs=0.01)
    assert {name: came_of["status"] for name, came_of in about["contenders"].items()} == {
        "fake": "raced",
        "fake-slower": "raced",
    }


def test_own_json_and_storage_are_pytest_benchmarks_own(suite, stored):
    """--benchmark-json and --benchmark-autosave give the same run, as pytest-benchmark does."""
    own = json.loads((suite.root / "own.json").read_text())
    assert benchmark(own, "inference", "fake")["stats"] == benchmark(stored, "inference", "fake")["stats"]
    (saved,) = (suite.root / ".benchmarks").rglob("*.json")
    assert len(json.loads(saved.read_text())["benchmarks"]) == 2 * len(GROUPS)


def test_the_stored_run_can_be_read_again(suite, finished):
    """The report reads results/runoff.json back, and the page lies beside it."""
    run = read_run(suite.root / "results" / "runoff.json")
    assert {row.contender for row in run.rows} == {"fake", "fake-slower"}
    assert "fake-slower" in (suite.root / "results" / "index.html").read_text()


GATED = ("--contenders", "fake", "--launches", "2", "--rounds", "2", "--benchmark-compare-fail=median:900%")


@pytest.mark.full
def test_comparing_with_a_stored_run_works_for_every_metric(suite, finished):
    """--benchmark-compare shows the stored run beside this one, for time and memory, and passes one like it."""
    done = suite.race(*GATED, "--benchmark-compare=0001")
    assert done.returncode == 0, done.stdout
    for test in ("test_inference[fake]", "test_cold_start[fake]", "test_peak_memory[fake]"):
        assert f"{test} (0001" in done.stdout
    assert "time in MBs" in done.stdout
    assert "Performance has regressed" not in done.stdout + done.stderr


def test_compare_fail_is_a_gate(suite, finished):
    """--benchmark-compare-fail fails a run that is much slower than its baseline, with our table still printed."""
    first = next((suite.root / ".benchmarks").rglob("0001*.json"))
    baseline = json.loads(first.read_text())
    for candidate in baseline["benchmarks"]:
        candidate["stats"]["median"] /= 100
    saved = first.parent / "1000_baseline.json"
    saved.write_text(json.dumps(baseline))
    done = suite.race(*GATED, "--benchmark-compare=1000")
    saved.unlink()
    assert done.returncode != 0, done.stdout
    assert "Performance has regressed" in done.stdout + done.stderr
    assert "Control (a second fake" in done.stdout


@pytest.mark.full
def test_selecting_with_k_races_what_is_selected_and_the_reference(suite):
    """-k runs the selected contender, raced against the reference, and --results says where that is stored."""
    elsewhere = ("--results", "results/else/where")
    selected = ("-k", "inference and fake-slower", "--launches", "1", "--rounds", "3")
    done = suite.race("--contenders", "all", *selected, *elsewhere)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
    assert "Stored in results/else/where/runoff.json; the page is" in done.stdout
    stored = json.loads((suite.root / "results" / "else" / "where" / "runoff.json").read_text())
    assert set(stored["machine_info"]["runoff"]["contenders"]) == {"fake", "fake-slower"}
    assert benchmark(stored, "inference", "fake-slower")["extra_info"]["ratio"]["value"] > 1


def test_workers_that_were_checked_and_never_race_end_with_the_run(suite):
    """A run that asks for correctness alone leaves no worker behind, though each is kept for a race after its check."""
    done = suite.race("-k", "correctness", "--contenders", ALL_RIGHT)
    assert done.returncode == 0, done.stdout + done.stderr
    mine = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.cwd() == str(suite.root) and process.pid != suite.server.pid:
                mine.append(process.cmdline())
    assert mine == []


@pytest.mark.full
def test_benchmark_disable_runs_everything_once(suite):
    """--benchmark-disable shows that all runs, with one launch and one round, and stores nothing."""
    results = suite.root / "results" / "runoff.json"
    before = results.stat().st_mtime_ns if results.exists() else None
    done = suite.run("--contenders", "fake", "--benchmark-disable")
    assert done.returncode == 0, done.stdout
    assert "8 passed, 1 skipped" in done.stdout
    assert (results.stat().st_mtime_ns if results.exists() else None) == before


@pytest.mark.full
def test_one_launch_is_exploratory(suite):
    """A single launch gives ratios without intervals and says that they are exploratory."""
    done = suite.race("--contenders", ALL_RIGHT, "--launches", "1", "--rounds", "1")
    assert done.returncode == 0, done.stdout
    assert "exploratory" in done.stdout


@pytest.mark.full
def test_a_new_backend_is_one_new_file(suite):
    """A file put into runoff/backends/ takes part in every benchmark, table and page, with nothing else changed."""
    added = suite.root / "runoff" / "backends" / "latecomer.py"
    shutil.copy(suite.root / "runoff" / "backends" / "fake.py", added)
    try:
        done = suite.run("--launches", "1", "--rounds", "2", "-k", "latecomer")
    finally:
        added.unlink()
    assert done.returncode == 0, done.stdout
    stored = json.loads((suite.root / "results" / "runoff.json").read_text())
    groups = {
        candidate["group"] for candidate in stored["benchmarks"] if candidate["extra_info"]["contender"] == "latecomer"
    }
    assert groups == GROUPS
    assert "latecomer" in done.stdout
    assert "latecomer" in (suite.root / "results" / "index.html").read_text()


BEFORE_LABELS = Path(__file__).with_name("keys_without_labels.txt")
"""The keys that the suite stored of this run before it knew labelled pictures, in commit 9747cb5.

Left out are those that differ between machines, and a processor's in the stratum, which have other names since.
"""


def keys_of(value, place=""):
    """Give the places of all keys in a JSON, those of all elements of a list as one."""
    inner = value.items() if isinstance(value, dict) else (("*", each) for each in value)
    for key, each in inner:
        yield f"{place}/{key}"
        if isinstance(each, dict | list):
            yield from keys_of(each, f"{place}/{key}")


def test_a_run_without_labels_stores_what_it_always_did(stored):
    """No key is gone, and of accuracy there is no figure."""
    assert set(BEFORE_LABELS.read_text().split("\n")[:-1]) <= set(keys_of(stored))
    assert stored["machine_info"]["runoff"]["accuracy"] is None
    assert not [each for each in keys_of(stored["benchmarks"]) if "accuracy" in each or "outcomes" in each]
