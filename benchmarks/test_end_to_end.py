"""What does a service pay, from a picture's bytes to its answer?"""

import pytest

from runoff.record.service import same_answers


@pytest.mark.service("end_to_end")
@pytest.mark.benchmark(group="end-to-end")
def test_end_to_end(contender, record):
    """Decode, preprocess, infer, Top-5 with probabilities; one value a round, each round another picture."""
    record(
        unit="seconds",
        per_launch=lambda launch: launch.rounds,
        stages=lambda launch: launch.medians,
        medians={"share_before_inference": lambda launch: launch.share_before},
        same_answers=same_answers(record.judged, contender),
    )
