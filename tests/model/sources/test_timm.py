"""Any classifier of timm's: named, made and given weights as timm itself does."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from packaging.requirements import Requirement

from runoff.contract import RANDOM, Model
from runoff.errors import CheckpointBroken, CheckpointUnavailable, FrameworkMissing, UnknownModel, UsageError
from runoff.files.values import from_json
from runoff.model.module import timm_import
from runoff.model.module.module import build_empty, make_module
from runoff.model.sources import timm_weights
from runoff.model.sources.timm_weights import (
    address_of,
    architecture_of,
    find_config,
    import_file,
    import_official,
    import_random,
    require_answer,
    subset_of,
)
from tests.lanes import in_full
from tests.model.importing import NEEDS_TIMM, assert_random_weights_matter
from tests.project.test_extras import requirements

pytestmark = NEEDS_TIMM
SMALLEST = "timm:test_vit"
"""One of timm's own models for tests."""
WITH_BUFFERS = ("levit_128s", "swin_tiny_patch4_window7_224", "tiny_vit_5m_224", "maxvit_rmlp_pico_rw_256")


@pytest.fixture(scope="module")
def timm() -> Any:
    """Timm itself."""
    return timm_import.import_timm()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("levit_129", "no model 'levit_129'; near are levit_.*levit_128"),
        ("ResNet18", "near are resnet18"),
        ("vit_tiny", "near are vit_tiny_patch16_224, "),
        ("qqqqqqqqqqqq", "list_models"),
        ("", "no model ''"),
        ("hf-hub:somebody/model", "no model 'hf-hub:somebody/model'"),
        ("resnet18.a9_in1k", "resnet18 has no weights 'a9_in1k'; it has a1_in1k, "),
        ("vit_small_patch14_dinov2", "vit_small_patch14_dinov2 gives features and no classes"),
        ("vit_base_patch32_clip_224.openai", "gives embeddings of 512 numbers and no classes; .*_in1k"),
    ],
)
def test_a_name_that_is_no_classifier_is_refused(name: str, words: str) -> None:
    """A typo, a tag, features and embeddings are each refused by name, with what is near or would do."""
    with pytest.raises(UnknownModel, match=words):
        find_config(name)


@pytest.mark.full
def test_all_that_is_no_classifier_is_known(timm: Any) -> None:
    """Of timm's models with weights those that are left have classes of ImageNet's, but for four of larger sets."""
    others, refused = [], []
    for name in timm.list_pretrained():
        try:
            config = find_config(name)
        except UnknownModel:
            refused.append(name)
        else:
            others += [name] if subset_of(config) is None else []
    assert {name.partition("_")[0] for name in others} <= {"mvitv2", "vit"}
    assert len(others) < 8
    assert len(refused) > 269


def test_a_model_is_made_with_timms_own_arguments_and_labels(timm: Any) -> None:
    """Labels are ImageNet's by timm, the size is that of training, and timm's version is part of the hash."""
    made = architecture_of("timm:resnet18", find_config("resnet18"))
    assert (made.labels[0], len(made.labels)) == ("tench, Tinca tinca", 1000)
    assert (made.preprocessing.crop, made.preprocessing.size) == ((224, 224), (235, 235))
    assert made.arguments == {}
    model = made.model("any", RANDOM, Path(), "0" * 64)
    assert (model.source.kind, model.source.architecture) == ("timm", "timm:resnet18")
    assert model.source.version == timm.__version__
    timm_of_tomorrow = {**vars(made), "version": "9"}
    assert type(made)(**timm_of_tomorrow).model("any", RANDOM, Path(), "0" * 64).sha256 != model.sha256


def test_another_input_is_an_argument_where_the_model_is_made_for_one() -> None:
    """A transformer is made for its size and channels; a convolutional network takes any size."""
    changes = [{"crop": [96, 128], "channels": "L", "mean": 0.5, "deviation": 0.5}]
    transformer = architecture_of("timm:vit_tiny_patch16_224", find_config("vit_tiny_patch16_224"), changes)
    assert transformer.arguments == {"img_size": [96, 128], "in_chans": 1}
    network = architecture_of("timm:resnet18", find_config("resnet18"), changes)
    assert network.arguments == {"in_chans": 1}


