"""PyTorch running TorchVision's own model: eager is the reference; traced, compiled and quantised beside it."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runoff.arrays import Arrays, Signature
from runoff.contract import MODULE, Form, Model, Variant
from runoff.errors import conversion_stage
from runoff.kernels import CONVOLUTIONS, PRODUCTS, Kernel

# Inductor compiles constants in, with one compiler process, so that no pool of its own stays behind. Headers it would
# compile for 8 s in each process, whether a kernel needs them or not: it keeps them among the temporary files.
INDUCTOR = {
    "TORCHINDUCTOR_FREEZING": "1",
    "TORCHINDUCTOR_COMPILE_THREADS": "1",
    "TORCHINDUCTOR_CPP_CACHE_PRECOMPILE_HEADERS": "0",
}
INDUCTOR_CACHE = "torchinductor"
# With any of these torch.compile, or what TorchScript does, is left out without a word, or where it fails.
EAGER = {
    "TORCH_COMPILE_DISABLE": "1",
    "TORCHDYNAMO_DISABLE": "1",
    "TORCHDYNAMO_SUPPRESS_ERRORS": ".+",
    "TORCH_COMPILE_OVERRIDE_BACKENDS": ".+",
}
NO_TORCHSCRIPT = {"PYTORCH_JIT": "(?i:0|0v|false|no)"}
WRAPPER_AGE = 3600.0


def cpp_compiler() -> str:
    """Name the C++ compiler that inductor calls by its file, size and date, which change with its version.

    To ask it for its version would take every worker a process, in a stage that is timed.
    """
    found = shutil.which(os.environ.get("CXX", "g++"))
    if found is None:
        return "none"
    file = Path(found).resolve()
    return f"{file}, {file.stat().st_size} bytes of {file.stat().st_mtime_ns}"


VARIANTS = (
    Variant(description="eager, inference_mode", default=True),
    Variant("channels-last", "eager, channels-last memory format", load_options={"channels_last": True}),
    Variant(
        "torchscript",
        "TorchScript, frozen, optimised for inference, channels-last",
        convert_options={"kind": "torchscript", "channels_last": True},
        load_options={"channels_last": True, "optimised": True},
        negated_by=NO_TORCHSCRIPT,
    ),
    Variant(
        "compile",
        "torch.compile with frozen weights",
        load_options={"compiled": True},
        variables=INDUCTOR,
        negated_by=EAGER,
    ),
    Variant(
        "aotinductor",
        "compiled ahead of time for a batch of one, frozen weights",
        processor_specific=True,
        convert_options={"kind": "package", "compiler": cpp_compiler()},
        convert_variables=INDUCTOR,
        variables=INDUCTOR,
    ),
    Variant(
        "bfloat16",
        "TorchScript traced under bfloat16 autocast, frozen, channels-last",
        precision="bfloat16",
        convert_options={"kind": "torchscript", "channels_last": True, "autocast": True},
        load_options={"channels_last": True},
        negated_by=NO_TORCHSCRIPT,
    ),
    Variant(
        "int8",
        "static INT8 (FX graph mode), TorchScript frozen",
        precision="int8",
        calibrated=True,
        processor_specific=True,
        convert_options={"kind": "torchscript", "quantised": True},
        negated_by=NO_TORCHSCRIPT,
    ),
)
TITLE = "PyTorch"
REQUIRES = ("torch", "torchvision")
FORM = MODULE
DISTRIBUTIONS = ("torch", "torchvision")
SUFFIX = ".pt"


@dataclass(frozen=True)
class TorchSession:
    """A module in eval mode, in whatever form, and the framework that it is of."""

    torch: Any
    module: Callable[..., Any]
    inputs: tuple[str, ...]
    channels_last: bool

    @property
    def threads(self) -> int:
        """The size of the intra-op pool, as torch reports it."""
        return int(self.torch.get_num_threads())

    def run(self, inputs: Arrays) -> list[NDArray[Any]]:
        """Run the module; from_numpy and numpy() share memory, so only a change of memory format copies."""
        with self.torch.inference_mode():
            tensors = [self.torch.from_numpy(inputs[name]) for name in self.inputs]
            if self.channels_last:
                tensors = [in_channels_last(self.torch, tensor) for tensor in tensors]
            outputs = self.module(*tensors)
            return [output.numpy() for output in outputs] if isinstance(outputs, tuple) else [outputs.numpy()]


def in_channels_last(torch: Any, tensor: Any) -> Any:
    """Return pictures with their channels last in memory, and all else as it is."""
    return tensor.contiguous(memory_format=torch.channels_last) if tensor.dim() == 4 else tensor


def kind_of(variant: Variant) -> str:
    """Return the kind of a variant's artifact: a state dict that is run eagerly, where it does not say."""
    return str(variant.convert_options.get("kind", "state"))


