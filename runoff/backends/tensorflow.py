"""TensorFlow running an ONNX file through onnx-tf: as a frozen graph, in a session, by XLA, or as a SavedModel.

onnx-tf needs TensorFlow 2.15 or older, which there is for Python 3.11 and older. On newer ones onnx2tf converts.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from runoff.contract import ONNX, Batch, Form, Logits, Session, Variant
from runoff.errors import ConversionFailed, conversion_stage
from runoff.model.onnx_examples import examples_for_onnx2tf

VARIANTS = (
    Variant(description="frozen graph, as a concrete function", default=True),
    Variant("session", "frozen graph through tf.compat.v1.Session", load_options={"session": True}),
    Variant("savedmodel", "SavedModel, by its serving signature", convert_options={"kind": "savedmodel"}),
    Variant("xla", "frozen graph compiled by XLA", load_options={"compiled": True}),
    Variant("no-onednn", "frozen graph without oneDNN's kernels", variables={"TF_ENABLE_ONEDNN_OPTS": "0"}),
)
TITLE = "TensorFlow"
LAYOUT = "NCHW"
REQUIRES = ("tensorflow",)
FORM = ONNX
CONVERTERS = {"onnx_tf": "onnx-tf", "onnx2tf": "onnx2tf"}
CONVERTER_REQUIRES = {"onnx_tf": "tensorflow_probability"}  # which it imports without saying so
CONVERT_REQUIRES = ("onnx", "tensorflow")
DISTRIBUTIONS = ("tensorflow", "tensorflow-cpu")
CONVERT_DISTRIBUTIONS = (
    "onnx",
    "onnx-tf",
    "onnx2tf",
    "onnxsim",
    "onnxslim",
    "tensorflow",
    "tensorflow-cpu",
)
NOTES = {
    "onnx2tf": "TensorFlow runs what onnx2tf converted: "
    "onnx-tf needs TensorFlow 2.15 or older, and that Python 3.11 or older"
}
SUFFIX = ".pb"
ENVIRONMENT = {"TF_CPP_MIN_LOG_LEVEL": "2", "TF_ENABLE_ONEDNN_OPTS": "1"}

INPUT = "images"
OUTPUT = "logits"


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


@dataclass(frozen=True)
class FrozenSession:
    """The frozen graph in a session, as TensorFlow 1 ran it."""

    session: Any

    @property
    def threads(self) -> int:
        """The intra-op threads that the session was configured with.

        TensorFlow has no other reading. The first session of a process decides its pool, and a worker has one.
        """
        return int(self.session._config.intra_op_parallelism_threads)

    def run(self, batch: Batch) -> Logits:
        """Feed the batch and fetch the logits."""
        logits: Logits = self.session.run(f"{OUTPUT}:0", {f"{INPUT}:0": batch})
        return logits


def import_framework(variant: Variant) -> None:
    """Import tensorflow."""
    import tensorflow as tf  # noqa: F401 - imported for its time


def convert(form: Form, variant: Variant, artifact: Path, calibration: Path | None) -> None:
    """Translate the ONNX file into a SavedModel; freeze that and write the GraphDef, or keep it."""
    with tempfile.TemporaryDirectory() as folder:
        saved_model = Path(folder) / "saved_model"
        if find_spec("onnx_tf") is not None:
            translate(form.onnx_file, saved_model)
        else:
            with conversion_stage("onnx2tf"):
                translate_by_onnx2tf(form, saved_model)
        if variant.convert_options.get("kind") == "savedmodel":
            shutil.copytree(saved_model, artifact)
            return
        with conversion_stage("freeze"):
            artifact.write_bytes(freeze(saved_model))


def translate_by_onnx2tf(form: Form, saved_model: Path) -> None:
    """Turn an ONNX file into a SavedModel with onnx2tf, whose input stays channels first as it was.

    The function is saved and not the Keras model that onnx2tf gives: Keras writes all weights as text besides.
    """
    import onnx2tf
    import tensorflow as tf

    own = saved_model.with_name("own.onnx")
    shutil.copyfile(form.onnx_file, own)  # onnx2tf writes what it simplifies over the file that it is given
    model = onnx2tf.convert(
        input_onnx_file_path=str(own),
        output_folder_path=str(saved_model),
        keep_ncw_or_nchw_or_ncdhw_input_names=[given.name for given in form.model.inputs],
        custom_input_op_name_np_data_path=examples_for_onnx2tf(own, own.parent, channels_last=False),
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


def repair(model: Path, repaired: Path) -> tuple[str, ...]:
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


def load(artifact: Path, variant: Variant, threads: int) -> Session:
    """Load the artifact by its kind; TensorFlow flushes denormals in its own pools."""
    import tensorflow as tf

    if variant.load_options.get("session"):
        return load_session(artifact, threads)
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    if variant.convert_options.get("kind") == "savedmodel":
        return GraphSession(tf, load_signature(artifact))
    function = import_graph(artifact)
    if variant.load_options.get("compiled"):
        function = tf.function(function, jit_compile=True)
    return GraphSession(tf, function)


def load_session(artifact: Path, threads: int) -> FrozenSession:
    """Import the frozen graph into a graph of its own and open a session on it; the definition is dropped."""
    import tensorflow as tf

    definition = tf.compat.v1.GraphDef()
    definition.ParseFromString(artifact.read_bytes())
    graph = tf.Graph()
    with graph.as_default():
        tf.graph_util.import_graph_def(definition, name="")
    config = tf.compat.v1.ConfigProto(intra_op_parallelism_threads=threads, inter_op_parallelism_threads=1)
    return FrozenSession(tf.compat.v1.Session(graph=graph, config=config))


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
