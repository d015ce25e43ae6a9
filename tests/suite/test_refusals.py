"""What can't work with a race is refused before anything is measured."""

from __future__ import annotations

import shutil
from types import SimpleNamespace
from typing import Any

import pytest

from fixtures.refusals import REFUSED, why_unwritable

FEW = ("--launches", "1", "--rounds", "2", "--contenders", "fake")


def config_with(plugins: tuple[str, ...] = (), compared: Any = None, **options: Any) -> Any:
    """Make what is asked of pytest's configuration."""
    return SimpleNamespace(
        option=SimpleNamespace(**options),
        pluginmanager=SimpleNamespace(hasplugin=plugins.__contains__),
        _benchmarksession=SimpleNamespace(compared_mapping=compared or {}),
    )


def refused(config: Any) -> list[str]:
    """Give the reasons for which a configuration is refused."""
    return [reason for found, reason in REFUSED if found(config)]


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (config_with(tx=["popen", "popen"]), "leave out -n"),
        (config_with(codspeed=True), "leave out --codspeed"),
        (config_with(benchmark_cprofile="cumtime"), "--benchmark-cprofile profiles"),
        (config_with(benchmark_cprofile_dump="dump"), "--benchmark-cprofile-dump profiles"),
        (config_with(benchmark_compare=True), "store one first with --benchmark-autosave"),
        (config_with(benchmark_compare_fail=["min:5%"], benchmark_autosave=True), "store one first"),
        (config_with(("randomly",)), "add -p no:randomly"),
        (config_with(random_order_bucket="module"), "the suite's own"),
        (config_with(reruns=3), "leave out --reruns"),
        (config_with(count=2), "give --launches instead"),
    ],
    ids=["xdist", "codspeed", "profile", "dump", "comparison", "gate", "randomly", "random order", "reruns", "repeat"],
)
def test_each_is_refused_by_a_sentence_with_what_to_do(config, said):
    """Each of these alone is refused, for its own reason."""
    (reason,) = refused(config)
    assert said in reason


@pytest.mark.parametrize(
    "config",
    [
        config_with(tx=[], codspeed=False, benchmark_cprofile=None, reruns=0, count=1),
        config_with(("randomly",), randomly_reorganize=False),
        config_with(benchmark_compare=True, benchmark_autosave=True),
        config_with(benchmark_compare=True, benchmark_compare_fail=["min:5%"], compared={"0001": {}}),
    ],
    ids=["idle plugins", "no order", "first run", "baseline"],
)
def test_what_works_is_not_refused(config):
    """Plugins that do nothing, a first run that is saved to be compared with, and a comparison with a run there is."""
    assert refused(config) == []


def test_a_histogram_needs_what_draws_it(monkeypatch):
    """--benchmark-histogram is refused where pygal is missing, and the package that brings it is named."""
    config = config_with(benchmark_histogram=["benchmark"])
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert ["pytest-benchmark[histogram]" in reason for reason in refused(config)] == [True]
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    assert refused(config) == []


def test_a_folder_can_be_written_where_it_can_be_made(tmp_path):
    """A folder that is not there yet may be made; one below a file can't, and the sentence names it."""
    assert why_unwritable(tmp_path / "new" / "deep") is None
    (tmp_path / "file").write_text("")
    assert str(tmp_path / "file" / "deep") in str(why_unwritable(tmp_path / "file" / "deep"))


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--benchmark-cprofile=cumtime",), 4, "--benchmark-cprofile profiles"),
        (("--benchmark-compare=7777",), 4, "store one first with --benchmark-autosave"),
        (("--benchmark-json=pytest.ini/here.json",), 7, "can't be written"),
        (("-k", "nothing_at_all"), 5, "-k 'nothing_at_all' and -m"),
    ],
    ids=["profile", "no baseline", "no folder", "nothing left"],
)
def test_the_suite_refuses_before_it_measures(suite, words, code, said):
    """A wrong option, a place that can't be written and an empty selection have their codes; nothing is stored."""
    shutil.rmtree(suite.root / "results", ignore_errors=True)
    done = suite.race(*FEW, *words)
    assert done.returncode == code, done.stdout + done.stderr
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert not list((suite.root / "results").glob("*"))


def test_collecting_alone_is_never_refused(suite):
    """--collect-only lists the benchmarks whatever else is given, and starts nothing."""
    done = suite.race(*FEW, "--collect-only", "-q", "--benchmark-cprofile=cumtime")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "benchmarks/test_inference.py::test_inference[fake]" in done.stdout


def test_a_file_and_the_environment_give_options_below_the_command_line(suite):
    """What a file gives wrongly is refused with its line, as is a name that it has; what holds is in the header."""
    file = suite.root / "runoff.toml"
    try:
        file.write_text('launches = 1\ncontenders = "fake,tensorflw"\nlabels = "x"\n')
        wrong = suite.race("--collect-only")
        file.write_text('launches = 1\ncontenders = "fake,tensorflw"\nreference = "nobody"\n')
        unknown = suite.race("--collect-only")
        chosen = suite.race("--collect-only", "--contenders", "fake-slower", RUNOFF_ROUNDS="2")
    finally:
        file.unlink()
    assert (wrong.returncode, unknown.returncode, chosen.returncode) == (4, 4, 0)
    assert "ERROR: UsageError: runoff.toml, line 3: argument --labels: the labels in x can't be read" in wrong.stderr
    assert "unknown contender 'tensorflw'" in unknown.stderr
    assert "(--contenders is from runoff.toml, line 2)" in unknown.stderr
    lines = chosen.stdout.splitlines()
    assert {"options from runoff.toml: launches", "options from RUNOFF_ROUNDS: rounds"} <= set(lines), chosen.stdout
    assert "test_inference[fake-slower]" in chosen.stdout
    assert "Traceback" not in wrong.stdout + wrong.stderr + unknown.stderr
