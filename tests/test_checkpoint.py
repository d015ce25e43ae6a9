"""Which weights a run uses: the choice, official ones from cache or a loopback server, and files that are broken."""

from __future__ import annotations

import hashlib
import http.server
import json
import pickle
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runoff.contract import (
    Checkpoint,
    CheckpointBroken,
    CheckpointUnavailable,
    checkpoint_from_json,
    checkpoint_to_json,
)
from runoff.model import checkpoint, official
from runoff.model.checkpoint import builtin_checkpoint, choose_checkpoint
from runoff.model.state_dict import Array, hash_state_dict, load_state_dict, save_state_dict
from runoff.model.torchvision_import import import_torchvision

SMALL = {"fc.weight": np.arange(6, dtype=np.float32).reshape(2, 3), "fc.bias": np.zeros(2, dtype=np.float32)}
NO_NETWORK = CheckpointUnavailable("resnet18-f37072fd.pth could not be downloaded (no network)")


class FakeStep:
    """Stands for the process that imports weights: gives a small checkpoint, or raises."""

    def __init__(self, folder: Path, error: Exception | None = None) -> None:
        self.error = error
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.answer = Checkpoint(
            "imported", "resnet18", folder / "imported.npz", hash_state_dict(SMALL), ("cat", "dog")
        )
        save_state_dict(self.answer.weights, SMALL)

    def __call__(self, function: str, arguments: dict[str, Any]) -> Any:
        """Answer as a process does: through JSON."""
        self.calls.append((function, json.loads(json.dumps(arguments))))
        if self.error:
            raise self.error
        return json.loads(json.dumps(checkpoint_to_json(self.answer)))


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that is emptied afterwards: whole checkpoints take 45 MB each."""
    yield tmp_path
    shutil.rmtree(tmp_path)


@pytest.fixture
def small_builtin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the built-in checkpoint be a small one, which needs no trained file."""
    monkeypatch.setattr(checkpoint, "expand_builtin", lambda: SMALL)
    monkeypatch.setattr(checkpoint, "BUILTIN_SHA256", hash_state_dict(SMALL))


