"""Train the built-in checkpoint: batch norm and head only, on pictures that the project draws itself.

``python -m runoff.model.train_builtin --out runoff/model/weights/builtin.npz`` made the file that is in the repository.
The convolutions stay random; see Frankle, Schwab, Morcos, "Training BatchNorm and Only BatchNorm: On the Expressive
Power of Random Features in CNNs", 2020. Needs torch, TorchVision and 4 GB of memory, in which all pictures are held.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from runoff.model.inputs.drawings import CLASSES, draw
from runoff.model.inputs.preprocessing import resized_crop
from runoff.model.module.torchvision_import import import_torchvision
from runoff.model.sources.architecture import IMAGENET
from runoff.model.weights import builtin
from runoff.model.weights.state_dict import Array, hash_state_dict, save_state_dict
from runoff.text.numbers import percent

if TYPE_CHECKING:
    import torch

TRAINING_SEED = 1
TRAINING_PICTURES = 8000
HELD_OUT_SEED = 77
HELD_OUT_PICTURES = 2000
BATCH = 64


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
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="threads and processes to use")
    options = parser.parse_args()
    training = draw_levels(TRAINING_PICTURES, TRAINING_SEED, options.threads)
    held_out = draw_levels(HELD_OUT_PICTURES, HELD_OUT_SEED, options.threads)
    train(training, held_out, options.out, options.threads)


def say(line: str) -> None:
    """Print a line of progress at once."""
    print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)


def draw_levels(count: int, seed: int, processes: int) -> NDArray[np.uint8]:
    """Draw count×3×224×224 levels of 0 to 255, as `drawn_pictures` does; classes come in turn."""
    say(f"drawing {count} pictures with seed {seed}")
    levels = np.empty((count, *IMAGENET.shape), dtype=np.uint8)
    with ProcessPoolExecutor(processes) as pool:
        seeds = ((seed, index) for index in range(count))
        for index, picture in enumerate(pool.map(_draw_picture, seeds, chunksize=50)):
            levels[index] = picture
    return levels


def _draw_picture(seed: tuple[int, int]) -> NDArray[np.uint8]:
    """Draw one picture and cut it to the model's input, 3×224×224, without normalising it."""
    picture = draw(seed[1] % len(CLASSES), np.random.RandomState(list(seed)))
    levels: NDArray[np.uint8] = np.asarray(resized_crop(picture, IMAGENET)).transpose(2, 0, 1)
    return levels


def train(training_levels: NDArray[np.uint8], held_out_levels: NDArray[np.uint8], out: Path, threads: int) -> None:
    """Train phase after phase, and write a complete checkpoint at the end of each."""
    import torch

    torch.manual_seed(TRAINING_SEED)
    torch.set_num_threads(threads)
    training, held_out = torch.from_numpy(training_levels), torch.from_numpy(held_out_levels)
    model = import_torchvision().models.resnet18(num_classes=len(CLASSES))
    kernels = {key: torch.from_numpy(array) for key, array in builtin.regenerate_convolutions().items()}
    model.load_state_dict(kernels, strict=False)
    model = model.to(memory_format=torch.channels_last)
    for key, parameter in model.named_parameters():
        parameter.requires_grad = key not in kernels
    for number, phase in enumerate(PHASES, start=1):
        torch.manual_seed(TRAINING_SEED + number)
        train_phase(model, training if phase.full_size else halved(training), phase)
        settle_statistics(model, training[: 64 * BATCH])
        logits, labels = evaluate(model, held_out)
        right = percent((logits.argmax(1) == labels).mean(), 2)
        say(f"phase {number}: Top-1 on {len(labels)} held-out pictures {right}")
        arrays = trained_arrays(model, logits)
        save_state_dict(out, arrays)
        say(f'wrote {out}; BUILTIN_SHA256 = "{hash_state_dict(builtin.assemble(arrays))}"')


def trained_arrays(model: Any, logits: NDArray[np.float32]) -> dict[str, Array]:
    """Collect what `builtin.assemble` takes; N×classes ``logits`` tell where the unused ones should lie."""
    state = model.state_dict()
    keys = [f"{norm}.{name}" for norm in builtin.batch_norms() for name in builtin.NORM_ARRAYS]
    arrays: dict[str, Array] = {key: state[key].numpy().copy() for key in keys}
    arrays |= {"head.weight": state["fc.weight"].numpy().copy(), "head.bias": state["fc.bias"].numpy().copy()}
    # What the lowest logit usually is: never Top-1, and it does not widen the range that INT8 has to cover.
    return arrays | {"head.unused": np.array(np.median(logits.min(axis=1)), dtype=np.float32)}


def train_phase(model: Any, levels: torch.Tensor, phase: Phase) -> None:
    """Train batch norm and head at one picture size, with a learning rate that rises and falls once."""
    import torch

    gains_and_head = [p for key, p in model.named_parameters() if p.requires_grad and key.endswith("weight")]
    biases = [p for key, p in model.named_parameters() if p.requires_grad and key.endswith("bias")]
    groups = [{"params": gains_and_head, "weight_decay": GAIN_DECAY}, {"params": biases, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=phase.rate)
    steps = phase.epochs * (len(levels) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=phase.rate, total_steps=steps, pct_start=0.15)
    model.train()
    for epoch in range(phase.epochs):
        losses, right, seen = [], 0, 0
        for pixels, labels in shuffled(levels):
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
        progress = f"{levels.shape[-1]} pixels, epoch {epoch + 1} of {phase.epochs}"
        say(f"{progress}: loss {np.mean(losses):.3f}, Top-1 {percent(right / seen, 2)}")


def halved(levels: torch.Tensor) -> torch.Tensor:
    """Average 2×2 pixels, which makes training four times as fast."""
    import torch

    pool = torch.nn.functional.avg_pool2d
    return torch.cat([pool(batch.float(), 2).round().byte() for batch in levels.split(BATCH)])


def shuffled(levels: torch.Tensor) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield whole batches in random order, with random colours, as model input and labels."""
    import torch

    order = torch.randperm(len(levels))
    for chosen in order[: len(order) // BATCH * BATCH].split(BATCH):
        batch = levels[chosen]
        channels = torch.stack([torch.randperm(3) for _ in chosen])
        batch = torch.gather(batch, 1, channels[:, :, None, None].expand_as(batch))
        negative = torch.randint(2, (len(chosen), 1, 1, 1), dtype=torch.uint8) * 255
        yield normalised(batch ^ negative), chosen % len(CLASSES)


def normalised(levels: torch.Tensor) -> torch.Tensor:
    """Turn levels of 0 to 255 into the model's input."""
    import torch

    mean, deviation = (torch.tensor(values).reshape(3, 1, 1) for values in (IMAGENET.mean, IMAGENET.deviation))
    pixels = (levels.float() / 255 - mean) / deviation
    return pixels.contiguous(memory_format=torch.channels_last)


def settle_statistics(model: Any, levels: torch.Tensor) -> None:
    """Replace batch norm's running statistics by plain averages at full size, in float32, with the final weights."""
    import torch

    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.reset_running_stats()
            module.momentum = None  # a plain average over all batches
    model.train()
    with torch.no_grad():
        for batch in levels.split(BATCH):
            model(normalised(batch))


def evaluate(model: Any, levels: torch.Tensor) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return the N×classes logits of pictures in evaluation mode and float32, and their labels."""
    import torch

    model.eval()
    with torch.no_grad():
        logits = [model(normalised(batch)).numpy() for batch in levels.split(BATCH)]
    return np.concatenate(logits), np.arange(len(levels)) % len(CLASSES)


if __name__ == "__main__":
    main()
