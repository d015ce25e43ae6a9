"""ONNX files of others: what each is as a model, and which are refused by what name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runoff.contract import Model
from runoff.errors import InputsUnusable, UsageError
from runoff.model.sources.options import Written, read_preprocessing

pytestmark = pytest.mark.framework
IMAGENET = "imagenet"
SMALL = {"size": [8, 8], "crop": [8, 8]}


def taken(model: Model) -> list[tuple[Any, ...]]:
    """Return what is declared of a model's inputs."""
    return [(each.name, each.shape, each.dtype, each.layout, each.batched) for each in model.inputs]


def fields(**values: Any) -> dict[str, Any]:
    """Return the options for a preprocessing with these fields."""
    return {"preprocessing": Written(values, "own.json")}


def test_a_classifier_is_one_by_its_output(make, choose):
    """A file is a classifier where its one output has a number for each class; nothing says what pictures become."""
    model = choose(make())
    assert taken(model) == [("x", (3, 8, 8), "float32", "NCHW", True)]
    assert (model.task, model.classes, model.batch, model.preprocessing) == ("classification", 4, None, None)
    assert (model.name, model.source.kind, model.forms) == ("own", "onnx", ("onnx",))
    assert model.source.weights.read_bytes() == Path(model.source.architecture).read_bytes()


def test_a_batch_of_one_is_the_only_one(make, choose):
    """Where the first side is 1 in the file it takes one example at a time, and that is said."""
    assert choose(make((1, 3, 8, 8))).batch == 1


def test_a_batch_that_only_the_shape_promises_is_one(make, choose):
    """A graph that is written for one picture takes one, whatever its input's shape says: two are tried."""
    from onnx import helper, numpy_helper

    def fix(model):
        model.graph.initializer.append(numpy_helper.from_array(np.array([1, 4]), "one"))
        model.graph.node[3].CopyFrom(helper.make_node("Reshape", ["means", "one"], ["logits"]))

    assert choose(make(change=fix)).batch == 1


@pytest.mark.parametrize(
    ("sides", "nodes", "layout"),
    [
        (("b", 8, 8, 3), ["Transpose"], "NHWC"),
        (("b", 3, 8, 8), [], "NCHW"),
        (("b", 3, 8, 3), [], "NCHW"),
        (("b", 3, 8, 3), ["Cast", "Div", "Conv"], "NCHW"),
        (("b", 3, 5, 3), ["Div", "Transpose"], "NHWC"),
        (("b", 5, 8, 8), [], ""),
    ],
    ids=["a side", "another side", "by use", "through arithmetic", "transposed behind arithmetic", "not told"],
)
def test_the_layout_is_a_side_of_channels_or_the_first_use(sides, nodes, layout):
    """Channels at one place alone say it; else the first convolution or transposition does, through arithmetic."""
    from onnx import TensorProto, helper

    from runoff.model.onnx.inputs import layout_of, sides_of

    kinds = nodes or (["Conv"] if layout else ["Gather"])
    steps = [helper.make_node(kind, [f"v{place}"], [f"v{place + 1}"]) for place, kind in enumerate(kinds)]
    for node in steps:
        if node.op_type == "Transpose":
            node.attribute.append(helper.make_attribute("perm", [0, 3, 1, 2]))
    value = helper.make_tensor_value_info("v0", TensorProto.FLOAT, sides)
    graph = helper.make_graph(steps, "made", [value], [])
    assert (layout_of(graph, "v0", sides_of(value)) or "") == layout


