"""Does the command under "Repeat it" repeat the run? It is parsed by the suite's own parser of options."""

from __future__ import annotations

import shlex
from argparse import Namespace
from pathlib import Path
from types import SimpleNamespace

import pytest

from fixtures.options import Options, read_options, settle_options
from fixtures.repeat import repeat_command
from runoff.options.table import declare_options, without_defaults
from runoff.report.sections.repeat import command
from runoff.stored.run import parse_run
from tests.builders.stored_runs import about, make_stored_run

GIVEN = (
    "--seed 5 --reference onnxruntime@old --launches 12 --rounds 9 --threads 1 --margin 2.5% --precision 1.5% "
    "--max-time 9m --weights builtin --choose latency<20ms --mean 0.25 --std 0.1,0.2,0.35 --input-size 3 160 192"
)


def parse(words: list[str]) -> Namespace:
    """Read options as pytest does."""
    parser = pytest.Parser(_ispytest=True)
    declare_options(without_defaults(parser.addoption))
    return parser.parse(words)


def options_of(words: list[str]) -> Options:
    """Return what the suite makes of options."""
    option = SimpleNamespace(**vars(parse(words)), benchmark_disable=False, benchmark_enable=False)
    config = SimpleNamespace(option=option, invocation_params=SimpleNamespace(dir=Path("/"), args=words))
    settle_options(config)
    return read_options(config)


@pytest.fixture
def given(tmp_path: Path) -> list[str]:
    """Options of every kind, with an interpreter and a tree that are there."""
    (tmp_path / "tree" / "runoff" / "measure").mkdir(parents=True)
    (tmp_path / "tree" / "runoff" / "measure" / "worker.py").touch()
    for name in ("old", "modern"):
        (tmp_path / name).touch()
    (tmp_path / "own.json").write_text('{"resize": "squash"}')
    (tmp_path / "labels.txt").write_text("cat\ndog\n")
    paths = ["--images", str(tmp_path), "--tree", f"base={tmp_path / 'tree'}"]
    paths += ["--preprocessing", str(tmp_path / "own.json"), "--labels", str(tmp_path / "labels.txt")]
    return [*shlex.split(GIVEN), *paths, *(w for name in ("old", "modern") for w in environment_option(tmp_path, name))]


def environment_option(folder: Path, name: str) -> tuple[str, str]:
    """Return the option that brings an environment in."""
    return "--environment", f"{name}={folder / name}"


def printed(words: list[str], *, raced: bool = True, served: bool = False) -> list[str]:
    """Return the words of the command that a run with these options prints."""
    stored = make_stored_run()
    about(stored)["repeat"] = repeat_command(options_of(words), raced=raced, served=served)
    about(stored)["limits"] = "latency<20ms"
    return shlex.split(command(parse_run(stored)))


@pytest.mark.parametrize(("environment", "brings"), [("compare", False), ("field", True)])
def test_the_printed_command_gives_the_same_options(given, monkeypatch, environment, brings):
    """By the tox environment that the run was made in; the field brings one environment, which is not given twice."""
    monkeypatch.setenv("TOX_ENV_NAME", environment)
    words = printed(given)
    assert words[:6] == ["python", "-m", "tox", "-e", environment, "--"]
    modern = given[-2:] if brings else []
    again, before = options_of([*words[6:], *modern]), options_of(given)
    assert images_of(again) == images_of(before)
    left_out = {"contenders": "", "named": "", "pictures": None}
    assert vars(again) | left_out == vars(before) | left_out


def images_of(options: Options) -> Path:
    """Return the folder of pictures, however it was given."""
    assert options.pictures.directory is not None
    return options.pictures.directory.resolve()


def test_it_names_no_folder_of_the_machine(given, tmp_path, monkeypatch):
    """Paths are relative to where the run was started: what is stored is published."""
    monkeypatch.chdir(tmp_path)
    words = printed(given)
    assert not [word for word in words if str(tmp_path.parent) in word]
    assert "base=tree" in words
    assert {"own.json", "labels.txt"} <= set(words)


def test_it_names_only_the_contenders_that_took_part(given):
    """One that was skipped would be refused by name; one that failed to convert is tried again."""
    named = parse(printed(given)[5:]).contenders.split(",")
    assert "openvino" not in named
    assert {"pytorch", "onnxruntime-int8"} <= set(named)


def test_a_service_run_has_its_bound_and_its_own_launches(given, monkeypatch):
    """The latency bound is given, and how much a service question measures."""
    monkeypatch.setenv("TOX_ENV_NAME", "service")
    words = printed(["--latency-bound", "50ms"], raced=False, served=True)
    assert words[4] == "service"
    again, before = options_of(words[6:]), options_of(["--latency-bound", "50ms"])
    assert (again.latency_bound, again.service_launches, again.service_rounds) == (
        0.05,
        before.service_launches,
        before.service_rounds,
    )


def test_without_tox_it_is_pytests_own_command(given, monkeypatch):
    """A run that tox did not make is not said to be one of its."""
    monkeypatch.setenv("TOX_ENV_NAME", "tests")
    assert printed(given)[:6] == ["python", "-m", "pytest", "benchmarks/", "-m", "not service"]
