"""The built-in checkpoint: small, the same everywhere, TorchVision's ResNet-18, and good at what it was trained for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from runoff.errors import CheckpointBroken
from runoff.model.inputs.drawings import CLASSES, drawn_pictures
from runoff.model.inputs.preprocessing import preprocess
from runoff.model.module.torchvision_import import import_torchvision
from runoff.model.sources.architecture import IMAGENET
from runoff.model.train_builtin import HELD_OUT_SEED, TRAINING_SEED
from runoff.model.weights import builtin
from runoff.model.weights.state_dict import Array, hash_state_dict

pytestmark = pytest.mark.framework

UNSEEN_SEED = 31337
UNSEEN_PICTURES = 200
BATCH = 50
EXACT = 10
"""How many of them are computed in float64 too, which takes torch more than a second each."""


@pytest.fixture(scope="module")
def arrays() -> dict[str, Array]:
    """Expand the built-in checkpoint."""
    return builtin.expand_builtin()


@pytest.fixture(scope="module")
def model(arrays: dict[str, Array]) -> Any:
    """TorchVision's eager ResNet-18 with the built-in checkpoint, in evaluation mode."""
    import torch

    model = import_torchvision().models.resnet18(weights=None)
    model.load_state_dict({key: torch.from_numpy(array) for key, array in arrays.items()}, strict=True)
    return model.eval()


@pytest.fixture(scope="module")
def unseen() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Preprocessed pictures from a seed used nowhere in training, and their classes."""
    pictures = drawn_pictures(UNSEEN_PICTURES, seed=UNSEEN_SEED)
    return np.stack([preprocess(picture, IMAGENET) for _, _, picture in pictures]), np.array(
        [label for _, label, _ in pictures]
    )


@pytest.fixture(scope="module")
def logits(model: Any, unseen: tuple[NDArray[np.float32], NDArray[np.int64]]) -> NDArray[np.float32]:
    """Compute the 1000 logits of every unseen picture."""
    import torch

    with torch.inference_mode():
        batches = torch.from_numpy(unseen[0]).split(BATCH)
        return np.concatenate([model(batch).numpy() for batch in batches])


def test_file_is_small() -> None:
    """The trained file stays well under one megabyte."""
    assert builtin.TRAINED_FILE.stat().st_size < 1_000_000


def test_hash_is_the_published_one(arrays: dict[str, Array]) -> None:
    """The expanded arrays have the hash that the module publishes."""
    assert hash_state_dict(arrays) == builtin.BUILTIN_SHA256


def test_expansion_is_repeatable(arrays: dict[str, Array]) -> None:
    """Expanding again gives the same bits, whatever numpy's global random state is."""
    np.random.seed(99)  # noqa: NPY002 - the legacy global state is what must not matter here
    again = builtin.expand_builtin()
    assert list(again) == list(arrays)
    assert all(again[key].tobytes() == array.tobytes() for key, array in arrays.items())


def test_frozen_random_stream() -> None:
    """The first and the last regenerated weights are the known ones, to the last bit."""
    kernels = builtin.regenerate_convolutions()
    assert float(kernels["conv1.weight"].flat[0]).hex() == "0x1.3eb5040000000p-2"
    assert float(kernels["layer4.1.conv2.weight"].flat[-1]).hex() == "-0x1.3e28900000000p-15"


def test_keys_types_and_shapes_are_torchvisions(arrays: dict[str, Array]) -> None:
    """Every key of TorchVision's own state dict is there, in its order, with its type and shape."""
    expected = import_torchvision().models.resnet18(weights=None).state_dict()
    assert list(arrays) == list(expected)
    for key, tensor in expected.items():
        assert arrays[key].shape == tuple(tensor.shape)
        assert arrays[key].dtype == tensor.numpy().dtype


def test_labels_name_every_logit() -> None:
    """There are 1000 different labels, and the drawn classes come first."""
    labels = builtin.builtin_labels()
    assert len(set(labels)) == builtin.LOGITS
    assert labels[: len(CLASSES)] == CLASSES
    assert labels[len(CLASSES)] == f"unused {len(CLASSES)}"


def test_another_trained_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trained file with one changed number is refused, with both hashes and what to do."""
    trained = dict(np.load(builtin.TRAINED_FILE))
    trained["head.bias"][0] += 1
    changed = tmp_path / "changed.npz"
    np.savez(changed, **trained)
    monkeypatch.setattr(builtin, "TRAINED_FILE", changed)
    with pytest.raises(CheckpointBroken, match=rf"changed\.npz has hash \w+, expected {builtin.BUILTIN_SHA256}"):
        builtin.expand_builtin()


def test_a_trained_file_of_another_model_is_refused() -> None:
    """Arrays that lack a batch norm are refused with the name of what is missing."""
    trained = dict(np.load(builtin.TRAINED_FILE))
    del trained["layer3.0.bn1.bias"]
    with pytest.raises(CheckpointBroken, match=r"layer3\.0\.bn1\.bias"):
        builtin.assemble(trained)


def test_unseen_seed_is_not_the_trainings() -> None:
    """The pictures that the figure below rests on come from a seed that training never drew from."""
    assert UNSEEN_SEED not in (TRAINING_SEED, HELD_OUT_SEED)


@pytest.mark.full
def test_unseen_pictures_are_classified(
    logits: NDArray[np.float32], unseen: tuple[NDArray[np.float32], NDArray[np.int64]]
) -> None:
    """At 224×224, TorchVision's eager model is right on at least 98 % of pictures it has never seen."""
    assert (logits.argmax(axis=1) == unseen[1]).mean() >= 0.98


@pytest.mark.full
def test_unused_logits_never_win_nor_widen_the_range(logits: NDArray[np.float32]) -> None:
    """Logits without a class are never Top-1, and lie inside or near the range of the trained ones."""
    trained, unused = logits[:, : len(CLASSES)], logits[:, len(CLASSES) :]
    assert logits.argmax(axis=1).max() < len(CLASSES)
    assert np.ptp(unused) == 0
    assert trained.min() <= unused.min() < np.quantile(trained.max(axis=1), 0.001)


@pytest.mark.full
def test_rounding_is_far_below_the_margins(
    model: Any, logits: NDArray[np.float32], unseen: tuple[NDArray[np.float32], NDArray[np.int64]]
) -> None:
    """The logits in float32 are within 0.001 of those in float64, so that another order of sums hardly matters."""
    import copy

    import torch

    exact = copy.deepcopy(model).double()
    with torch.inference_mode():
        expected = exact(torch.from_numpy(unseen[0][:EXACT]).double()).numpy()
    assert np.abs(logits[:EXACT] - expected).max() < 1e-3
