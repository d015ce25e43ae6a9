"""LiteRT (once TensorFlow Lite) on XNNPACK: an ONNX file through onnx2tf, channels last."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runoff.arrays import Arrays, Pictures, Signature, arranged
from runoff.contract import ONNX, Form, Variant
from runoff.errors import conversion_stage
from runoff.model.onnx.keras_function import axes_back, by_places, keras_reason
from runoff.model.onnx.shape_examples import examples_for_onnx2tf, kept_as_they_are, sample_pictures

VARIANTS = (
    Variant(description="XNNPACK, float32"),
    Variant(
        "int8",
        "XNNPACK, full INT8 between float32 input and output, calibrated",
        precision="int8",
        calibrated=True,
        convert_options={"quantised": True},
    ),
)
TITLE = "LiteRT"
LAYOUT = "NHWC"
REQUIRES = ("ai_edge_litert",)
FORM = ONNX
CONVERTERS = {"onnx2tf": "onnx2tf"}
CONVERT_REQUIRES = ("onnx", "tensorflow")
DISTRIBUTIONS = ("ai-edge-litert",)
CONVERT_DISTRIBUTIONS = (
    "onnx",
    "onnx2tf",
    "onnxsim",
    "onnx-graphsurgeon",
    "sng4onnx",
    "tensorflow",
    "tensorflow-cpu",
    "tf-keras",
)
SUFFIX = ".tflite"
CONVERT_VERSION = 2
ENVIRONMENT = {"TF_CPP_MIN_LOG_LEVEL": "2"}

TASKS = Path("/proc/self/task")


@dataclass(frozen=True)
class LiteRtSession:
    """An interpreter, its tensors by the model's names for them, and the threads that it started."""

    interpreter: Any
    inputs: dict[str, int]
    outputs: list[tuple[int, tuple[int, ...]]]
    threads: int

    def run(self, inputs: Arrays) -> list[NDArray[Any]]:
        """Run the graph; other shapes than the ones before make the interpreter plan its memory anew.

        Outputs with channels last are given with the model's own order of axes, which copies nothing.
        """
        shapes = {details["index"]: details["shape"] for details in self.interpreter.get_input_details()}
        others = {place: inputs[name].shape for name, place in self.inputs.items()}
        if any(tuple(shapes[place]) != shape for place, shape in others.items()):
            for place, shape in others.items():
                self.interpreter.resize_tensor_input(place, shape, strict=True)
            self.interpreter.allocate_tensors()
        for name, place in self.inputs.items():
            self.interpreter.set_tensor(place, inputs[name])
        self.interpreter.invoke()
        return [self.interpreter.get_tensor(place).transpose(axes) for place, axes in self.outputs]


def import_framework(variant: Variant) -> None:
    """Import LiteRT's interpreter."""
    import ai_edge_litert.interpreter  # noqa: F401 - imported for its time


def convert(form: Form, variant: Variant, artifact: Path, calibration: Path | None) -> None:
    """Translate the ONNX file with onnx2tf and write it by TensorFlow's own converter, which quantises too."""
    with tempfile.TemporaryDirectory() as folder:
        with conversion_stage("onnx2tf", keras_reason):
            model = translate(form, Path(folder), quantised=bool(variant.convert_options.get("quantised")))
        with conversion_stage("LiteRT"):
            pictures = None if calibration is None else channels_last(form, np.load(calibration))
            artifact.write_bytes(write_flatbuffer(model, form, pictures))


def channels_last(form: Form, pictures: Pictures) -> Pictures:
    """Return pictures as the model that onnx2tf made takes them."""
    given = form.model.inputs[:1]
    return arranged({given[0].name: pictures}, given, LAYOUT)[given[0].name]


