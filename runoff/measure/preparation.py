"""Before the race: each contender converted, started once, and compared with golden. What comes of it is an Outcome."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from threading import Event, Thread

import numpy as np
from memory_profiler import memory_usage

from runoff.arrays import Arrays, Logits
from runoff.contract import ClearsCache, Model, Variant, import_backend
from runoff.environments.contenders import Contender
from runoff.environments.environment import what_is_missing
from runoff.environments.machine import UNREADABLE
from runoff.errors import ConversionFailed, NoAnswer, RunoffError, ThreadsNotHeld, UnknownContender, VariantNegated
from runoff.judge.accuracy import UNDECIDED
from runoff.judge.agreement import Agreement, compare_logits, is_reduced, least_lead, why_undecided, why_wrong
from runoff.judge.closeness import compare_outputs, why_far
from runoff.measure.artifacts import Conversions, make_artifact
from runoff.measure.cache import Made
from runoff.measure.entrant import Entrant, Files, Prediction, predict, predicting, require_threads
from runoff.measure.rotation import Workers
from runoff.model.golden.golden import Golden
from runoff.model.inputs.examples import Examples
from runoff.model.inputs.images import ImageSet
from runoff.processes.surroundings import process_variables
from runoff.processes.variables import require_own_meaning

READY = "ready"
SKIPPED = "skipped"
CONVERSION_FAILED = "conversion failed"
WRONG = "wrong"
FAILED = "failed"

INTERVAL = 0.01
SAMPLES_AT_ONCE = 5
"""How often a process's memory is read, in seconds, and how many readings memory-profiler is asked for at once."""
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class FurtherImages:
    """Many more images and golden for them, which contenders of reduced precision are compared with besides."""

    images: ImageSet
    files: Files
    golden: Golden


@dataclass(frozen=True)
class ReferenceOutputs:
    """What every contender is compared with: the model, its examples (also as files for workers) and golden.

    ``judged`` are the places of the images that no contender is calibrated on. ``further`` are drawn for the built-in
    checkpoint; None for other weights, and where no contender of reduced precision takes part. By the ``tolerance``
    reduced precision is judged where the model is no classifier. ``require_agreement`` says that a classifier may only
    be timed where its agreement shows that it is right.
    """

    model: Model
    examples: Examples
    files: Files
    golden: Golden
    judged: tuple[int, ...]
    further: FurtherImages | None = None
    tolerance: float | None = None
    require_agreement: bool = False


@dataclass(frozen=True)
class MemoryCurve:
    """Resident memory in bytes at times in seconds since the worker was started."""

    seconds: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Outcome:
    """What came of preparing a contender; ``reason`` says why where the status is not ``ready``.

    ``agreement`` is that on all images. ``quantisation`` is that of a reduced precision on the further ones and on
    those images that it was not calibrated on. ``note`` belongs beside every result.
    """

    contender: Contender
    status: str
    versions: Mapping[str, str]
    reason: str | None = None
    stage: str | None = None
    artifact: Made | None = None
    entrant: Entrant | None = None
    agreement: Agreement | None = None
    prediction: Prediction | None = None
    curve: MemoryCurve | None = None
    quantisation: Agreement | None = None
    note: str | None = None

    @property
    def judged_by(self) -> Agreement | None:
        """The agreement that decides whether it is right: that on the most images."""
        return self.quantisation or self.agreement


def prepare_contender(
    contender: Contender,
    expected: ReferenceOutputs,
    conversions: Conversions,
    *,
    threads: int,
    workers: Workers,
) -> Outcome:
    """Convert a contender and compare it with golden; whatever goes wrong is its outcome, not an exception.

    The worker that was compared with golden is kept by ``workers``, suspended, where it is right: the first launch's
    worker takes its memory.
    """
    environment, place = conversions.environments[contender.environment], conversions.place
    try:
        contender, backend = environment.find(contender)
    except UnknownContender as error:
        return outcome_of(error, contender, environment.versions(()), "find")
    versions = environment.versions(backend.DISTRIBUTIONS)
    if missing := what_is_missing(contender, conversions.environments, expected.model.forms):
        return Outcome(contender, SKIPPED, versions, missing)
    given = process_variables(environment.surroundings(backend.variables(contender.variant)))
    try:
        require_own_meaning(contender.id, contender.variant.negated_by, given)
    except VariantNegated as error:
        return outcome_of(error, contender, versions, "start")
    try:
        artifact = make_artifact(contender, conversions)
    except RunoffError as error:
        return outcome_of(error, contender, versions, "convert")
    if "clear_cache" in backend.functions and isinstance(chosen := import_backend(backend.module), ClearsCache):
        chosen.clear_cache(place.artifacts)
    note = backend.NOTES.get(artifact.noted["converter"] or "")
    model = expected.model
    entrant = Entrant(
        contender.id,
        contender,
        backend,
        environment,
        artifact.path,
        model.signature,
        threads,
        model.source.architecture,
    )
    curve = MemoryCurve()
    with ExitStack() as worker:
        check = predicting(
            entrant,
            files=expected.files,
            destination=place.working / f"{entrant.key}.npz",
            log=place.logs / f"{entrant.key}-check.log",
            watch=partial(watching, curve),
        )
        try:
            process, prediction = worker.enter_context(check)
            further = None
            if expected.further and is_reduced(contender.variant.precision):
                destination = place.working / f"{entrant.key}-further.npz"
                further = predict(process, expected.further.files, destination)
        except RunoffError as error:
            return dataclasses.replace(outcome_of(error, contender, versions, "check"), artifact=artifact)
        made = Outcome(contender, READY, versions, artifact=artifact, note=note)
        outcome = judge(made, entrant, expected, prediction, further)
        if outcome.status == READY:
            process.suspend()
            workers.keep(entrant.key, worker.pop_all())
    return dataclasses.replace(outcome, curve=curve)


