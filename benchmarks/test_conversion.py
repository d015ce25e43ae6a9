"""What converts, and where does it break?"""

import pytest


@pytest.mark.conversion
@pytest.mark.benchmark(group="conversion")
def test_conversion(converter, record_conversions):
    """Seconds that each conversion took which ran, and what came of every one that was tried."""
    record_conversions(converter)
