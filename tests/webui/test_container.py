"""The page's container, as far as it can be checked without building an image, which `tox -e image` does."""

from __future__ import annotations

import re
import shlex
from typing import NamedTuple

import pytest

from runoff.model.sources.options import ModelOptions
from tests.conftest import ROOT
from webui.__main__ import make_parser


class Step(NamedTuple):
    """One instruction of a stage of the Dockerfile."""

    stage: str
    instruction: str
    argument: str


def read_steps(dockerfile: str) -> list[Step]:
    """Read a Dockerfile's instructions in their order, each with its stage's name."""
    stage, steps = "", []
    for line in re.sub(r"\\\n\s*", "", dockerfile).splitlines():
        instruction, _, argument = line.partition(" ")
        if not instruction.isupper():
            continue
        if instruction == "FROM":
            stage = argument.rsplit(" ", 1)[1]
        steps.append(Step(stage, instruction, argument.strip()))
    return steps


STEPS = read_steps((ROOT / "Dockerfile").read_text())
SERVED = ("full", "onnxruntime")


def of(stage: str, instruction: str) -> list[str]:
    """Return the arguments of a stage's instructions of one kind."""
    return [step.argument for step in STEPS if (step.stage, step.instruction) == (stage, instruction)]


@pytest.mark.parametrize("stage", SERVED)
def test_what_serves_is_not_root_and_says_whether_it_is_well(stage):
    """Both images serve as a user without rights, after everything was installed, and have the health check."""
    instructions = [step.instruction for step in STEPS if step.stage == stage]
    assert instructions[-2:] == ["USER", "CMD"]
    assert of(stage, "USER") == ["10001"]
    assert of(stage, "FROM") == [f"serving AS {stage}"]
    assert "/healthz" in of("serving", "HEALTHCHECK")[0]


@pytest.mark.parametrize("stage", SERVED)
def test_the_command_is_one_that_the_page_understands(stage):
    """What an image starts parses as the page's own options, and listens where a port can be published."""
    words = re.findall(r'"([^"]*)"', of(stage, "CMD")[0])
    assert words[:3] == ["python", "-m", "webui"]
    assert make_parser().parse_args(words[3:]).host == "0.0.0.0"  # noqa: S104 - of a container


def test_what_is_installed_is_pinned():
    """The base image has a full version, and every pip installs under constraints that pin exactly."""
    assert re.fullmatch(r"python:\d+\.\d+\.\d+-slim-\w+ AS base", of("base", "FROM")[0])
    installs = [step.argument for step in STEPS if "pip install" in step.argument]
    assert len(installs) == 4
    assert all("pip install -c webui/constraints.txt " in install for install in installs)
    lines = (ROOT / "webui" / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert pins
    assert all(re.fullmatch(r"[a-z0-9._-]+==[0-9][a-z0-9.+]*", pin) for pin in pins)


def test_the_small_image_keeps_no_converter():
    """The small image installs the runtime and the page alone, and takes the converted model from another stage."""
    (install,) = [argument for argument in of("onnxruntime", "RUN") if "pip" in argument]
    assert '".[onnxruntime,web]"' in install
    assert of("onnxruntime", "COPY") == ["--from=converted /opt/prepared /opt/prepared"]


def test_the_main_jobs_image_races_where_it_is_mounted():
    """`docker run` starts `runoff race` in /work, as a user without rights, and installs what `tox -e compare` does."""
    words = re.findall(r'"([^"]*)"', of("race", "ENTRYPOINT")[0] + of("race", "CMD")[0])
    assert words == ["runoff", "race"]
    assert of("race", "USER") == ["10001"]
    assert of("race", "WORKDIR") == ["/work"]
    assert of("race", "ARG") == ['PIP_EXTRA_INDEX_URL=""', "EXTRAS=compare"]


def test_the_small_image_is_built_for_any_model():
    """Model and weights are arguments of the build, with the page's own defaults, and compose gives each of them."""
    given = dict(argument.replace('"', "").split("=", 1) for argument in of("converted", "ARG"))
    (prepares,) = [argument for argument in of("converted", "RUN") if "prepare" in argument]
    words = shlex.split(prepares.partition("-m webui")[2])
    options = make_parser().parse_args([given.get(word.removeprefix("$"), word) for word in words])
    default = ModelOptions()
    assert (options.model, options.weights) == (default.model, default.weights)
    compose = (ROOT / "compose.yaml").read_text()
    assert all(f"{name}: ${{{name}:-{value}}}" in compose for name, value in given.items())


def test_only_what_is_copied_reaches_the_builder():
    """.dockerignore lets through what COPY takes from the tree, and nothing else."""
    taken = {
        name
        for step in STEPS
        if step.instruction == "COPY" and not step.argument.startswith("--from")
        for name in step.argument.split()[:-1]
    }
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in lines
    assert {line[1:] for line in lines if line.startswith("!")} == taken
