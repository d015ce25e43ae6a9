"""Weights that are imported: the official file out of a cache, held to its hash, and a user's own, whole or not."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runoff.contract import Model
from runoff.errors import CheckpointBroken, CheckpointUnavailable
from runoff.files.values import from_json
from runoff.model.module.torchvision_import import import_torchvision
from runoff.model.sources import torchvision_weights
from runoff.model.sources.choose import choose_model
from runoff.model.sources.options import ModelOptions
from runoff.model.weights.state_dict import Array, hash_state_dict, load_state_dict, save_state_dict
from tests.model.importing import assert_same, import_from, nobody_listens

pytestmark = pytest.mark.framework


def save(path: Path, content: object) -> Path:
    """Write what torch.save writes."""
    import torch

    torch.save(content, path)
    return path


def import_own(path: Path, folder: Path) -> Model:
    """Import a user's file."""
    return from_json(Model, torchvision_weights.import_file("resnet18", str(path), None, str(folder))["model"])


def test_official_weights_from_the_cache(official_file: Path, tensors: dict[str, Any], folder: Path) -> None:
    """What TorchVision's cache holds is used without any download, bit by bit, with ImageNet's labels."""
    found = import_from(f"{nobody_listens()}/{official_file.name}", folder, official_file.parent)
    assert_same(found.source.weights, tensors)
    assert (found.name, found.source.architecture) == ("imagenet1k-v1", "resnet18")
    assert len(found.labels) == 1000
    assert found.labels[0] == "tench"
    assert found.source.weights_sha256 == hash_state_dict(load_state_dict(found.source.weights))


