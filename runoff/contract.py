"""What a backend is: the values and promises that pass between backends, models and the measurement.

This module needs numpy and the standard library only, so that a worker can import it in any environment.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol, cast, runtime_checkable

from numpy.typing import NDArray

from runoff.arrays import Arrays, Input, Output, Signature
from runoff.errors import ImagesUnusable, UnknownContender
from runoff.kernels import Kernel


@dataclass(frozen=True)
class Preprocessing:
    """How a picture becomes a model's input; two numbers are height and width."""

    size: tuple[int, int]
    """What a picture is resized to (pixels)."""
    crop: tuple[int, int]
    """What is cut out of its middle (pixels)."""
    mean: tuple[float, ...]
    """What is subtracted then, one number or one a channel (levels by scale)."""
    deviation: tuple[float, ...]
    """What it is divided by last, one number or one a channel (levels by scale)."""
    resize: str = "center"
    """`center` covers the size, `border` fits into it, `squash` distorts."""
    interpolation: str = "bilinear"
    """How pixels are made between others."""
    fill: tuple[int, ...] = (0,)
    """What is put where the crop has no picture (levels)."""
    scale: float = 255.0
    """What levels of 0 to 255 are divided by first (levels)."""
    channels: str = "RGB"
    """`RGB`, `BGR`, or `L` for grey."""
    layout: str = "NCHW"
    """The order of a batch's axes, `NCHW` or `NHWC`."""
    dtype: str = "float32"
    """The type of the numbers."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one picture as the model takes it."""
        return (len(self.channels), *self.crop) if self.layout == "NCHW" else (*self.crop, len(self.channels))


MODULE, ONNX = FORMS = ("module", "onnx")
CLASSIFICATION, OTHER = "classification", "other"
"""What a model is for: naming a class by its one output, or anything else."""
RANDOM = "random"
"""The origin of weights that were drawn: only speed means anything with them."""
OWN = "own"
"""The origin of weights that a module's own factory loads or draws."""


@dataclass(frozen=True)
class Source:
    """Where a model comes from: a kind of source, and what that kind needs to make it.

    These are an architecture's name as ``--model`` has it, its arguments, and ``weights``, an ``.npz`` file with one
    array per state-dict key. ``origin`` says whose they are, ``version`` is its package's where no backend has it.
    """

    kind: str
    architecture: str
    arguments: Mapping[str, Any]
    weights: Path | None = None
    weights_sha256: str | None = None
    origin: str = ""
    version: str = ""

    @property
    def title(self) -> str:
        """The model as people read it: as ``--model`` has it, without the folder of a file on this machine."""
        return Path(self.architecture).name if self.kind == ONNX else self.architecture


@dataclass(frozen=True)
class Model:
    """What is raced, as a value that is passed: declarations alone, never a module of a framework.

    ``sha256`` is the hash of weights and graph, not of names or files. ``labels`` holds one name per class, and
    ``preprocessing`` is None where pictures are no input. ``task`` is ``classification`` or ``other``. ``batch`` is the
    only number of examples that it takes at once, None where it takes any.
    """

    name: str
    sha256: str
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    preprocessing: Preprocessing | None
    labels: tuple[str, ...] | None
    task: str
    source: Source
    batch: int | None = None

    @property
    def classes(self) -> int:
        """The number of classes: that of the labels."""
        return len(self.labels or ())

    @property
    def signature(self) -> Signature:
        """What it takes and gives."""
        return Signature(self.inputs, self.outputs)

    @property
    def forms(self) -> tuple[str, ...]:
        """The forms that it can be had in: what comes as an ONNX file becomes no module."""
        return (ONNX,) if self.source.kind == ONNX else FORMS

    @property
    def classifies(self) -> bool:
        """Whether its one output names a class."""
        return self.task == CLASSIFICATION

    @property
    def speed_only(self) -> bool:
        """Whether its weights are random, so that no answer of it means anything."""
        return self.source.origin == RANDOM

    @property
    def picture_shape(self) -> tuple[int, ...]:
        """The shape of one example of the model's first input."""
        return self.inputs[0].shape

    @property
    def picture_preprocessing(self) -> Preprocessing:
        """How pictures become its input; raises ImagesUnusable where that is unknown."""
        if self.preprocessing is None:
            what = f"the input of {self.source.architecture}"
            raise ImagesUnusable(f"how pictures become {what} is unknown; give --preprocessing imagenet or FILE")
        return self.preprocessing


@dataclass(frozen=True)
class Form:
    """What backends convert from: ``module`` is a model that torch can make, ``onnx`` the file that it was exported to.

    ``sha256`` is the hash of what is in it. ``file`` is the ONNX file, None for a module; ``data`` lies beside it.
    """

    model: Model
    sha256: str
    file: Path | None = None
    data: tuple[str, ...] = ()

    @property
    def onnx_file(self) -> Path:
        """The ONNX file of a form that has one."""
        assert self.file is not None
        return self.file


