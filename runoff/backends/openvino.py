"""OpenVINO on the CPU, from an ONNX file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from runoff.contract import ONNX, Batch, Form, Logits, Variant
from runoff.errors import NoAnswer, conversion_stage
from runoff.kernels import CONVOLUTIONS, PRODUCTS, Kernel

VARIANTS = (
    Variant(description="float32, a latency hint", load_options={"hint": "f32"}),
    Variant("bfloat16", "bfloat16 where the processor has it (OpenVINO's own default there)", precision="bfloat16"),
    Variant(
        "int8",
        "static INT8 by NNCF, calibrated",
        precision="int8",
        calibrated=True,
        convert_requires=("nncf",),
        convert_options={"quantised": True},
        load_options={"hint": "f32"},  # what is left in floating point stays as it was
    ),
)
TITLE = "OpenVINO"
LAYOUT = "NCHW"
REQUIRES = ("openvino",)
FORM = ONNX
DISTRIBUTIONS = ("openvino",)
CONVERT_DISTRIBUTIONS = ("openvino", "nncf")
SUFFIX = ".xml"


@dataclass(frozen=True)
class OpenVinoSession:
    """The model, and a request for each batch size that was run: OpenVINO is faster where it knows the shape."""

    core: Any
    model: Any
    configuration: dict[str, Any]
    requests: dict[int, Any] = field(default_factory=dict)

    @property
    def threads(self) -> int:
        """The number of threads that the compiled model uses, as it reports it."""
        request = next(iter(self.requests.values()))
        return int(request.get_compiled_model().get_property("INFERENCE_NUM_THREADS"))

    def request(self, images: int) -> Any:
        """Return the request for a batch of so many images, compiled when it is first asked for."""
        if images not in self.requests:
            model = self.model.clone()
            model.reshape([images, *list(model.input(0).partial_shape)[1:]])
            self.requests[images] = self.core.compile_model(model, "CPU", self.configuration).create_infer_request()
        return self.requests[images]

    def run(self, batch: Batch) -> Logits:
        """Run a request; its output is copied, since the next inference writes over it."""
        logits: Logits = np.array(self.request(len(batch)).infer([batch], share_inputs=True)[0])
        return logits


def import_framework(variant: Variant) -> None:
    """Import openvino."""
    import openvino  # noqa: F401 - imported for its time


def convert(form: Form, variant: Variant, artifact: Path, calibration: Path | None) -> None:
    """Convert the ONNX file; quantise where the variant says so. The weights lie beside the ``.xml``."""
    import openvino

    with conversion_stage("convert"):
        converted = openvino.convert_model(str(form.onnx_file))
    if variant.convert_options.get("quantised"):
        assert calibration is not None
        with conversion_stage("quantise"):
            converted = quantise(converted, np.load(calibration))
    with conversion_stage("save"):
        # Weights halved to float16 would be read as float32 again, but not be what golden computed with.
        openvino.save_model(converted, str(artifact), compress_to_fp16=False)


def quantise(model: Any, pictures: Batch) -> Any:
    """Quantise by NNCF, with ranges observed on all calibration pictures."""
    import nncf

    dataset = nncf.Dataset([picture[None] for picture in pictures])
    return nncf.quantize(model, dataset, subset_size=len(pictures), preset=nncf.QuantizationPreset.MIXED)


def load(artifact: Path, variant: Variant, threads: int) -> OpenVinoSession:
    """Compile for a batch of one, or the graph's own, in one stream of so many threads.

    Denormals are flushed as by every other contender. Raises NoAnswer where bfloat16 was asked for and the
    processor has none: it would be another contender.
    """
    import openvino

    core = openvino.Core()
    hint = variant.load_options.get("hint", "bf16")
    if hint == "bf16" and not has_bfloat16(core):
        raise NoAnswer("this processor has no bfloat16 arithmetic that OpenVINO knows of; race openvino instead")
    session = OpenVinoSession(core, core.read_model(str(artifact)), configuration(hint, threads))
    batch = session.model.input(0).partial_shape[0]
    session.request(1 if batch.is_dynamic else batch.get_length())
    return session


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
