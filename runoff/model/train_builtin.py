"""Train the built-in checkpoint: batch norm and head only, on pictures that the project draws itself.

``python -m runoff.model.train_builtin --out runoff/model/builtin.npz`` made the file that is in the repository. The
convolutions stay random; see Frankle, Schwab, Morcos, "Training BatchNorm and Only BatchNorm: On the Expressive Power
of Random Features in CNNs", 2020. Needs torch and TorchVision.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from runoff.model import builtin
from runoff.model.drawings import CLASSES, draw
from runoff.model.preprocessing import preprocess
from runoff.model.resnet18 import IMAGENET
from runoff.model.state_dict import Array, hash_state_dict, load_state_dict, save_state_dict
from runoff.model.torchvision_import import import_torchvision

if TYPE_CHECKING:
    import torch

TRAINING_SEED = 1
HELD_OUT_SEED = 77
BATCH = 64

Pictures = NDArray[np.uint8]


@dataclass(frozen=True)
class Phase:
    """A stretch of training on pictures of 224×224 or half that; ``rate`` is the highest learning rate."""

    full_size: bool
    epochs: int
    rate: float


PHASES = (
    Phase(full_size=False, epochs=10, rate=5e-2),
    Phase(full_size=True, epochs=3, rate=1.5e-2),
    Phase(full_size=True, epochs=4, rate=2e-2),
)
GAIN_DECAY = 0.05  # keeps batch norm's gains small, and with them float32's rounding and INT8's
LABEL_SMOOTHING = 0.05


def main() -> None:
    """Draw the pictures, train, write the file; print its hash and its Top-1 on held-out pictures after each phase."""
    parser = argparse.ArgumentParser(description="Train the built-in checkpoint (15 to 30 minutes on two cores).")
    parser.add_argument("--out", type=Path, default=builtin.TRAINED_FILE, help="where the trained arrays go")
    parser.add_argument("--pictures", type=int, default=8000, help="how many pictures to train on")
    parser.add_argument("--held-out", type=int, default=2000, help="how many other pictures to test with")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="threads and processes to use")
    parser.add_argument("--cache", type=Path, help="a folder that keeps the drawn pictures for the next training")
    parser.add_argument("--done", type=int, default=0, help="continue --out, of which this many phases are done")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.cache or Path(temporary)
        training = drawn(options.pictures, TRAINING_SEED, folder, options.threads)
        held_out = drawn(options.held_out, HELD_OUT_SEED, folder, options.threads)
        train(training, held_out, options)


def say(line: str) -> None:
    """Print a line of progress at once."""
    print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)


def drawn(count: int, seed: int, folder: Path, processes: int) -> Pictures:
    """Draw pictures, preprocessed to 224×224, into a memory-mapped count×3×224×224 file; classes come in turn."""
    path = folder / f"drawn-{seed}-{count}.levels"
    shape = (count, 3, IMAGENET.crop, IMAGENET.crop)
    if not path.exists():
        say(f"drawing {count} pictures with seed {seed}")
        partial = path.with_suffix(".partial")
        pictures = np.memmap(partial, mode="w+", dtype=np.uint8, shape=shape)
        with ProcessPoolExecutor(processes) as pool:
            seeds = ((seed, index) for index in range(count))
            for index, picture in enumerate(pool.map(_draw_levels, seeds, chunksize=50)):
                pictures[index] = picture
        pictures.flush()
        partial.rename(path)
    return np.memmap(path, mode="r", dtype=np.uint8, shape=shape)


def _draw_levels(seed: tuple[int, int]) -> Pictures:
    """Draw one picture as `drawn_pictures` does and preprocess it, back in levels of 0 to 255 to save space."""
    picture = draw(seed[1] % len(CLASSES), np.random.RandomState(list(seed)))
    mean, deviation = statistics_of_channels()
    levels = (preprocess(picture, IMAGENET) * deviation + mean) * 255
    rounded: Pictures = np.rint(levels).astype(np.uint8)
    return rounded


def statistics_of_channels() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the mean and the deviation of the preprocessing, to be taken for each channel of C×H×W pixels."""
    mean, deviation = (np.array(each, np.float32).reshape(3, 1, 1) for each in (IMAGENET.mean, IMAGENET.deviation))
    return mean, deviation


def train(training: Pictures, held_out: Pictures, options: argparse.Namespace) -> None:
    """Train phase after phase, and write a complete checkpoint at the end of each."""
    import torch

    torch.manual_seed(TRAINING_SEED)
    torch.set_num_threads(options.threads)
    model = import_torchvision().models.resnet18(num_classes=len(CLASSES))
    kernels = {key: torch.from_numpy(array) for key, array in builtin.regenerate_convolutions().items()}
    model.load_state_dict(kernels, strict=False)
    if options.done:
        trained = {key.replace("head", "fc"): torch.from_numpy(a) for key, a in load_state_dict(options.out).items()}
        del trained["fc.unused"]
        model.load_state_dict(trained, strict=False)
    model = model.to(memory_format=torch.channels_last)
    for key, parameter in model.named_parameters():
        parameter.requires_grad = key not in kernels
    for number, phase in enumerate(PHASES[options.done :], start=options.done + 1):
        torch.manual_seed(TRAINING_SEED + number)
        train_phase(model, training if phase.full_size else halved(training), phase)
        settle_statistics(model, training[: 64 * BATCH])
        logits, labels = evaluate(model, held_out)
        say(f"phase {number}: Top-1 on {len(labels)} held-out pictures {(logits.argmax(1) == labels).mean():.2%}")
        arrays = trained_arrays(model, logits)
        save_state_dict(options.out, arrays)
        say(f'wrote {options.out}; BUILTIN_SHA256 = "{hash_state_dict(builtin.assemble(arrays))}"')


