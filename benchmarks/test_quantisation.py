"""What does reduced precision cost in agreement, and what latency does it buy?"""

import pytest

from runoff.judge.agreement import is_reduced
from runoff.record.quantisation import describe_quantisation


@pytest.mark.benchmark(group="quantisation")
def test_quantisation(contender, outcome, judged_race, record_figure):
    """Agreement and logit error on pictures it was not calibrated on, and the ratio to its backend in float32."""
    if outcome.quantisation is None:
        precision = outcome.contender.variant.precision
        lost = (
            "how close it is, is shown next to its agreement" if is_reduced(precision) else "there is nothing to lose"
        )
        pytest.skip(f"{contender} computes in {precision}: {lost}")
    record_figure(
        unit="logits",
        value=outcome.quantisation.rms_difference,
        record=describe_quantisation(outcome, judged_race),
    )
