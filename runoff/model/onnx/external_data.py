"""An ONNX file of somebody's own: what it is, the data that lies beside it, and a whole copy of both."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import onnx
from google.protobuf.message import DecodeError

from runoff.errors import OnnxFileUnusable
from runoff.files.hashing import hash_files
from runoff.files.whole import write_whole

MODEL = "model.onnx"


def read_onnx(path: Path) -> Any:
    """Read a file's graph, and leave the data that lies beside it where it is.

    Nothing but ONNX Runtime decides whether it is valid: onnx's own checker refuses newer files that run. Raises
    OnnxFileUnusable for a file that holds no graph.
    """
    again = "fetch or copy it again"
    try:
        model = onnx.load_model(str(path), load_external_data=False)
    except DecodeError as error:
        raise OnnxFileUnusable(f"{path} is truncated, or no ONNX file ({error}); {again}") from error
    except OSError as error:
        raise OnnxFileUnusable(f"{path} can't be read ({error.strerror})") from error
    if not model.graph.node:
        raise OnnxFileUnusable(f"{path} is truncated, or no ONNX file: it holds no graph; {again}")
    return model


def graphs(graph: Any) -> Iterator[Any]:
    """Yield a graph and those that are written in its nodes, as branches and loops are."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
                yield from graphs(inner)


def tensors(graph: Any) -> Iterator[Any]:
    """Yield every tensor that is written in a graph or in those inside it."""
    for each in graphs(graph):
        yield from each.initializer
        for node in each.node:
            for attribute in node.attribute:
                yield from (*([attribute.t] if attribute.HasField("t") else []), *attribute.tensors)


def data_beside(model: Any, path: Path) -> tuple[str, ...]:
    """Name the files that hold a model's tensors, from the folder that its own file is in.

    Raises OnnxFileUnusable for one that is not there, is too short, or lies elsewhere.
    """
    home, ends = path.parent.resolve(), dict[str, int]()
    for tensor in tensors(model.graph):
        if tensor.data_location != onnx.TensorProto.EXTERNAL:
            continue
        entries = {entry.key: entry.value for entry in tensor.external_data}
        location = entries.get("location", "")
        if Path(location).is_absolute() or not (home / location).resolve().is_relative_to(home):
            raise OnnxFileUnusable(
                f"{path} has its data in {location}, outside of its own folder, which is not read; "
                "save it with its data beside it"
            )
        end = int(entries.get("offset", 0)) + int(entries.get("length", 0))
        ends[location] = max(end, ends.get(location, 0))
    for location, end in ends.items():
        if not (home / location).is_file():
            raise OnnxFileUnusable(
                f"{path} has its data in {location}, which is not in {path.parent}; copy that file there too"
            )
        size = (home / location).stat().st_size
        if size < end:
            raise OnnxFileUnusable(
                f"{home / location} should hold {end} bytes or more, and holds {size}; fetch or copy it again"
            )
    return tuple(sorted(ends))


def hash_model(path: Path, data: tuple[str, ...]) -> str:
    """Hash an ONNX file and its data, whatever the file is called."""
    return hash_files([(MODEL, path), *((name, path.parent / name) for name in data)])


def copy_whole(path: Path, data: tuple[str, ...], folder: Path) -> tuple[Path, str]:
    """Copy an ONNX file with its data into a folder named by their hash, which is returned with the copy.

    What is there already is taken where it is still the same.
    """
    sha256 = hash_model(path, data)
    copy = folder / f"onnx-{sha256[:16]}" / MODEL
    names = (*data, MODEL)  # the file last: where it is, all is
    if all((copy.parent / name).is_file() for name in names) and hash_model(copy, data) == sha256:
        return copy, sha256
    for name in names:
        source = path if name == MODEL else path.parent / name
        write_whole(copy.parent / name, partial(shutil.copyfile, source))
    return copy, sha256
