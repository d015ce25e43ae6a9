"""The contract's test suite: which processes a backend is asked in, and what comes of each check."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runoff.backends import Declaration
from runoff.checking.converting import (
    CONVERSION,
    CONVERTING,
    DECLARATIONS,
    IMPORTS,
    REFUSAL,
    VARIANTS,
    artifact_place,
)
from runoff.checking.running import AGREEMENT, BATCHES, LOADING, LOADS, OUTPUTS, THREADS
from runoff.checking.watching import FILES, FOLDER, MARK, PROCESSES, STDOUT, Seen
from runoff.contract import Variant
from runoff.errors import RunoffError
from runoff.judge.agreement import is_reduced
from runoff.measure.cache import measure_files
from runoff.model.contract_cases import PICTURES, UNTAKEABLE

PASSED, NOTED, FAILED, NOT_CHECKED = "passed", "noted", "failed", "not checked"
"""What comes of a check: what is ``noted`` breaks nothing, and is to be known."""
TWICE = "converts alike"
CHECKS: Mapping[str, str] = {
    DECLARATIONS: "all that has to be declared is, and is of its type",
    IMPORTS: "nothing but numpy and Runoff is imported at module level",
    CONVERSION: "each model is converted, or refused by name",
    TWICE: "two conversions write the same bytes",
    REFUSAL: "a model that no backend can take is refused by name",
    LOADING: "each artifact is loaded",
    THREADS: "the session has 1 thread, and 2, as it was asked for",
    OUTPUTS: "outputs are arrays of the type and shape that are declared",
    AGREEMENT: "outputs are the model's own, in the variant's precision",
    BATCHES: "batches of 1, 2 and 3 examples are taken",
    LOADS: "two loads of an artifact give the same outputs",
    VARIANTS: "what a variant declares is read, and decides something",
    STDOUT: "nothing is printed on standard output",
    FOLDER: "the current folder stays what it was",
    PROCESSES: "no process is left behind",
    FILES: "no file is left, and no artifact changed",
}
"""What is checked, in the order of the table, and what holds where it passes."""
NEED_ARTIFACTS = (TWICE, LOADING, THREADS, OUTPUTS, AGREEMENT, BATCHES, LOADS, VARIANTS)
NEED_DECLARATIONS = (CONVERSION, REFUSAL, *NEED_ARTIFACTS)
THREADS_ASKED = (1, 2)
Call = Callable[[str, dict[str, Any], Mapping[str, str]], dict[str, Any]]
"""Calls ``module:function`` with JSON arguments in a process that starts with these variables."""
Made = Sequence[tuple[str, str]]
"""Variants and cases that there are artifacts of."""


@dataclass(frozen=True)
class Finding:
    """What came of a check: its verdict, and all that there is to say."""

    check: str
    verdict: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Subject:
    """What is checked: a backend, those of its variants that can be, the cases' folder and one for artifacts."""

    backend: Declaration
    variants: Sequence[Variant]
    cases: Path
    folder: Path
    call: Call
    seen: Seen

    def ask(self, check: str, function: str, variables: Mapping[str, str], **arguments: Any) -> dict[str, Any]:
        """Call a function of this folder on the backend and note what it saw; a process that fails fails its check."""
        mark = secrets.token_hex(8)
        try:
            answer = self.call(
                f"runoff.checking.{function}",
                {"backend": self.backend.module, "mark": mark, **arguments},
                {**variables, MARK: mark},
            )
        except RunoffError as error:
            self.seen.fault(check, f"{type(error).__name__}: {error}")
            return {}
        for name, words in answer["faults"]:
            self.seen.fault(name, words)
        for name, words in answer["notes"]:
            self.seen.note(name, words)
        return answer


def check_backend(
    backend: Declaration, variants: Sequence[Variant], cases: Path, folder: Path, call: Call
) -> list[Finding]:
    """Check a backend's variants on the cases in a folder; what it makes goes into another one."""
    subject = Subject(backend, variants, cases, folder, call, Seen())
    subject.ask(DECLARATIONS, "converting:declare", backend.ENVIRONMENT)
    if any(check == DECLARATIONS for check, _ in subject.seen.faults):
        return findings(subject.seen, NEED_DECLARATIONS)
    made = convert_twice(subject)
    require_refusal(subject, made)
    taken = [pair for pair in made if pair[1] != UNTAKEABLE]
    ran = [run_variant(subject, variant, taken) for variant in variants]
    require_other_arithmetic(subject, dict(zip(variants_by_name(variants), ran, strict=True)))
    return findings(subject.seen, () if any(ran) else NEED_ARTIFACTS)


def require_refusal(subject: Subject, made: Made) -> None:
    """Load what was made of the model that nobody can take; the same artifact of several variants once."""
    known = set()
    for variant in subject.variants:
        artifact = place_of(subject, "first", variant.name, UNTAKEABLE)
        if (variant.name, UNTAKEABLE) in made and (hashed := measure_files(artifact.parent)) not in known:
            known.add(hashed)
            subject.ask(
                REFUSAL,
                "running:refuse",
                subject.backend.variables(variant),
                kind=subject.backend.FORM,
                variant=variant.name,
                layout=subject.backend.LAYOUT,
                folder=str(subject.cases / UNTAKEABLE),
                artifact=str(artifact),
            )