def trained_arrays(model: Any, logits: NDArray[np.float32]) -> dict[str, Array]:
    """Collect what `builtin.assemble` takes; N×classes ``logits`` tell where the unused ones should lie."""
    state = model.state_dict()
    keys = [f"{norm}.{name}" for norm, _ in builtin.batch_norms() for name in builtin.NORM_ARRAYS]
    arrays: dict[str, Array] = {key: state[key].numpy().copy() for key in keys}
    arrays |= {"head.weight": state["fc.weight"].numpy().copy(), "head.bias": state["fc.bias"].numpy().copy()}
    # What the lowest logit usually is: never Top-1, and it does not widen the range that INT8 has to cover.
    return arrays | {"head.unused": np.array(np.median(logits.min(axis=1)), dtype=np.float32)}


def train_phase(model: Any, pictures: Pictures, phase: Phase) -> None:
    """Train batch norm and head at one picture size, with a learning rate that rises and falls once."""
    import torch

    gains_and_head = [p for key, p in model.named_parameters() if p.requires_grad and key.endswith("weight")]
    biases = [p for key, p in model.named_parameters() if p.requires_grad and key.endswith("bias")]
    groups = [{"params": gains_and_head, "weight_decay": GAIN_DECAY}, {"params": biases, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=phase.rate)
    steps = phase.epochs * (len(pictures) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=phase.rate, total_steps=steps, pct_start=0.15)
    model.train()
    for epoch in range(phase.epochs):
        losses, right, seen = [], 0, 0
        for pixels, labels in shuffled(pictures):
            with torch.autocast("cpu", torch.bfloat16):
                logits = model(pixels)
            loss = torch.nn.functional.cross_entropy(logits.float(), labels, label_smoothing=LABEL_SMOOTHING)
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
            right += int((logits.argmax(1) == labels).sum())
            seen += len(labels)
        progress = f"{pictures.shape[-1]} pixels, epoch {epoch + 1} of {phase.epochs}"
        say(f"{progress}: loss {np.mean(losses):.3f}, Top-1 {right / seen:.2%}")


def halved(pictures: Pictures) -> Pictures:
    """Average 2×2 pixels, which makes training four times as fast."""
    small = np.empty((*pictures.shape[:2], IMAGENET.crop // 2, IMAGENET.crop // 2), dtype=np.uint8)
    for target, picture in zip(small, pictures, strict=True):
        blocks = picture.reshape(3, IMAGENET.crop // 2, 2, IMAGENET.crop // 2, 2)
        target[:] = np.rint(blocks.mean(axis=(2, 4), dtype=np.float32))
    return small


def shuffled(pictures: Pictures) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Give whole batches in random order, with random colours, as model input and labels."""
    import torch

    order = torch.randperm(len(pictures))
    for start in range(0, len(order) - BATCH + 1, BATCH):
        chosen = order[start : start + BATCH].numpy()
        levels = torch.from_numpy(pictures[chosen])
        channels = torch.stack([torch.randperm(3) for _ in chosen])
        levels = torch.gather(levels, 1, channels[:, :, None, None].expand_as(levels))
        negative = torch.randint(2, (len(chosen), 1, 1, 1), dtype=torch.uint8) * 255
        yield normalised((levels ^ negative).float()), torch.from_numpy(chosen % len(CLASSES))


def normalised(levels: torch.Tensor) -> torch.Tensor:
    """Turn levels of 0 to 255 into the model's input."""
    import torch

    mean, deviation = (torch.from_numpy(each) for each in statistics_of_channels())
    pixels = (levels / 255 - mean) / deviation
    return pixels.contiguous(memory_format=torch.channels_last)


def batch(pictures: Pictures, start: int) -> torch.Tensor:
    """Give the levels of the pictures from ``start`` on, at most one batch of them."""
    import torch

    # Copied: torch warns about memory that it may not write to.
    return torch.from_numpy(np.array(pictures[start : start + BATCH])).float()


def settle_statistics(model: Any, pictures: Pictures) -> None:
    """Replace batch norm's running statistics by plain averages at full size, in float32, with the final weights."""
    import torch

    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.reset_running_stats()
            module.momentum = None  # a plain average over all batches
    model.train()
    with torch.no_grad():
        for start in range(0, len(pictures), BATCH):
            model(normalised(batch(pictures, start)))


def evaluate(model: Any, pictures: Pictures) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return the N×classes logits of pictures in evaluation mode and float32, and their labels."""
    import torch

    model.eval()
    starts = range(0, len(pictures), BATCH)
    with torch.no_grad():
        logits = [model(normalised(batch(pictures, start))).numpy() for start in starts]
    return np.concatenate(logits), np.arange(len(pictures)) % len(CLASSES)


if __name__ == "__main__":
    main()
