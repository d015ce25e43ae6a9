"""Who takes part: ids, and how ``--contenders`` is read."""

from __future__ import annotations

import pytest

from runoff.contract import Variant
from runoff.environments.contenders import Contender, all_contenders, choose_contenders, find_contender
from runoff.errors import UnknownContender, UsageError
from runoff.text.ids import HERE
from tests.builders.declarations import declared

BACKENDS = {
    "pytorch": declared(VARIANTS=(Variant(default=True), Variant("channels-last"))),
    "onnxruntime": declared(VARIANTS=(Variant(default=True), Variant("int8", precision="int8"))),
    "tensorflow": declared(VARIANTS=(Variant("xla"),)),
}
IDS = ["pytorch", "pytorch-channels-last", "onnxruntime", "onnxruntime-int8", "tensorflow-xla"]
ENVIRONMENTS = [HERE, "ort118"]


def choose(asked: str) -> list[str]:
    """Read ``--contenders`` and give the ids."""
    return [contender.id for contender in choose_contenders(asked, BACKENDS, ENVIRONMENTS)]


@pytest.mark.parametrize(
    ("backend", "variant", "environment", "expected"),
    [
        ("pytorch", "", HERE, "pytorch"),
        ("pytorch", "channels-last", HERE, "pytorch-channels-last"),
        ("onnxruntime", "", "ort118", "onnxruntime@ort118"),
        ("onnxruntime", "int8", "ort118", "onnxruntime-int8@ort118"),
    ],
)
def test_id_names_backend_variant_and_environment(backend: str, variant: str, environment: str, expected: str) -> None:
    """An id says only what differs from the plain variant in the environment pytest runs in."""
    assert Contender(backend, Variant(variant), environment).id == expected


def test_all_contenders_are_every_variant_here() -> None:
    """Every variant of every backend is a contender, in the order of the backends, under its own id."""
    found = all_contenders(BACKENDS)
    assert list(found) == IDS
    assert all(contender.id == name and contender.environment == HERE for name, contender in found.items())


def test_default_is_the_default_variants() -> None:
    """``default`` races what the backends declare as such."""
    assert choose("default") == ["pytorch", "onnxruntime"]


def test_all_is_every_variant() -> None:
    """``all`` races everything."""
    assert choose("all") == IDS


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param("onnxruntime-int8", ["onnxruntime-int8"], id="one"),
        pytest.param("tensorflow-xla,pytorch", ["tensorflow-xla", "pytorch"], id="in the order given"),
        pytest.param(" pytorch , ,onnxruntime,", ["pytorch", "onnxruntime"], id="spaces and empty places"),
        pytest.param("pytorch,onnxruntime,pytorch", ["pytorch", "onnxruntime"], id="twice"),
        pytest.param("onnxruntime@ort118", ["onnxruntime@ort118"], id="another environment"),
        pytest.param("onnxruntime@ort118,onnxruntime", ["onnxruntime@ort118", "onnxruntime"], id="both environments"),
        pytest.param("onnxruntime-int8@ort118", ["onnxruntime-int8@ort118"], id="a variant elsewhere"),
        pytest.param("pytorch@here", ["pytorch"], id="here by name"),
        pytest.param("pytorch@here,pytorch", ["pytorch"], id="twice, by two names"),
    ],
)
def test_contenders_by_name(asked: str, expected: list[str]) -> None:
    """Ids separated by commas race in the order given, each once."""
    assert choose(asked) == expected


def test_contender_elsewhere_is_the_same_variant() -> None:
    """A contender in another environment has the backend's own variant, options and all."""
    (found,) = choose_contenders("onnxruntime-int8@ort118", BACKENDS, ENVIRONMENTS)
    assert found == Contender("onnxruntime", BACKENDS["onnxruntime"].VARIANTS[1], "ort118")


def test_environments_may_stand_alone_after_the_first() -> None:
    """``onnxruntime@1.18,1.23`` is two contenders; what is no environment is still an unknown contender."""
    chosen = choose_contenders(
        "onnxruntime-int8@1.18,1.23,pytorch,tensorflow-xla@1.23", BACKENDS, [HERE, "1.18", "1.23"]
    )
    ids = ["onnxruntime-int8@1.18", "onnxruntime-int8@1.23", "pytorch", "tensorflow-xla@1.23"]
    assert [contender.id for contender in chosen] == ids
    with pytest.raises(UnknownContender, match=r"unknown contender '1\.19'"):
        choose_contenders("onnxruntime@1.18,1.19", BACKENDS, [HERE, "1.18"])
    with pytest.raises(UnknownContender, match=r"unknown contender '1\.18'"):
        choose_contenders("pytorch,1.18", BACKENDS, [HERE, "1.18"])


@pytest.mark.parametrize(
    "asked", ["jax", "pytorch,jax", "jax@ort118", "PyTorch", "pytorch-int8", "tensorflow", "@ort118"]
)
def test_unknown_contender_lists_the_valid_ones(asked: str) -> None:
    """An id that no backend offers is refused, whatever else was asked for, with every valid id."""
    with pytest.raises(UnknownContender, match="unknown contender") as caught:
        choose(asked)
    assert ", ".join(IDS) in str(caught.value)
    assert asked.rpartition(",")[2] in str(caught.value)


@pytest.mark.parametrize("asked", ["", ",", " , "])
def test_naming_nobody_is_refused(asked: str) -> None:
    """A list without any name is refused with every valid id."""
    with pytest.raises(UnknownContender, match="no contender is named") as caught:
        choose(asked)
    assert ", ".join(IDS) in str(caught.value)


@pytest.mark.parametrize("name", ["pytorch@moon", "pytorch@", "pytorch@ort118@here"])
def test_unknown_environment_lists_the_valid_ones(name: str) -> None:
    """An environment that was not given, or is not named at all, is refused with the valid ones and how to add one."""
    with pytest.raises(UnknownContender, match="unknown environment") as caught:
        find_contender(name, all_contenders(BACKENDS), ENVIRONMENTS)
    assert "here, ort118" in str(caught.value)
    assert "--environment NAME=PYTHON" in str(caught.value)


def test_unknown_contender_is_a_usage_error() -> None:
    """What the user got wrong can be told from what went wrong."""
    assert issubclass(UnknownContender, UsageError)