@dataclass(frozen=True)
class Variant:
    """One way in which a backend can run the model.

    ``name`` is empty for the plain variant, whose contender is named like its backend. ``default`` variants race when
    ``--contenders`` is not given. ``precision`` is what the arithmetic is done in; ``float32`` variants must agree with
    golden on every image. ``variables`` are environment variables that its workers start with. ``negated_by`` are those
    of the user's that would make it another one than it says, each with a regular expression for its whole value.

    What decides the artifact stands apart from what matters at load alone, since variants that convert alike share one:
    ``convert_options``, and ``convert_variables`` for the converting process. A ``calibrated`` one is converted by
    looking at pictures, a ``processor_specific`` one for the processor that converts. ``convert_requires`` are modules
    that converting it needs beside those of the backend. Both options belong to the backend: nobody else reads them.
    """

    name: str = ""
    description: str = ""
    default: bool = False
    precision: str = "float32"
    calibrated: bool = False
    processor_specific: bool = False
    convert_requires: tuple[str, ...] = ()
    convert_options: Mapping[str, Any] = field(default_factory=dict)
    convert_variables: Mapping[str, str] = field(default_factory=dict)
    load_options: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    negated_by: Mapping[str, str] = field(default_factory=dict)


class Session(Protocol):
    """A loaded model that is ready to run."""

    @property
    def threads(self) -> int:
        """The number of threads one inference uses, read back from the framework."""

    def run(self, inputs: Arrays) -> Sequence[NDArray[Any]]:
        """Run one batch: N examples of each input, contiguous and as the backend's LAYOUT says.

        Returns the outputs in the order that the model's signature has them in. This alone is timed.
        """


class Backend(Protocol):
    """One way to run the model: a module in ``runoff/backends/``, named after its file.

    ``runoff.backends.Declaration`` lists all that it declares. A backend imports its framework inside its functions,
    never at module level: the pytest process reads the declarations of every backend and must not load any framework.
    """

    __file__: str | None
    VARIANTS: tuple[Variant, ...]

    def import_framework(self, variant: Variant) -> None:
        """Import all that ``load`` and ``run`` need for a variant: the timed stage "import"."""

    def convert(self, form: Form, variant: Variant, artifact: Path, calibration: Path | None) -> None:
        """Make the artifact from the form, once; raise ConversionFailed where that can't be done.

        ``artifact`` becomes a file or a folder, in a separate folder that more files may be put into.
        ``calibration`` is an ``.npy`` file of N float32 examples of the input, for calibrated variants.
        """

    def load(self, artifact: Path, signature: Signature, variant: Variant, threads: int) -> Session:
        """Load the artifact of a model, limited to a number of threads by the framework's own means."""


@runtime_checkable
class ImportsModels(Protocol):
    """Optional: where a variant runs the model's own code, as an eager module is run."""

    def import_model(self, variant: Variant, architecture: str) -> None:
        """Import that code in the timed stage "import"; an architecture is named as by ``--model``."""


@runtime_checkable
class OffersKernels(Protocol):
    """Optional: where its library can show how fast this machine is, as the best that any library reaches."""

    def peak_kernels(self, precision: str, threads: int) -> Iterator[Kernel]:
        """Yield dense kernels (``runoff.kernels``) in a precision, none where the library can't do them.

        They are run in a separate process, which starts with the backend's ENVIRONMENT.
        """


@runtime_checkable
class ClearsCache(Protocol):
    """Optional: where a framework keeps files beside the artifacts, and would keep more with every launch."""

    def clear_cache(self, artifacts: Path) -> None:
        """Remove from the artifacts' folder what no launch will read again; called before anything is timed."""


@runtime_checkable
class Repairs(Protocol):
    """Optional: where a backend knows how to change ONNX files that its converter refuses."""

    def repair(self, model: Path, repaired: Path) -> tuple[str, ...]:
        """Write the repaired file and name what was changed, or write nothing where nothing was.

        Raises ConversionFailed where the file can't be read.
        """


def import_backend(module: str) -> Backend:
    """Import a backend by its module's dotted name, or by ``NAME=FILE`` where it lies elsewhere.

    Raises UnknownContender where this tree has no such file.
    """
    name, _, file = module.partition("=")
    try:
        return cast(Backend, import_file(name, file) if file else importlib.import_module(name))
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise UnknownContender(
            f"{Path(__file__).parents[1]} has no backend {module}; race it in a tree that has, or add the file there"
        ) from error


def import_file(name: str, file: str) -> ModuleType:
    """Import a file as the module of this name, but no package that it lies in: that may import its framework."""
    if (known := sys.modules.get(name)) is not None and known.__file__ == file:
        return known
    spec = spec_from_file_location(name, file)
    assert spec is not None, "the file's name ends with .py"
    assert spec.loader is not None, "as above"
    module = sys.modules[name] = module_from_spec(spec)  # as an import does: dataclasses look for their module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def find_variant(backend: Backend, name: str) -> Variant:
    """Find a backend's variant by its name.

    Raises UnknownContender with the names that there are.
    """
    variants = {variant.name: variant for variant in backend.VARIANTS}
    if name not in variants:
        raise UnknownContender(f"{backend.__file__} has no variant {name!r}; it has {', '.join(map(repr, variants))}")
    return variants[name]
