"""TensorFlow running an ONNX file through onnx-tf: as a frozen graph, in a session, by XLA, or as a SavedModel.

onnx-tf needs TensorFlow 2.15 or older, which there is for Python 3.11 and older. On newer ones onnx2tf converts.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from runoff.arrays import Arrays, Input, Output, Signature
from runoff.contract import ONNX, Form, Session, Variant
from runoff.errors import conversion_stage
from runoff.files.whole import copy_with
from runoff.model.onnx.keras_function import by_places, keras_reason
from runoff.model.onnx.shape_examples import examples_for_onnx2tf, kept_as_they_are

# With these XLA compiles graphs of which nobody asked for it.
COMPILED = {"TF_XLA_FLAGS": r".*--tf_xla_auto_jit=(?!0|-1|off).*"}
VARIANTS = (
    Variant(description="frozen graph, as a concrete function", default=True, negated_by=COMPILED),
    Variant(
        "session", "frozen graph through tf.compat.v1.Session", load_options={"session": True}, negated_by=COMPILED
    ),
    Variant(
        "savedmodel",
        "SavedModel, by its serving signature",
        convert_options={"kind": "savedmodel"},
        negated_by=COMPILED,
    ),
    Variant("xla", "frozen graph compiled by XLA", load_options={"compiled": True}),
    Variant(
        "no-onednn",
        "frozen graph without oneDNN's kernels",
        variables={"TF_ENABLE_ONEDNN_OPTS": "0"},
        negated_by=COMPILED,
    ),
)
TITLE = "TensorFlow"
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
CONVERT_VERSION = 2
ENVIRONMENT = {"TF_CPP_MIN_LOG_LEVEL": "2", "TF_ENABLE_ONEDNN_OPTS": "1"}


@dataclass(frozen=True)
class GraphSession:
    """The model as a function from its inputs, in this order, to its outputs, and the framework that it is of."""

    tf: Any
    function: Callable[..., Sequence[Any]]
    inputs: tuple[str, ...]

    @property
    def threads(self) -> int:
        """The size of the intra-op pool, as TensorFlow reports it."""
        return int(self.tf.config.threading.get_intra_op_parallelism_threads())

    def run(self, inputs: Arrays) -> list[NDArray[Any]]:
        """Run the graph."""
        outputs = self.function(*[self.tf.constant(inputs[name]) for name in self.inputs])
        return [output.numpy() for output in outputs]


@dataclass(frozen=True)
class FrozenSession:
    """The frozen graph in a session, as TensorFlow 1 ran it, and the tensors of it by the model's names."""

    session: Any
    feeds: dict[str, str]
    fetches: list[str]

    @property
    def threads(self) -> int:
        """The intra-op threads that the session was configured with.

        TensorFlow has no other reading. The first session of a process decides its pool, and a worker has one.
        """
        return int(self.session._config.intra_op_parallelism_threads)

    def run(self, inputs: Arrays) -> list[NDArray[Any]]:
        """Feed the inputs and fetch the outputs."""
        fed = {feed: inputs[name] for name, feed in self.feeds.items()}
        outputs: list[NDArray[Any]] = self.session.run(self.fetches, fed)
        return outputs


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
            with conversion_stage("onnx2tf", keras_reason):
                translate_by_onnx2tf(form, saved_model)
        if variant.convert_options.get("kind") == "savedmodel":
            shutil.copytree(saved_model, artifact)
            return
        with conversion_stage("freeze"):
            artifact.write_bytes(freeze(saved_model, form.model.signature))


def translate_by_onnx2tf(form: Form, saved_model: Path) -> None:
    """Turn an ONNX file into a SavedModel with onnx2tf, whose input stays channels first as it was.

    The function is saved and not the Keras model that onnx2tf gives: Keras writes all weights as text besides.
    """
    import onnx2tf
    import tensorflow as tf

    own = saved_model.with_name("own.onnx")
    copy_with(form.onnx_file, form.data, own)  # onnx2tf writes what it simplifies over the file that it is given
    model = onnx2tf.convert(
        input_onnx_file_path=str(own),
        output_folder_path=str(saved_model),
        keep_ncw_or_nchw_or_ncdhw_input_names=kept_as_they_are(form.model.inputs, ""),
        custom_input_op_name_np_data_path=examples_for_onnx2tf(form.model.inputs, own.parent, ""),
        disable_model_save=True,
        non_verbose=True,
    )
    signature = [tf.TensorSpec(given.shape, given.dtype, given.name) for given in model.inputs]
    module = tf.Module()
    module.variables_of_the_model = list(model.variables)
    module.function = tf.function(by_places(model, form, channels_last=False), input_signature=signature)
    tf.saved_model.save(module, str(saved_model), signatures=module.function.get_concrete_function())


def translate(onnx_file: Path, saved_model: Path) -> None:
    """Turn an ONNX file into a SavedModel with onnx-tf.

    Raises ConversionFailed.
    """
    import onnx
    from onnx_tf.backend import prepare

    with conversion_stage("onnx-tf", last_line):
        prepare(onnx.load(str(onnx_file))).export_graph(str(saved_model))


def last_line(error: Exception) -> str:
    """Return an error's kind and the last line of its text: AutoGraph puts a traceback before it."""
    last = next(iter(reversed(str(error).strip().splitlines())), "").strip()
    return last if type(error).__name__ in last else f"{type(error).__name__}: {last}"


