"""LiteRT (once TensorFlow Lite) on XNNPACK: TorchVision's model through ONNX and onnx2tf, channels last."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from runoff.contract import Batch, Logits, Model, Variant, conversion_stage

VARIANTS = (
    Variant(description="XNNPACK, float32"),
    Variant(
        "int8",
        "XNNPACK, full INT8 between float32 input and output, calibrated",
        precision="int8",
        calibrated=True,
        options={"quantised": True},
    ),
)
TITLE = "LiteRT"
LAYOUT = "NHWC"
REQUIRES = ("ai_edge_litert",)
CONVERT_REQUIRES = ("torch", "torchvision", "onnx", "onnx2tf", "tensorflow")
DISTRIBUTIONS = ("ai-edge-litert",)
CONVERT_DISTRIBUTIONS = ("torch", "torchvision", "onnx", "onnx2tf", "tensorflow")
SUFFIX = ".tflite"
ENVIRONMENT = {"TF_CPP_MIN_LOG_LEVEL": "2"}
ONNX_CONVERTER = "onnx2tf"
ONNX_REQUIRES = ("onnx", "onnx2tf", "tensorflow", "ai_edge_litert")

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


def convert(model: Model, variant: Variant, artifact: Path, calibration: Path) -> None:
    """Export to ONNX and translate with onnx2tf, which quantises by TensorFlow's own converter."""
    from runoff.model.onnx_export import export_onnx

    quantised = bool(variant.options.get("quantised"))
    with tempfile.TemporaryDirectory() as folder:
        exported = Path(folder) / "exported.onnx"
        with conversion_stage("export to ONNX"):
            export_onnx(model, exported)
        with conversion_stage("onnx2tf"):
            keras = translate(exported, np.load(calibration), Path(folder), quantised=quantised)
        with conversion_stage("LiteRT"):
            artifact.write_bytes(write_flatbuffer(keras, np.load(calibration) if quantised else None))


def translate(exported: Path, pictures: Batch, folder: Path, *, quantised: bool) -> Any:
    """Turn an ONNX file into a Keras model with channels last.

    onnx2tf wants pictures also where it does not quantise, to follow shapes through the graph, and would download some:
    it is given ``pictures``, N×3×H×W, by a file in ``folder``. It has to know that the model will be quantised: it then
    pads before pooling with 0, where the least float32 number would make the ranges useless.
    """
    import onnx2tf

    file, own = folder / "pictures.npy", folder / "own.onnx"
    np.save(file, channels_last(pictures))
    shutil.copyfile(exported, own)  # onnx2tf writes what it simplifies over the file that it is given
    mean, deviation = np.zeros((1, 1, 1, 3), np.float32), np.ones((1, 1, 1, 3), np.float32)
    return onnx2tf.convert(
        input_onnx_file_path=str(own),
        output_folder_path=str(folder / "translated"),
        custom_input_op_name_np_data_path=[["images", str(file), mean, deviation]],
        output_integer_quantized_tflite=quantised,
        disable_model_save=True,  # write_flatbuffer does: Keras writes weights as text, a minute for a small model
        non_verbose=True,
    )


def write_flatbuffer(model: Any, calibration: Batch | None) -> bytes:
    """Give a Keras model as a ``.tflite`` file, in full INT8 where there are calibration pictures, N×3×H×W."""
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
        pictures = channels_last(calibration)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([pictures[place : place + 1]] for place in range(len(pictures)))
    content: bytes = converter.convert()
    return content


def channels_last(pictures: Batch) -> Batch:
    """Give N×H×W×3 for N×3×H×W."""
    return np.ascontiguousarray(pictures.transpose(0, 2, 3, 1))


def load(artifact: Path, variant: Variant, threads: int) -> LiteRtSession:
    """Make the interpreter and let it plan its memory for a batch of one; XNNPACK flushes denormals itself.

    No interface of LiteRT's tells the number of threads, so those of the process are counted: XNNPACK's pool has one
    less than it was given, because the caller works too.
    """
    from ai_edge_litert.interpreter import Interpreter

    before = count_tasks()
    interpreter = Interpreter(model_path=str(artifact), num_threads=threads)
    (given,) = interpreter.get_input_details()
    interpreter.resize_tensor_input(given["index"], [1, *given["shape"][1:]])
    interpreter.allocate_tensors()
    after = count_tasks()
    started = threads - 1 if before is None or after is None else after - before
    return LiteRtSession(interpreter, started + 1)


def run_onnx(model: Path, images: Batch, folder: Path) -> Logits:
    """Translate an ONNX file with onnx2tf and run the ``.tflite`` file, channels last."""
    with conversion_stage("onnx2tf"):
        translated = translate(model, images, folder, quantised=False)
    with conversion_stage("LiteRT"):
        content = write_flatbuffer(translated, None)
    with conversion_stage("load"):
        from ai_edge_litert.interpreter import Interpreter

        # For its own batch: XNNPACK ends the process where a graph that was made for one batch is planned for another.
        interpreter = Interpreter(model_content=content, num_threads=1)
        interpreter.allocate_tensors()
    with conversion_stage("run"):
        return LiteRtSession(interpreter, threads=1).run(channels_last(images))


def repair_onnx(model: Path, repaired: Path) -> tuple[str, ...]:
    """Write cubic resizing as products: TensorFlow's has another coefficient than torch's, and onnx2tf keeps it."""
    from runoff.model.onnx_repairs import CUBIC_RESIZE, repair_file

    with conversion_stage("repair"):
        return repair_file(model, repaired, {CUBIC_RESIZE})


def count_tasks() -> int | None:
    """Count this process's threads, None on a system without Linux's /proc, where the pool's size stays unread."""
    return len(list(TASKS.iterdir())) if TASKS.is_dir() else None
