"""How long does one inference take, once everything is warm?"""

import pytest

from runoff.record.race import round_percentiles


@pytest.mark.benchmark(group="inference")
def test_inference(contender, record):
    """Batch 1, float32 numpy in, logits in numpy out; one value a round."""
    record(
        unit="seconds",
        per_launch=lambda launch: launch.rounds,
        medians={"busy_threads": lambda launch: launch.busy_threads},
        summaries={"percentiles": round_percentiles},
    )
