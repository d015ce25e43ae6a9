"""Who can take part, and who converts: environments that hold this and that."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from runoff.contract import Variant
from runoff.environments.contenders import HERE, Contender, Environment
from runoff.environments.probe import Holding
from runoff.environments.requirements import find_converter, what_is_missing

BACKEND = SimpleNamespace(REQUIRES=("engine",), CONVERT_REQUIRES=("engine", "converter"))
PLAIN = Contender("engine", Variant())
QUANTISED = Contender("engine", Variant("int8", convert_requires=("quantiser",)))


def environments(**held: str) -> tuple[dict[str, Environment], dict[str, Holding]]:
    """Make environments by name that hold the modules named."""
    found = {name: Environment(name, Path(f"python-{name}")) for name in held}
    return found, {name: Holding(frozenset(modules.split()), {}) for name, modules in held.items()}


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
    found, holdings = environments(**held)
    assert find_converter(asking, BACKEND, found, holdings).interpreter == Path(f"python-{converts}")


def test_a_tree_converts_by_its_own_code():
    """The code that converts for a contender of another tree is that tree's, whoever's interpreter runs it."""
    found, holdings = environments(**{HERE: "engine converter", "old": "engine"})
    found["old"] = Environment("old", Path("python-old"), Path("old-tree"))
    chosen = find_converter(Contender("engine", Variant(), "old"), BACKEND, found, holdings)
    assert (chosen.interpreter, chosen.tree) == (Path(f"python-{HERE}"), Path("old-tree"))


@pytest.mark.parametrize(
    ("held", "missing"),
    [
        ({HERE: "engine converter"}, None),
        ({HERE: "engine", "a": "engine converter"}, None),
        ({HERE: "converter", "a": "engine converter"}, "engine is not installed"),
        ({HERE: "engine", "a": "converter"}, "converter, which converting needs, is in no environment"),
    ],
)
def test_what_is_missing_is_told(held, missing):
    """A contender must run in its own environment, and be converted in any."""
    found = what_is_missing(PLAIN, BACKEND, *environments(**held))
    assert found is None if missing is None else found.startswith(missing)
