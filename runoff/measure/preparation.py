"""Before the race: each contender converted, started once, and held to golden. What comes of it is an Outcome."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runoff.agreement import Agreement, compare_logits, why_wrong
from runoff.contenders import HERE, Contender, Environment
from runoff.contract import (
    Backend,
    Checkpoint,
    ConversionFailed,
    FrameworkMissing,
    RunoffError,
    UnknownContender,
    checkpoint_to_json,
)
from runoff.measure.artifacts import Artifact, Calibration, Converter, make_artifact, missing_to_convert
from runoff.measure.launch import Entrant, Prediction, Timeouts, predict
from runoff.measure.memory_curve import MemoryCurve, MemoryWatch
from runoff.measure.probe import Holding
from runoff.measure.process import call
from runoff.measure.trees import find_in_tree, tree_version
from runoff.model.golden import DISTRIBUTIONS, REQUIRES, Golden, load_golden
from runoff.model.images import ImageSet
from runoff.processor import read_processor

READY = "ready"
SKIPPED = "skipped"
CONVERSION_FAILED = "conversion failed"
WRONG = "wrong"
FAILED = "failed"

GOLDEN_TIMEOUT = 1800.0


@dataclass(frozen=True)
class Workplace:
    """The folder that caches, logs and journals live in (``.runoff/``), and one run's own files in it."""

    home: Path
    working: Path

    @property
    def checkpoints(self) -> Path:
        """Expanded checkpoints."""
        return self.home / "checkpoints"

    @property
    def artifacts(self) -> Path:
        """Converted models."""
        return self.home / "artifacts"

    @property
    def logs(self) -> Path:
        """What the processes printed."""
        return self.home / "logs"

    @property
    def journals(self) -> Path:
        """Every launch of every run, written down as it was measured."""
        return self.home / "runs"


@dataclass(frozen=True)
class Exam:
    """What every contender is held to: the checkpoint, the images (also as a file for workers) and golden.

    ``calibration`` are the pictures that reduced-precision contenders may look at beforehand.
    """

    checkpoint: Checkpoint
    images: ImageSet
    images_file: Path
    golden: Golden
    calibration: Calibration


@dataclass(frozen=True)
class Outcome:
    """What came of preparing a contender; ``reason`` says why where the status is not ``ready``."""

    contender: Contender
    status: str
    versions: Mapping[str, str]
    reason: str | None = None
    stage: str | None = None
    artifact: Artifact | None = None
    entrant: Entrant | None = None
    agreement: Agreement | None = None
    prediction: Prediction | None = None
    curve: MemoryCurve | None = None


def require_golden(holding: Holding) -> None:
    """Refuse an environment that can't compute golden.

    Raises FrameworkMissing.
    """
    missing = [name for name in REQUIRES if name not in holding.modules]
    if missing:
        raise FrameworkMissing(
            f"golden is computed by TorchVision's own model, and {', '.join(missing)} is not installed here; "
            f"python -m pip install {' '.join(missing)}"
        )


def make_golden(
    checkpoint: Checkpoint, images: ImageSet, images_file: Path, holding: Holding, place: Workplace
) -> Golden:
    """Give golden for these images, from the cache where nothing that decides it has changed.

    Raises what went wrong in the process.
    """
    inputs = (
        checkpoint.sha256,
        checkpoint.architecture,
        images.sha256,
        [holding.versions.get(name) for name in DISTRIBUTIONS],
        read_processor().model,
    )
    path = place.home / "golden" / f"{hashlib.sha256(repr(inputs).encode()).hexdigest()[:24]}.npz"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = place.working / path.name
        call(
            "runoff.model.golden:compute_golden",
            {
                "checkpoint": checkpoint_to_json(checkpoint),
                "images": str(images_file),
                "destination": str(partial),
            },
            label="golden",
            log=place.logs / "golden.log",
            timeout=GOLDEN_TIMEOUT,
        )
        partial.replace(path)
    return load_golden(path)


def prepare_contender(
    contender: Contender,
    backends: Mapping[str, Backend],
    exam: Exam,
    *,
    environments: Mapping[str, Environment],
    holdings: Mapping[str, Holding],
    threads: int,
    place: Workplace,
    timeouts: Timeouts,
) -> Outcome:
    """Convert a contender and hold it to golden; whatever goes wrong is its outcome, not an exception.

    ``backends`` are those of the tree that the contender's environment runs.
    """
    environment = environments[contender.environment]
    try:
        contender, backend = find_in_tree(contender, backends, environment)
    except UnknownContender as error:
        versions = contender_versions((), holdings[contender.environment], environment)
        return Outcome(contender, FAILED, versions, f"{type(error).__name__}: {error}", "find")
    return prepare_found(
        contender,
        backend,
        exam,
        environments=environments,
        holdings=holdings,
        threads=threads,
        place=place,
        timeouts=timeouts,
    )


def prepare_found(
    contender: Contender,
    backend: Backend,
    exam: Exam,
    *,
    environments: Mapping[str, Environment],
    holdings: Mapping[str, Holding],
    threads: int,
    place: Workplace,
    timeouts: Timeouts,
) -> Outcome:
    """Convert a contender that its tree has, and hold it to golden."""
    environment = environments[contender.environment]
    versions = contender_versions(backend.DISTRIBUTIONS, holdings[contender.environment], environment)
    missing = what_is_missing(contender, backend, environments, holdings)
    if missing:
        return Outcome(contender, SKIPPED, versions, missing)
    try:
        artifact = make_artifact(
            contender,
            backend,
            exam.checkpoint,
            converter=find_converter(contender, backend, environments, holdings),
            calibration=exam.calibration,
            folder=place.artifacts,
            logs=place.logs,
        )
    except ConversionFailed as error:
        return Outcome(contender, CONVERSION_FAILED, versions, error.reason, error.stage)
    except RunoffError as error:
        return Outcome(contender, FAILED, versions, f"{type(error).__name__}: {error}", "convert")
    entrant = Entrant(contender.id, contender, backend, environment, artifact.path, threads)
    memory = MemoryWatch()
    try:
        prediction = predict(
            entrant,
            images=exam.images_file,
            destination=place.working / f"{contender.id}.npy",
            log=place.logs / f"{contender.id}-check.log",
            timeouts=timeouts,
            watch=memory.watch,
        )
    except RunoffError as error:
        return Outcome(contender, FAILED, versions, f"{type(error).__name__}: {error}", "check", artifact)
    if prediction.logits.shape != exam.golden.logits.shape:
        reason = f"gives logits of shape {prediction.logits.shape}, golden's are {exam.golden.logits.shape}"
        return Outcome(contender, WRONG, versions, reason, "check", artifact)
    agreement = compare_logits(prediction.logits, exam.golden.logits, exam.golden.rounding, exam.images.names)
    wrong = why_wrong(agreement, contender.variant.precision)
    return Outcome(
        contender,
        WRONG if wrong else READY,
        versions,
        wrong,
        "check" if wrong else None,
        artifact,
        entrant,
        agreement,
        prediction,
        memory.curve,
    )


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
