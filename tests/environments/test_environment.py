"""Who can take part, and who converts: environments that hold this and that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runoff.contract import ONNX, Variant
from runoff.environments.contenders import Contender
from runoff.environments.environment import (
    Environment,
    Installed,
    find_converter,
    make_environments,
    missing_modules,
    what_is_missing,
)
from runoff.text.ids import HERE
from tests.builders.declarations import declared

BACKEND = declared(REQUIRES=("engine",), CONVERT_REQUIRES=("engine", "converter"))
PLAIN = Contender("engine", Variant())
QUANTISED = Contender("engine", Variant("int8", convert_requires=("quantiser",)))


def environments(**held: str) -> dict[str, Environment]:
    """Make environments by name that hold the modules named."""
    return {
        name: Environment(
            name,
            Path(f"python-{name}"),
            backends={"engine": BACKEND},
            installed=Installed(frozenset(modules.split())),
        )
        for name, modules in held.items()
    }


@pytest.mark.parametrize(
    ("asking", "held", "converts"),
    [
        pytest.param(PLAIN, {HERE: "engine converter", "a": "engine converter"}, HERE, id="here first"),
        pytest.param(PLAIN, {"a": "engine converter", HERE: "engine"}, "a", id="another that can"),
        pytest.param(QUANTISED, {HERE: "engine converter", "a": "engine converter quantiser"}, "a", id="a variant's"),
        pytest.param(PLAIN, {HERE: "engine", "a": "converter"}, HERE, id="none has it all"),
    ],
)
def test_the_first_environment_that_has_it_all_converts(asking, held, converts):
    """This environment converts where it can, else the first other one that has all that this contender needs."""
    assert find_converter(asking, environments(**held)).interpreter == Path(f"python-{converts}")


def test_a_tree_converts_by_its_own_code():
    """The code that converts for a contender of another tree is that tree's, whoever's interpreter runs it."""
    found = environments(**{HERE: "engine converter maker", "old": "engine"})
    theirs = {"engine": declared(REQUIRES=("engine",), CONVERT_REQUIRES=("maker",))}
    found["old"] = replace(found["old"], tree=Path("old-tree"), backends=theirs)
    chosen = find_converter(Contender("engine", Variant(), "old"), found)
    assert (chosen.interpreter, chosen.tree, chosen.backends) == (Path(f"python-{HERE}"), Path("old-tree"), theirs)


@pytest.mark.parametrize(
    ("held", "missing"),
    [
        ({HERE: "engine converter"}, None),
        ({HERE: "engine", "a": "engine converter"}, None),
        ({HERE: "converter", "a": "engine converter"}, "engine is not installed"),
        ({HERE: "engine", "a": "converter"}, "converter, which converting needs, is in no environment"),
    ],
)
def test_what_is_missing_is_said(held, missing):
    """A contender must run in its own environment, and be converted in any."""
    found = what_is_missing(PLAIN, environments(**held))
    assert found is None if missing is None else found.startswith(missing)


@pytest.mark.parametrize(
    ("held", "to_convert"),
    [
        pytest.param({HERE: "engine converter torch torchvision onnx"}, (), id="here exports"),
        pytest.param({HERE: "engine converter", "a": "torch torchvision onnx"}, (), id="another one exports"),
        pytest.param({HERE: "engine converter torch", "a": "onnx"}, ("torchvision", "onnx"), id="none has it all"),
        pytest.param({HERE: "engine torch torchvision"}, ("converter", "onnx"), id="a converter is missing too"),
    ],
)
def test_a_contender_that_converts_from_onnx_needs_the_export(held, to_convert):
    """What the export takes is missing here where no environment can export; a module's own backend needs no export."""
    found = environments(**held)
    from_onnx = {"engine": replace(BACKEND, FORM=ONNX)}
    exporting = {name: replace(environment, backends=from_onnx) for name, environment in found.items()}
    assert missing_modules(PLAIN, exporting) == ((), to_convert)
    said = what_is_missing(PLAIN, exporting)
    assert said is None if not to_convert else said.startswith(f"{', '.join(to_convert)}, which converting needs")
    assert "onnx" not in missing_modules(PLAIN, found)[1]


def test_a_contender_of_another_form_is_told_so():
    """What runs a module can't take an ONNX file, and what converts from one then needs no export."""
    found = environments(**{HERE: "engine converter"})
    assert what_is_missing(PLAIN, found, (ONNX,)) == "it runs a module of torch's, and this model comes only as onnx"
    exporting = {HERE: replace(found[HERE], backends={"engine": replace(BACKEND, FORM=ONNX)})}
    assert what_is_missing(PLAIN, exporting, (ONNX,)) is None


def test_every_environment_imports_from_the_users_folder():
    """A model's factory is found in the processes of all of them: any may export, convert or run."""
    given, trees = [Environment("old", Path("/old"))], [("tree", Path("/tree"))]
    found = make_environments(Path("python"), given, trees, Path("/mine"))
    homes = {name: each.surroundings().home for name, each in found.items()}
    assert homes == dict.fromkeys((HERE, "old", "tree"), Path("/mine"))
