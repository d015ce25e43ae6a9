"""What share of the peak is reached and what bounds it: numbers and times made by hand, one real count."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runoff import kernels
from runoff.backends import find_backends
from runoff.contract import Variant, to_json
from runoff.environments.contenders import Contender
from runoff.kernels import CONVOLUTIONS, PRODUCTS, Shape, best_time, fastest
from runoff.measure.launches import Progress
from runoff.measure.peaks import Roof, measure_roof
from runoff.model.operations import Operations, count_operations, padding_operations
from runoff.model.resnet18 import FILE, resnet18
from runoff.record.efficiency import EfficiencyFigure, efficiency
from runoff.stored.details import StoredPeak
from runoff.stored.schema import write_record
from tests.builders.workers import Clock

MODEL = Operations(flop=5_000, padding=1_000, weights=50, activations=50)
ROOF = Roof(
    (
        StoredPeak("float32", 1_000.0, "slow", "product"),
        StoredPeak("float32", 2_000.0, "quick", "convolution"),
        StoredPeak("int8", 8_000.0, "quick", "convolution"),
    ),
    bytes_per_second=100.0,
    failures={},
)


def judged(precision: str, roof: Roof = ROOF) -> EfficiencyFigure | None:
    """Judge an inference of a contender of this precision that takes 4 s."""
    return efficiency(Contender("engine", Variant(precision=precision)), 4.0, MODEL, roof)


def test_a_share_is_taken_of_the_best_peak_in_its_own_precision():
    """5,000 operations less 1,000 in 4 s are 1,000 a second: half of float32's best peak, an eighth of int8's."""
    plain, quantised = (judged(precision) for precision in ("float32", "int8"))
    assert plain is not None
    assert quantised is not None
    assert (plain.efficiency.share, plain.value, plain.efficiency.peak.library) == (0.5, 2.0, "quick")
    assert (quantised.efficiency.share, quantised.value) == (0.125, 8.0)


def test_the_roofline_says_what_bounds_it():
    """At 4 bytes a number it does 10 operations a byte where 20 are balanced: memory-bound; at one byte 40 of 80."""
    plain = judged("float32").efficiency
    assert (plain.bound.by, plain.bound.intensity, plain.bound.balance) == ("memory", 10.0, 20.0)
    assert plain.bound.attainable == 1_000.0
    quick_memory = Roof(ROOF.peaks, 1_000.0, {})
    assert judged("float32", quick_memory).efficiency.bound.by == "compute"
    assert judged("float32", Roof(ROOF.peaks, None, {})).efficiency.bound is None


def test_a_precision_without_a_peak_has_no_share():
    """Nothing is invented: the share is absent with its reason, and without any peak there is nothing to say."""
    found = judged("bfloat16").efficiency
    assert found.share is None
    assert "bfloat16" in found.reason
    assert judged("float32", Roof((), 100.0, {})) is None


def test_what_is_stored_is_json():
    """Efficiencies are strict JSON values."""
    told = json.loads(json.dumps(write_record(judged("int8").efficiency), allow_nan=False))
    assert (told["flop"], told["padding_flop"], told["share"]) == (5_000, 1_000, 0.125)
    assert told["peak"]["library"] == "quick"


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


@pytest.mark.framework
@pytest.mark.parametrize(
    "settings",
    [
        {"kernel_size": 3, "padding": 1},
        {"kernel_size": 7, "padding": 3, "stride": 2},
        {"kernel_size": (3, 5), "padding": (2, 1), "dilation": (2, 1)},
        {"kernel_size": 3, "padding": 1, "groups": 2},
        {"kernel_size": 1},
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


@pytest.mark.framework
@pytest.mark.parametrize("library", ["pytorch", "onnxruntime", "openvino"])
def test_real_libraries_reach_more_in_int8_or_say_nothing(library, tmp_path):
    """Each library gives a peak in float32 and in int8, with kernels of the same shapes, and none of what it lacks."""
    # In processes of their own, as in a run: what a library sets there, such as the flushing of denormals, stays there.
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
