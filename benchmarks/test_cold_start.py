"""How long from nothing to the first answer, in a fresh process?"""

import pytest


@pytest.mark.benchmark(group="cold-start")
def test_cold_start(contender, record):
    """Interpreter, import, load and first correct inference, files in the page cache; one value a launch."""
    record(
        unit="seconds",
        per_launch=lambda launch: [launch.cold_start],
        stages=lambda launch: launch.durations,
    )
