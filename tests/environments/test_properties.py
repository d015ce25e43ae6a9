"""What holds of ids, of names on the command line and of lists of environments whatever somebody writes."""

from __future__ import annotations

import sys
from argparse import ArgumentTypeError
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from runoff.contract import Variant
from runoff.environments.contenders import all_contenders, choose_contenders, find_contender
from runoff.environments.cpus import cgroup_folders
from runoff.environments.environment import parse_environment, parse_tree, split_name
from runoff.environments.survey import canonical
from runoff.environments.tox_versions import VersionEnvironment, choose, read_environments
from runoff.errors import UnknownContender, UsageError
from runoff.text.ids import HERE, join_id, split_id
from tests.builders.declarations import declared

BACKENDS = {
    "pytorch": declared(VARIANTS=(Variant(default=True), Variant("channels-last"))),
    "onnxruntime": declared(VARIANTS=(Variant(default=True), Variant("int8"))),
    "b": declared(VARIANTS=(Variant("x"),)),
}
KNOWN = all_contenders(BACKENDS)
environment_names = st.text(min_size=1, max_size=8).filter(lambda name: accepted(name) is not None)
words = st.text("ab-@., x1", max_size=12)


def accepted(name: str) -> str | None:
    """Return the name under which an environment is known that was given by this one, None where it is refused."""
    try:
        return split_name(f"{name}=python", "NAME=PYTHON")[0]
    except ArgumentTypeError:
        return None


@given(st.text(min_size=1).filter(lambda name: "@" not in name), st.text("ab-", max_size=4), words)
def test_an_id_is_taken_apart_as_it_was_put_together(backend: str, variant: str, environment: str) -> None:
    """An id gives back its name and its environment, whatever these are."""
    name = f"{backend}-{variant}" if variant else backend
    assert split_id(join_id(backend, variant, environment)) == (name, environment)
    assert split_id(join_id(backend, variant)) == (name, HERE)


@given(st.lists(st.tuples(st.sampled_from(sorted(KNOWN)), environment_names | st.just(HERE)), min_size=1, max_size=4))
@example([("pytorch", " a")])
@example([("pytorch", "1.18"), ("b-x", "pytorch")])
def test_contenders_are_found_by_their_ids(chosen: list[tuple[str, str]]) -> None:
    """The ids of any contenders, as --contenders takes them, give these very contenders, each once."""
    environments = [accepted(name) or HERE for _, name in chosen]
    contenders = [
        find_contender(join_id(name, "", environment), KNOWN, environments)
        for (name, _), environment in zip(chosen, environments, strict=True)
    ]
    asked = ",".join(contender.id for contender in contenders)
    once = {contender.id: contender for contender in contenders}
    assert choose_contenders(asked, BACKENDS, environments) == list(once.values())


@given(words)
def test_any_contenders_are_found_or_refused_by_name(asked: str) -> None:
    """Whatever --contenders says, it names contenders once each, or is refused as unknown."""
    with suppress(UnknownContender):
        found = choose_contenders(asked, BACKENDS, ["1", "a.b"])
        assert found
        assert len({contender.id for contender in found}) == len(found)


@pytest.mark.parametrize("parse", [parse_environment, parse_tree], ids=lambda parse: parse.__name__)
@given(text=st.text(max_size=20) | st.text("a=/.@, ", max_size=12))
@example(text=f"a={'b' * 5000}")
def test_any_environment_is_read_or_refused(parse: Callable[[str], object], text: str) -> None:
    """Whatever --environment and --tree are given, an environment comes of it or the error that pytest shows."""
    assume("\0" not in text)  # which no command line can hold
    with suppress(ArgumentTypeError):
        assert parse(text)


def test_space_around_an_environments_name_is_no_part_of_it() -> None:
    """A name with space around it is known without, as --contenders would look for it."""
    assert parse_environment(f" new ={sys.executable}").name == "new"
    with pytest.raises(ArgumentTypeError, match="with a name other than"):
        parse_environment(f" here ={sys.executable}")


def test_a_path_that_cannot_be_looked_at_is_refused() -> None:
    """A path that the system refuses, such as one that is too long, is the user's mistake and no traceback."""
    for parse, said in ((parse_environment, "no Python interpreter at"), (parse_tree, "no Runoff checkout at")):
        with pytest.raises(ArgumentTypeError, match=said):
            parse(f"new={'b' * 5000}")


versions = st.builds(
    VersionEnvironment,
    st.just(""),
    st.sampled_from(["310", "311"]),
    st.sampled_from(["onnxruntime", "tensorflow"]),
    st.lists(st.integers(0, 30), min_size=1, max_size=3).map(lambda parts: ".".join(map(str, parts))),
)


def name_of(version: VersionEnvironment) -> str:
    """Return the name that tox.ini gives an environment of this."""
    return f"py{version.python}-{version.framework}{version.version}"


@given(st.lists(versions, max_size=6), st.lists(st.text("py31-onx ", max_size=8), max_size=3), st.data())
def test_version_environments_are_read_from_any_list(
    there: list[VersionEnvironment], others: list[str], data: st.DataObject
) -> None:
    """Those that hold a version are read as they are named, wherever they stand among others."""
    lines = data.draw(st.permutations([*map(name_of, there), *others]))
    found = read_environments("\n".join(lines))
    assert sorted(one.name for one in found) == sorted(map(name_of, there))
    for one in found:
        assert name_of(one) == one.name
    for framework in ("onnxruntime", "tensorflow"):
        with suppress(UsageError):
            chosen = choose(found, [framework], "311")
            numbers = [[int(part) for part in one.version.split(".")] for one in chosen]
            padded = [[*parts, 0, 0][:3] for parts in numbers]
            assert padded == sorted(padded)


@given(st.text(max_size=40))
def test_any_text_is_read_as_a_list_of_environments(text: str) -> None:
    """Whatever tox prints, what is no version environment is passed over."""
    assert all(one.framework for one in read_environments(text))


@given(st.text("aB-_.", max_size=12))
def test_a_canonical_name_is_its_own(name: str) -> None:
    """A distribution's name in one form stays in it, whatever case and signs it had."""
    assert canonical(canonical(name)) == canonical(name) == canonical(name.upper().replace("_", "."))


@given(st.binary(max_size=40))
@example(b"0::/\xff\n")
def test_any_cgroup_is_a_folder(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """Whatever bytes the names of cgroups have, their folders are looked into, the root's first."""
    system = tmp_path_factory.getbasetemp() / "system"
    (system / "proc" / "self").mkdir(parents=True, exist_ok=True)
    (system / "proc" / "self" / "cgroup").write_bytes(content)
    assert cgroup_folders(system)[0] == system / "sys" / "fs" / "cgroup"