def import_framework(variant: Variant) -> None:
    """Import torch, and torchvision for those forms that need its code to build the module."""
    import torch  # noqa: F401 - imported for its time

    import_model(variant, "")


def import_model(variant: Variant, architecture: str) -> None:
    """Import the code that builds the module, for those forms that need it."""
    if kind_of(variant) == "state":
        from runoff.model.module import module

        module.kind_of(architecture)[0].import_code()


def convert(form: Form, variant: Variant, artifact: Path, calibration: Path | None) -> None:
    """Save the model as the variant's kind of artifact."""
    save = {"state": save_state, "torchscript": save_traced, "package": save_package}
    save[kind_of(variant)](form.model, variant, artifact, calibration)


def save_state(model: Model, variant: Variant, artifact: Path, calibration: Path | None) -> None:
    """Save the state dict as torch's own file, with the architecture and arguments that it belongs to."""
    import torch

    from runoff.model.module.module import build_empty
    from runoff.model.weights.state_dict import load_state_dict

    with conversion_stage("save"):
        source = model.source
        assert source.weights is not None
        tensors = {name: torch.from_numpy(array) for name, array in load_state_dict(source.weights).items()}
        made: dict[str, Any] = {"architecture": source.architecture, "arguments": source.arguments}
        made["state_dict"] = tensors
        if build_empty(source.architecture, source.arguments) is None:
            made["initialise"] = True
        torch.save(made, artifact)


def save_traced(model: Model, variant: Variant, artifact: Path, calibration: Path | None) -> None:
    """Trace the module, quantised or under autocast where the variant says so, freeze it and save it."""
    import torch

    from runoff.model.module.branches import require_one_way
    from runoff.model.module.int8 import quantise
    from runoff.model.module.module import example, make_module, with_float32_logits

    module, examples = make_module(model), example(model)
    plain, zeros = module, examples
    if variant.convert_options.get("quantised"):
        with conversion_stage("quantise"):
            assert calibration is not None
            module = quantise(module, examples, np.load(calibration, mmap_mode="r"))
    if variant.convert_options.get("channels_last"):
        module = module.to(memory_format=torch.channels_last)
        examples = tuple(in_channels_last(torch, tensor) for tensor in examples)
    context = nullcontext()
    if variant.convert_options.get("autocast"):
        # Without the cache the casts of weights are part of the trace, where freezing does them once and for all.
        context = torch.autocast("cpu", dtype=torch.bfloat16, cache_enabled=False)
        module = with_float32_logits(module)
    with conversion_stage("trace"), torch.inference_mode(), context:
        torch.jit.save(torch.jit.freeze(torch.jit.trace(module, examples)), str(artifact))
    if not variant.convert_options.get("quantised"):  # FX, which quantises, refuses branches by itself
        with conversion_stage("trace"):
            require_one_way(plain, zeros, model.inputs, "trace")


def save_package(model: Model, variant: Variant, artifact: Path, calibration: Path | None) -> None:
    """Compile by AOTInductor into a package; for a batch of one alone, since a variable one costs a quarter more."""
    import torch

    from runoff.model.module.module import example, make_module

    with torch.inference_mode():
        with conversion_stage("torch.export"):
            exported = torch.export.export(make_module(model), example(model))
        with conversion_stage("AOTInductor"):
            package = artifact.with_suffix(".pt2")  # the only ending that it takes
            torch._inductor.aoti_compile_and_package(exported, package_path=str(package))
            package.rename(artifact)


