"""How much memory does it take at most?"""

import pytest

from runoff.record.race import memory_curve


@pytest.mark.benchmark(group="peak-memory")
def test_peak_memory(record, outcome):
    """The kernel's high-water mark of resident memory, read by the worker itself; one value a launch."""
    record(
        unit="bytes",
        per_launch=lambda launch: [launch.peak],
        stages=lambda launch: launch.peaks,
        words=("less", "more"),
        medians={"anonymous": lambda launch: launch.anonymous},
        curve=memory_curve(outcome),
    )
