"""How much of what this machine can do does it use?"""

import pytest


@pytest.mark.benchmark(group="efficiency")
def test_efficiency(efficient, record_figure):
    """Time of one inference as a multiple of the time that its operations take at the machine's measured peak.

    Operations are counted in the model as it is written, less those with padding's zeros; Winograd and fused kernels
    may do with still fewer.
    """
    record_figure(unit=efficient.unit, value=efficient.value, record=efficient.efficiency)
