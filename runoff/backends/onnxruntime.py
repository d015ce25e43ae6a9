"""ONNX Runtime on its CPU provider, from an ONNX file."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runoff.arrays import Arrays, Pictures, Signature
from runoff.contract import ONNX, Form, Variant
from runoff.errors import conversion_stage
from runoff.files.whole import copy_with
from runoff.kernels import CONVOLUTIONS, PRODUCTS, Kernel
from runoff.processor import INT8_DOT_PRODUCT_FLAGS, read_processor

VARIANTS = (
    Variant(description="CPU provider, defaults", default=True),
    Variant("unoptimised", "graph optimisation off: what it buys", load_options={"optimisation": "ORT_DISABLE_ALL"}),
    Variant(
        "offline",
        "graph optimised at conversion and saved, not again at load",
        processor_specific=True,
        convert_requires=("onnxruntime",),
        convert_options={"saved": True},
        load_options={"optimisation": "ORT_DISABLE_ALL"},
    ),
    Variant(
        "int8",
        "static INT8 (QDQ), calibrated",
        precision="int8",
        calibrated=True,
        processor_specific=True,
        convert_requires=("onnx", "onnxruntime", "ml_dtypes"),  # the quantiser imports this without saying so
        convert_options={"quantised": True},
    ),
    Variant("no-arena", "memory arena and pattern off", load_options={"arena": False}),
)
TITLE = "ONNX Runtime"
REQUIRES = ("onnxruntime",)
FORM = ONNX
CONVERT_REQUIRES: tuple[str, ...] = ()
DISTRIBUTIONS = ("onnxruntime",)
CONVERT_DISTRIBUTIONS = ("onnx", "onnxruntime")
SUFFIX = ".onnx"
CONVERT_VERSION = 2

X86_FLAG = "sse2"
X86_MACHINES = ("x86_64", "amd64", "i386", "i686")


@dataclass(frozen=True)
class OnnxSession:
    """An InferenceSession and the names of its outputs."""

    session: Any
    outputs: list[str]

    @property
    def threads(self) -> int:
        """The size of the intra-op pool, from the session's own options."""
        return int(self.session.get_session_options().intra_op_num_threads)

    def run(self, inputs: Arrays) -> list[NDArray[Any]]:
        """Run the graph."""
        outputs: list[NDArray[Any]] = self.session.run(self.outputs, inputs)
        return outputs


def import_framework(variant: Variant) -> None:
    """Import onnxruntime."""
    import onnxruntime  # noqa: F401 - imported for its time


def convert(form: Form, variant: Variant, artifact: Path, calibration: Path | None) -> None:
    """Copy the ONNX file, quantised or saved as optimised where the variant says so."""
    if variant.convert_options.get("quantised"):
        assert calibration is not None
        with conversion_stage("quantise"):
            quantise(form, artifact, np.load(calibration, mmap_mode="r"))
    elif variant.convert_options.get("saved"):
        with conversion_stage("optimise"):
            save_optimised(form.onnx_file, artifact)
    else:
        copy_with(form.onnx_file, form.data, artifact)


def save_optimised(exported: Path, artifact: Path) -> None:
    """Let a session optimise the graph for this processor, as it would at load, and save it."""
    import onnxruntime

    options = session_options(threads=1)
    options.optimized_model_filepath = str(artifact)
    onnxruntime.InferenceSession(str(exported), options, providers=["CPUExecutionProvider"])


def quantise(form: Form, artifact: Path, pictures: Pictures) -> None:
    """Quantise with ranges observed on the calibration pictures, a scale for each channel of the weights."""
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static

    signed, narrow = activation_and_range(read_processor().flags, platform.machine())
    batches = ({form.model.inputs[0].name: np.array(picture[None])} for picture in pictures)
    quantize_static(
        str(form.onnx_file),
        str(artifact),
        SimpleNamespace(get_next=lambda: next(batches, None)),  # what a CalibrationDataReader does
        quant_format=QuantFormat.QDQ,
        activation_type=QuantType.QInt8 if signed else QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        per_channel=True,
        reduce_range=narrow,
    )


