"""How many images a second, where many are at hand at once or arrive one by one?"""

import pytest

from runoff.service_records import batches_json


@pytest.mark.service("batches")
@pytest.mark.benchmark(group="throughput")
def test_throughput(contender, record):
    """Batches of 1 to 32 with all threads; one value a launch, seconds an image at the largest batch."""
    record(
        unit="seconds",
        per_launch=lambda launch: [launch.seconds_per_image],
        summaries={"batches": batches_json},
    )