def test_bytes_with_their_channels_last_are_taken_as_they_are(make, choose):
    """An input of uint8 in NHWC says so, and pictures become its bytes where a size is given."""
    from onnx import TensorProto, helper

    before = [
        helper.make_node("Cast", ["x"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["numbers"], ["pictures"], perm=[0, 3, 1, 2]),
    ]
    file = make(("b", 8, 8, 3), TensorProto.UINT8, before=before)
    model = choose(file, **fields(size=[8, 8]))
    assert taken(model) == [("x", (8, 8, 3), "uint8", "NHWC", True)]
    assert (model.preprocessing.dtype, model.preprocessing.shape) == ("uint8", (8, 8, 3))
    with pytest.raises(UsageError, match="dtype uint8 takes levels as they are"):
        choose(file, preprocessing=read_preprocessing(IMAGENET), input_size=(3, 8, 8))


def test_half_precision_is_taken_as_it_is(make, choose):
    """A float16 file takes and gives float16."""
    from onnx import TensorProto

    model = choose(make(kind=TensorProto.FLOAT16))
    assert (model.inputs[0].dtype, model.outputs[0].dtype) == ("float16", "float16")


def test_sides_that_the_file_does_not_say_are_asked_for(make, choose):
    """Unknown sides ask for --input, and the size of the pictures says them, too; no shape at all asks for all."""
    file = make((-1, 3, "h", -1))
    with pytest.raises(UsageError, match=r"own.onnx: the file .* give --input x=3x\?x\?, with a number"):
        choose(file)
    assert choose(file, "x=3x10x12").inputs[0].shape == (3, 10, 12)
    sized = choose(file, preprocessing=read_preprocessing(IMAGENET), input_size=(3, 16, 24))
    assert sized.inputs[0].shape == sized.preprocessing.shape == (3, 16, 24)
    with pytest.raises(UsageError, match=r"in the file it is \?×3×\?×\?"):
        choose(file, "x=4x10x12")
    shapeless = make(None)
    with pytest.raises(UsageError, match=r"give --input x=\?"):
        choose(shapeless)
    assert taken(choose(shapeless, "x=3x8x8:NCHW")) == [("x", (3, 8, 8), "float32", "NCHW", True)]


def test_pictures_that_do_not_fit_are_refused(make, choose):
    """A preprocessing of another size, layout or type than the input's is refused with what to give."""
    with pytest.raises(UsageError, match="pictures become 3×224×224, and its input x takes 3×8×8"):
        choose(make(), preprocessing=read_preprocessing(IMAGENET))
    with pytest.raises(UsageError, match="the preprocessing says layout NHWC, and its input x has NCHW"):
        choose(make(), **fields(**SMALL, mean=[0.0], deviation=[1.0], layout="NHWC"))
    with pytest.raises(UsageError, match="say mean, deviation too"):
        choose(make(), **fields(**SMALL))


def test_the_metadata_says_labels_and_what_pictures_are(make, choose):
    """Names of classes and ONNX's own keys for pictures are read; what the user says of them goes first."""
    from tests.builders.given_onnx import with_metadata

    known = {"Image__BitmapPixelFormat": "BGR8", "Image__NominalPixelRange": "Normalized_1_1"}
    model = choose(make(change=with_metadata(character="0\n90\n180\n270", **known)), **fields(size=[9, 9]))
    assert model.labels == ("0", "90", "180", "270")
    made = model.preprocessing
    assert (made.channels, made.scale, made.mean, made.size, made.crop) == ("BGR", 127.5, (1.0,), (9, 9), (8, 8))
    named = "{0: 'person', 1: 'bicycle', 2: \"it's\", 3: 'car'}"
    assert choose(make(change=with_metadata(names=named))).labels == ("person", "bicycle", "it's", "car")
    assert choose(make(change=with_metadata(character="a\nb"))).labels[0] == "class 0"
    with pytest.raises(UsageError, match="linear light"):
        choose(make(change=with_metadata(Image__ColorSpaceGamma="Linear")), **fields(size=[9, 9]))


def test_several_inputs_and_a_scalar_are_declared(choose, tmp_path):
    """What has no axis of examples is one example as it is, and makes a batch of one the only one."""
    from onnx import TensorProto

    from tests.builders.given_onnx import one_node

    file = one_node(
        tmp_path / "two.onnx", "Mul", {"x": (TensorProto.FLOAT, ["b", 5]), "rate": (TensorProto.FLOAT, [])}, ["y"]
    )
    model = choose(file)
    assert taken(model) == [("x", (5,), "float32", "", True), ("rate", (), "float32", "", False)]
    assert (model.batch, model.outputs[0].shape, model.outputs[0].batched) == (1, (5,), True)
    state = one_node(tmp_path / "state.onnx", "Relu", {"state": (TensorProto.FLOAT, [2, "b", 3])}, ["y"])
    with pytest.raises(UsageError, match=r"give --input state=2x\?x3"):
        choose(state)
    model = choose(state, "state=2x4x3")
    assert taken(model) == [("state", (2, 4, 3), "float32", "", False)]
    assert (model.batch, model.outputs[0].shape, model.outputs[0].batched) == (1, (2, 4, 3), False)


def test_whole_numbers_ask_for_a_range(choose, tmp_path, monkeypatch):
    """Integers need a range or a file of examples in the user's folder; what is said of the type must be right."""
    from onnx import TensorProto

    from tests.builders.given_onnx import one_node

    file = one_node(tmp_path / "whole.onnx", "Cast", {"ids": (TensorProto.INT32, ["b", 6])}, ["y"], to=1)
    with pytest.raises(InputsUnusable, match=r"--input ids=6:int32:0\.\.999"):
        choose(file)
    assert choose(file, "ids=6:0..9").inputs[0].dtype == "int32"
    with pytest.raises(UsageError, match="in the file its type is int32"):
        choose(file, "ids=6:int64:0..9")
    with pytest.raises(UsageError, match="it takes ids"):
        choose(file, "words=6:0..9")
    np.savez(tmp_path / "ids.npz", ids=np.arange(6, dtype=np.int32)[None])
    monkeypatch.chdir(tmp_path)
    assert choose(file, given=Path("ids.npz")).inputs[0].shape == (6,)


def test_initializers_that_are_listed_among_the_inputs_are_none(make, choose):
    """Files of IR 3 list their weights as inputs."""
    from onnx import TensorProto, helper

    def listed(model):
        model.graph.input.append(helper.make_tensor_value_info("kernel", TensorProto.FLOAT, (4, 3, 3, 3)))

    assert [each.name for each in choose(make(change=listed)).inputs] == ["x"]
