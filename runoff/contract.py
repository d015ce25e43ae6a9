"""What a backend is: the values and promises that pass between backends, models and the measurement.

This module needs numpy and the standard library only, so that a worker can import it in any environment.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol, cast, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from runoff.errors import ContractBroken, ConversionFailed, UnknownContender
from runoff.kernels import Peak

Logits = NDArray[np.float32]
Batch = NDArray[np.float32]


@dataclass(frozen=True)
class Checkpoint:
    """The trained model that every contender runs, as a value that is passed.

    ``weights`` is an ``.npz`` file with one array per state-dict key of the TorchVision ``architecture``; ``sha256`` is
    the hash of those arrays (not of the file); ``labels`` holds one name per logit.
    """

    name: str
    architecture: str
    weights: Path
    sha256: str
    labels: tuple[str, ...]


def checkpoint_to_json(checkpoint: Checkpoint) -> dict[str, Any]:
    """Give a checkpoint as JSON values, to pass it to another process."""
    return asdict(checkpoint) | {"weights": str(checkpoint.weights)}


def checkpoint_from_json(values: Mapping[str, Any]) -> Checkpoint:
    """Read what checkpoint_to_json gave."""
    return Checkpoint(**dict(values) | {"weights": Path(values["weights"]), "labels": tuple(values["labels"])})


@dataclass(frozen=True)
class Variant:
    """One way in which a backend can run the model.

    ``name`` is empty for the plain variant, whose contender is named like its backend. ``default`` variants race when
    ``--contenders`` is not given. ``precision`` is what the arithmetic is done in; ``float32`` variants must agree with
    golden on every image. A ``calibrated`` one is converted by looking at pictures. ``convert_requires`` are modules
    that converting it needs beside those of the backend. ``variables`` are environment variables that its processes
    start with. ``options`` belong to the backend: nobody else reads them.
    """

    name: str = ""
    description: str = ""
    default: bool = False
    precision: str = "float32"
    calibrated: bool = False
    convert_requires: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)


class Session(Protocol):
    """A loaded model that is ready to run."""

    @property
    def threads(self) -> int:
        """The number of threads one inference uses, read back from the framework."""

    def run(self, batch: Batch) -> Logits:
        """Run one batch: contiguous float32 N×3×H×W in (N×H×W×3 where the backend's LAYOUT says NHWC), N×1000 out."""


class Backend(Protocol):
    """One way to run the model: a module in ``runoff/backends/``, named after its file.

    A backend imports its framework inside its functions, never at module level: the pytest process reads
    the declarations of every backend and must not load any framework.
    """

    __name__: str
    """The module's dotted name, by which a worker imports it."""
    __file__: str | None
    """The module's source, which is part of an artifact's key."""
    VARIANTS: tuple[Variant, ...]
    """What this backend can race as."""
    LAYOUT: str
    """``NCHW`` or ``NHWC``: how ``run`` wants its batch."""
    REQUIRES: tuple[str, ...]
    """The modules that loading and running need; where one is missing, the backend is skipped."""
    CONVERT_REQUIRES: tuple[str, ...]
    """The modules that converting needs."""
    DISTRIBUTIONS: tuple[str, ...]
    """The distributions whose versions belong to a result, where they are installed; the framework itself first."""
    CONVERT_DISTRIBUTIONS: tuple[str, ...]
    """The distributions whose versions decide what the artifact looks like."""
    SUFFIX: str
    """How the artifact's name ends, with the dot."""
    ENVIRONMENT: Mapping[str, str]
    """Environment variables that a process of this backend starts with; a variant's own come on top."""

    def import_framework(self, variant: Variant) -> None:
        """Import all that ``load`` and ``run`` need for a variant: the timed stage "import"."""

    def convert(self, checkpoint: Checkpoint, variant: Variant, artifact: Path, calibration: Path) -> None:
        """Make the artifact from the checkpoint, once; raise ConversionFailed where that can't be done.

        ``artifact`` becomes a file or a folder, in a folder of its own that more files may be put into.
        ``calibration`` is an ``.npy`` file of N×3×224×224 float32 pictures, for calibrated variants.
        """

    def load(self, artifact: Path, variant: Variant, threads: int) -> Session:
        """Load the artifact, limited to a number of threads by the framework's own means."""


@runtime_checkable
class MeasuresPeak(Protocol):
    """What a backend may offer besides, where its library can show how fast this machine is.

    The machine's peak is the best that any library reached. A backend without it races all the same.
    """

    def measure_peak(self, precision: str, threads: int) -> Peak | None:
        """Give the peak of dense kernels (``runoff.kernels``) in a precision, None where the library can't do them.

        It runs in a process of its own, which starts with the backend's ENVIRONMENT and has about 2 s of work.
        """


@runtime_checkable
class HasNote(Protocol):
    """What a backend may offer besides, where something about it belongs beside every result: one sentence, or none."""

    NOTE: str


@runtime_checkable
class HasTitle(Protocol):
    """What a backend may offer besides, where its makers write its name in another way than its file's."""

    TITLE: str


@runtime_checkable
class ConvertsOnnx(Protocol):
    """What a backend may offer besides, where it runs models that come as ONNX files: its column of the matrix."""

    __name__: str
    ENVIRONMENT: Mapping[str, str]
    CONVERT_DISTRIBUTIONS: tuple[str, ...]
    ONNX_CONVERTER: str
    """The converter's own name, as people know it."""
    ONNX_REQUIRES: tuple[str, ...]
    """The modules that converting an ONNX file and running the result need."""

    def run_onnx(self, model: Path, images: Batch, folder: Path) -> Logits:
        """Convert an ONNX file and run the result on N pictures, N×3×S×S float32: N rows of float32 numbers out.

        ``folder`` is an empty one to work in. Raises ConversionFailed where that can't be done.
        """


@runtime_checkable
class RepairsOnnx(Protocol):
    """What a backend may offer besides, where it knows how to change ONNX files that its converter refuses."""

    def repair_onnx(self, model: Path, repaired: Path) -> tuple[str, ...]:
        """Write the repaired file and name what was changed, or write nothing where nothing was.

        Raises ConversionFailed where the file can't be read.
        """


def require_logits(logits: Any, images: int) -> None:
    """Refuse an output that is not a float32 numpy array of N rows, so that all contenders end at the same place."""
    if isinstance(logits, np.ndarray) and logits.dtype == np.float32 and logits.ndim == 2 and len(logits) == images:
        return
    found = f"{logits.dtype} {logits.shape}" if isinstance(logits, np.ndarray) else type(logits).__name__
    raise ContractBroken(
        f"run() must give a float32 numpy array of {images} rows of logits, it gave {found}; mend the backend's run()"
    )


@contextmanager
def conversion_stage(name: str) -> Iterator[None]:
    """Name a stage of a conversion: whatever is raised inside becomes ConversionFailed with this name.

    Converters raise all kinds of errors, and each is a result, not the run's end; the original is kept as the cause.
    """
    try:
        yield
    except ConversionFailed:
        raise
    except Exception as error:
        first_line = next(iter(str(error).strip().splitlines()), "")
        raise ConversionFailed(name, f"{type(error).__name__}: {first_line}") from error


def import_backend(module: str) -> Backend:
    """Import a backend by its module's dotted name.

    Raises UnknownContender where this tree has no such file.
    """
    try:
        return cast(Backend, importlib.import_module(module))
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise UnknownContender(
            f"{Path(__file__).parents[1]} has no backend {module}; race it in a tree that has, or add the file there"
        ) from error


def find_variant(backend: Backend, name: str) -> Variant:
    """Find a backend's variant by its name.

    Raises UnknownContender with the names that there are.
    """
    variants = {variant.name: variant for variant in backend.VARIANTS}
    if name not in variants:
        raise UnknownContender(f"{backend.__file__} has no variant {name!r}; it has {', '.join(map(repr, variants))}")
    return variants[name]