def translate(form: Form, folder: Path, *, quantised: bool) -> Any:
    """Turn an ONNX file into a Keras model, whose pictures have their channels last.

    It has to know that the model will be quantised: it then pads before pooling with 0, where the least float32 number
    would make the ranges useless.
    """
    import onnx2tf

    from runoff.model.onnx.for_onnx2tf import order_gelus

    own = folder / "own.onnx"  # onnx2tf writes what it simplifies over the file that it is given
    order_gelus(form.onnx_file, own)
    with sample_pictures(folder):
        return onnx2tf.convert(
            input_onnx_file_path=str(own),
            output_folder_path=str(folder / "translated"),
            keep_ncw_or_nchw_or_ncdhw_input_names=kept_as_they_are(form.model.inputs, LAYOUT),
            custom_input_op_name_np_data_path=examples_for_onnx2tf(form.model.inputs, folder, LAYOUT),
            output_integer_quantized_tflite=quantised,
            disable_model_save=True,  # write_flatbuffer does: Keras writes weights as text, a minute for a small model
            non_verbose=True,
        )


def write_flatbuffer(model: Any, form: Form, calibration: Pictures | None) -> bytes:
    """Return a Keras model of an ONNX file as a ``.tflite`` file, in full INT8 with calibration pictures, N×H×W×3."""
    import tensorflow as tf

    signature = [tf.TensorSpec(given.shape, given.dtype, given.name) for given in model.inputs]
    function = tf.function(by_places(model, form, channels_last=True), input_signature=signature)
    variables = tf.Module()
    variables.variables_of_the_model = list(model.variables)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()], variables)
    kinds = tf.lite.OpsSet
    # TensorFlow's own operators, which it would take besides, are not in LiteRT.
    converter.target_spec.supported_ops = [kinds.TFLITE_BUILTINS if calibration is None else kinds.TFLITE_BUILTINS_INT8]
    if calibration is not None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: (
            [calibration[place : place + 1]] for place in range(len(calibration))
        )
    content: bytes = converter.convert()
    return content


def load(artifact: Path, signature: Signature, variant: Variant, threads: int) -> LiteRtSession:
    """Make the interpreter and let it plan its memory for a batch of one, or the graph's own.

    XNNPACK flushes denormals itself. No interface of LiteRT's has the number of threads, so those of the process are
    counted: XNNPACK's pool has one less than it was given, because the caller works too.
    """
    from ai_edge_litert.interpreter import Interpreter

    before = count_tasks()
    interpreter = Interpreter(model_path=str(artifact), num_threads=threads)
    for given in interpreter.get_input_details():
        # XNNPACK ends the process where a graph for one batch is planned for another.
        if len(given["shape_signature"]) and given["shape_signature"][0] < 0:
            interpreter.resize_tensor_input(given["index"], [1, *given["shape"][1:]])
    interpreter.allocate_tensors()
    after = count_tasks()
    started = threads - 1 if before is None or after is None else after - before
    inputs, outputs = details_of(interpreter, signature)
    return LiteRtSession(
        interpreter,
        {given.name: int(details["index"]) for given, details in zip(signature.inputs, inputs, strict=True)},
        [
            (int(details["index"]), axes_back(details["shape"], each))
            for each, details in zip(signature.outputs, outputs, strict=True)
        ],
        started + 1,
    )


def details_of(interpreter: Any, signature: Signature) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """Return what the interpreter says of the model's inputs and outputs: one alone may have any name."""
    given, made = interpreter.get_input_details(), interpreter.get_output_details()
    if len(given) == len(made) == 1:
        return given, made
    runner = interpreter.get_signature_runner()
    inputs, outputs = runner.get_input_details(), runner.get_output_details()
    return [inputs[each.name] for each in signature.inputs], [outputs[each.name] for each in signature.outputs]


def repair(model: Path, repaired: Path) -> tuple[str, ...]:
    """Write cubic resizing as products: TensorFlow's has another coefficient than torch's, and onnx2tf keeps it.

    Where there is none, the batch is fixed at one.
    """
    from runoff.model.onnx.for_onnx2tf import fix_batch
    from runoff.model.onnx.repairs import CUBIC_RESIZE, repair_file

    with conversion_stage("repair"):
        return repair_file(model, repaired, {CUBIC_RESIZE}) or fix_batch(model, repaired)


def count_tasks() -> int | None:
    """Count this process's threads, None on a system without Linux's /proc, where the pool's size stays unread."""
    try:
        return len(list(TASKS.iterdir()))
    except OSError:
        return None
