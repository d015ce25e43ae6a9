"""Any classifier of TorchVision's: made, prepared for and given weights as TorchVision itself does."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from runoff.arrays import Input
from runoff.contract import RANDOM, Model
from runoff.errors import CheckpointBroken, CheckpointUnavailable, UnknownModel
from runoff.files.values import from_json, to_json
from runoff.model.inputs.preprocessing import preprocess
from runoff.model.module.module import build_empty, make_module
from runoff.model.module.random_weights import require_answers
from runoff.model.module.torchvision_import import import_torchvision
from runoff.model.operations import count_operations
from runoff.model.sources.architecture_weights import save_model, shapes_of
from runoff.model.sources.torchvision_weights import (
    architecture_of,
    find_entries,
    import_file,
    import_official,
    import_random,
)
from tests.lanes import in_full
from tests.model.importing import assert_random_weights_matter

pytestmark = pytest.mark.framework


def classifiers() -> list[str]:
    """Name all classifiers."""
    models = import_torchvision().models
    return models.list_models(module=models)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("resnet19", r"no classifier 'resnet19'; near are .*resnet18"),
        ("ResNet50", "near are .*resnet50"),
        ("fcn_resnet50", "a model of TorchVision's, but no classifier"),
        ("", r"no classifier ''; it has alexnet, "),
    ],
)
def test_a_name_that_is_wrong_is_answered_with_those_that_are_near(name: str, words: str) -> None:
    """A typo, another spelling and a model that is no classifier are each refused by name."""
    with pytest.raises(UnknownModel, match=words):
        find_entries(name)


def test_a_tag_that_is_wrong_is_answered_with_those_that_there_are(tmp_path: Path) -> None:
    """Weights that TorchVision does not have are refused with its tags."""
    with pytest.raises(CheckpointUnavailable, match="no weights IMAGENET1K_V3; TorchVision has DEFAULT, IMAGENET1K_V1"):
        import_official("resnet50", "IMAGENET1K_V3", str(tmp_path))


def test_every_preset_of_torchvisions_is_prepared_bit_by_bit() -> None:
    """A picture becomes the very input that TorchVision makes for each of its weights, and its side is the model's."""
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (431, 640, 3), dtype=np.uint8))
    presets = {}
    for name in classifiers():
        for entry in find_entries(name).values():
            made = architecture_of(name, entry)
            presets[made.preprocessing] = entry.transforms()
    assert len(presets) > 20
    for preprocessing, transforms in presets.items():
        np.testing.assert_array_equal(preprocess(picture, preprocessing), transforms(picture).numpy())