def activation_and_range(flags: tuple[str, ...], machine: str) -> tuple[bool, bool]:
    """Choose signed activations or not, and a narrow range (7 bits) for the weights or not, by the processor's flags.

    Where a system says no flags, its name for the machine says which kind it is, and no VNNI is taken for granted.

    x86 multiplies unsigned by signed bytes: with signed activations a ResNet-18 took three times as long here. Without
    VNNI it adds the products up in 16 bits, which two products of 8-bit weights can overflow, and of 7-bit weights
    can't (ONNX Runtime, "Quantize ONNX models": when to use reduce_range). ARM multiplies signed by signed.
    """
    on_x86 = X86_FLAG in flags if flags else machine.lower() in X86_MACHINES
    return not on_x86, on_x86 and not INT8_DOT_PRODUCT_FLAGS & set(flags)


def session_options(threads: int, optimisation: str = "ORT_ENABLE_ALL", *, arena: bool = True) -> Any:
    """Make a session's options; denormals are flushed as by every other contender."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, optimisation)
    options.enable_cpu_mem_arena = arena
    options.enable_mem_pattern = arena
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    return options


def load(artifact: Path, signature: Signature, variant: Variant, threads: int) -> OnnxSession:
    """Create the session."""
    import onnxruntime

    chosen = {name: variant.load_options[name] for name in ("optimisation", "arena") if name in variant.load_options}
    options = session_options(threads, **chosen)
    session = onnxruntime.InferenceSession(str(artifact), options, providers=["CPUExecutionProvider"])
    return OnnxSession(session, [output.name for output in signature.outputs])


def peak_kernels(precision: str, threads: int) -> Iterator[Kernel]:
    """Load a graph for each kernel, where onnx is there to make it.

    In int8 they multiply unsigned by signed bytes, as the contender does on x86.
    """
    import onnxruntime

    if precision not in ("float32", "int8") or find_spec("onnx") is None:
        return
    quantised = precision == "int8"
    multiply, convolve = ("QLinearMatMul", "QLinearConv") if quantised else ("MatMul", "Conv")
    for shape in (*PRODUCTS, *CONVOLUTIONS):
        random = np.random.default_rng(0)
        if quantised:
            images, weights = (
                random.integers(0, 255, shape.images, np.uint8),
                random.integers(-127, 127, shape.weights, np.int8),
            )
        else:
            images, weights = (random.random(sides, np.float32) for sides in (shape.images, shape.weights))
        graph = one_operator(convolve if shape in CONVOLUTIONS else multiply, images, weights, quantised=quantised)
        session = onnxruntime.InferenceSession(graph, session_options(threads), providers=["CPUExecutionProvider"])
        yield shape, partial(session.run, None, {"images": images})


def one_operator(operator: str, images: Any, weights: Any, *, quantised: bool) -> bytes:
    """Make a graph of one operator between an input and constant weights."""
    import onnx
    from onnx import helper, numpy_helper

    constants = {"weights": weights}
    inputs = ["images", "weights"]
    if quantised:
        scales = {"scale": np.float32(0.01), "coarse": np.float32(10)}
        constants |= scales | {"zero": np.uint8(0), "signed_zero": np.int8(0)}
        inputs = ["images", "scale", "zero", "weights", "scale", "signed_zero", "coarse", "zero"]
    kind = helper.np_dtype_to_tensor_dtype(images.dtype)
    graph = helper.make_graph(
        [helper.make_node(operator, inputs, ["result"])],
        "kernel",
        [helper.make_tensor_value_info("images", kind, images.shape)],
        [helper.make_tensor_value_info("result", kind, [None] * images.ndim)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    made: bytes = model.SerializeToString()
    return made