def load(artifact: Path, signature: Signature, variant: Variant, threads: int) -> TorchSession:
    """Load the artifact by its kind; flush denormals as every other contender does."""
    import torch

    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    load_state = load_compiled if variant.load_options.get("compiled") else load_eager
    loaders = {"state": load_state, "torchscript": load_traced, "package": load_package}
    module = loaders[kind_of(variant)](artifact, variant)
    inputs = tuple(given.name for given in signature.inputs)
    return TorchSession(torch, module, inputs, bool(variant.load_options.get("channels_last")))


def load_eager(artifact: Path, variant: Variant) -> Any:
    """Build the module without initialising weights that are replaced at once, and give it the saved ones.

    Some can't be built so, which was found when the artifact was made.
    """
    import torch

    from runoff.model.module.module import build_module, give_state

    saved = torch.load(artifact, map_location="cpu", weights_only=True)
    with nullcontext() if "initialise" in saved else torch.device("meta"):
        module = build_module(saved["architecture"], saved["arguments"])
    give_state(module, saved["state_dict"], assign=True)
    if variant.load_options.get("channels_last"):
        module = module.to(memory_format=torch.channels_last)
    return module.eval()


def load_compiled(artifact: Path, variant: Variant) -> Any:
    """Wrap the module for torch.compile, which compiles at the first inference, from its own cache where it can.

    The cache lies beside the artifacts, so that a launch finds what the ones before it compiled.
    """
    import torch

    cache = artifact.parents[1] / INDUCTOR_CACHE
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(cache)
    return torch.compile(load_eager(artifact, variant))


def clear_cache(artifacts: Path) -> None:
    """Remove from inductor's cache what launches before an hour ago wrote for themselves, and keep compiled kernels.

    With frozen weights each process writes a wrapper in Python that has the weights' addresses in it, and so a name of
    its own: no other process finds it again, and the cache would grow with every launch.
    """
    for wrapper in (artifacts / INDUCTOR_CACHE).glob("*/*.py"):
        with suppress(FileNotFoundError):  # another process may do the same
            if time.time() - wrapper.stat().st_mtime > WRAPPER_AGE:
                wrapper.unlink()


def load_traced(artifact: Path, variant: Variant) -> Any:
    """Load TorchScript, and optimise it here where the variant says so: what that makes can't be saved."""
    import torch

    module = torch.jit.load(str(artifact))
    return torch.jit.optimize_for_inference(module) if variant.load_options.get("optimised") else module


def load_package(artifact: Path, variant: Variant) -> Any:
    """Load AOTInductor's package by the loader that C++ programs use: Python's own imports the compiler, for 2 s."""
    import torch

    loader = torch._C._aoti.AOTIModelPackageLoader(str(artifact), "model", False, 1, -1)
    return lambda *tensors: tuple(loader.run(list(tensors)))


def peak_kernels(precision: str, threads: int) -> Iterator[Kernel]:
    """Yield torch's products and channels-last convolutions in a precision.

    In int8 it has products alone: its convolutions of plain int8 tensors are not the optimised ones.
    """
    import torch

    torch.set_num_threads(threads)
    kind = {"float32": torch.float32, "bfloat16": torch.bfloat16, "int8": torch.int8}.get(precision)
    multiply = torch._int_mm if kind == torch.int8 else torch.mm
    for product in PRODUCTS if kind else ():
        operands = (torch.randint(-8, 8, shape).to(kind) for shape in (product.images, product.weights))
        yield product, partial(multiply, *operands)
    for convolution in CONVOLUTIONS if kind not in (None, torch.int8) else ():
        operands = (
            torch.randint(-8, 8, shape).to(kind, memory_format=torch.channels_last)
            for shape in (convolution.images, convolution.weights)
        )
        yield convolution, partial(torch.nn.functional.conv2d, *operands)
