"""LiteRT (once TensorFlow Lite) on XNNPACK: an ONNX file through onnx2tf, channels last."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from runoff.contract import ONNX, Batch, Form, Logits, Variant, in_layout
from runoff.errors import conversion_stage
from runoff.model.onnx_examples import examples_for_onnx2tf

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
ENVIRONMENT = {"TF_CPP_MIN_LOG_LEVEL": "2"}

TASKS = Path("/proc/self/task")


@dataclass(frozen=True)
class LiteRtSession:
    """An interpreter, and the threads that it started."""

    interpreter: Any
    threads: int

    def run(self, batch: Batch) -> Logits:
        """Run the graph; another batch size than the one before makes the interpreter plan its memory anew."""
        (given,) = self.interpreter.get_input_details()
        (wanted,) = self.interpreter.get_output_details()
        if given["shape"][0] != len(batch):
            self.interpreter.resize_tensor_input(given["index"], batch.shape)
            self.interpreter.allocate_tensors()
        self.interpreter.set_tensor(given["index"], batch)
        self.interpreter.invoke()
        logits: Logits = self.interpreter.get_tensor(wanted["index"])
        return logits


def import_framework(variant: Variant) -> None:
    """Import LiteRT's interpreter."""
    import ai_edge_litert.interpreter  # noqa: F401 - imported for its time


def convert(form: Form, variant: Variant, artifact: Path, calibration: Path | None) -> None:
    """Translate the ONNX file with onnx2tf and write it by TensorFlow's own converter, which quantises too."""
    with tempfile.TemporaryDirectory() as folder:
        with conversion_stage("onnx2tf"):
            model = translate(form.onnx_file, Path(folder), quantised=bool(variant.convert_options.get("quantised")))
        with conversion_stage("LiteRT"):
            artifact.write_bytes(write_flatbuffer(model, None if calibration is None else np.load(calibration)))


def translate(exported: Path, folder: Path, *, quantised: bool) -> Any:
    """Turn an ONNX file into a Keras model with channels last.

    It has to know that the model will be quantised: it then pads before pooling with 0, where the least float32 number
    would make the ranges useless.
    """
    import onnx2tf

    own = folder / "own.onnx"
    shutil.copyfile(exported, own)  # onnx2tf writes what it simplifies over the file that it is given
    return onnx2tf.convert(
        input_onnx_file_path=str(own),
        output_folder_path=str(folder / "translated"),
        custom_input_op_name_np_data_path=examples_for_onnx2tf(exported, folder, channels_last=True),
        output_integer_quantized_tflite=quantised,
        disable_model_save=True,  # write_flatbuffer does: Keras writes weights as text, a minute for a small model
        non_verbose=True,
    )


def write_flatbuffer(model: Any, calibration: Batch | None) -> bytes:
    """Return a Keras model as a ``.tflite`` file, in full INT8 where there are calibration pictures, N×3×H×W."""
    import tensorflow as tf

    signature = [tf.TensorSpec(given.shape, given.dtype, given.name) for given in model.inputs]
    function = tf.function(model, input_signature=signature).get_concrete_function()
    variables = tf.Module()
    variables.variables_of_the_model = list(model.variables)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], variables)
    kinds = tf.lite.OpsSet
    converter.target_spec.supported_ops = [
        kinds.TFLITE_BUILTINS if calibration is None else kinds.TFLITE_BUILTINS_INT8,
        kinds.SELECT_TF_OPS,
    ]
    if calibration is not None:
        pictures = in_layout(calibration, LAYOUT)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([pictures[place : place + 1]] for place in range(len(pictures)))
    content: bytes = converter.convert()
    return content


def load(artifact: Path, variant: Variant, threads: int) -> LiteRtSession:
    """Make the interpreter and let it plan its memory for a batch of one, or the graph's own.

    XNNPACK flushes denormals itself. No interface of LiteRT's has the number of threads, so those of the process are
    counted: XNNPACK's pool has one less than it was given, because the caller works too.
    """
    from ai_edge_litert.interpreter import Interpreter

    before = count_tasks()
    interpreter = Interpreter(model_path=str(artifact), num_threads=threads)
    (given,) = interpreter.get_input_details()
    if given["shape_signature"][0] < 0:  # XNNPACK ends the process where a graph for one batch is planned for another
        interpreter.resize_tensor_input(given["index"], [1, *given["shape"][1:]])
    interpreter.allocate_tensors()
    after = count_tasks()
    started = threads - 1 if before is None or after is None else after - before
    return LiteRtSession(interpreter, started + 1)


def repair(model: Path, repaired: Path) -> tuple[str, ...]:
    """Write cubic resizing as products: TensorFlow's has another coefficient than torch's, and onnx2tf keeps it."""
    from runoff.model.onnx_repairs import CUBIC_RESIZE, repair_file

    with conversion_stage("repair"):
        return repair_file(model, repaired, {CUBIC_RESIZE})


def count_tasks() -> int | None:
    """Count this process's threads, None on a system without Linux's /proc, where the pool's size stays unread."""
    return len(list(TASKS.iterdir())) if TASKS.is_dir() else None
