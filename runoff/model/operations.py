"""What one inference takes: floating-point operations, and the numbers that it has to read and write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from runoff.contract import Model
from runoff.errors import NoAnswer
from runoff.files.values import from_json
from runoff.model.module.module import build_empty, build_module, example

DISTRIBUTIONS = ("torch", "torchvision")
COUNT_VERSION = 2
"""Goes up with every change of what is counted, so that it is counted anew."""
FUSED = ("BatchNorm2d", "Dropout", "Identity", "ReLU", "ReLU6")
"""Modules that runtimes compute within the layer before, or not at all: they read and write nothing of their own."""


@dataclass(frozen=True)
class Operations:
    """Of one inference: ``flop`` are its floating-point operations, ``padding`` those that multiply padding's zeros.

    The others are how many numbers pass through memory: ``weights`` are read once each, ``activations`` counted once
    as written by the layer that gives them and once as read by the next.
    """

    flop: int
    padding: int
    weights: int
    activations: int

    @property
    def needed(self) -> int:
        """The operations that have an effect: libraries leave out those with zeros around a picture."""
        return self.flop - self.padding


def count_operations(model: dict[str, Any]) -> dict[str, int]:
    """Count what one inference of a model takes, as JSON values; nothing is computed where torch's "meta" allows it.

    A multiply-accumulate is two operations, and only convolutions and matrix products are counted, as
    ``torch.utils.flop_counter`` does. Layers of ``FUSED`` and additions of shortcuts move no numbers of their own, so
    that the count is the least that a runtime layer by layer has to move. Raises NoAnswer for a model whose operations
    are of other kinds.
    """
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    counted = from_json(Model, model)
    made = (counted.source.architecture, counted.source.arguments)
    module = build_empty(*made) or build_module(*made)
    if recurrent := [type(layer).__name__ for layer in module.modules() if isinstance(layer, torch.nn.RNNBase)]:
        raise NoAnswer(f"convolutions and matrix products are counted, and not those within {recurrent[0]}")
    device = next((parameter.device for parameter in module.parameters()), torch.device("cpu"))
    examples = tuple(tensor.to(device) for tensor in example(counted))
    moved, padding = [0], [0]

    def note_moved(layer: Any, inputs: tuple[Any, ...], named: dict[str, Any], output: Any) -> None:
        passed = (*inputs, *named.values(), output)
        moved[0] += sum(each.numel() for each in passed if isinstance(each, torch.Tensor))

    def note_padding(layer: Any, inputs: tuple[Any, ...], named: dict[str, Any], output: Any) -> None:
        given = (*inputs, *named.values())[0]
        padding[0] += padding_operations(layer, given.shape, output.shape)

    for layer in module.modules():
        if not list(layer.children()) and type(layer).__name__ not in FUSED:
            layer.register_forward_hook(note_moved, with_kwargs=True)
        if isinstance(layer, torch.nn.Conv2d):
            layer.register_forward_hook(note_padding, with_kwargs=True)
    counter = FlopCounterMode(display=False)
    torch.backends.mha.set_fastpath_enabled(False)  # what it computes is not seen, in this process of its own
    with torch.inference_mode(), counter, sdpa_kernel(SDPBackend.MATH):
        module.eval()(*examples)
    if not counter.get_total_flops():
        raise NoAnswer("convolutions and matrix products are counted, and it has none")
    weights = sum(parameter.numel() for parameter in module.parameters())
    return {"flop": counter.get_total_flops(), "padding": padding[0], "weights": weights, "activations": moved[0]}


def padding_operations(layer: Any, of_input: Sequence[int], of_output: Sequence[int]) -> int:
    """Count the operations of a two-dimensional convolution that multiply zeros added around its input, NCHW."""
    inside = every = 1
    for axis in range(2):
        kernel, stride, dilation = (getattr(layer, name)[axis] for name in ("kernel_size", "stride", "dilation"))
        padding = {"valid": 0, "same": dilation * (kernel - 1) // 2}
        before = padding[layer.padding] if isinstance(layer.padding, str) else layer.padding[axis]
        places = [
            output * stride - before + tap * dilation for output in range(of_output[2 + axis]) for tap in range(kernel)
        ]
        every *= len(places)
        inside *= sum(0 <= place < of_input[2 + axis] for place in places)
    pairs: int = of_output[0] * layer.out_channels * layer.in_channels // layer.groups
    return 2 * pairs * (every - inside)
