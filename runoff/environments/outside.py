"""Backends from elsewhere: files that ``--backend`` names, and what installed distributions offer."""

from __future__ import annotations

import dataclasses
import os
import re
from argparse import ArgumentTypeError
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from runoff import backends
from runoff.backends import Declaration, Origin, declaration_of
from runoff.contract import MODULE, Variant, import_backend
from runoff.environments.contenders import EVERY
from runoff.errors import BackendsClash, ContractBroken, first_line
from runoff.files.hashing import hash_files, named_from


@dataclass(frozen=True)
class Offer:
    """A backend that is offered under a name: the module that its file is imported as, and who brings it.

    What ``--backend`` names has no distribution. Where ``file`` is empty, ``problem`` says why.
    """

    name: str
    module: str
    file: str
    distribution: str = ""
    version: str = ""
    problem: str = ""

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return f"{self.distribution} {self.version}" if self.distribution else self.file


def parse_backend(text: str) -> Offer:
    """Read what ``--backend`` is given: a Python file, whose name is the backend's.

    Raises ArgumentTypeError, which argparse and pytest show as the user's mistake.
    """
    path = Path(os.path.abspath(text))  # noqa: PTH100 - Path.absolute keeps '..'
    if not os.path.isfile(path):  # noqa: PTH113 - Path.is_file raises where the system refuses to look
        raise ArgumentTypeError(f"no file {text}; give the Python file of a backend")
    if path.suffix != ".py" or why_no_name(path.stem):
        raise ArgumentTypeError(f"expected a file NAME.py, where {NAMES}, found {path.name!r}; rename it")
    return Offer(path.stem, f"{backends.__name__}.{path.stem}", str(path))


NAMES = "NAME, the backend's, is of letters, digits and _, begins with a letter, and is not all or default"


def why_no_name(name: str) -> str:
    """Say why a backend can't have this name, in which ``-`` would begin a variant's; nothing where it can."""
    fits = re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) and name not in EVERY
    return "" if fits else f"{name!r} can't be a backend's name: {NAMES}"


def installed_offers(found: Iterable[Mapping[str, str]]) -> list[Offer]:
    """Read what a survey found that installed distributions offer."""
    return [Offer(**each) for each in found]


def read_offers(offers: Iterable[Offer]) -> dict[str, Declaration]:
    """Return what backends from elsewhere declare, by name; a file that is offered twice is one backend.

    Raises BackendsClash where two have one name.
    """
    found: dict[str, Offer] = {}
    for offer in offers:
        known = found.setdefault(offer.name, offer)
        if os.path.realpath(known.file) != os.path.realpath(offer.file):
            raise clash(offer.name, known.place, offer.place)
    return {name: read_offer(offer) for name, offer in found.items()}


def clash(name: str, *places: str) -> BackendsClash:
    """Return the error of a name that two backends have."""
    return BackendsClash(
        f"two backends are named {name!r}: that of {' and that of '.join(places)}; leave one out, or rename its file "
        "or entry point"
    )


def read_offer(offer: Offer) -> Declaration:
    """Return what a backend from elsewhere declares; one that can't be used says why instead."""
    locator = f"{offer.module}={offer.file}"
    problem = offer.problem or why_no_name(offer.name)
    if not problem:
        try:
            declared = declaration_of(import_backend(locator))  # type: ignore[arg-type]  # a module is a backend
            return dataclasses.replace(declared, module=locator, origin=origin_of(offer))
        except ContractBroken as error:
            problem = str(error)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever its code raises is the reason
            problem = f"{offer.file} can't be imported: {first_line(error)}"
    try:
        origin = origin_of(offer) if offer.file else None
    except OSError:  # a file that can't be read is broken for that very reason
        origin = None
    return Declaration(locator, offer.file, (Variant(default=True),), (), MODULE, (), "", origin=origin, broken=problem)


def origin_of(offer: Offer) -> Origin:
    """Say where a backend comes from, with the hash of its code.

    That is its file's. With one that lies in a package goes every Python file of its folder, which it may import.
    """
    file = Path(offer.file)
    in_package = "." in offer.module and bool(offer.distribution)
    inside = in_package or file.name == "__init__.py"
    files = [each for each in file.parent.rglob("*.py") if each.is_file()] if inside else [file]
    return Origin(file.name, hash_files(named_from(file.parent, files)), offer.distribution, offer.version)


def joined(own: Mapping[str, Declaration], outside: Mapping[str, Declaration], home: Path) -> dict[str, Declaration]:
    """Return the backends of a tree, which lie in ``home``, with those from elsewhere.

    Raises BackendsClash where two have one name.
    """
    for name in own.keys() & outside.keys():
        raise clash(name, str(home), outside[name].file)
    return {**own, **outside}


def everywhere(
    here: Mapping[str, Declaration], found: Mapping[str, Mapping[str, Declaration]], environments: Iterable[str]
) -> dict[str, dict[str, Declaration]]:
    """Return the backends from elsewhere of each environment: as offered there, else ``here``, else in any other.

    So one that is installed in one environment races in all that have what it needs. Raises BackendsClash where two
    environments have a name of different distributions.
    """
    known = dict(here)
    for offered in found.values():
        for name, declared in offered.items():
            other = known.setdefault(name, declared)
            if brought_by(other) != brought_by(declared):
                raise clash(name, other.file, declared.file)
    return {name: {**known, **found.get(name, {})} for name in environments}


def brought_by(declared: Declaration) -> str:
    """Name the distribution that brings a backend from elsewhere, or its file without one."""
    distribution = declared.origin.distribution if declared.origin else ""
    return distribution or os.path.realpath(declared.file)