def test_official_weights_from_torchvisions_own_cache(
    official_file: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without being told of a cache, TorchVision's own is looked into, wherever TORCH_HOME puts it."""
    home = folder / "hub" / "checkpoints"
    home.mkdir(parents=True)
    (home / official_file.name).symlink_to(official_file)
    monkeypatch.setenv("TORCH_HOME", str(folder))
    url = f"{nobody_listens()}/{official_file.name}"
    made = torchvision_weights.import_official("resnet18", "DEFAULT", str(folder / "made"), url=url)
    assert made["model"]["name"] == "imagenet1k-v1"


def test_a_cache_that_cannot_be_looked_into_counts_as_empty(
    official_file: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of an overlong TORCH_HOME, or one behind a file, the weights can't be had, which is said as of an empty one."""
    for home in ("x" * 5000, str(official_file / "below")):
        monkeypatch.setenv("TORCH_HOME", home)
        with pytest.raises(CheckpointUnavailable, match="could not be downloaded"):
            torchvision_weights.import_official(
                "resnet18", "DEFAULT", str(folder / "made"), url=f"{nobody_listens()}/{official_file.name}"
            )


def test_address_of_the_official_weights_names_their_hash() -> None:
    """TorchVision's own address ends in a name that the hash check can hold the file to."""
    weights = import_torchvision().models.get_model_weights("resnet18")["IMAGENET1K_V1"]
    assert weights.url.startswith("https://")
    assert weights.url.endswith("/resnet18-f37072fd.pth")


def test_whole_file_under_another_hash_is_refused(official_file: Path, folder: Path) -> None:
    """A whole, readable file is refused where its name says another hash, or none."""
    for name in ("resnet18-0123abcd.pth", "resnet18.pth"):
        (folder / name).symlink_to(official_file)
        with pytest.raises(CheckpointBroken, match=name):
            import_from(f"{nobody_listens()}/{name}", folder, folder)


def test_broken_cache_is_not_replaced_by_the_builtin(official_file: Path, folder: Path) -> None:
    """Seen from ``--weights auto``, with the real import behind it, a truncated file in the cache ends the run."""
    (folder / official_file.name).write_bytes(official_file.read_bytes()[:5000])

    def step(function: str, arguments: dict[str, Any]) -> Any:
        assert function == "runoff.model.sources.torchvision_weights:import_official"
        url = f"{nobody_listens()}/{official_file.name}"
        return torchvision_weights.import_official(**arguments, url=url, cache=str(folder))

    with pytest.raises(CheckpointBroken, match=official_file.name):
        choose_model(ModelOptions(), folder / "made", step)


@pytest.mark.parametrize("kind", [".pth", ".npz"])
def test_own_file_is_imported(tensors: dict[str, Any], folder: Path, kind: str) -> None:
    """A user's state dict, in torch's format or numpy's, becomes a checkpoint named after its file, bit by bit."""
    path = folder / f"own{kind}"
    if kind == ".npz":
        save_state_dict(path, {key: tensor.numpy() for key, tensor in tensors.items()})
    else:
        save(path, tensors)
    found = import_own(path, folder / "made")
    assert_same(found.source.weights, tensors)
    assert found.name == path.name
    assert (len(found.labels), found.labels[7]) == (1000, "class 7")
    assert import_own(path, folder / "made") == found


def test_own_file_through_the_choice(tensors: dict[str, Any], folder: Path) -> None:
    """``--weights PATH`` with the real import behind it gives a checkpoint that holds its hash."""
    path = save(folder / "own.pth", tensors)
    choice = choose_model(
        ModelOptions(weights=str(path)),
        folder / "made",
        lambda _, arguments: torchvision_weights.import_file(**arguments),
    )
    assert (choice.model.name, choice.note) == ("own.pth", None)


def test_own_classes_are_counted(tensors: dict[str, Any], folder: Path) -> None:
    """A model trained for another number of classes keeps its own number of logits."""
    path = save(folder / "seven.pth", tensors | {key: tensors[key][:7].clone() for key in ("fc.weight", "fc.bias")})
    assert len(import_own(path, folder / "made").labels) == 7


def test_missing_batch_counters_are_accepted(tensors: dict[str, Any], folder: Path) -> None:
    """State dicts from before torch counted batches are whole: inference does not use the counters."""
    path = save(
        folder / "old.pth", {key: value for key, value in tensors.items() if not key.endswith("num_batches_tracked")}
    )
    assert_same(import_own(path, folder / "made").source.weights, tensors)


Change = Callable[[dict[str, Any]], dict[str, Any]]


def without(key: str) -> Change:
    """Leave an entry out."""
    return lambda tensors: {name: tensor for name, tensor in tensors.items() if name != key}


def changed(key: str, change: Callable[[Any], Any]) -> Change:
    """Change an entry, or add one made from the first."""
    return lambda tensors: tensors | {key: change(tensors.get(key, tensors["conv1.weight"]).clone())}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(without("layer1.0.conv1.weight"), r"'layer1\.0\.conv1\.weight'.*found nothing", id="missing"),
        pytest.param(without("fc.bias"), r"'fc\.bias'.*found nothing", id="missing head"),
        pytest.param(changed("layer1.9.weight", lambda t: t), r"'layer1\.9\.weight': expected nothing", id="extra"),
        pytest.param(changed("conv1.weight", lambda t: t[:, :1]), r"'conv1\.weight': expected \(64, 3", id="shape"),
        pytest.param(changed("fc.weight", lambda t: t[:10]), r"'fc\.weight': expected \(1000", id="head"),
        pytest.param(changed("bn1.num_batches_tracked", lambda t: t.expand(3).clone()), r"bn1\.num_b", id="counter"),
        pytest.param(changed("fc.bias", lambda t: t[0].clone()), r"'fc\.bias': expected \(1000,", id="no dimensions"),
        pytest.param(changed("fc.bias", lambda t: t[:0].clone()), r"'fc\.bias': expected \(1000,", id="empty head"),
        pytest.param(changed("bn1.bias", lambda t: t * float("nan")), r"not finite.*'bn1\.bias'", id="NaN"),
        pytest.param(changed("fc.bias", lambda t: t / 0), r"not finite.*'fc\.bias'", id="NaN and infinity"),
        pytest.param(lambda t: {}, "holds no arrays of numbers", id="empty"),
        pytest.param(lambda t: {3: t["fc.bias"]}, "entries differ", id="numbers for names"),
        pytest.param(
            lambda t: t | {key: t[key][:1].clone() for key in ("fc.weight", "fc.bias")}, "two or more", id="one class"
        ),
    ],
)
def test_another_state_dict_is_refused_by_its_first_difference(
    tensors: dict[str, Any], folder: Path, change: Change, expected: str
) -> None:
    """What is no whole ResNet-18 is refused with the file's name, the entry, what was expected and what was found."""
    path = save(folder / "strange.pth", change(tensors))
    with pytest.raises(CheckpointBroken, match=expected) as caught:
        import_own(path, folder / "made")
    assert "strange.pth" in str(caught.value)
    assert not (folder / "made").exists()


