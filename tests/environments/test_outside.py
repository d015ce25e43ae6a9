"""Backends from elsewhere: how they are named, found, imported and told apart."""

from __future__ import annotations

import dataclasses
import sys
from argparse import ArgumentTypeError
from pathlib import Path

import pytest

from runoff.backends import declaration_of, find_backends
from runoff.contract import Form, Variant, import_backend
from runoff.environments.contenders import Contender, choose_contenders
from runoff.environments.environment import Environment, what_is_missing
from runoff.environments.outside import Offer, joined, parse_backend, read_offers
from runoff.environments.survey import offered_backends
from runoff.errors import BackendsClash
from runoff.measure.artifacts import artifact_key
from tests.builders.models import resnet18
from tests.conftest import HERE, ROOT

SOURCE = (ROOT / "tests" / "stand_ins" / "newcomer.py").read_text()


def written(file: Path, text: str = SOURCE) -> Path:
    """Write a backend's file, with its folder."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("absent.py", "no file", id="no file"),
        pytest.param("my-runtime.py", "expected a file NAME.py, where NAME", id="a variant's sign"),
        pytest.param("runtime.txt", "expected a file NAME.py, where NAME", id="no Python file"),
        pytest.param("ünfit.py", "is of letters, digits and _", id="no ASCII"),
        pytest.param("all.py", "is not all or default", id="a word of --contenders"),
        pytest.param("__init__.py", "begins with a letter", id="a package"),
    ],
)
def test_a_file_that_can_be_no_backend_is_refused(tmp_path, name, words):
    """``--backend`` is told what is expected where there is no such file, or it can't give a backend its name."""
    if name != "absent.py":
        written(tmp_path / name)
    with pytest.raises(ArgumentTypeError, match=words):
        parse_backend(str(tmp_path / name))


def test_a_file_declares_as_one_of_the_tree_does(tmp_path):
    """A file elsewhere, whose dataclasses need their module, is what it would be in the backends' folder."""
    file = written(tmp_path / "newcomer.py")
    (found,) = read_offers([parse_backend(str(file))] * 2).values()
    assert [variant.name for variant in found.VARIANTS] == ["", "doubled"]
    assert found.module == f"runoff.backends.newcomer={file}"
    assert import_backend(found.module) is import_backend(found.module)
    assert declaration_of(import_backend(found.module)).file == str(file)
    assert (found.origin.file, found.origin.distribution, found.broken) == ("newcomer.py", "", "")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param(
            "import a_missing_runtime", "ModuleNotFoundError: No module named 'a_missing_runtime'", id="import"
        ),
        pytest.param("raise SystemExit(3)", "SystemExit: 3", id="exit"),
        pytest.param("def load(:", "SyntaxError", id="syntax"),
        pytest.param("REQUIRES = 'numpy'", "REQUIRES: expected a tuple of strings", id="declaration"),
    ],
)
def test_one_that_breaks_is_a_contender_with_its_reason(tmp_path, text, reason):
    """Whatever a file does when it is imported, its variants are one contender that says why it can't take part."""
    found = read_offers([parse_backend(str(written(tmp_path / "broken.py", text)))])
    assert reason in found["broken"].broken
    assert str(tmp_path / "broken.py") in found["broken"].broken
    here = dataclasses.replace(HERE, backends=find_backends() | found)
    chosen = choose_contenders("pytorch,broken-fast,broken@here,broken", here.backends, ["here"])
    assert [contender.id for contender in chosen] == ["pytorch", "broken"]
    assert what_is_missing(chosen[1], {"here": here}) == found["broken"].broken
    assert "broken" in [contender.id for contender in choose_contenders("default", here.backends, ["here"])]
    assert "runoff.backends.broken" not in sys.modules or reason.startswith("REQUIRES")


