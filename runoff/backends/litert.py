"""LiteRT (once TensorFlow Lite) on XNNPACK: TorchVision's model through ONNX and onnx2tf, channels last."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from runoff.contract import Batch, Checkpoint, Logits, Variant, conversion_stage

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


def convert(checkpoint: Checkpoint, variant: Variant, artifact: Path, calibration: Path) -> None:
    """Export to ONNX and translate with onnx2tf, which quantises by TensorFlow's own converter."""
    from runoff.model.onnx_export import export_onnx

    quantised = bool(variant.options.get("quantised"))
    with tempfile.TemporaryDirectory() as folder:
        exported, translated = Path(folder) / "exported.onnx", Path(folder) / "translated"
        with conversion_stage("export to ONNX"):
            export_onnx(checkpoint, exported)
        with conversion_stage("onnx2tf"):
            translate(exported, translated, calibration, quantised=quantised)
        with conversion_stage("result"):
            made = translated / ("exported_integer_quant.tflite" if quantised else "exported_float32.tflite")
            artifact.write_bytes(made.read_bytes())


def translate(exported: Path, destination: Path, calibration: Path, *, quantised: bool) -> None:
    """Turn an ONNX file into ``.tflite`` files with channels last and a variable batch.

    onnx2tf wants pictures also where it does not quantise, to follow shapes through the graph, and would download some:
    it is given the calibration's. It has to know that it quantises: it then pads before pooling with 0, where the least
    float32 number would make the ranges useless.
    """
    import onnx2tf

    pictures = exported.with_name("pictures.npy")
    np.save(pictures, np.load(calibration).transpose(0, 2, 3, 1))
    mean, deviation = np.zeros((1, 1, 1, 3), np.float32), np.ones((1, 1, 1, 3), np.float32)
    onnx2tf.convert(
        input_onnx_file_path=str(exported),
        output_folder_path=str(destination),
        custom_input_op_name_np_data_path=[["images", str(pictures), mean, deviation]],
        output_integer_quantized_tflite=quantised,
        quant_type="per-channel",
        non_verbose=True,
    )


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
    pictures, translated = folder / "images.npy", folder / "translated"
    np.save(pictures, images)
    with conversion_stage("onnx2tf"):
        translate(model, translated, pictures, quantised=False)
    with conversion_stage("load"):
        from ai_edge_litert.interpreter import Interpreter

        # For its own batch: XNNPACK ends the process where a graph that was made for one batch is planned for another.
        interpreter = Interpreter(model_path=str(translated / f"{model.stem}_float32.tflite"), num_threads=1)
        interpreter.allocate_tensors()
    with conversion_stage("run"):
        return LiteRtSession(interpreter, threads=1).run(np.ascontiguousarray(images.transpose(0, 2, 3, 1)))


def count_tasks() -> int | None:
    """Count this process's threads, None on a system without Linux's /proc, where the pool's size stays unread."""
    return len(list(TASKS.iterdir())) if TASKS.is_dir() else None
