"""A backend imported, and let convert small models, in the process made for it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from runoff.backends import declaration_of
from runoff.checking.watching import FILES, MARK, Seen, apart, watched
from runoff.contract import Backend, Variant, find_variant, import_backend
from runoff.errors import ContractBroken, NoAnswer, RunoffError, first_line
from runoff.measure.artifacts import convert_repairing
from runoff.measure.cache import measure_files
from runoff.model.contract_cases import CALIBRATION_FILE, PICTURES, UNTAKEABLE, load_form

DECLARATIONS, IMPORTS, CONVERSION, VARIANTS, REFUSAL = "declarations", "imports", "conversion", "variants", "refusal"
"""What is found out here, as the checks are named."""
FREE = {"numpy", "runoff"}
"""What a backend may import at module level beside the standard library."""
CONVERTING = ("name", "precision", "calibrated", "convert_options")
"""What of a variant may tell ``convert`` what to do."""


class NotedVariant:
    """A variant that notes what is read of it: what nobody reads is ignored."""

    def __init__(self, variant: Variant) -> None:
        self._variant = variant
        self._read: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        """Return what the variant has, and note its name."""
        self._read.add(name)
        return getattr(self._variant, name)

    def __eq__(self, other: object) -> bool:
        """Compare the variant, which tells it from others as its name does."""
        self._read.add("name")
        return self._variant == other

    def __hash__(self) -> int:
        """Hash as equal variants do."""
        return hash(self._variant.name)


def noted(variant: Variant) -> tuple[Variant, set[str]]:
    """Return a variant that notes what is read of it, and the notes."""
    made = NotedVariant(variant)
    return cast(Variant, made), made._read


def ignored(variant: Variant, plain: Variant, fields: Sequence[str], read: set[str]) -> bool:
    """Whether a variant differs from the plain one by one of these fields and nobody read any of them."""
    asked = [name for name in fields if name != "name" and getattr(variant, name) != getattr(plain, name)]
    return bool(asked) and read.isdisjoint(fields)


@contextmanager
def performing(mark: str) -> Iterator[Seen]:
    """Perform what follows in an empty folder; the processes that it starts have this mark."""
    os.environ[MARK] = mark
    with apart():
        yield Seen()


def declare(backend: str, mark: str) -> dict[str, Any]:
    """Import a backend, and say what else that imports and what it declares wrongly."""
    before = set(sys.modules)
    with performing(mark) as seen:
        try:
            with watched(seen, "importing it"):
                chosen = import_backend(backend)
            declaration_of(chosen)  # type: ignore[arg-type]  # a module is a backend
        except ContractBroken as error:
            seen.fault(DECLARATIONS, str(error))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever its code raises is its fault
            seen.fault(DECLARATIONS, f"it can't be imported: {first_line(error)}")
        own = backend.partition("=")[0].partition(".")[0]
        new = {name.partition(".")[0] for name in set(sys.modules) - before}
        for name in sorted(new - set(sys.stdlib_module_names) - FREE - {own}):
            if not name.startswith("_"):  # a part of another, compiled
                seen.fault(IMPORTS, f"{name} is imported at module level; import it in the functions that need it")
    return seen.answer()


def convert(backend: str, mark: str, kind: str, variants: Sequence[str], cases: str, artifacts: str) -> dict[str, Any]:
    """Let variants convert the cases in a folder, each to a separate folder; return what was ``made``."""
    chosen, made = import_backend(backend), []
    plain = chosen.VARIANTS[0]
    with performing(mark) as seen:
        for name in variants:
            declared = find_variant(chosen, name)
            variant, read = noted(declared)
            for place in sorted(Path(cases).iterdir()):
                if declared.calibrated and place.name not in (PICTURES, UNTAKEABLE):
                    continue  # there are pictures to calibrate on for that one
                artifact = artifact_place(Path(artifacts), place.name, name, str(vars(chosen)["SUFFIX"]))
                artifact.parent.mkdir(parents=True)
                before = measure_files(place)
                with watched(seen, "convert()"):
                    went = went_through(seen, chosen, (declared, variant), kind, place, artifact)
                if measure_files(place) != before:
                    seen.fault(FILES, "convert() changes what lies beside the form that it converts")
                if went:
                    made.append([name, place.name])
            if ignored(declared, plain, CONVERTING, read):
                seen.fault(VARIANTS, f"convert() reads nothing of what {name!r} declares to be converted by")
    return {**seen.answer(), "made": made}


def artifact_place(artifacts: Path, case: str, variant: str, suffix: str) -> Path:
    """Return where a variant's artifact of a case goes."""
    return artifacts / case / (variant or "plain") / f"model{suffix}"


def went_through(
    seen: Seen, chosen: Backend, variants: tuple[Variant, Variant], kind: str, place: Path, artifact: Path
) -> bool:
    """Convert a case; note what went wrong, and return whether there is an artifact.

    The second of ``variants`` notes what is read of it, and is for the backend alone.
    """
    variant, noting = variants
    form = load_form(place, kind)
    calibration = place / CALIBRATION_FILE if variant.calibrated else None
    check = REFUSAL if place.name == UNTAKEABLE else CONVERSION
    label = f"{variant.name!r} of {place.name!r}" if variant.name else repr(place.name)
    try:
        convert_repairing(chosen, noting, form, artifact, calibration)
    except NoAnswer as error:
        seen.note(check, f"convert() has no answer for {label} here: {error}")
        return False
    except RunoffError as error:
        if place.name == PICTURES:
            seen.fault(check, f"convert() refuses {label}, which every backend has to take: {error}")
        elif place.name != UNTAKEABLE:
            seen.note(check, f"convert() refuses {label}: {first_line(error)}")
        return False
    except Exception as error:  # noqa: BLE001 - whatever a converter raises is its backend's fault
        seen.fault(check, f"convert() raises {first_line(error)} for {label}; {REMEDY}")
        return False
    if not artifact.exists():
        seen.fault(check, f"convert() ends well for {label} and writes no {artifact.name}; {REMEDY}")
    return artifact.exists()


REMEDY = "raise ConversionFailed, as runoff.errors.conversion_stage does, where converting fails"
