"""What do more threads buy?"""

import pytest

from runoff.record.service import scaling


@pytest.mark.service("scaling")
@pytest.mark.benchmark(group="threads")
def test_threads(contender, record):
    """Batch 1 on one thread, on all, and on powers of two between; one value a round, that of one thread."""
    record(
        unit="seconds",
        per_launch=lambda launch: launch.rounds[1],
        summaries={"scaling": scaling},
    )