def variants_by_name(variants: Sequence[Variant]) -> dict[str, Variant]:
    """Return variants by their names."""
    return {variant.name: variant for variant in variants}


def place_of(subject: Subject, home: str, variant: str, case: str) -> Path:
    """Return where a variant's artifact of a case is."""
    return artifact_place(subject.folder / home, case, variant, subject.backend.SUFFIX)


def convert_twice(subject: Subject) -> Made:
    """Convert everything in two processes, compare what they wrote, and return what both made."""
    both: list[set[tuple[str, str]]] = []
    for home in ("first", "second"):
        made: set[tuple[str, str]] = set()
        for variables, names in by_variables(subject):
            answer = subject.ask(
                CONVERSION,
                "converting:convert",
                dict(variables),
                kind=subject.backend.FORM,
                variants=names,
                cases=str(subject.cases),
                artifacts=str(subject.folder / home),
            )
            made |= {(variant, case) for variant, case in answer.get("made", ())}
        both.append(made)
    made_twice = sorted(both[0] & both[1])
    for variant, case in made_twice:
        first, second = (place_of(subject, home, variant, case).parent for home in ("first", "second"))
        if measure_files(first) != measure_files(second):
            label = f"{variant or 'the plain variant'} of {case!r}"
            subject.seen.note(TWICE, f"{label}: {first_difference(first, second)}")
    require_other_artifacts(subject, made_twice)
    return made_twice


def by_variables(subject: Subject) -> list[tuple[tuple[tuple[str, str], ...], list[str]]]:
    """Return the names of the variants that convert with the same environment variables, by those."""
    groups: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for variant in subject.variants:
        variables = subject.backend.convert_variables(variant)
        groups.setdefault(tuple(sorted(variables.items())), []).append(variant.name)
    return list(groups.items())


def first_difference(first: Path, second: Path) -> str:
    """Say where two folders that should hold the same bytes differ first."""
    names = [
        sorted(str(file.relative_to(each)) for file in each.rglob("*") if file.is_file()) for each in (first, second)
    ]
    if names[0] != names[1]:
        return f"it wrote {', '.join(names[0])}, and {', '.join(names[1])} the second time"
    for name in names[0]:
        one, other = ((each / name).read_bytes() for each in (first, second))
        if one != other:
            place = next((at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), "the end")
            return f"{name} differs from byte {place} on ({len(one)} and {len(other)} bytes); both were run"
    return "it wrote the same bytes"


def require_other_artifacts(subject: Subject, made: Made) -> None:
    """Refuse variants that declare to be converted in another way than the plain one and are the same bytes."""
    plain, *others = subject.variants
    for variant in others:
        asked = any(getattr(variant, name) != getattr(plain, name) for name in CONVERTING if name != "name")
        pairs = [(plain.name, PICTURES), (variant.name, PICTURES)]
        if asked and set(pairs) <= set(made):
            hashes = {measure_files(place_of(subject, "first", *pair).parent) for pair in pairs}
            if len(hashes) == 1:
                words = f"{variant.name!r} declares to be converted in another way, and its artifact is the plain one's"
                subject.seen.fault(VARIANTS, words)


def run_variant(subject: Subject, variant: Variant, made: Made) -> dict[str, str]:
    """Run one conversion's artifacts of a variant with one thread, the other's with two; return digests by case."""
    digests: dict[str, str] = {}
    cases = [case for name, case in made if name == variant.name]
    for threads, home in zip(THREADS_ASKED, ("first", "second"), strict=True):
        jobs = [[str(subject.cases / case), str(place_of(subject, home, variant.name, case))] for case in cases]
        if jobs:
            answer = subject.ask(
                LOADING,
                "running:run",
                subject.backend.variables(variant),
                kind=subject.backend.FORM,
                variant=variant.name,
                threads=threads,
                layout=subject.backend.LAYOUT,
                jobs=jobs,
            )
            digests |= answer.get("digests", {})
    return digests


def require_other_arithmetic(subject: Subject, digests: Mapping[str, Mapping[str, str]]) -> None:
    """Refuse a variant of reduced precision whose outputs are the plain one's to the last bit."""
    plain, *others = subject.variants
    for variant in others:
        if is_reduced(variant.precision) and variant.precision != plain.precision:
            pair = [digests[each.name].get(PICTURES) for each in (plain, variant)]
            if pair[0] is not None and pair[0] == pair[1]:
                words = f"{variant.name!r} declares {variant.precision}, and its outputs are the plain one's to the bit"
                subject.seen.fault(VARIANTS, words)


def findings(seen: Seen, not_checked: Sequence[str]) -> list[Finding]:
    """Return what came of every check."""
    made = []
    for check, meaning in CHECKS.items():
        faults = [words for name, words in seen.faults if name == check]
        notes = [words for name, words in seen.notes if name == check]
        if faults:
            made.append(Finding(check, FAILED, (*faults, *notes)))
        elif check in not_checked:
            made.append(Finding(check, NOT_CHECKED, (f"whether {meaning}", *notes)))
        else:
            made.append(Finding(check, NOTED, tuple(notes)) if notes else Finding(check, PASSED, (meaning,)))
    return made