@pytest.mark.usefixtures("small_builtin")
class TestChoice:
    """``--weights`` as the user gives it."""

    @pytest.mark.parametrize("weights", ["auto", "imagenet"])
    def test_official_weights_where_they_can_be_had(self, folder: Path, weights: str) -> None:
        """Both ``auto`` and ``imagenet`` take the official weights, and say nothing about it."""
        step = FakeStep(folder)
        choice = choose_checkpoint(weights, folder, step)
        assert (choice.checkpoint, choice.note) == (step.answer, None)
        expected = {"architecture": "resnet18", "folder": str(folder)}
        assert step.calls == [("runoff.model.official:import_official", expected)]

    def test_auto_falls_back_with_a_note(self, folder: Path) -> None:
        """Without a network ``auto`` takes the built-in checkpoint and says so, and why, in one line."""
        choice = choose_checkpoint("auto", folder, FakeStep(folder, NO_NETWORK))
        assert choice.checkpoint.name == "builtin"
        assert choice.note.startswith("using the built-in checkpoint, because")
        assert str(NO_NETWORK) in choice.note
        assert "\n" not in choice.note

    def test_imagenet_does_not_fall_back(self, folder: Path) -> None:
        """Who asks for the official weights by name gets them or an error."""
        with pytest.raises(CheckpointUnavailable, match="no network"):
            choose_checkpoint("imagenet", folder, FakeStep(folder, NO_NETWORK))

    @pytest.mark.parametrize("weights", ["auto", "imagenet"])
    def test_broken_official_file_is_not_replaced(self, folder: Path, weights: str) -> None:
        """A damaged file is an error under ``auto`` too: other weights in its place would hide it."""
        with pytest.raises(CheckpointBroken, match="truncated"):
            choose_checkpoint(weights, folder, FakeStep(folder, CheckpointBroken("resnet18.pth is truncated")))

    def test_builtin_runs_no_step(self, folder: Path) -> None:
        """The built-in checkpoint needs no other process, and has a label for each logit."""
        step = FakeStep(folder)
        choice = choose_checkpoint("builtin", folder, step)
        assert (choice.checkpoint.name, choice.note, step.calls) == ("builtin", None, [])
        assert len(choice.checkpoint.labels) == 1000
        assert load_state_dict(choice.checkpoint.weights).keys() == SMALL.keys()

    @pytest.mark.parametrize("name", ["own.pth", "own.pt", "own.npz"])
    def test_path_is_imported(self, folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Anything else is the path of a file, passed on whole so that another process finds it."""
        (folder / name).touch()
        monkeypatch.chdir(folder)
        step = FakeStep(folder)
        assert choose_checkpoint(name, folder / "made", step).checkpoint == step.answer
        expected = {"path": str(folder / name), "architecture": "resnet18", "folder": str(folder / "made")}
        assert step.calls == [("runoff.model.official:import_file", expected)]

    @pytest.mark.parametrize("name", ["nowhere.pth", "", ".", "Imagenet"])
    def test_missing_path_says_what_is_valid(self, folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """A path without a file, or a misspelt word, is refused with what the option takes, and nothing is run."""
        monkeypatch.chdir(folder)
        step = FakeStep(folder)
        with pytest.raises(CheckpointUnavailable, match="auto, imagenet, builtin, or the path"):
            choose_checkpoint(name, folder, step)
        assert step.calls == []

    def test_imported_file_is_held_to_its_hash(self, folder: Path) -> None:
        """What the import step gave is read again: a file changed since is refused by name."""
        step = FakeStep(folder)
        save_state_dict(step.answer.weights, {**SMALL, "fc.bias": np.ones(2, dtype=np.float32)})
        with pytest.raises(CheckpointBroken, match=r"imported\.npz was changed"):
            choose_checkpoint("imagenet", folder, step)

    def test_builtin_is_expanded_once(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The second run takes the file that the first one made."""
        first = builtin_checkpoint(folder / "new" / "folder")
        monkeypatch.setattr(checkpoint, "expand_builtin", lambda: pytest.fail("expanded again"))
        assert builtin_checkpoint(folder / "new" / "folder") == first

    @pytest.mark.parametrize("damage", ["other numbers", "truncated", "no archive"])
    def test_changed_builtin_file_is_refused(self, folder: Path, damage: str) -> None:
        """An expanded file that was changed, cut off or overwritten is refused by name, with the remedy."""
        path = builtin_checkpoint(folder).weights
        if damage == "other numbers":
            save_state_dict(path, {**SMALL, "fc.bias": np.ones(2, dtype=np.float32)})
        else:
            path.write_bytes(path.read_bytes()[:100] if damage == "truncated" else b"hello")
        with pytest.raises(CheckpointBroken, match=f"{path.name} was changed .* delete it and run again"):
            builtin_checkpoint(folder)

    def test_builtin_is_of_one_architecture(self, folder: Path) -> None:
        """Another model is never given the built-in weights under its own name."""
        with pytest.raises(CheckpointUnavailable, match="is a resnet18, not a resnet34"):
            choose_checkpoint("builtin", folder, FakeStep(folder), architecture="resnet34")
        with pytest.raises(CheckpointUnavailable, match="is a resnet18, not a resnet34"):
            choose_checkpoint("auto", folder, FakeStep(folder, NO_NETWORK), architecture="resnet34")


def test_real_builtin_checkpoint(folder: Path) -> None:
    """The real built-in checkpoint is expanded to a file that holds the published hash."""
    found = choose_checkpoint("builtin", folder, lambda *_: pytest.fail("ran a step")).checkpoint
    assert found.sha256 == hash_state_dict(load_state_dict(found.weights)) == checkpoint.BUILTIN_SHA256


@pytest.fixture(scope="module")
def tensors() -> dict[str, Any]:
    """The state dict of TorchVision's ResNet-18 with random weights."""
    import torch

    torch.manual_seed(0)
    return dict(import_torchvision().models.resnet18(weights=None).state_dict())


@pytest.fixture(scope="module")
def official_file(tensors: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A stand-in for the official file: named after its hash, as torch.hub does."""
    import torch

    home = tmp_path_factory.mktemp("official")
    plain = home / "plain.pth"
    torch.save(tensors, plain)
    named = plain.rename(home / f"resnet18-{hashlib.sha256(plain.read_bytes()).hexdigest()[:8]}.pth")
    yield named
    shutil.rmtree(home)


def save(path: Path, content: object) -> Path:
    """Write what torch.save writes."""
    import torch

    torch.save(content, path)
    return path


def import_own(path: Path, folder: Path) -> Checkpoint:
    """Import a user's file."""
    return checkpoint_from_json(official.import_file(str(path), "resnet18", str(folder)))


def assert_same(found: Path, tensors: dict[str, Any]) -> None:
    """Hold a checkpoint's file to the state dict that it was made from."""
    arrays = load_state_dict(found)
    assert list(arrays) == list(tensors)
    for key, tensor in tensors.items():
        np.testing.assert_array_equal(arrays[key], tensor.numpy(), strict=True)


def answer_with(
    body: bytes, *, length: int | None = None, status: int = 200
) -> type[http.server.BaseHTTPRequestHandler]:
    """Make a server's way to answer: this body under this Content-Length."""

    class Handler(http.server.BaseHTTPRequestHandler):
        """Answers every request alike, and writes no log."""

        def do_GET(self) -> None:
            """Send the answer and close the connection."""
            self.send_response(status)
            self.send_header("Content-Length", str(len(body) if length is None else length))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server gives it
            """Say nothing."""

    return Handler


def break_off_a_chunk() -> type[http.server.BaseHTTPRequestHandler]:
    """Make a server that promises a chunk and closes the connection within it."""

    class Handler(answer_with(b"")):
        """Answers in chunks, which only HTTP/1.1 has."""

        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
            """Send a part of what was promised."""
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"1000\r\nonly this")
            self.close_connection = True

    return Handler


def talk_nonsense() -> type[http.server.BaseHTTPRequestHandler]:
    """Make a server that does not speak HTTP."""

    class Handler(answer_with(b"")):
        """Answers with one line of something else."""

        def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
            """Send the line."""
            self.wfile.write(b"220 mail.example ready\r\n")

    return Handler


@contextmanager
def serving(handler: type[http.server.BaseHTTPRequestHandler]) -> Iterator[str]:
    """Run a server on the loopback address and give its own."""
    with http.server.HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def import_from(url: str, folder: Path, cache: Path | None = None) -> Checkpoint:
    """Import the official weights, with nothing in TorchVision's cache unless one is given."""
    empty = str(cache or folder / "empty-cache")
    return checkpoint_from_json(official.import_official("resnet18", str(folder / "made"), url, empty))


def nobody_listens() -> str:
    """Give an address on which every connection is refused."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def test_official_weights_from_the_cache(official_file: Path, tensors: dict[str, Any], folder: Path) -> None:
    """What TorchVision's cache holds is used without any download, bit by bit, with ImageNet's labels."""
    found = import_from(f"{nobody_listens()}/{official_file.name}", folder, official_file.parent)
    assert_same(found.weights, tensors)
    assert (found.name, found.architecture) == ("imagenet1k-v1", "resnet18")
    assert len(found.labels) == 1000
    assert found.labels[0] == "tench"
    assert found.sha256 == hash_state_dict(load_state_dict(found.weights))


def test_official_weights_from_torchvisions_own_cache(
    official_file: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without being told of a cache, TorchVision's own is looked into, wherever TORCH_HOME puts it."""
    home = folder / "hub" / "checkpoints"
    home.mkdir(parents=True)
    (home / official_file.name).symlink_to(official_file)
    monkeypatch.setenv("TORCH_HOME", str(folder))
    url = f"{nobody_listens()}/{official_file.name}"
    assert official.import_official("resnet18", str(folder / "made"), url)["name"] == "imagenet1k-v1"


def test_official_weights_are_downloaded_once(official_file: Path, tensors: dict[str, Any], folder: Path) -> None:
    """The first run downloads, and the second one needs no server any more."""
    with serving(answer_with(official_file.read_bytes())) as address:
        first = import_from(f"{address}/{official_file.name}", folder)
    assert_same(first.weights, tensors)
    assert import_from(f"{address}/{official_file.name}", folder) == first
    assert sorted(path.suffix for path in (folder / "made").iterdir()) == [".npz", ".pth"]


def test_address_of_the_official_weights_names_their_hash() -> None:
    """TorchVision's own address ends in a name that the hash check can hold the file to."""
    weights = import_torchvision().models.get_model_weights("resnet18")["IMAGENET1K_V1"]
    assert weights.url.startswith("https://")
    assert weights.url.endswith("/resnet18-f37072fd.pth")


@pytest.mark.parametrize(
    ("handler", "reason"),
    [
        pytest.param(answer_with(b"half of it", length=20), "broke off at 10 of 20 bytes", id="truncated"),
        pytest.param(answer_with(b"", length=20), "broke off at 0 of 20 bytes", id="nothing came"),
        pytest.param(answer_with(b"gone", status=404), "Not Found", id="not there"),
        pytest.param(answer_with(b"later", status=503), "Service Unavailable", id="not now"),
        pytest.param(break_off_a_chunk(), "IncompleteRead", id="truncated chunk"),
        pytest.param(
            talk_nonsense(),
            "220 mail.example",
            # Python's own http client leaves the socket of an answer that is no HTTP to the garbage collector.
            marks=pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
            id="no HTTP",
        ),
    ],
)
def test_failed_download_leaves_nothing(
    folder: Path, handler: type[http.server.BaseHTTPRequestHandler], reason: str
) -> None:
    """A download that breaks off or is refused says why, and no part of it is left to be taken for the file."""
    with serving(handler) as address, pytest.raises(CheckpointUnavailable, match=reason) as caught:
        import_from(f"{address}/resnet18-0123abcd.pth", folder)
    assert "resnet18-0123abcd.pth" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert list((folder / "made").iterdir()) == []


def test_no_server_is_unavailable(folder: Path) -> None:
    """Where nobody answers, the weights are unavailable, which ``auto`` can fall back from."""
    with pytest.raises(
        CheckpointUnavailable, match=r"not in TorchVision's cache and could not be downloaded .*refused"
    ):
        import_from(f"{nobody_listens()}/resnet18-0123abcd.pth", folder)
    assert list((folder / "made").iterdir()) == []


def test_server_that_never_answers_is_unavailable(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that takes the connection and stays silent is given up, not waited for."""
    monkeypatch.setattr(official, "TIMEOUT", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/resnet18-0123abcd.pth"
        with pytest.raises(CheckpointUnavailable, match="timed out"):
            import_from(address, folder)


def test_download_with_another_hash_is_refused(folder: Path) -> None:
    """A page that a proxy sends in place of the file is refused by the hash, before anything reads it."""
    with (
        serving(answer_with(b"<html>please log in</html>")) as address,
        pytest.raises(CheckpointBroken, match=r"resnet18-0123abcd\.pth .* begins with 0123abcd, found"),
    ):
        import_from(f"{address}/resnet18-0123abcd.pth", folder)
    assert list((folder / "made").iterdir()) == []


@pytest.mark.parametrize("kept", [0, 1000, -1])
def test_truncated_file_in_the_cache_is_refused_by_name(official_file: Path, folder: Path, kept: int) -> None:
    """A cached file cut off anywhere is refused with its path and size, and is neither used nor downloaded around."""
    cache = folder / "cache"
    cache.mkdir()
    broken = cache / official_file.name
    broken.write_bytes(official_file.read_bytes()[:kept])
    with (
        serving(answer_with(official_file.read_bytes())) as address,
        pytest.raises(CheckpointBroken, match="truncated or not the official one") as caught,
    ):
        import_from(f"{address}/{official_file.name}", folder, cache)
    assert str(broken) in str(caught.value)
    assert f"over {broken.stat().st_size} bytes" in str(caught.value)
    assert not (folder / "made").exists()


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
        assert function == "runoff.model.official:import_official"
        url = f"{nobody_listens()}/{official_file.name}"
        return official.import_official(**arguments, url=url, cache=str(folder))

    with pytest.raises(CheckpointBroken, match=official_file.name):
        choose_checkpoint("auto", folder / "made", step)


@pytest.mark.parametrize("kind", [".pth", ".npz"])
def test_own_file_is_imported(tensors: dict[str, Any], folder: Path, kind: str) -> None:
    """A user's state dict, in torch's format or numpy's, becomes a checkpoint named after its file, bit by bit."""
    path = folder / f"own{kind}"
    if kind == ".npz":
        save_state_dict(path, {key: tensor.numpy() for key, tensor in tensors.items()})
    else:
        save(path, tensors)
    found = import_own(path, folder / "made")
    assert_same(found.weights, tensors)
    assert found.name == path.name
    assert (len(found.labels), found.labels[7]) == (1000, "class 7")
    assert import_own(path, folder / "made") == found


def test_own_file_through_the_choice(tensors: dict[str, Any], folder: Path) -> None:
    """``--weights PATH`` with the real import behind it gives a checkpoint that holds its hash."""
    path = save(folder / "own.pth", tensors)
    choice = choose_checkpoint(str(path), folder / "made", lambda _, arguments: official.import_file(**arguments))
    assert (choice.checkpoint.name, choice.note) == ("own.pth", None)


def test_own_classes_are_counted(tensors: dict[str, Any], folder: Path) -> None:
    """A model trained for another number of classes keeps its own number of logits."""
    path = save(folder / "seven.pth", tensors | {key: tensors[key][:7].clone() for key in ("fc.weight", "fc.bias")})
    assert len(import_own(path, folder / "made").labels) == 7


def test_missing_batch_counters_are_accepted(tensors: dict[str, Any], folder: Path) -> None:
    """State dicts from before torch counted batches are whole: inference does not use the counters."""
    path = save(
        folder / "old.pth", {key: value for key, value in tensors.items() if not key.endswith("num_batches_tracked")}
    )
    assert_same(import_own(path, folder / "made").weights, tensors)


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
        pytest.param(changed("extra.weight", lambda t: t), r"'extra\.weight': expected nothing", id="extra"),
        pytest.param(changed("conv1.weight", lambda t: t[:, :1]), r"'conv1\.weight': expected \(64, 3", id="shape"),
        pytest.param(changed("fc.weight", lambda t: t[:10]), r"'fc\.weight': expected \(1000", id="head"),
        pytest.param(changed("bn1.num_batches_tracked", lambda t: t.expand(3).clone()), r"bn1\.num_b", id="counter"),
        pytest.param(changed("fc.bias", lambda t: t[0].clone()), "two or more classes", id="head without dimensions"),
        pytest.param(changed("fc.bias", lambda t: t[:0].clone()), "two or more classes", id="empty head"),
        pytest.param(changed("bn1.bias", lambda t: t * float("nan")), r"not finite.*'bn1\.bias'", id="NaN"),
        pytest.param(changed("fc.bias", lambda t: t / 0), r"not finite.*'fc\.bias'", id="NaN and infinity"),
        pytest.param(lambda t: {}, "102 entries differ", id="empty"),
        pytest.param(lambda t: {3: t["fc.bias"]}, "entries differ", id="numbers for names"),
        pytest.param(lambda t: {f"module.{key}": tensor for key, tensor in t.items()}, "entries differ", id="prefixed"),
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
    """Give TorchVision's models with nothing allocated for their weights."""
    import torch

    with torch.device("meta"):
        yield import_torchvision().models


def bfloat16(tensors: dict[str, Any]) -> object:
    """Give a state dict in a type that numpy does not know."""
    import torch

    return {key: tensor.to(torch.bfloat16) for key, tensor in list(tensors.items())[:2]}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(lambda t: [1, 2, 3], id="a list"),
        pytest.param(lambda t: t["fc.bias"], id="a single tensor"),
        pytest.param(lambda t: {"state_dict": {"fc.bias": t["fc.bias"]}, "epoch": 3}, id="a training checkpoint"),
        pytest.param(lambda t: {"fc.bias": [0.0] * 1000}, id="lists for tensors"),
        pytest.param(lambda t: Path("code that runs on loading"), id="an object"),
        pytest.param(bfloat16, id="bfloat16"),
    ],
)
def test_file_without_a_state_dict_is_refused(
    tensors: dict[str, Any], folder: Path, content: Callable[[dict[str, Any]], object]
) -> None:
    """What torch.save wrote of something else is refused with the file's name and what it must hold."""
    path = save(folder / "strange.pth", content(tensors))
    with pytest.raises(CheckpointBroken, match=r"strange\.pth can't be read as a state dict: .*must hold"):
        import_own(path, folder / "made")


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