def test_another_architecture_is_refused(folder: Path) -> None:
    """The weights of a ResNet-34 are refused with the first entry that a ResNet-18 does not have."""
    with import_torchvision_on_meta() as models:
        names = {key: tuple(tensor.shape) for key, tensor in models.resnet34(weights=None).state_dict().items()}
    path = folder / "resnet34.npz"
    save_state_dict(path, {key: np.broadcast_to(np.float32(0), shape) for key, shape in names.items()})
    with pytest.raises(CheckpointBroken, match=r"no resnet18 state dict.*'layer1\.2\.") as caught:
        import_own(path, folder / "made")
    assert "expected nothing" in str(caught.value)


@contextmanager
def import_torchvision_on_meta() -> Iterator[Any]:
    """Yield TorchVision's models with nothing allocated for their weights."""
    import torch

    with torch.device("meta"):
        yield import_torchvision().models


class Trap:
    """Creates a file when it is unpickled, which must never happen."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[[str, str], object], tuple[str, str]]:
        """Have unpickling open a file for writing."""
        return open, (str(self.path), "w")


@pytest.mark.parametrize("way", ["pickle", "torch"])
@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_no_code_of_a_file_is_run(folder: Path, way: str) -> None:
    """A file that runs code when it is unpickled is refused, and the code is not run."""
    path, sprung = folder / "trap.pth", folder / "sprung"
    if way == "pickle":
        path.write_bytes(pickle.dumps({"fc.bias": Trap(sprung)}))
    else:
        save(path, {"fc.bias": Trap(sprung)})
    with pytest.raises(CheckpointBroken, match=r"trap\.pth"):
        import_own(path, folder / "made")
    assert not sprung.exists()


@pytest.mark.parametrize("kind", ["zip", "legacy"])
def test_damaged_file_is_refused(folder: Path, kind: str) -> None:
    """A small file in either of torch's formats, cut off at fifty places, is refused by name each time."""
    import torch

    path = folder / "damaged.pth"
    torch.save({"fc.bias": torch.zeros(50)}, path, _use_new_zipfile_serialization=kind == "zip")
    content = path.read_bytes()
    for kept in np.linspace(0, len(content) - 1, 50, dtype=int):
        path.write_bytes(content[:kept])
        with pytest.raises(CheckpointBroken, match=r"damaged\.pth"):
            import_own(path, folder / "made")


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_foreign_file_is_refused(folder: Path) -> None:
    """Random bytes, text and a plain pickle are refused by name, whatever torch makes of them."""
    random = np.random.default_rng(5)
    contents = [random.bytes(200) for _ in range(200)]
    contents += [bytes([byte]) + random.bytes(50) for byte in range(256)]
    contents += [b"not weights\n", b"<html></html>", pickle.dumps({"a": 1}), pickle.dumps("text", protocol=0)]
    path = folder / "foreign.pth"
    for content in contents:
        path.write_bytes(content)
        with pytest.raises(CheckpointBroken, match=r"foreign\.pth"):
            import_own(path, folder / "made")


def test_text_in_an_npz_is_refused(tensors: dict[str, Any], folder: Path) -> None:
    """Arrays of text in the right shape are no weights."""
    arrays: dict[str, Array] = {key: tensor.numpy() for key, tensor in tensors.items()}
    path = folder / "text.npz"
    save_state_dict(path, arrays | {"bn1.bias": np.full(64, "zero")})
    with pytest.raises(CheckpointBroken, match=r"text\.npz.*'bn1\.bias'"):
        import_own(path, folder / "made")
