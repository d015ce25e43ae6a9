"""What a contender needs and which environment has it: modules to run, modules to be converted, and versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from runoff.contract import Backend
from runoff.environments.contenders import HERE, Contender, Environment
from runoff.environments.probe import Holding
from runoff.environments.trees import tree_version
from runoff.measure.artifacts import Converter, missing_to_convert


def contender_versions(distributions: Sequence[str], holding: Holding, environment: Environment) -> dict[str, str]:
    """Give the versions that a contender's result belongs to; ``runoff`` is the commit of another tree than this."""
    names = [*distributions, "numpy", "python"]
    versions = {name: holding.versions[name] for name in names if name in holding.versions}
    commit = tree_version(environment.tree) if environment.has_own_tree else None
    return versions | ({"runoff": commit} if commit else {})


def find_converter(
    contender: Contender,
    backend: Backend,
    environments: Mapping[str, Environment],
    holdings: Mapping[str, Holding],
) -> Converter:
    """Choose who converts for a contender: this environment, or the first other one that has what this one lacks.

    The code that converts is that of the contender's own tree. Where no environment has it all, this one is given.
    """
    here_first = sorted(holdings, key=lambda name: name != HERE)
    fit = (name for name in here_first if not missing_to_convert(contender, backend, holdings[name]))
    chosen = next(fit, HERE)
    return Converter(environments[chosen].interpreter, holdings[chosen], environments[contender.environment].tree)


def what_is_missing(
    contender: Contender,
    backend: Backend,
    environments: Mapping[str, Environment],
    holdings: Mapping[str, Holding],
) -> str | None:
    """Say which modules a contender lacks, to run in its environment or to be converted in any; None for none."""
    missing = [name for name in backend.REQUIRES if name not in holdings[contender.environment].modules]
    if missing:
        return f"{', '.join(missing)} is not installed"
    converter = find_converter(contender, backend, environments, holdings)
    if missing := missing_to_convert(contender, backend, converter.holding):
        return (
            f"{', '.join(missing)}, which converting needs, is in no environment of this run "
            "(name one that has all of it with --environment NAME=PYTHON)"
        )
    return None
