"""When fewer or more threads are busy than were given, from CPU time alone; topologies are simulated."""

from __future__ import annotations

import pytest

from runoff.judge.busy import Given, idle_words, too_few_busy, too_many_busy


@pytest.mark.parametrize(("busy", "found"), [([2.31], 2.31), ([2.3], None), ([0.9, 3.0, 9.0], 3.0), ([], None)])
def test_more_busy_threads_than_given_are_found_by_the_median(busy, found):
    """A framework's housekeeping has a third of a thread to spare."""
    assert too_many_busy(busy, 2) == found


@pytest.mark.parametrize(
    ("given", "busy", "found"),
    [
        pytest.param(Given(2, 2, 2), [0.97, 0.96], 0.97, id="one of two, by a limit"),
        pytest.param(Given(2, 2, 2), [1.69], None, id="two of which one waits at times"),
        pytest.param(Given(2, 2, 2), [0.6, 1.9], None, id="disturbed, but once not"),
        pytest.param(Given(2, 2, 2), [1.3], 1.3, id="just what half of them and housekeeping keep busy"),
        pytest.param(Given(4, 4, 4), [1.98], 1.98, id="half of four"),
        pytest.param(Given(4, 4, None), [2.5], None, id="more than half"),
        pytest.param(Given(1, 2, 2), [0.4], None, id="one is never too few"),
        pytest.param(Given(4, 1, 1), [1.0], None, id="one CPU for all"),
        pytest.param(Given(4, 2, 2), [1.98], None, id="no more CPUs than are busy"),
        pytest.param(Given(4, 2, 2), [1.02], 1.02, id="fewer than CPUs"),
        pytest.param(Given(4, 4, 2), [2.02], 2.02, id="a thread a core, of two each"),
        pytest.param(Given(3, 4, 2), [2.02], 2.02, id="a thread a core, of three on four CPUs"),
        pytest.param(Given(6, 8, 4), [4.1], 4.1, id="a thread a core, of six on eight CPUs"),
        pytest.param(Given(4, 8, 4), [3.9], None, id="no more threads than cores"),
        pytest.param(Given(4, 4, 2), [3.6], None, id="both threads of each core"),
        pytest.param(Given(2, 2, 2), [], None, id="nothing known"),
    ],
)
def test_clearly_fewer_busy_threads_than_given_are_found(given, busy, found):
    """What half of the threads, or one a core, could have done is too little; the best launch counts."""
    assert too_few_busy(busy, given) == found


def test_what_to_do_depends_on_the_cores():
    """Where CPUs share cores the way out is a thread a core; else something limits threads."""
    assert "race with --threads 4" in idle_words(Given(8, 8, 4))
    assert idle_words(Given(8, 8, 8)) == idle_words(Given(8, 8, None))
    assert idle_words(Given(8, 8, 8)) == (
        "the ratios are not on equal terms: unset what limits threads, such as OMP_THREAD_LIMIT (python -m runoff "
        "doctor lists it), stop other programs, or give fewer --threads, as for a model that has no work to share"
    )
