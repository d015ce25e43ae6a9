"""A backend's artifacts loaded and run, in the process made for it, as a worker does."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from runoff.arrays import Arrays, Signature, arranged, named
from runoff.checking.converting import REFUSAL, REMEDY, VARIANTS, ignored, noted, performing
from runoff.checking.watching import FILES, Seen, watched
from runoff.contract import Backend, Form, Session, Variant, find_variant, import_backend
from runoff.errors import ContractBroken, NoAnswer, first_line
from runoff.judge.agreement import is_reduced
from runoff.judge.closeness import compare_outputs, why_far
from runoff.measure.cache import measure_files
from runoff.model.case import Case, load_case
from runoff.model.contract_cases import PICTURES, load_form

LOADING, THREADS, OUTPUTS, AGREEMENT = "loading", "threads", "outputs", "agreement"
BATCHES, LOADS = "batches", "loads alike"
TELLING = ("name", "precision", "load_options")
"""What of a variant may tell ``import_framework``, ``load`` and ``run`` what to do."""
SIZES = (1, 2, 3)
"""The batches that a session is given in turn; together they are a case's examples."""
ALIKE = 0.01
"""By which share of their size two loads' outputs of reduced precision may differ."""
NHWC = "NHWC"


@dataclass(frozen=True)
class Trial:
    """How a backend's artifacts are loaded: as a variant, by so many threads, with pictures in a layout.

    ``noting`` is the variant that the backend is given, which notes what is read of it.
    """

    chosen: Backend
    variant: Variant
    noting: Variant
    threads: int
    layout: str


def run(
    backend: str, mark: str, kind: str, variant: str, threads: int, layout: str, jobs: Sequence[Sequence[str]]
) -> dict[str, Any]:
    """Load and run a variant's artifacts, each a job with its case's folder; return the ``digests`` of outputs."""
    chosen = import_backend(backend)
    declared = find_variant(chosen, variant)
    noting, read = noted(declared)
    trial = Trial(chosen, declared, noting, threads, layout)
    digests = {}
    with performing(mark) as seen:
        with watched(seen, "import_framework()"):
            chosen.import_framework(noting)
        for folder, artifact in jobs:
            place, path = Path(folder), Path(artifact)
            before = measure_files(path.parent)
            found = run_case(seen, trial, load_form(place, kind), load_case(place), path)
            if measure_files(path.parent) != before:
                seen.fault(FILES, "load() or run() changes the artifact, which the next launch would refuse")
            if found is not None:
                digests[place.name] = hashlib.sha256(b"".join(each.tobytes() for each in found.values())).hexdigest()
        if ignored(declared, chosen.VARIANTS[0], TELLING, read):
            seen.fault(VARIANTS, f"load() reads nothing of what {variant!r} declares to be loaded by")
    return {**seen.answer(), "digests": digests}


def run_case(seen: Seen, trial: Trial, form: Form, case: Case, artifact: Path) -> Arrays | None:
    """Load an artifact twice and run it; note what went wrong, and return its outputs where there are any."""
    signature, name = form.model.signature, repr(form.model.name)
    try:
        with watched(seen, "load()"):
            sessions = [trial.chosen.load(artifact, signature, trial.noting, trial.threads) for _ in range(2)]
    except NoAnswer as error:
        seen.note(LOADING, f"load() has no answer for {name} here: {error}")
        return None
    except Exception as error:  # noqa: BLE001 - whatever a framework raises is a finding
        add = seen.fault if form.model.name == PICTURES else seen.note
        add(LOADING, f"load() raises {first_line(error)} for {name}")
        return None
    if (told := sessions[0].threads) != trial.threads:
        seen.fault(THREADS, f"asked for {trial.threads}, the session says {told!r}; read it back from the framework")
    try:
        with watched(seen, "run()"):
            first, second = (ask(seen, session, case, signature, trial.layout) for session in sessions)
        problem = why_wrong(first, case, trial.variant)
    except ContractBroken as error:
        seen.fault(OUTPUTS, f"{name}: {error}")
        return None
    except Exception as error:  # noqa: BLE001 - as above
        if form.model.name != PICTURES:
            seen.note(LOADING, f"run() raises {first_line(error)} for {name}")
            return None
        first, problem = {}, f"run() raises {first_line(error)}"
    if problem:
        seen.fault(AGREEMENT, f"{name}: {problem}{layout_words(trial, sessions[0], case, signature)}")
    if not first:
        return None
    compare_loads(seen, (first, second), case, trial.variant, name)
    return first