def outcome_of(error: RunoffError, contender: Contender, versions: Mapping[str, str], stage: str) -> Outcome:
    """Return what an error at a stage makes of a contender; one without an answer on this machine did nothing wrong."""
    if isinstance(error, NoAnswer):
        return Outcome(contender, SKIPPED, versions, str(error))
    if isinstance(error, ConversionFailed):
        return Outcome(contender, CONVERSION_FAILED, versions, error.reason, error.stage)
    return Outcome(contender, FAILED, versions, f"{type(error).__name__}: {error}", stage)


@contextmanager
def watching(curve: MemoryCurve, process: int) -> Iterator[None]:
    """Add a process's memory to a curve until the block is left; where it can't be read there is none, and no harm."""
    over, begun = Event(), time.time()

    def sample() -> None:
        with suppress(*UNREADABLE):
            while not over.is_set():
                for size, moment in memory_usage(
                    process, interval=INTERVAL, timeout=SAMPLES_AT_ONCE * INTERVAL, timestamps=True
                ):
                    curve.seconds.append(round(moment - begun, 4))
                    curve.sizes.append(round(size * MEBIBYTE))

    sampler = Thread(target=sample, daemon=True)
    sampler.start()
    try:
        yield
    finally:
        over.set()
        sampler.join()


def judge(
    outcome: Outcome, entrant: Entrant, expected: ReferenceOutputs, prediction: Prediction, further: Arrays | None
) -> Outcome:
    """Compare outputs with golden: the outcome becomes wrong, or has all that a contender is timed with."""
    for name, golden in expected.golden.outputs.items():
        if prediction.outputs[name].shape != golden.shape:
            reason = f"gives {name} of shape {prediction.outputs[name].shape}, golden's are {golden.shape}"
            return dataclasses.replace(outcome, status=WRONG, reason=reason, stage="check", prediction=prediction)
    compare = compare_classes if expected.model.classifies else compare_numbers
    compared = compare(prediction.outputs, further, expected, entrant.contender.variant)
    status, problem = WRONG if compared.problem else READY, compared.problem
    if status == READY and expected.require_agreement and expected.model.classifies:
        problem = why_undecided(compared.quantisation or compared.agreement)
        status = UNDECIDED if problem else READY
    try:
        require_threads(entrant, prediction.threads)
    except ThreadsNotHeld as error:
        status, problem = FAILED, f"{type(error).__name__}: {error}"
    return dataclasses.replace(
        outcome,
        status=status,
        reason=problem,
        stage="check" if problem else None,
        entrant=entrant,
        agreement=compared.agreement,
        prediction=prediction,
        quantisation=compared.quantisation,
    )


@dataclass(frozen=True)
class Compared:
    """How outputs compare with golden's, for reduced precision on what it was not calibrated on, and what is wrong."""

    agreement: Agreement
    quantisation: Agreement | None
    problem: str | None


def compare_classes(outputs: Arrays, further: Arrays | None, expected: ReferenceOutputs, variant: Variant) -> Compared:
    """Compare a classifier's answers with golden's."""
    (output,), precision = expected.model.outputs, variant.precision
    name = output.name
    golden, logits = (given[name].reshape(len(given[name]), -1) for given in (expected.golden.outputs, outputs))
    rounding, names = expected.golden.roundings[name], expected.examples.names
    lead, given = least_lead(precision), output.probabilities
    agreement = compare_logits(logits, golden, rounding, names, lead, probabilities=given)
    unseen = None if further is None else further[name]
    reduced = compare_unseen(logits, unseen, expected, variant) if is_reduced(precision) else None
    return Compared(agreement, reduced, why_wrong(reduced or agreement, precision))


def compare_numbers(outputs: Arrays, further: Arrays | None, expected: ReferenceOutputs, variant: Variant) -> Compared:
    """Compare the numbers of all outputs with golden's; reduced precision is only shown where no tolerance is given."""
    golden, reduced = expected.golden, is_reduced(variant.precision)
    tolerance = expected.tolerance if reduced else None
    every = expected.examples.names
    places = list(expected.judged if variant.calibrated else range(len(every)))
    names = [every[place] for place in places]
    given, own = ({name: array[places] for name, array in each.items()} for each in (outputs, golden.outputs))
    found = compare_outputs(given, own, golden.roundings, names, tolerance)
    if reduced and tolerance is None:
        found = dataclasses.replace(found, share=None, decided_share=None, disagreeing=())
    return Compared(found, None, why_far(found, variant.precision, tolerance))


def compare_unseen(logits: Logits, further: Logits | None, expected: ReferenceOutputs, variant: Variant) -> Agreement:
    """Compare logits with golden's on all images that a variant was not calibrated on, the further ones among them."""
    places = list(expected.judged if variant.calibrated else range(len(logits)))
    name = expected.model.outputs[0].name
    compared, golden = logits[places], expected.golden.outputs[name].reshape(len(logits), -1)[places]
    rounding = expected.golden.roundings[name]
    names = tuple(expected.examples.names[place] for place in places)
    if further is not None and expected.further is not None:
        compared = np.concatenate([compared, further])
        golden = np.concatenate([golden, expected.further.golden.outputs[name]])
        rounding = max(rounding, expected.further.golden.roundings[name])
        names += tuple(f"further {name}" for name in expected.further.images.names)
    lead, given = least_lead(variant.precision), expected.model.outputs[0].probabilities
    return compare_logits(compared, golden, rounding, names, lead, probabilities=given)
