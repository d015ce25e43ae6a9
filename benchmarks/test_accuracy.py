"""Is it still right on your own labelled pictures? By a rule that is fixed beforehand."""

import pytest

from runoff.judge.accuracy import WORSE

pytestmark = pytest.mark.accuracy


@pytest.mark.benchmark(group="accuracy")
def test_accuracy(contender, outcome, accuracies, record_answers):
    """The share of labelled pictures that it names wrong, and whether it is as good as golden on the same ones."""
    found = accuracies(outcome)
    record_answers(unit="share wrong", value=1 - found.top1.value, record=found)
    if found.drop.verdict == WORSE:
        pytest.fail(f"{contender} is worse than golden: its accuracy drops by more than --max-drop", pytrace=False)
