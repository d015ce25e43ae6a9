"""How fast the machine is: kernels whose times are made by hand, operations counted, one real count."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runoff import kernels
from runoff.arrays import Input
from runoff.backends import find_backends
from runoff.contract import OTHER, Model, Source
from runoff.errors import NoAnswer
from runoff.files.values import to_json
from runoff.kernels import CONVOLUTIONS, PRODUCTS, Shape, best_time, fastest
from runoff.measure.launches import Progress
from runoff.measure.peaks import measure_roof
from runoff.model.operations import count_operations, padding_operations
from runoff.model.sources.architecture import FILE
from tests.builders.models import resnet18
from tests.builders.workers import Clock


@pytest.fixture
def clock(monkeypatch) -> Clock:
    """Put a clock in the place of the one that kernels are timed with."""
    made = Clock()
    monkeypatch.setattr(kernels, "time", made)
    return made


def kernel(clock: Clock, milliseconds: Iterator[int]) -> Callable[[], object]:
    """Make a kernel whose runs take so long, one after the other."""

    def run() -> None:
        clock.now += next(milliseconds) * 1_000_000

    return run


def test_the_fastest_kernel_is_the_peak(clock):
    """Of two kernels of the same time, the one with more operations is the peak, in operations a second."""
    shapes = (Shape(name, (), (), operations) for name, operations in (("small", 10), ("large", 1_000)))
    found = fastest([(shape, kernel(clock, iter([5, 5]))) for shape in shapes], seconds=0.0)
    assert (found.kernel, found.operations_per_second) == ("large", pytest.approx(1_000 / 0.005))


@pytest.mark.parametrize(
    ("seconds", "best", "left"),
    [pytest.param(0.0, 0.05, [30, 40, 20], id="once at least"), pytest.param(0.1, 0.03, [20], id="until time is over")],
)
def test_a_kernel_is_repeated_and_the_shortest_time_counts(clock, seconds, best, left):
    """After a run that is not timed a kernel is repeated for so many seconds, once at least."""
    runs = iter([1, 50, 30, 40, 20])
    assert best_time(kernel(clock, runs), seconds) == pytest.approx(best)
    assert list(runs) == left


def test_operations_of_kernels_are_counted_as_multiplications_and_additions():
    """A product of n×n matrices takes 2n³ operations, a 3×3 convolution 18 for each pair of channels and pixel."""
    assert PRODUCTS[0].operations == 2 * PRODUCTS[0].images[0] ** 3
    channels, side = CONVOLUTIONS[0].images[1:3]
    assert CONVOLUTIONS[0].operations == 18 * channels**2 * (side - 2) ** 2


@pytest.mark.framework
def test_resnet18_is_counted_exactly():
    """TorchVision's ResNet-18 takes 1,814,073,344 multiply-accumulates at 224×224, as published, twice as many flop."""
    labels = tuple(map(str, range(1000)))
    model = resnet18("any", Path("none.npz"), "0" * 64, labels, FILE)
    counted = count_operations(to_json(model))
    assert counted["flop"] == 2 * 1_814_073_344
    assert counted["padding"] == 267_364_864
    assert counted["weights"] == 11_689_512
    assert counted["activations"] > 3 * 224 * 224


def counted_of(name, *inputs):
    """Count the operations of a factory's module."""
    arguments = {"inputs": [each.name for each in inputs], "wrapped": False}
    source = Source("factory", f"tests.stand_ins.factories:{name}", arguments)
    return count_operations(to_json(Model(name, "0" * 64, inputs, (), None, None, OTHER, source)))


@pytest.mark.framework
def test_an_encoder_is_counted_with_its_attention():
    """What torch computes in one piece is counted too: projections, both layers, and all pairs of places."""
    places, width, hidden = 5, 32, 64
    products = places * width * (3 * width + width + 2 * hidden) + 2 * places**2 * width
    assert counted_of("encoder", Input("tokens", (places, width)))["flop"] == 2 * products


@pytest.mark.framework
@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("recurrent", Input("series", (5, 8)), "not those within LSTM"),
        ("embedding", Input("tokens", (5,), "int64"), "it has none"),
        ("without_weights", Input("values", (4,)), "it has none"),
    ],
)
def test_what_can_not_be_counted_has_no_answer(name, given, words):
    """A share of the peak would be wrong, and is not given."""
    with pytest.raises(NoAnswer, match=words):
        counted_of(name, given)


@pytest.mark.framework
@pytest.mark.parametrize(
    "settings",
    [
        {"kernel_size": 3, "padding": 1},
        {"kernel_size": 7, "padding": 3, "stride": 2},
        {"kernel_size": (3, 5), "padding": (2, 1), "dilation": (2, 1)},
        {"kernel_size": 3, "padding": 1, "groups": 2},
        {"kernel_size": 1},
        {"kernel_size": (5, 3), "padding": "same", "dilation": (1, 2)},
        {"kernel_size": 3, "padding": "valid"},
    ],
)
def test_operations_with_padding_are_counted_as_a_convolution_of_ones_sums_them(settings):
    """Ones convolved with ones count the places inside the picture; all others are padding's."""
    torch = pytest.importorskip("torch")
    layer = torch.nn.Conv2d(4, 6, bias=False, **settings)
    torch.nn.init.ones_(layer.weight)
    with torch.inference_mode():
        output = layer(torch.ones(2, 4, 9, 7))
    every = 2 * output.numel() * layer.weight[0].numel()
    assert padding_operations(layer, (2, 4, 9, 7), output.shape) == every - 2 * int(output.sum())


@pytest.mark.full
@pytest.mark.framework
@pytest.mark.parametrize("library", ["onnxruntime", "openvino", "pytorch"])
def test_real_libraries_reach_more_in_int8_or_say_nothing(library, tmp_path):
    """Each library gives a peak in float32 and in int8, with kernels of the same shapes, and none of what it lacks."""
    # In separate processes, as in a run: what a library sets there, such as the flushing of denormals, stays there.
    backend = find_backends()[library]
    roof = measure_roof(
        {library: backend},
        ["float32", "int8", "float8"],
        1,
        logs=tmp_path,
        progress=Progress(begin=lambda what, steps: None, step=lambda: None),
    )
    assert roof.failures == {}
    reached = {peak.precision: peak.operations_per_second for peak in roof.peaks if peak.library == library}
    assert set(reached) == {"float32", "int8"}
    assert min(reached.values()) > 1e9


def test_this_process_computes_as_ieee_says():
    """No test before this one made this process flush denormals, which statistics and Hypothesis rely on."""
    assert sys.float_info.min / 2 > 0
