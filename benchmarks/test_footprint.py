"""What does it cost to deploy?"""

import pytest


@pytest.mark.benchmark(group="footprint")
def test_footprint(outcome, record_figure, footprint):
    """Bytes on disk of the framework with all that it needs, and of the artifact; what others need too told apart."""
    taken = footprint(outcome)
    record_figure(unit="bytes", value=taken.total, record=taken)
