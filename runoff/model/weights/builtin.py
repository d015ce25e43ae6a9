"""The checkpoint that needs no download: random convolutions from a frozen seed, everything else from a small file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from runoff.errors import CheckpointBroken
from runoff.model.inputs.drawings import CLASSES
from runoff.model.weights.state_dict import Array, hash_state_dict, load_state_dict

LOGITS = 1000
SEED = 20200229
TRAINED_FILE = Path(__file__).with_name("builtin.npz")
BUILTIN_SHA256 = "f5650c1acb7371036ad63587f1c04fb9f40e204556ec2a01b2d046fa866cdf39"
"""The hash of the expanded state dict; ``python -m runoff.model.train_builtin`` prints it."""


def expand_builtin() -> dict[str, Array]:
    """Make the built-in checkpoint: every key of TorchVision's ``resnet18`` state dict, in its order, with 1000 logits.

    The result is the same on every machine, bit by bit. The first logits are the drawn classes; the others have zero
    weights and one shared bias. Raises ``CheckpointBroken`` where the result is not the published one.
    """
    arrays = assemble(load_state_dict(TRAINED_FILE))
    found = hash_state_dict(arrays)
    if found != BUILTIN_SHA256:
        raise CheckpointBroken(
            f"The built-in checkpoint made from {TRAINED_FILE} has hash {found}, expected {BUILTIN_SHA256}. "
            "Restore the file and runoff/model/weights/builtin.py from the same version of Runoff."
        )
    return arrays


def builtin_labels() -> tuple[str, ...]:
    """Name each of the 1000 logits: the drawn classes, then ``unused 25`` and so on."""
    return (*CLASSES, *(f"unused {index}" for index in range(len(CLASSES), LOGITS)))


def assemble(trained: dict[str, Array]) -> dict[str, Array]:
    """Join the trained arrays with the regenerated convolutions and the unused rows of the head.

    ``trained`` holds four arrays per batch norm under their state-dict keys, ``head.weight`` (classes×512),
    ``head.bias`` (classes) and ``head.unused`` (one bias). Raises ``CheckpointBroken`` where one is missing.
    """
    expected = {f"{norm}.{name}" for norm in batch_norms() for name in NORM_ARRAYS} | HEAD_ARRAYS
    if set(trained) != expected:
        different = ", ".join(sorted(expected ^ set(trained))[:4])
        raise CheckpointBroken(
            f"{TRAINED_FILE} should hold {len(expected)} arrays, found {len(trained)}; different: {different}. "
            "Restore the file, or train it again with python -m runoff.model.train_builtin."
        )
    arrays: dict[str, Array] = {}
    for (key, kernels), norm in zip(regenerate_convolutions().items(), batch_norms(), strict=True):
        arrays[key] = kernels
        arrays |= {f"{norm}.{name}": trained[f"{norm}.{name}"] for name in NORM_ARRAYS}
        arrays[f"{norm}.num_batches_tracked"] = np.zeros((), dtype=np.int64)
    unused = LOGITS - len(trained["head.bias"])
    arrays["fc.weight"] = np.concatenate([trained["head.weight"], np.zeros((unused, 512), dtype=np.float32)])
    arrays["fc.bias"] = np.concatenate([trained["head.bias"], np.full(unused, trained["head.unused"])])
    return arrays


NORM_ARRAYS = ("weight", "bias", "running_mean", "running_var")
HEAD_ARRAYS = {"head.weight", "head.bias", "head.unused"}


def convolutions() -> list[tuple[str, tuple[int, int, int, int]]]:
    """Name every convolution of ResNet-18 with its weight's shape (out, in, height, width), in state-dict order."""
    layers: list[tuple[str, tuple[int, int, int, int]]] = [("conv1", (64, 3, 7, 7))]
    before = 64
    for layer, width in enumerate((64, 128, 256, 512), start=1):
        for block in range(2):
            layers.append((f"layer{layer}.{block}.conv1", (width, before, 3, 3)))
            layers.append((f"layer{layer}.{block}.conv2", (width, width, 3, 3)))
            if before != width:
                layers.append((f"layer{layer}.{block}.downsample.0", (width, before, 1, 1)))
            before = width
    return layers


def batch_norms() -> list[str]:
    """Name the batch norm that follows each convolution, in state-dict order."""
    return [name.replace("downsample.0", "downsample.1").replace("conv", "bn") for name, _ in convolutions()]


def regenerate_convolutions() -> dict[str, NDArray[np.float32]]:
    """Make the frozen random convolution weights, under their state-dict keys.

    Scaled to the variance 2 / (in × height × width) of He et al., "Delving Deep into Rectifiers", 2015. Everything is
    made from ``RandomState.random_sample``, which is 53 exact bits from a stream that numpy promises never to change,
    by float64 additions, multiplications, divisions and square roots, each of which IEEE 754 rounds in one way only.
    Normal samples are avoided: they pass through a logarithm whose last bit depends on the machine's library.
    """
    random = np.random.RandomState(SEED)
    kernels = {}
    for name, shape in convolutions():
        weights = _smooth_kernels(shape, random) if name == "conv1" else _heavy_tailed(shape, random)
        kernels[f"{name}.weight"] = (weights * np.sqrt(2.0 / (shape[1] * shape[2] * shape[3]))).astype(np.float32)
    return kernels


def _heavy_tailed(shape: tuple[int, ...], random: np.random.RandomState) -> NDArray[np.float64]:
    """Draw values of variance 1 that are mostly small: fifth powers of uniform ones.

    Each channel then depends on few others, so that batch norm, which only scales and shifts, has more to choose from.
    """
    uniform: NDArray[np.float64] = 2.0 * random.random_sample(shape) - 1.0
    values: NDArray[np.float64] = uniform * uniform * uniform * uniform * uniform * np.sqrt(11.0)
    return values


def _smooth_kernels(shape: tuple[int, int, int, int], random: np.random.RandomState) -> NDArray[np.float64]:
    """Draw kernels of mean square 1 that see edges and lines rather than noise.

    Random cubic polynomials under a window that falls to zero just outside, each with its own random colour.
    """
    outputs, colours, side, _ = shape
    line = (np.arange(side) - (side - 1) / 2) / ((side + 1) / 2)
    x, y = line[None, :], line[:, None]
    one = np.ones((side, side))
    kernels = np.zeros(shape)
    colour = 2.0 * random.random_sample((outputs, colours, 1, 1))
    for power in (one, x, y, x * x, x * y, y * y, x * x * x, x * x * y, x * y * y, y * y * y):
        basis = (1 - x * x) * (1 - y * y) * power
        basis = basis / np.sqrt(_sum(basis * basis))
        kernels += (2.0 * random.random_sample((outputs, 1, 1, 1)) - 1.0) * basis
    coloured: NDArray[np.float64] = kernels * colour
    scaled: NDArray[np.float64] = coloured / np.sqrt(_sum(coloured * coloured) / coloured.size)
    return scaled


def _sum(values: NDArray[np.float64]) -> float:
    """Add up values in a fixed order: numpy's own sum adds in an order that depends on the machine's vector width."""
    total = 0.0
    for value in values.ravel().tolist():
        total += value
    return total
