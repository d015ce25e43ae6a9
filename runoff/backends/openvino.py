"""OpenVINO on the CPU, from an ONNX file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runoff.arrays import Arrays, Input, Pictures, Signature
from runoff.contract import ONNX, Form, Model, Variant
from runoff.errors import ContractBroken, NoAnswer, conversion_stage
from runoff.kernels import CONVOLUTIONS, PRODUCTS, Kernel

# Limited to these, oneDNN computes in float32 and rounds, where the processor has instructions for it.
WITHOUT_BFLOAT16 = "(?i:SSE41|AVX|AVX2|AVX2_VNNI|AVX512_CORE|AVX512_CORE_VNNI)"
# Without these, its converter and NNCF each start a process that reports their use to their makers.
UNREPORTED = {"CI": "true", "NNCF_CI": "true"}
VARIANTS = (
    Variant(description="float32, a latency hint", load_options={"hint": "f32"}, convert_variables=UNREPORTED),
    Variant(
        "bfloat16",
        "bfloat16 where the processor has it (OpenVINO's own default there)",
        precision="bfloat16",
        convert_variables=UNREPORTED,
        negated_by={f"{library}_MAX_CPU_ISA": WITHOUT_BFLOAT16 for library in ("ONEDNN", "DNNL")},
    ),
    Variant(
        "int8",
        "static INT8 by NNCF, calibrated",
        precision="int8",
        calibrated=True,
        convert_requires=("nncf",),
        convert_options={"quantised": True},
        convert_variables=UNREPORTED,
        load_options={"hint": "f32"},  # what is left in floating point stays as it was
    ),
)
TITLE = "OpenVINO"
REQUIRES = ("openvino",)
FORM = ONNX
DISTRIBUTIONS = ("openvino",)
CONVERT_DISTRIBUTIONS = ("openvino", "nncf")
SUFFIX = ".xml"


Kinds = tuple[tuple[tuple[int, ...], Any], ...]
"""The shape and the type of the numbers of each input."""


@dataclass(frozen=True)
class OpenVinoSession:
    """The model, and a request for each shape of its inputs that was run: OpenVINO is faster where it knows them."""

    core: Any
    model: Any
    signature: Signature
    configuration: dict[str, Any]
    requests: dict[Kinds, Any] = field(default_factory=dict)

    @property
    def threads(self) -> int:
        """The number of threads that the compiled model uses, as it reports it."""
        request = next(iter(self.requests.values()))
        return int(request.get_compiled_model().get_property("INFERENCE_NUM_THREADS"))

    def request(self, kinds: Kinds) -> Any:
        """Return the request for inputs of these kinds, compiled when it is first asked for.

        Raises ContractBroken for another type than the model's: OpenVINO takes it, and computes with what it is not.
        """
        if kinds not in self.requests:
            model, shapes = self.model.clone(), {}
            for given, (shape, dtype) in zip(self.signature.inputs, kinds, strict=True):
                if dtype != given.dtype:
                    raise ContractBroken(f"{given.name!r} takes {given.dtype}, it was given {dtype}; give it that")
                shapes[given.name] = list(shape)
            model.reshape(shapes)
            self.requests[kinds] = self.core.compile_model(model, "CPU", self.configuration).create_infer_request()
        return self.requests[kinds]

    def run(self, inputs: Arrays) -> list[NDArray[Any]]:
        """Run a request; its outputs are copied, since the next inference writes over them."""
        arrays = [inputs[given.name] for given in self.signature.inputs]
        request = self.request(tuple([(array.shape, array.dtype) for array in arrays]))
        request.infer(dict(inputs), share_inputs=True)
        return [np.array(request.get_tensor(each.name).data) for each in self.signature.outputs]


def import_framework(variant: Variant) -> None:
    """Import openvino."""
    import openvino  # noqa: F401 - imported for its time


def convert(form: Form, variant: Variant, artifact: Path, calibration: Path | None) -> None:
    """Convert the ONNX file; quantise where the variant says so. The weights lie beside the ``.xml``."""
    import openvino

    with conversion_stage("convert"):
        converted = openvino.convert_model(str(form.onnx_file), input=known_shapes(form.model))
    if variant.convert_options.get("quantised"):
        assert calibration is not None
        with conversion_stage("quantise"):
            converted = quantise(converted, np.load(calibration))
    with conversion_stage("save"):
        # Weights halved to float16 would be read as float32 again, but not be what golden computed with.
        openvino.save_model(converted, str(artifact), compress_to_fp16=False)


def known_shapes(model: Model) -> dict[str, list[int]] | None:
    """Return the shapes of a model's inputs where it takes one batch alone, None where the graph's own do.

    A recurrent state, or a branch by a scalar, is converted with known shapes only.
    """
    if model.batch is None:
        return None
    return {each.name: [*([model.batch] if each.batched else []), *each.shape] for each in model.inputs}


def quantise(model: Any, pictures: Pictures) -> Any:
    """Quantise by NNCF, with ranges observed on all calibration pictures."""
    import nncf

    dataset = nncf.Dataset([picture[None] for picture in pictures])
    with redirect_stdout(sys.stderr):  # it prints how far it is
        return nncf.quantize(model, dataset, subset_size=len(pictures), preset=nncf.QuantizationPreset.MIXED)


def load(artifact: Path, signature: Signature, variant: Variant, threads: int) -> OpenVinoSession:
    """Compile for a batch of one, or the graph's own, in one stream of so many threads.

    Denormals are flushed as by every other contender. Raises NoAnswer where bfloat16 was asked for and the
    processor has none: it would be another contender.
    """
    import openvino

    core = openvino.Core()
    hint = variant.load_options.get("hint", "bf16")
    if hint == "bf16" and not has_bfloat16(core):
        raise NoAnswer("this processor has no bfloat16 arithmetic that OpenVINO knows of; race openvino instead")
    session = OpenVinoSession(core, core.read_model(str(artifact)), signature, configuration(hint, threads))
    session.request(
        tuple((first_shape(session.model, given), np.dtype(given.dtype)) for given in signature.inputs),
    )
    return session


def first_shape(model: Any, given: Input) -> tuple[int, ...]:
    """Return the shape of an input for a batch of one, or the graph's own."""
    if not given.batched:
        return given.shape
    batch = model.input(given.name).partial_shape[0]
    return (1 if batch.is_dynamic else batch.get_length(), *given.shape)


