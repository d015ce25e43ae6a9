"""Is it right? A contender that is not is shown as wrong and never timed."""

import pytest

from runoff.environments.cpus import given_threads
from runoff.judge.busy import idle_words, too_few_busy, too_many_busy
from runoff.measure.preparation import SKIPPED, WRONG

pytestmark = pytest.mark.correctness


def test_converts_and_runs(contender, outcome):
    """The checkpoint converts, and the artifact loads and answers in a fresh process."""
    if outcome.status == SKIPPED:
        pytest.skip(f"{contender}: {outcome.reason}")
    if outcome.prediction is None:
        pytest.fail(f"{contender}: {outcome.status} at {outcome.stage}: {outcome.reason}", pytrace=False)


def test_holds_its_threads(contender, outcome, options):
    """The thread count that the framework reports is the one that was asked for, and about as many are busy."""
    require_prediction(outcome)
    assert outcome.prediction.threads == options.threads
    given, prediction = given_threads(options.threads), outcome.prediction
    assert (many := too_many_busy(prediction.busy, given.threads)) is None, f"{contender} keeps {many:.1f} threads busy"
    few = too_few_busy(prediction.ready, given)  # another program's share of the CPUs does not make threads idle
    assert few is None, f"{contender} keeps {few:.1f} threads busy; {idle_words(given)}"


def test_agrees_with_golden(contender, outcome, request):
    """Top-1 equals golden's on every image that golden is sure of (nearly, in reduced precision), or all numbers do."""
    require_prediction(outcome)
    if outcome.agreement is None:
        pytest.fail(f"{contender}: {outcome.reason}", pytrace=False)
    request.node.user_properties.append(("largest_difference", outcome.agreement.largest_difference))
    if outcome.status == WRONG:
        pytest.fail(f"{contender}: {outcome.reason}", pytrace=False)


def require_prediction(outcome):
    """Skip what can't be checked without logits; test_converts_and_runs says why there are none."""
    if outcome.prediction is None:
        stage = f" at {outcome.stage}" if outcome.stage else ""
        pytest.skip(f"{outcome.contender.id} gave no logits: {outcome.status}{stage}")
