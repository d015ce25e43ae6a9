"""TensorFlow running TorchVision's model through ONNX and onnx-tf: as a frozen graph, by XLA, or as a SavedModel.

onnx-tf needs TensorFlow 2.15 or older, which there is for Python 3.11 and older. On newer ones onnx2tf converts.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from runoff.contract import Batch, Logits, Model, Variant, conversion_stage
from runoff.errors import ConversionFailed

HAS_ONNX_TF = sys.version_info < (3, 12)
CONVERTER = "onnx-tf" if HAS_ONNX_TF else "onnx2tf"
VARIANTS = (
    Variant(description=f"frozen graph from {CONVERTER}, as a concrete function", default=True),
    Variant("savedmodel", f"SavedModel from {CONVERTER}, by its serving signature", options={"form": "savedmodel"}),
    Variant("xla", "frozen graph compiled by XLA", options={"compiled": True}),
    Variant("no-onednn", "frozen graph without oneDNN's kernels", variables={"TF_ENABLE_ONEDNN_OPTS": "0"}),
)
TITLE = "TensorFlow"
LAYOUT = "NCHW"
REQUIRES = ("tensorflow",)
ONNX_TF_REQUIRES = ("onnx", "onnx_tf", "tensorflow", "tensorflow_probability")
ONNX2TF_REQUIRES = ("onnx", "onnx2tf", "tensorflow")
CONVERT_REQUIRES = ("torch", "torchvision", *(ONNX_TF_REQUIRES if HAS_ONNX_TF else ONNX2TF_REQUIRES))
DISTRIBUTIONS = ("tensorflow", "tensorflow-cpu")
CONVERT_DISTRIBUTIONS = (
    "torch",
    "torchvision",
    "onnx",
    "onnx-tf",
    "onnx2tf",
    "onnxsim",
    "onnxslim",
    "tensorflow",
    "tensorflow-cpu",
)
NOTE = (
    ""
    if HAS_ONNX_TF
    else "TensorFlow runs what onnx2tf converted: onnx-tf needs TensorFlow 2.15 or older, and that Python 3.11 or older"
)
SUFFIX = ".pb"
ENVIRONMENT = {"TF_CPP_MIN_LOG_LEVEL": "2", "TF_ENABLE_ONEDNN_OPTS": "1"}

INPUT = "images"
OUTPUT = "logits"
ONNX_CONVERTER = "onnx-tf"
ONNX_REQUIRES = ONNX_TF_REQUIRES


@dataclass(frozen=True)
class GraphSession:
    """The model as a function from a batch to its logits, and the framework that it is of."""

    tf: Any
    function: Callable[[Any], Any]

    @property
    def threads(self) -> int:
        """The size of the intra-op pool, as TensorFlow reports it."""
        return int(self.tf.config.threading.get_intra_op_parallelism_threads())

    def run(self, batch: Batch) -> Logits:
        """Run the graph."""
        logits: Logits = self.function(self.tf.constant(batch)).numpy()
        return logits


def import_framework(variant: Variant) -> None:
    """Import tensorflow."""
    import tensorflow as tf  # noqa: F401 - imported for its time


def convert(model: Model, variant: Variant, artifact: Path, calibration: Path) -> None:
    """Export to ONNX and translate into a SavedModel; freeze that and write the GraphDef, or keep it."""
    from runoff.model.onnx_export import export_onnx

    with tempfile.TemporaryDirectory() as folder:
        onnx_file, saved_model = Path(folder) / "model.onnx", Path(folder) / "saved_model"
        with conversion_stage("export to ONNX"):
            export_onnx(model, onnx_file)
        if find_spec("onnx_tf") is not None:  # what converts may be of another Python than what declares
            translate_repairing(onnx_file, saved_model)
        else:
            with conversion_stage("onnx2tf"):
                translate_by_onnx2tf(onnx_file, saved_model, calibration)
        if variant.options.get("form") == "savedmodel":
            shutil.copytree(saved_model, artifact)
            return
        with conversion_stage("freeze"):
            artifact.write_bytes(freeze(saved_model))


def translate_repairing(onnx_file: Path, saved_model: Path) -> None:
    """Translate with onnx-tf; where it fails, once more after repairs, and say on the log which they were.

    Raises ConversionFailed, with the first failure where nothing could be repaired.
    """
    try:
        translate(onnx_file, saved_model)
    except ConversionFailed as error:
        repaired = onnx_file.with_name("repaired.onnx")
        repairs = repair_onnx(onnx_file, repaired)
        if not repairs:
            raise
        shutil.rmtree(saved_model, ignore_errors=True)
        translate(repaired, saved_model)
        sys.stderr.write(f"onnx-tf failed ({error}) and went through after: {', '.join(repairs)}\n")


def translate_by_onnx2tf(onnx_file: Path, saved_model: Path, calibration: Path) -> None:
    """Turn an ONNX file into a SavedModel with onnx2tf, whose input stays channels first as it was.

    onnx2tf wants pictures to follow shapes through the graph, and would download some: it is given the calibration's.
    The function is saved and not the Keras model that onnx2tf gives: Keras writes all weights as text besides.
    """
    import onnx2tf
    import tensorflow as tf

    pictures = onnx_file.with_name("pictures.npy")
    np.save(pictures, np.load(calibration))
    mean, deviation = np.zeros((1, 3, 1, 1), np.float32), np.ones((1, 3, 1, 1), np.float32)
    model = onnx2tf.convert(
        input_onnx_file_path=str(onnx_file),
        output_folder_path=str(saved_model),
        keep_ncw_or_nchw_or_ncdhw_input_names=[INPUT],
        custom_input_op_name_np_data_path=[[INPUT, str(pictures), mean, deviation]],
        disable_model_save=True,
        non_verbose=True,
    )
    signature = [tf.TensorSpec(given.shape, given.dtype, given.name) for given in model.inputs]
    module = tf.Module()
    module.variables_of_the_model = list(model.variables)
    module.function = tf.function(model, input_signature=signature)
    tf.saved_model.save(module, str(saved_model), signatures=module.function.get_concrete_function())


def translate(onnx_file: Path, saved_model: Path) -> None:
    """Turn an ONNX file into a SavedModel with onnx-tf.

    Raises ConversionFailed with the last line of what onnx-tf said: AutoGraph puts a traceback before it.
    """
    import onnx
    from onnx_tf.backend import prepare

    try:
        prepare(onnx.load(str(onnx_file))).export_graph(str(saved_model))
    except Exception as error:  # a converter raises errors of every kind, and each is a result
        last = next(iter(reversed(str(error).strip().splitlines())), "").strip()
        told = last if type(error).__name__ in last else f"{type(error).__name__}: {last}"
        raise ConversionFailed("onnx-tf", told) from error


def run_onnx(model: Path, images: Batch, folder: Path) -> Logits:
    """Translate an ONNX file with onnx-tf and run the SavedModel."""
    import tensorflow as tf

    translate(model, folder / "saved_model")
    with conversion_stage("run"):
        outputs: Logits = load_signature(folder / "saved_model")(tf.constant(images)).numpy()
        return outputs


def repair_onnx(model: Path, repaired: Path) -> tuple[str, ...]:
    """Say in the words of operator set 13, which onnx-tf stopped at, what newer sets say."""
    from runoff.model.onnx_repairs import repair_file

    with conversion_stage("repair"):
        return repair_file(model, repaired)


def freeze(saved_model: Path) -> bytes:
    """Fold a SavedModel's variables into its graph; its input is renamed ``images`` and its output ``logits``."""
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    loaded = tf.saved_model.load(str(saved_model))
    signature = loaded.signatures["serving_default"]

    def named(images: Any) -> Any:
        (logits,) = signature(images).values()
        return tf.identity(logits, name=OUTPUT)

    (shape,) = (spec for spec in signature.structured_input_signature[1].values())
    function = tf.function(named).get_concrete_function(tf.TensorSpec(shape.shape, shape.dtype, name=INPUT))
    frozen: bytes = convert_variables_to_constants_v2(function).graph.as_graph_def().SerializeToString()
    return frozen