def has_bfloat16(core: Any) -> bool:
    """Whether OpenVINO computes in bfloat16 on this processor."""
    return "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def configuration(hint: str, threads: int) -> dict[str, Any]:
    """Return the properties that a model is compiled with."""
    return {
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": 1,
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": hint,
        "CPU_DENORMALS_OPTIMIZATION": True,
    }


def peak_kernels(precision: str, threads: int) -> Iterator[Kernel]:
    """Compile a model for each kernel; what is quantised by FakeQuantize is computed in int8, unsigned by signed."""
    import openvino
    from openvino import opset13 as operators

    core = openvino.Core()
    hints = {"float32": "f32", "int8": "f32"} | ({"bfloat16": "bf16"} if has_bfloat16(core) else {})
    if precision not in hints:
        return
    properties = configuration(hints[precision], threads)

    def quantise(values: Any, low: float, high: float, levels: int) -> Any:
        bounds = (np.float32(low), np.float32(high))
        return operators.fake_quantize(values, *bounds, *bounds, levels) if precision == "int8" else values

    for shape in (*PRODUCTS, *CONVOLUTIONS):
        random = np.random.default_rng(0)
        images = operators.parameter(shape.images, np.float32)
        weights = operators.constant(random.uniform(-1, 1, shape.weights).astype(np.float32))
        operands = quantise(images, 0, 1, 256), quantise(weights, -1, 1, 255)
        if shape in PRODUCTS:
            result = operators.matmul(*operands, transpose_a=False, transpose_b=False)
        else:
            one, none = [1, 1], [0, 0]
            result = operators.convolution(*operands, strides=one, pads_begin=none, pads_end=none, dilations=one)
        model = openvino.Model([operators.result(quantise(result, 0, 9, 256))], [images])
        request = core.compile_model(model, "CPU", properties).create_infer_request()
        request.set_input_tensor(openvino.Tensor(random.uniform(0, 1, shape.images).astype(np.float32)))
        yield shape, request.infer
