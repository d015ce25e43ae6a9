"""What does a neighbour cost, who takes memory or computes on the other half of the machine?"""

import pytest

from runoff.judge.ratios import LESS, MORE
from runoff.measure.service.neighbour import WHOLE_MEMORY
from runoff.record.service import neighbour_cost


@pytest.mark.service("neighbour")
@pytest.mark.benchmark(group="neighbour")
def test_neighbour(contender, record):
    """Batch 1 on half of the CPUs; one value a launch, times as long beside a neighbour that streams through memory."""
    record(
        unit="× time alone",
        per_launch=lambda launch: [launch.slowdown(WHOLE_MEMORY)],
        summaries={"neighbour": neighbour_cost},
        words=(LESS, MORE),
    )