@pytest.mark.parametrize(
    "name", ["resnet18", "mnasnet0_5", *in_full("googlenet", "inception_v3", "vit_b_16", "maxvit_t")]
)
def test_golden_is_what_torchvision_gives_with_its_weights(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights of TorchVision's bring arguments with them, and a model with these weights computes the same."""
    import torch

    torch.manual_seed(0)
    entry = list(find_entries(name).values())[-1]
    builders = import_torchvision().models
    heads = {"aux_logits": True, "init_weights": False} if name in {"googlenet", "inception_v3"} else {}
    made = architecture_of(name, entry)
    sides = {key: value for key, value in made.arguments.items() if key.endswith("_size")}
    state = builders.get_model(name, weights=None, **heads, **sides).state_dict()
    monkeypatch.setattr(type(entry), "get_state_dict", lambda *_, **__: state)
    theirs = builders.get_model(name, weights=entry).eval()
    arrays = {key: state[key].numpy() for key in shapes_of(made).expected}
    ours = make_module(from_json(Model, save_model(made, name, RANDOM, arrays, tmp_path)["model"]))
    images = torch.rand(1, *made.preprocessing.shape)
    with torch.inference_mode():
        assert torch.equal(ours(images), theirs(images))


def test_the_number_of_classes_of_a_file_is_found(tmp_path: Path) -> None:
    """A file of ten classes gives ten, whatever the head is called."""
    import torch

    state = import_torchvision().models.mobilenet_v2(num_classes=10).state_dict()
    torch.save({"model": {f"module.{key}": tensor for key, tensor in state.items()}}, tmp_path / "ten.pth")
    made = import_file("mobilenet_v2", str(tmp_path / "ten.pth"), None, str(tmp_path))
    model = from_json(Model, made["model"])
    assert (model.classes, model.name, made["note"]) == (10, "ten.pth", "")
    assert make_module(model)(torch.zeros(1, *model.picture_shape)).shape == (1, 10)


@pytest.mark.full
def test_a_file_of_a_larger_size_brings_its_size(tmp_path: Path) -> None:
    """A vision transformer's file for 384 pixels is made and shown pictures of 384 pixels."""
    import torch

    state = import_torchvision().models.vit_b_16(image_size=384).state_dict()
    torch.save(state, tmp_path / "large.pth")
    model = from_json(Model, import_file("vit_b_16", str(tmp_path / "large.pth"), None, str(tmp_path))["model"])
    assert (model.picture_shape, model.picture_preprocessing.crop) == ((3, 384, 384), (384, 384))


def test_weights_of_another_architecture_are_refused(tmp_path: Path) -> None:
    """ResNet-34's file holds all that ResNet-18 needs, and is no ResNet-18."""
    import torch

    torch.save(import_torchvision().models.resnet34().state_dict(), tmp_path / "34.pth")
    with pytest.raises(CheckpointBroken, match=r"34\.pth is no resnet18 state dict: .* entries differ"):
        import_file("resnet18", str(tmp_path / "34.pth"), None, str(tmp_path))


@pytest.mark.parametrize("name", ["mobilenet_v3_small", *in_full("regnet_y_400mf", "convnext_tiny")])
def test_random_weights_are_always_the_same_and_make_every_part_matter(name: str, tmp_path: Path) -> None:
    """Two makings give one hash, golden differs from picture to picture, and operations are counted."""
    assert_random_weights_matter(partial(import_random, name, str(tmp_path)), tmp_path, least_operations=1e8)


@pytest.mark.full
def test_pictures_do_not_grow_through_a_deep_network_of_random_weights(tmp_path: Path) -> None:
    """What is coarse or of one colour leaves numbers and roundings of the size that noise leaves."""
    import torch

    made = import_random("regnet_y_400mf", str(tmp_path), [{"crop": 128}])
    module = make_module(from_json(Model, made["model"]))
    torch.manual_seed(0)
    slope = torch.linspace(-2, 2, 128).expand(3, 128, 128)
    flat = [torch.full((3, 128, 128), level) for level in (-2.1, 0.0, 2.6)]
    pictures = torch.stack([torch.randn(3, 128, 128), slope, slope.transpose(1, 2), *flat])
    with torch.inference_mode():
        logits = module(pictures)
        roundings = (module.double()(pictures.double()) - logits).abs().amax(1)
    sizes = logits.abs().amax(1)
    assert sizes.max() < 10 * sizes[0]
    assert roundings.max() < 10 * roundings[0]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1.0, "the same for every image"),
        (0.0, "the same for every image"),
        (np.nan, "not finite numbers"),
        (np.inf, "not finite numbers"),
    ],
)
def test_outputs_that_say_nothing_are_refused(number: float, words: str) -> None:
    """Random weights whose outputs are constant or not finite are no subject for a comparison."""
    with pytest.raises(CheckpointBroken, match=words):
        require_answers("any", np.full((3, 4), number))
    require_answers("any", np.eye(3))


def test_what_cannot_be_built_empty_is_known() -> None:
    """RegNet computes while it is made, so that it is initialised; the others are given their weights at once."""
    assert build_empty("regnet_y_400mf", {}) is None
    assert build_empty("resnet18", {}) is not None


def test_a_size_that_no_preset_has_is_counted_at_its_own(tmp_path: Path) -> None:
    """Operations are counted at the side of the model's own pictures: Inception's are 299 pixels."""
    made = architecture_of("inception_v3", find_entries("inception_v3")["DEFAULT"])
    model = made.model("any", RANDOM, tmp_path / "none.npz", "0" * 64)
    assert model.inputs == (Input("images", (3, 299, 299), layout="NCHW"),)
    assert count_operations(to_json(model))["flop"] == pytest.approx(2 * 5.71e9, rel=0.01)
