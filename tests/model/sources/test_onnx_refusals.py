"""ONNX files that are not what they should be, or not whole: each is refused by name before anything is measured."""

from __future__ import annotations

import pytest

from runoff.errors import OnnxFileUnusable, UsageError

pytestmark = pytest.mark.framework


def test_data_beside_the_file_is_part_of_it(make, choose):
    """It is copied with the file, and decides the hash with it."""
    from tests.builders.given_onnx import move_data_out

    file = make()
    data = move_data_out(file, "own.data")
    first = choose(file)
    assert (first.source.weights.parent / "own.data").read_bytes() == data.read_bytes()
    data.write_bytes(bytes(reversed(data.read_bytes())))
    assert choose(file).sha256 != first.sha256
    data.write_bytes(data.read_bytes()[:-1])
    with pytest.raises(OnnxFileUnusable, match=r"own.data should hold 432 bytes or more, and holds 431"):
        choose(file)
    data.unlink()
    with pytest.raises(OnnxFileUnusable, match=r"has its data in own.data, which is not in .*; copy that file there"):
        choose(file)


def test_data_outside_of_the_folder_is_refused(make, choose, tmp_path):
    """A file names no other folder's files."""
    from tests.builders.given_onnx import move_data_out

    def elsewhere(model):
        for tensor in model.graph.initializer:
            for entry in tensor.external_data:
                if entry.key == "location":
                    entry.value = f"../{tmp_path.name}-other/own.data"

    file = make()
    move_data_out(file, "own.data")
    import onnx

    model = onnx.load(str(file), load_external_data=False)
    elsewhere(model)
    file.write_bytes(model.SerializeToString())
    with pytest.raises(OnnxFileUnusable, match="outside of its own folder, which is not read"):
        choose(file)


def test_a_copy_that_was_changed_is_made_again(make, choose):
    """The run's own copy is held to its hash."""
    file = make()
    copy = choose(file).source.weights
    copy.write_bytes(b"changed")
    assert choose(file).source.weights.read_bytes() == file.read_bytes()


@pytest.mark.parametrize(
    ("settings", "reason"),
    [({"ir_version": 15}, "IR version: 15"), ({"opset": 30}, "pset 30")],
    ids=["format", "operators"],
)
def test_what_onnx_runtime_does_not_take_is_refused_with_its_reason(make, choose, settings, reason):
    """Nobody's limits but ONNX Runtime's decide, since golden is its answer."""
    from onnx import helper

    given = {"ir_version": settings.get("ir_version", 8)}
    given["opset_imports"] = [helper.make_opsetid("", settings.get("opset", 17))]
    with pytest.raises(OnnxFileUnusable, match=f"ONNX Runtime .* does not take it .*{reason}"):
        choose(make(**given))


def test_newer_formats_than_the_checkers_are_taken(make, choose):
    """The checker of onnx refuses IR 11 and above, which ONNX Runtime takes: it is never asked."""
    assert choose(make(ir_version=12)).task == "classification"


def test_operators_of_other_domains_are_onnx_runtimes_business(choose, tmp_path):
    """Its own are taken, and others are refused by their names."""
    from onnx import TensorProto

    from tests.builders.given_onnx import one_node

    inputs = {"x": (TensorProto.FLOAT, ["b", 5])}
    own = one_node(tmp_path / "gelu.onnx", "Gelu", inputs, ["y"], domain="com.microsoft")
    assert choose(own).outputs[0].shape == (5,)
    unknown = one_node(tmp_path / "unknown.onnx", "Fancy", inputs, ["y"], domain="org.example")
    with pytest.raises(OnnxFileUnusable, match=r"does not take it .*Fancy.* is not a registered function/op"):
        choose(unknown)


def test_sequences_and_suppression_are_refused_by_name(make, choose, tmp_path):
    """What can't be compared number by number is refused, and so is what numpy has no numbers of."""
    from onnx import TensorProto, helper

    def sequence(model):
        tensor = helper.make_tensor_type_proto(TensorProto.FLOAT, None)
        model.graph.output[0].type.CopyFrom(helper.make_sequence_type_proto(tensor))

    def suppressing(model):
        model.graph.node.append(helper.make_node("NonMaxSuppression", ["boxes", "scores"], ["kept"]))

    def text(model):
        model.graph.input[0].type.tensor_type.elem_type = TensorProto.STRING

    with pytest.raises(OnnxFileUnusable, match="'scores' is a sequence output"):
        choose(make(change=sequence))
    with pytest.raises(OnnxFileUnusable, match="it holds NonMaxSuppression"):
        choose(make(change=suppressing))
    with pytest.raises(OnnxFileUnusable, match="'x' is of STRING"):
        choose(make(change=text))


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is an empty file; fetch or copy it again"),
        (b"<!DOCTYPE html><html>", "is a page of HTML or XML"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "is a pointer of Git LFS .* run git lfs pull"),
        (b"PK\x03\x04", "is a ZIP archive"),
        (b"\x1c\0\0\0ORTM", "is a model of another format"),
        (b"\x08\x08\x12\x07pytorch", "truncated, or no ONNX file"),
        (b"nothing of the kind", "truncated, or no ONNX file"),
    ],
    ids=["empty", "HTML", "LFS", "ZIP", "ORT", "no graph", "other"],
)
def test_what_is_no_onnx_file_is_said(choose, tmp_path, content, what):
    """The file is named for what it is."""
    file = tmp_path / "own.onnx"
    file.write_bytes(content)
    with pytest.raises(OnnxFileUnusable, match=what):
        choose(file)


def test_a_truncated_file_is_said_to_be_one(make, choose):
    """Half a file is no file."""
    file = make()
    file.write_bytes(file.read_bytes()[: len(file.read_bytes()) // 2])
    with pytest.raises(OnnxFileUnusable, match="truncated, or no ONNX file"):
        choose(file)


def test_other_weights_and_no_file_are_refused(make, choose, tmp_path):
    """An ONNX file has its own weights, and a path without a file is a mistake."""
    with pytest.raises(UsageError, match=r"--weights random: .*own.onnx holds its weights"):
        choose(make(), weights="random")
    with pytest.raises(OnnxFileUnusable, match="there is no such file"):
        choose(tmp_path / "none.onnx")