@pytest.mark.parametrize("name", ["test_vit", *in_full("levit_128s", "test_convnext")])
def test_random_weights_give_a_model_that_answers(name: str, tmp_path: Path) -> None:
    """Two makings give one hash, golden differs from picture to picture, and operations are counted."""
    assert_random_weights_matter(partial(import_random, f"timm:{name}", str(tmp_path)), tmp_path, least_operations=1e6)


@pytest.mark.parametrize(
    "name", ["levit_128s", *in_full("swin_tiny_patch4_window7_224", "tiny_vit_5m_224", "maxvit_pico_rw_256")]
)
def test_buffers_that_a_state_dict_lacks_are_made(name: str) -> None:
    """Such a model is not built empty: a state dict would leave it without them."""
    assert build_empty(f"timm:{name}", {}) is None


def test_a_model_that_its_state_dict_decides_is_built_empty() -> None:
    """Nothing is initialised that is replaced at once."""
    assert build_empty("timm:resnet18", {}) is not None


def test_a_file_of_other_classes_is_found(timm: Any, tmp_path: Path) -> None:
    """A file of seven classes gives seven, with the outputs that timm gives."""
    import torch

    torch.manual_seed(0)
    theirs = timm.create_model("test_vit", num_classes=7).eval()
    torch.save(
        {"state_dict": {f"module.{key}": value for key, value in theirs.state_dict().items()}}, tmp_path / "own.pth"
    )
    model = from_json(Model, import_file(SMALLEST, str(tmp_path / "own.pth"), None, str(tmp_path))["model"])
    assert (model.classes, model.labels, model.name) == (7, tuple(f"class {index}" for index in range(7)), "own.pth")
    images = torch.rand(2, *model.picture_shape)
    with torch.inference_mode():
        assert torch.equal(make_module(model)(images), theirs(images))