def test_a_file_that_can_not_be_read_breaks_its_backend_alone(tmp_path, monkeypatch):
    """The reason is the system's own, and there is no hash of what nobody could read."""
    offer = parse_backend(str(written(tmp_path / "closed.py")))

    def refuse(file: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied", str(file))

    monkeypatch.setattr(Path, "open", refuse)
    (found,) = read_offers([offer]).values()
    assert "closed.py can't be imported: PermissionError" in found.broken
    assert found.origin is None


def test_two_of_a_name_are_refused(tmp_path):
    """Two files, or a file and one of the tree's own, may not share a name: the error names both, and what to do."""
    first, second = (parse_backend(str(written(tmp_path / folder / "newcomer.py"))) for folder in "ab")
    with pytest.raises(BackendsClash, match=r"'newcomer': that of .*a/newcomer.py and that of .*b/newcomer.py; leave"):
        read_offers([first, second])
    with pytest.raises(BackendsClash, match=r"that of /tree and that of .*a/newcomer.py; leave one out, or rename"):
        joined({"newcomer": read_offers([second])["newcomer"]}, read_offers([first]), Path("/tree"))


def test_a_name_that_an_id_can_not_hold_breaks_its_backend_alone(tmp_path):
    """An entry point may have any name; one with a variant's sign is a reason, and no run's end."""
    offer = Offer("my-runtime", "mine", str(written(tmp_path / "mine.py")), "mine", "1")
    assert "'my-runtime' can't be a backend's name" in read_offers([offer])["my-runtime"].broken


def test_the_artifacts_key_has_the_code_of_what_comes_from_elsewhere(tmp_path):
    """A changed file, or a changed module beside one in a package, gets another artifact; the tree's own have none."""
    form = Form(resnet18("drawn", tmp_path / "weights.npz", "0" * 64, (), "file"), "form")

    def key(offer: Offer) -> str:
        here = Environment("here", Path(sys.executable), backends=read_offers([offer]))
        return artifact_key(Contender(offer.name, Variant()), form, here, None)

    def changed(offer: Offer, file: Path) -> bool:
        before = key(offer)
        file.write_text(file.read_text() + "\nMORE = 1\n")
        return key(offer) != before

    alone = written(tmp_path / "alone" / "newcomer.py")
    helper = written(tmp_path / "alone" / "helper.py", "")
    packed = written(tmp_path / "packed" / "newcomer.py")
    beside = written(tmp_path / "packed" / "inner" / "helper.py", "")
    brought = Offer("newcomer", "packed.newcomer", str(packed), "packed", "1")
    assert [changed(parse_backend(str(alone)), file) for file in (alone, helper)] == [True, False]
    assert [changed(brought, file) for file in (packed, beside)] == [True, True]


def test_an_entry_point_is_found_without_importing_its_package(tmp_path, monkeypatch):
    """The package of a runtime may import it at once: its backend's file is found and imported apart from that."""
    written(tmp_path / "runtime_x" / "__init__.py", "raise RuntimeError('the framework is imported')\n")
    file = written(tmp_path / "runtime_x" / "racing.py")
    metadata = "Metadata-Version: 2.1\nName: runtime-x\nVersion: 1.2\n"
    written(tmp_path / "runtime_x-1.2.dist-info" / "METADATA", metadata)
    values = {"x": "racing", "y": "absent", "z": "racing:VARIANTS", "v": "a-b!"}
    points = "".join(f"{name} = runtime_x.{value}\n" for name, value in values.items())
    text = f"[runoff.backends]\n{points}w = numpy.absent\n"
    written(tmp_path / "runtime_x-1.2.dist-info" / "entry_points.txt", text)
    monkeypatch.syspath_prepend(tmp_path)
    found = read_offers(Offer(**each) for each in offered_backends())
    assert (found["x"].module, found["x"].broken) == (f"runtime_x.racing={file}", "")
    origin = found["x"].origin
    assert (origin.file, origin.distribution, origin.version) == ("racing.py", "runtime-x", "1.2")
    assert found["y"].broken == "expected an entry point that names a Python module, found 'runtime_x.absent'"
    assert "found 'runtime_x.racing:VARIANTS'" in found["z"].broken
    assert "found 'runtime_x.a-b!'" in found["v"].broken
    assert "found 'numpy.absent'" in found["w"].broken
    assert "runtime_x" not in sys.modules