def ask(seen: Seen, session: Session, case: Case, signature: Signature, layout: str) -> Arrays:
    """Return a session's outputs for batches of one, two and three examples; raises ContractBroken.

    One that refuses a batch of more than one is asked no more: what is there is returned.
    """
    rows: list[Arrays] = []
    begin = 0
    for size in SIZES:
        batch = {name: array[begin : begin + size] for name, array in case.inputs.items()}
        try:
            outputs = session.run(arranged(batch, signature.inputs, layout))
        except Exception as error:
            if size == 1:
                raise
            seen.note(BATCHES, f"run() refuses a batch of {size}: {first_line(error)}; it is then asked for none")
            break
        rows.append(named(outputs, signature, size))
        begin += size
    return {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}


def why_wrong(outputs: Arrays, case: Case, variant: Variant) -> str | None:
    """Say how outputs differ from the model's own, None where they do not.

    Raises ContractBroken for other shapes.
    """
    expected = cut(case.outputs, outputs)
    for name, array in expected.items():
        if outputs[name].shape != array.shape:
            raise ContractBroken(f"gives {name} of shape {outputs[name].shape}, the model's is {array.shape}")
    found = compare_outputs(outputs, expected, case.roundings, examples(outputs), None)
    return why_far(found, variant.precision, None)


def cut(expected: Arrays, outputs: Arrays) -> Arrays:
    """Return as many examples of what is expected as there are."""
    return {name: array[: len(outputs[name])] for name, array in expected.items()}


def examples(outputs: Arrays) -> list[str]:
    """Name examples by their numbers."""
    return [f"example {number + 1}" for number in range(len(next(iter(outputs.values()))))]


def layout_words(trial: Trial, session: Session, case: Case, signature: Signature) -> str:
    """Say that outputs agree where pictures are given in another layout, nothing where they do not."""
    if not any(given.layout for given in signature.inputs):
        return ""
    other = "" if trial.layout == NHWC else NHWC
    try:
        problem = why_wrong(ask(Seen(), session, case, signature, other), case, trial.variant)
    except Exception:  # noqa: BLE001 - it was tried for an explanation alone
        return ""
    words = f"LAYOUT = {other!r}" if other else "no LAYOUT"
    return "" if problem else f"; its outputs agree with {words} declared, which says how run() is given pictures"


def compare_loads(seen: Seen, outputs: tuple[Arrays, Arrays], case: Case, variant: Variant, name: str) -> None:
    """Note where two loads of one artifact give other outputs."""
    first, second = outputs
    tolerance = ALIKE if is_reduced(variant.precision) else None
    found = compare_outputs(second, first, case.roundings, examples(first), tolerance)
    if found.disagreeing:
        seen.fault(LOADS, f"{name}: a second load gives other outputs, off by {found.largest_difference:.2g}")
    elif found.largest_difference:
        seen.note(LOADS, f"{name}: two loads differ by {found.largest_difference:.2g}, as rounding does")


def refuse(backend: str, mark: str, kind: str, variant: str, layout: str, folder: str, artifact: str) -> dict[str, Any]:
    """Load what was made of the model that nobody can take, which has to fail; what is a mere copy fails here first."""
    chosen = import_backend(backend)
    given, form = find_variant(chosen, variant), load_form(Path(folder), kind)
    signature, source = form.model.signature, form.file or form.model.source.weights
    with performing(mark) as seen:
        try:
            chosen.import_framework(given)
            session = chosen.load(Path(artifact), signature, given, 1)
            zeros = {each.name: np.zeros((1, *each.shape), each.dtype) for each in signature.inputs}
            session.run(arranged(zeros, signature.inputs, layout))
        except Exception as error:  # noqa: BLE001 - as above
            path = Path(artifact)
            if not (source and path.is_file() and path.read_bytes() == source.read_bytes()):
                words = f"convert() ends well for a model that it can't take, and load() raises {first_line(error)}"
                seen.fault(REFUSAL, f"{words}; {REMEDY}")
            else:
                seen.note(REFUSAL, "convert() copies what it is given, unread, and load() refuses that")
        else:
            seen.fault(REFUSAL, f"a model that no backend can take is converted and run; {REMEDY}")
    return seen.answer()
