"""This machine's peak with its processes and clocks imagined: who is asked for what, and what is counted."""

from __future__ import annotations

from itertools import islice
from types import SimpleNamespace

import numpy as np
import pytest

from runoff.errors import WorkerCrashed
from runoff.kernels import PRODUCTS, Peak
from runoff.measure import peaks
from runoff.measure.launches import Progress
from runoff.measure.peaks import COPYING_SECONDS, PEAK_TIMEOUT, Roof, copying_speed, library_peak, measure_roof
from runoff.processes.surroundings import Surroundings
from runoff.stored.details import StoredPeak
from tests.builders.declarations import declared


def test_the_best_peak_of_a_precision_is_the_highest():
    """Libraries compete within a precision, and where none has one there is none."""
    slow, quick = StoredPeak("float32", 1.0, "slow", "a"), StoredPeak("float32", 2.0, "quick", "b")
    other = StoredPeak("int8", 9.0, "quick", "c")
    roof = Roof((slow, quick, other), None, {})
    assert (roof.peak("float32"), roof.peak("int8"), roof.peak("bfloat16")) == (quick, other, None)


def test_every_library_is_asked_in_every_precision_and_numpy_in_its_own(monkeypatch, tmp_path):
    """Each has a process of high priority with its own variables; what fails and what has no kernel gives no peak."""
    asked, steps = [], []

    def call(function, arguments, **named):
        asked.append((function, arguments, named))
        if named["label"] == "peak of broken, int8":
            raise WorkerCrashed("it ended")
        if "copying" in function:
            return 50.0
        return None if arguments["precision"] == "int8" else {"operations_per_second": 3.0, "kernel": "product"}

    monkeypatch.setattr(peaks, "call", call)
    backends = {
        "broken": declared("modules.broken", functions=("peak_kernels", "convert"), ENVIRONMENT={"A": "b"}),
        "unable": declared("modules.unable", functions=("convert",)),
        "sound": declared("modules.sound", functions=("peak_kernels",)),
    }
    progress = Progress(begin=lambda what, number: steps.append((what, number)), step=lambda: steps.append("step"))
    roof = measure_roof(backends, ["float32", "int8"], 3, logs=tmp_path, progress=progress)
    assert roof.peaks == tuple(
        StoredPeak(precision="float32", operations_per_second=3.0, library=name, kernel="product")
        for name in ("broken", "sound", "numpy")
    )
    assert roof.bytes_per_second == 50.0
    assert roof.failures == {"broken, int8": "WorkerCrashed: it ended"}
    assert steps == [("measuring this machine's peak", 6), *["step"] * 6]
    threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), "3")
    expected = [
        ("broken", "float32", {"A": "b"}),
        ("broken", "int8", {"A": "b"}),
        ("sound", "float32", {}),
        ("sound", "int8", {}),
        ("numpy", "float32", threads),
        ("numpy", "copying", {}),
    ]
    for (function, arguments, named), (library, what, variables) in zip(asked, expected, strict=True):
        module = "runoff.measure.peaks" if library == "numpy" else f"modules.{library}"
        given = {"module": module, "precision": what} if what != "copying" else {}
        assert function == f"runoff.measure.peaks:{'copying_speed' if what == 'copying' else 'library_peak'}"
        assert arguments == {**given, "threads": 3}
        assert named == {
            "label": f"peak of {library}, {what}",
            "log": tmp_path / f"peak-{library}-{what}.log",
            "timeout": PEAK_TIMEOUT,
            "surroundings": Surroundings(variables=variables, high_priority=True),
        }


def test_copying_that_fails_leaves_no_speed(monkeypatch, tmp_path):
    """Where memory could not be copied the speed is unknown, with its reason."""

    def fail(function, arguments, **named):
        raise WorkerCrashed("out of memory")

    monkeypatch.setattr(peaks, "call", fail)
    progress = Progress(begin=lambda what, number: None, step=lambda: None)
    roof = measure_roof({}, ["float32"], 2, logs=tmp_path, progress=progress)
    assert (roof.peaks, roof.bytes_per_second) == ((), None)
    assert roof.failures == dict.fromkeys(("numpy, float32", "numpy, copying"), "WorkerCrashed: out of memory")


def test_a_librarys_peak_is_its_fastest_kernel(monkeypatch):
    """The kernels of that precision and number of threads are tried, and the best is told as JSON values."""
    asked = []
    module = SimpleNamespace(peak_kernels=lambda *arguments: asked.append(arguments) or iter(("a kernel",)))
    monkeypatch.setattr(peaks, "import_backend", {"imagined": module}.get)
    monkeypatch.setattr(peaks, "fastest", lambda kernels: Peak(7.0, f"{next(kernels)}"))
    assert library_peak("imagined", "int8", 2) == {"operations_per_second": 7.0, "kernel": "a kernel"}
    assert asked == [("int8", 2)]


def test_a_library_without_a_kernel_has_no_peak(monkeypatch):
    """Where a backend yields no kernel in a precision, there is no peak."""
    monkeypatch.setattr(peaks, "import_backend", lambda name: SimpleNamespace(peak_kernels=lambda *asked: iter(())))
    assert library_peak("unable", "float32", 1) is None


def test_numpys_kernels_are_products_of_its_own_numbers():
    """Each yields a shape and multiplies two float32 matrices of it."""
    found = list(peaks.peak_kernels("float32", 1))
    assert [shape for shape, _ in found] == list(PRODUCTS)
    ((shape, run),) = islice(found, 1)
    result = run()
    assert (result.shape, result.dtype) == (shape.images, np.float32)
    assert 0.2 * shape.images[0] < float(result.mean()) < 0.3 * shape.images[0]  # of numbers between 0 and 1


@pytest.mark.parametrize("threads", [1, 3])
def test_copying_counts_bytes_read_and_written(monkeypatch, threads):
    """In the best of half a second all bytes were copied once, by as many threads, and count twice."""
    copied, asked = [], []

    def best_time(run, seconds):
        asked.append(seconds)
        run()
        return 0.25

    pools = []
    pool = peaks.ThreadPoolExecutor
    monkeypatch.setattr(peaks, "ThreadPoolExecutor", lambda size: pools.append(size) or pool(size))
    monkeypatch.setattr(peaks, "COPIED", 3000)
    monkeypatch.setattr(peaks, "best_time", best_time)
    monkeypatch.setattr(peaks.np, "copyto", lambda target, source: copied.append((target, source)))
    assert copying_speed(threads) == 2 * 3000 / 0.25
    assert (asked, pools) == ([COPYING_SECONDS], [threads])
    assert len(copied) == threads
    assert sum(target.nbytes for target, _ in copied) == 3000
    for target, source in copied:
        assert target.shape == source.shape
        assert (int(target[0]), int(source[0]), int(source[-1])) == (0, 1, 1)
        assert not np.shares_memory(target, source)
