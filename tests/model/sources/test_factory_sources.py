"""Which sources a factory's hash is of: those that it imported and that are the user's. No torch is needed."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runoff.model.sources.made_twice import hash_sources

PACKAGE = "a_users_models"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a package of a user's, and a module beside it that the package imports."""
    (tmp_path / PACKAGE).mkdir()
    (tmp_path / PACKAGE / "__init__.py").write_text("")
    (tmp_path / PACKAGE / "small.py").write_text(f"import {PACKAGE}_layers\nfrom . import parts\n")
    (tmp_path / PACKAGE / "parts.py").write_text("WIDTH = 8\n")
    (tmp_path / PACKAGE / "unused.py").write_text("")
    (tmp_path / f"{PACKAGE}_layers.py").write_text("DEPTH = 2\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    forget()


def forget() -> None:
    """Let the package be imported anew, as another process would."""
    for name in [name for name in sys.modules if name.startswith(PACKAGE)]:
        del sys.modules[name]
    importlib.invalidate_caches()


@pytest.fixture
def hash_now(home: Path) -> Callable[[], str]:
    """Import the factory's module and hash its sources."""

    def hashed() -> str:
        forget()
        importlib.import_module(f"{PACKAGE}.small")
        return hash_sources(f"{PACKAGE}.small:make", home)

    return hashed


@pytest.mark.long
@pytest.mark.parametrize("file", [f"{PACKAGE}/small.py", f"{PACKAGE}/parts.py", f"{PACKAGE}_layers.py"])
def test_a_change_of_any_source_that_is_imported_makes_another_model(
    home: Path, hash_now: Callable[[], str], file: str
) -> None:
    """The factory's own module counts, what it imports of its package, and what lies beside that."""
    before = hash_now()
    (home / file).write_text((home / file).read_text() + "\nMORE = 1\n")
    assert hash_now() != before


@pytest.mark.long
def test_sources_that_are_not_imported_change_nothing(home: Path, hash_now: Callable[[], str]) -> None:
    """Another file of the package, and one that is written anew as it was, leave the model what it is."""
    before = hash_now()
    (home / PACKAGE / "unused.py").write_text("MORE = 1\n")
    (home / PACKAGE / "parts.py").write_text("WIDTH = 8\n")
    assert hash_now() == before


@pytest.mark.long
def test_a_package_elsewhere_counts_by_its_own_files(
    home: Path, hash_now: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A package that is installed counts by its own files, wherever the run was started."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    hash_now()
    before = hash_sources(f"{PACKAGE}.small:make", elsewhere)
    (home / PACKAGE / "parts.py").write_text("WIDTH = 9\n")
    forget()
    importlib.import_module(f"{PACKAGE}.small")
    assert hash_sources(f"{PACKAGE}.small:make", elsewhere) != before


@pytest.mark.long
@pytest.mark.parametrize("file", [f"{PACKAGE}_single.py", f"{PACKAGE}/small.py"], ids=["no package", "a package"])
def test_an_environment_in_the_project_is_no_part_of_the_model(home: Path, file: str) -> None:
    """What is installed in .venv beside the factory does not count, so that another checkout has the same model."""
    installed = home / ".venv" / "lib" / "python3.11" / "site-packages"
    installed.mkdir(parents=True)
    (home / file).write_text(f"import {PACKAGE}_framework\n")
    module = file.removesuffix(".py").replace("/", ".")
    found = set()
    for text in ("VERSION = 1\n", "VERSION = 22\n"):
        (installed / f"{PACKAGE}_framework.py").write_text(text)
        forget()
        with pytest.MonkeyPatch.context() as patch:
            patch.syspath_prepend(installed)
            importlib.import_module(module)
        assert sys.modules[f"{PACKAGE}_framework"].__file__ == str(installed / f"{PACKAGE}_framework.py")
        found.add(hash_sources(f"{module}:make", home))
    assert len(found) == 1
