"""What the real neighbour costs stand-ins whose needs are known: ratios within one run, on any machine."""

from __future__ import annotations

import math

import pytest

from runoff.environments.cpus import two_sides
from runoff.judge.ratios import ratio_over_launches
from runoff.measure.service.neighbour import WHOLE_MEMORY, measure_neighbour, why_no_neighbour

pytestmark = [pytest.mark.full, pytest.mark.alone]


def test_who_reads_memory_suffers_and_who_computes_in_registers_does_not(make_setup, make_entrant):
    """Beside a neighbour that streams, reading 64 MiB takes 1.15 times as long or more, multiplying 1.05 or less."""
    if why_no_neighbour():
        pytest.skip("this machine allows one thread, so that there is no place for a neighbour")
    setup = make_setup(make_entrant("reads"), make_entrant("multiplies"), launches=5)
    measured = measure_neighbour(setup, two_sides(1), rounds=12)
    assert measured.failures == {}
    slowdowns = {
        key: ratio_over_launches([math.log(record.slowdown(WHOLE_MEMORY)) for record in records]).value
        for key, records in measured.records.items()
    }
    assert slowdowns["fake-reads"] >= 1.15, slowdowns
    assert slowdowns["fake-multiplies"] <= 1.05, slowdowns