def load(artifact: Path, variant: Variant, threads: int) -> GraphSession:
    """Load the artifact by its form; TensorFlow flushes denormals in its own pools."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    if variant.options.get("form") == "savedmodel":
        return GraphSession(tf, load_signature(artifact))
    function = import_graph(artifact)
    if variant.options.get("compiled"):
        function = tf.function(function, jit_compile=True)
    return GraphSession(tf, function)


def load_signature(saved_model: Path) -> Callable[[Any], Any]:
    """Load a SavedModel and give its serving signature, from its one input to its one output."""
    import tensorflow as tf

    signature = tf.saved_model.load(str(saved_model)).signatures["serving_default"]
    (input_name,) = signature.structured_input_signature[1]
    (output_name,) = signature.structured_outputs
    return lambda images: signature(**{input_name: images})[output_name]


def import_graph(artifact: Path) -> Callable[[Any], Any]:
    """Import the frozen graph as one concrete function.

    The input is mapped while importing, and the graph dropped after: pruning an imported graph instead keeps two more
    copies of the weights.
    """
    import tensorflow as tf

    graph = tf.compat.v1.GraphDef()
    graph.ParseFromString(artifact.read_bytes())
    placeholder = next(node for node in graph.node if node.name == INPUT)
    shape = [None if side.size < 0 else side.size for side in placeholder.attr["shape"].shape.dim]

    def imported(images: Any) -> Any:
        (logits,) = tf.graph_util.import_graph_def(
            graph, input_map={f"{INPUT}:0": images}, return_elements=[f"{OUTPUT}:0"], name=""
        )
        return logits

    function: Callable[[Any], Any] = tf.compat.v1.wrap_function(imported, [tf.TensorSpec(shape, tf.float32)])
    return function
