"""What converts, and where does it break?"""

import pytest


@pytest.mark.conversion
@pytest.mark.benchmark(group="conversion")
def test_conversion(converter, record_conversions):
    """Seconds that every conversion took that was tried, to its end or failure, and what came of it."""
    record_conversions(converter)
