"""Files of weights as people have them: read without running anything in them, or named for what they are."""

from __future__ import annotations

import argparse
import io
import os
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runoff.errors import CheckpointBroken
from runoff.model.weights.checkpoint_file import read_checkpoint

pytestmark = pytest.mark.framework


def linear() -> Any:
    """A module of two tensors, always the same ones."""
    import torch

    torch.manual_seed(0)
    return torch.nn.Linear(3, 2)


def expected() -> dict[str, Any]:
    """What every readable file of the module holds."""
    return {name: tensor.detach().numpy() for name, tensor in linear().state_dict().items()}


def saved(content: object, **options: Any) -> bytes:
    """Return what torch.save writes."""
    import torch

    stream = io.BytesIO()
    torch.save(content, stream, **options)
    return stream.getvalue()


def assert_holds(found: Mapping[str, Any]) -> None:
    """Hold arrays to the module's own, bit by bit."""
    assert found.keys() == expected().keys()
    for name, array in expected().items():
        np.testing.assert_array_equal(found[name], array, strict=True)


STATES: Mapping[str, tuple[Callable[[], bytes], str]] = {
    "state dict": (lambda: saved(linear().state_dict()), ""),
    "legacy": (lambda: saved(linear().state_dict(), _use_new_zipfile_serialization=False), ""),
    "legacy, Namespace beside": (
        lambda: saved(
            {"args": argparse.Namespace(lr=0.1), "model": linear().state_dict()},
            _use_new_zipfile_serialization=False,
        ),
        "model",
    ),
    "nested": (lambda: saved({"epoch": 3, "state_dict": linear().state_dict()}), "state_dict"),
    "nested twice": (lambda: saved({"a": {"model": linear().state_dict()}}), "a.model"),
    "parameters": (lambda: saved(OrderedDict(linear().named_parameters())), ""),
    "Namespace beside": (lambda: saved({"args": argparse.Namespace(lr=0.1), "model": linear().state_dict()}), "model"),
    "numpy number beside": (lambda: saved({"best": np.float64(3), "model": linear().state_dict()}), "model"),
    "path beside": (lambda: saved({"root": Path("data"), "model": linear().state_dict()}), "model"),
}


@pytest.mark.parametrize("kind", STATES)
def test_files_that_hold_a_state_dict(tmp_path: Path, kind: str) -> None:
    """State dicts are found in every way that people save them, with objects beside them left out."""
    make, place = STATES[kind]
    (tmp_path / "own.pth").write_bytes(make())
    found: Any = read_checkpoint(tmp_path / "own.pth")
    for name in filter(None, place.split(".")):
        found = found[name]
    assert_holds(found)


def test_a_safetensors_file(tmp_path: Path) -> None:
    """Safetensors are read whatever the file is called."""
    from safetensors.torch import save_file

    save_file(linear().state_dict(), tmp_path / "own.bin")
    assert_holds(read_checkpoint(tmp_path / "own.bin"))


def test_an_archive_of_arrays(tmp_path: Path) -> None:
    """Numpy's own archives are read, in double precision too."""
    np.savez(tmp_path / "own.npz", **{name: array.astype(np.float64) for name, array in expected().items()})
    assert_holds(read_checkpoint(tmp_path / "own.npz"))


@pytest.mark.parametrize("kind", ["half", "bfloat16", "double"])
def test_other_precisions_become_float32(tmp_path: Path, kind: str) -> None:
    """Half, bfloat16 and double numbers are read as float32, and whole numbers stay what they are."""
    import torch

    state = {name: getattr(tensor, kind)() for name, tensor in linear().state_dict().items()}
    (tmp_path / "own.pth").write_bytes(saved(state | {"counter": torch.tensor(7)}))
    found = read_checkpoint(tmp_path / "own.pth")
    assert {name: str(array.dtype) for name, array in found.items()} == {
        "weight": "float32",
        "bias": "float32",
        "counter": "int64",
    }
    np.testing.assert_allclose(found["weight"], expected()["weight"], rtol=2**-7)


class Malicious:
    """An object whose pickle asks to create a file."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Ask for a program to be run when the object is loaded."""
        return os.system, ("touch ran",)


def script() -> bytes:
    """Return a TorchScript archive."""
    import torch

    stream = io.BytesIO()
    torch.jit.save(torch.jit.script(linear()), stream)
    return stream.getvalue()


def exported() -> bytes:
    """Return a program that torch.export saved."""
    import torch

    stream = io.BytesIO()
    torch.export.save(torch.export.export(linear(), (torch.zeros(1, 3),)), stream)
    return stream.getvalue()


def other_archive() -> bytes:
    """Return a ZIP archive that has nothing to do with weights."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("readme.txt", "hello")
    return stream.getvalue()


OTHERS: Mapping[str, tuple[Callable[[], bytes], str]] = {
    "whole module": (lambda: saved(linear()), r"a whole torch\.nn\.modules\.linear\.Linear and no state dict"),
    "whole module, legacy": (
        lambda: saved(linear(), _use_new_zipfile_serialization=False),
        "it holds a whole module, whose code Runoff never runs",
    ),
    "malicious": (lambda: saved({"model": Malicious()}), r"it asks to run (posix|nt)\.system, which Runoff never does"),
    "malicious, legacy": (lambda: saved({"model": Malicious()}, _use_new_zipfile_serialization=False), "never does"),
    "tensor": (lambda: saved(linear().weight), "is one Parameter and no state dict|is one Tensor and no state dict"),
    "list": (lambda: saved([linear().weight]), "is one list and no state dict"),
    "sparse": (lambda: saved({"weight": linear().weight.detach().to_sparse()}), "'weight' that is sparse"),
    "TorchScript": (script, "is a TorchScript module; .* before it is exported"),
    "torch.export": (exported, r"a program exported by torch\.export"),
    "plain pickle": (lambda: pickle.dumps({"weight": [1.0]}), r"a pickle that torch\.save did not write"),
    "HTML": (lambda: b"<!DOCTYPE html><html>please log in</html>", "a page of HTML"),
    "Git LFS": (lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "run git lfs pull"),
    "empty": (lambda: b"", "an empty file"),
    "truncated": (lambda: saved(linear().state_dict())[:500], "a truncated archive"),
    "truncated, legacy": (
        lambda: saved(linear().state_dict(), _use_new_zipfile_serialization=False)[:300],
        "not readable as one",
    ),
    "safetensors, damaged": (lambda: (20).to_bytes(8, "little") + b"{" + b"x" * 40, "a damaged safetensors file"),
    "archive": (other_archive, "a ZIP archive of something else"),
    "text": (lambda: b"weights", "something of an unknown kind"),
}


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # TorchScript is what a user's file is
@pytest.mark.parametrize("kind", OTHERS)
def test_files_that_hold_none(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What holds no state dict is named for what it is in one line, which never advises to run what is in it."""
    make, words = OTHERS[kind]
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "own.pth"
    path.write_bytes(make())
    with pytest.raises(CheckpointBroken, match=words) as caught:
        read_checkpoint(path)
    message = str(caught.value)
    assert message.startswith(f"the weights file {path} should hold a state dict, and is ")
    assert "\n" not in message
    assert "\x1b" not in message
    assert "weights_only" not in message
    assert list(tmp_path.iterdir()) == [path]