def test_official_weights_are_what_timm_loads(timm: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With weights in timm's cache a model computes what timm's own computes, at another size too."""
    import torch

    torch.manual_seed(0)
    state = timm.create_model("test_vit").state_dict()
    monkeypatch.setattr(timm.models._builder, "load_state_dict_from_hf", lambda *_, **__: dict(state))
    for changes, arguments in (([], {}), ([{"crop": 96}], {"img_size": 96})):
        theirs = timm.create_model("test_vit", pretrained=True, **arguments).eval()
        made = import_official(SMALLEST, "DEFAULT", str(tmp_path), changes=changes)["model"]
        model = from_json(Model, made)
        images = torch.rand(1, *model.picture_shape)
        with torch.inference_mode():
            assert torch.equal(make_module(model)(images), theirs(images))
        assert (model.name, model.source.origin) == ("r160_in1k", "official")


@pytest.mark.parametrize("name", ["test_vit", "gcvit_xxtiny"])
def test_without_cache_and_network_it_is_an_error(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With an empty cache and an address where nobody listens, on the hub or not, nothing more is tried."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(timm_weights, "address_of", lambda _: "http://127.0.0.1:9/weights")
    with pytest.raises(CheckpointUnavailable, match=r"127\.0\.0\.1:9/weights does not answer \(.*refused"):
        import_official(f"timm:{name}", "DEFAULT", str(tmp_path))


def test_a_download_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where an address answers, and the hub's client can't have the file all the same, its reason is in the error."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr(timm_weights, "require_answer", lambda _: None)
    with pytest.raises(CheckpointUnavailable, match=r"weights of test_vit .* could not be downloaded \(.*Hub"):
        import_official(SMALLEST, "DEFAULT", str(tmp_path))


def test_weights_in_the_cache_that_are_broken_are_told(
    timm: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What can't be loaded is called broken, with where it is, and nothing is downloaded in its place."""

    def broken(*_: Any, **__: Any) -> None:
        raise ValueError("header too large")

    monkeypatch.setattr(timm.models._builder, "load_state_dict_from_hf", broken)
    with pytest.raises(CheckpointBroken, match=r"weights of test_vit in its cache \(ValueError: header too large\)"):
        import_official(SMALLEST, "DEFAULT", str(tmp_path))


@pytest.mark.parametrize(
    ("tag", "name", "words"),
    [
        ("IMAGENET1K_V1", "resnet18", r"named in --model timm:resnet18\.TAG, not IMAGENET1K_V1"),
        ("DEFAULT", "coatnet_0_224", "timm has no weights for coatnet_0_224"),
    ],
)
def test_weights_that_there_are_not_are_refused(tag: str, name: str, words: str, tmp_path: Path) -> None:
    """A tag of TorchVision's, and a model that has no weights, are told before anything is downloaded."""
    with pytest.raises(CheckpointUnavailable, match=words):
        import_official(f"timm:{name}", tag, str(tmp_path))


def test_an_input_that_a_model_cannot_take_is_refused(tmp_path: Path) -> None:
    """A size smaller than a patch is told with the option."""
    with pytest.raises(UsageError, match=r"takes no input of 3×7×7 .*check --input-size"):
        import_random(SMALLEST, str(tmp_path), [{"crop": 7}])


Answer = Callable[[socket.socket], object]


@pytest.fixture
def server() -> Iterator[Callable[[Answer], str]]:
    """Start what answers connections on loopback, and give its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def start(answer: Answer) -> str:
            def serve() -> None:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with closing(connection):
                    answer(connection)

            Thread(target=serve, daemon=True).start()
            return f"http://127.0.0.1:{listener.getsockname()[1]}/model/config.json"

        yield start


def test_who_answers_may_be_downloaded_from(server: Callable[[Answer], str]) -> None:
    """An answer is enough."""
    require_answer(server(lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")))


@pytest.mark.parametrize("refusal", [b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", b"garbage\r\n\r\n", b""])
def test_who_refuses_is_told(server: Callable[[Answer], str], refusal: bytes) -> None:
    """A proxy's refusal, garbage and a closed connection are each the reason in the error."""
    with pytest.raises(CheckpointUnavailable, match="does not answer"):
        require_answer(server(lambda connection: (connection.recv(4096), connection.sendall(refusal))))


def test_who_never_answers_is_not_waited_for(server: Callable[[Answer], str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that says nothing, and an address that is never found, are given up after a bound."""
    monkeypatch.setattr(timm_weights, "TIMEOUT", 0.2)
    with pytest.raises(CheckpointUnavailable, match="timed out"):
        require_answer(server(lambda connection: connection.recv(1 << 20) and connection.recv(1)))
    monkeypatch.setattr(timm_weights, "LONGEST_LOOK", 0.0)
    with pytest.raises(CheckpointUnavailable, match="no answer within 0 s"):
        require_answer(server(lambda connection: connection.recv(1 << 20) and connection.recv(1)))


def test_without_timm_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line has the command."""
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(FrameworkMissing, match=r"needs timm, which is not installed here; .* -m pip install 'timm>="):
        timm_import.import_timm()


def test_the_command_installs_what_the_extra_does() -> None:
    """The range in the message is that of pyproject.toml."""
    assert [*requirements("timm", (3, 11))] == [Requirement(timm_import.RANGE)]


def test_where_weights_come_from_is_what_timm_asks(timm: Any) -> None:
    """The hub's page of the model, or the address of the few that it does not have."""
    assert address_of(find_config("resnet18.a1_in1k")).endswith("/timm/resnet18.a1_in1k/resolve/main/config.json")
    without = next(name for name in timm.list_pretrained() if not timm.models.get_pretrained_cfg(name).hf_hub_id)
    assert address_of(find_config(without)).startswith("https://")