def repair(model: Path, repaired: Path) -> tuple[str, ...]:
    """Say in the words of operator set 13, which onnx-tf stopped at, what newer sets say."""
    from runoff.model.onnx.repairs import repair_file

    with conversion_stage("repair"):
        return repair_file(model, repaired)


def freeze(saved_model: Path, signature: Signature) -> bytes:
    """Fold a SavedModel's variables into its graph, in which inputs and outputs have the model's names for them."""
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    serving = tf.saved_model.load(str(saved_model)).signatures["serving_default"]
    specs = specs_of(serving, signature.inputs)

    def named(*tensors: Any) -> Any:
        found = serving(**{spec.name: tensor for spec, tensor in zip(specs, tensors, strict=True)})
        found = outputs_of(found, signature.outputs)
        return [
            tf.identity(output, name=node_name(each.name))
            for output, each in zip(found, signature.outputs, strict=True)
        ]

    function = tf.function(named).get_concrete_function(
        *(
            tf.TensorSpec(spec.shape, spec.dtype, name=node_name(given.name))
            for spec, given in zip(specs, signature.inputs, strict=True)
        )
    )
    graph = convert_variables_to_constants_v2(function).graph.as_graph_def()
    frozen: bytes = graph.SerializeToString(deterministic=True)  # else the order of attributes differs each time
    return frozen


def node_name(name: str) -> str:
    """Return the name of a graph's node for the name of an input or output, which may have signs that nodes can't."""
    return re.sub(r"[^A-Za-z0-9_.]", "_", name)


def specs_of(serving: Any, inputs: Sequence[Input]) -> list[Any]:
    """Return what a SavedModel's serving signature takes, in the order of the model's inputs.

    It lists them in any order, by names that may have been cleaned; one alone may have any name.
    """
    specs = serving.structured_input_signature[1]
    by_name = {node_name(name): spec for name, spec in specs.items()}
    return [by_name[node_name(given.name)] for given in inputs] if len(inputs) > 1 else list(specs.values())


def outputs_of(found: Any, outputs: Sequence[Output]) -> list[Any]:
    """Return the outputs that a serving signature gave, in the order of the model's."""
    by_name = {node_name(name): output for name, output in found.items()}
    return [by_name[node_name(each.name)] for each in outputs] if len(outputs) > 1 else list(found.values())


def load(artifact: Path, signature: Signature, variant: Variant, threads: int) -> Session:
    """Load the artifact by its kind; TensorFlow flushes denormals in its own pools."""
    import tensorflow as tf

    if variant.load_options.get("session"):
        return load_session(artifact, signature, threads)
    names = tuple(given.name for given in signature.inputs)
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    if variant.convert_options.get("kind") == "savedmodel":
        return GraphSession(tf, load_saved(artifact, signature), names)
    function = import_graph(artifact, signature)
    if variant.load_options.get("compiled"):
        function = tf.function(function, jit_compile=True)
    return GraphSession(tf, function, names)


def load_session(artifact: Path, signature: Signature, threads: int) -> FrozenSession:
    """Import the frozen graph into a separate graph and open a session on it; the definition is dropped."""
    import tensorflow as tf

    definition = tf.compat.v1.GraphDef()
    definition.ParseFromString(artifact.read_bytes())
    graph = tf.Graph()
    with graph.as_default():
        tf.graph_util.import_graph_def(definition, name="")
    config = tf.compat.v1.ConfigProto(intra_op_parallelism_threads=threads, inter_op_parallelism_threads=1)
    feeds = {given.name: f"{node_name(given.name)}:0" for given in signature.inputs}
    fetches = [f"{node_name(each.name)}:0" for each in signature.outputs]
    return FrozenSession(tf.compat.v1.Session(graph=graph, config=config), feeds, fetches)


def load_saved(saved_model: Path, signature: Signature) -> Callable[..., Sequence[Any]]:
    """Load a SavedModel and give its serving signature, from the model's inputs to its outputs."""
    import tensorflow as tf

    serving = tf.saved_model.load(str(saved_model)).signatures["serving_default"]
    names = [spec.name for spec in specs_of(serving, signature.inputs)]
    return lambda *tensors: outputs_of(serving(**dict(zip(names, tensors, strict=True))), signature.outputs)


def import_graph(artifact: Path, signature: Signature) -> Callable[..., Sequence[Any]]:
    """Import the frozen graph as one concrete function.

    Inputs are mapped while importing, and the graph dropped after: pruning an imported graph instead keeps two more
    copies of the weights.
    """
    import tensorflow as tf

    graph = tf.compat.v1.GraphDef()
    graph.ParseFromString(artifact.read_bytes())
    nodes = {node.name: node for node in graph.node}
    inputs = [node_name(given.name) for given in signature.inputs]
    outputs = [f"{node_name(each.name)}:0" for each in signature.outputs]

    def imported(*tensors: Any) -> Any:
        given = {f"{name}:0": tensor for name, tensor in zip(inputs, tensors, strict=True)}
        return tf.graph_util.import_graph_def(graph, input_map=given, return_elements=outputs, name="")

    def spec_of(node: Any) -> Any:
        shape = [None if side.size < 0 else side.size for side in node.attr["shape"].shape.dim]
        return tf.TensorSpec(shape, tf.dtypes.as_dtype(node.attr["dtype"].type))

    specs = [spec_of(nodes[name]) for name in inputs]
    function: Callable[..., Sequence[Any]] = tf.compat.v1.wrap_function(imported, specs)
    return function
