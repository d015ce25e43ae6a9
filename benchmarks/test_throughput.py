"""How many images a second, where many are at hand at once, or where queries come one by one?"""

import pytest

from runoff.record.service import (
    batches,
    highest_load,
    latencies_near_it,
    loads,
    parallel,
    single_stream,
    single_stream_p90,
)


@pytest.mark.service("batches")
@pytest.mark.benchmark(group="throughput")
def test_throughput(contender, record):
    """Batches of 1 to 32 with all threads; one value a launch, seconds an image at the largest batch."""
    record(
        unit="seconds",
        per_launch=lambda launch: [launch.seconds_per_image],
        summaries={"batches": batches},
    )


@pytest.mark.service("parallel")
@pytest.mark.benchmark(group="parallel")
def test_parallel_sessions(contender, record):
    """As many single-threaded sessions as there are threads, at once; one value a launch, seconds an image."""
    record(
        unit="seconds",
        per_launch=lambda launch: [1 / launch.together],
        summaries={"parallel": parallel},
    )


@pytest.mark.service("load")
@pytest.mark.benchmark(group="single-stream")
def test_single_stream(contender, record, loadgen):
    """LoadGen's SingleStream: each query comes when the one before is answered; one p90 latency a launch."""
    record(
        unit="seconds",
        per_launch=lambda launch: [single_stream_p90(launch)],
        summaries={"percentiles": single_stream},
        loadgen=loadgen,
    )


@pytest.mark.service("highest_load")
@pytest.mark.benchmark(group="server")
def test_server(contender, record, loadgen):
    """LoadGen's Server, Poisson arrivals; one value a launch, seconds a query at the highest load within the bound."""
    record(
        unit="seconds",
        per_launch=lambda launch: [1 / launch.load],
        summaries={
            "percentiles": latencies_near_it,
            "highest_load": highest_load,
            "loads": loads,
        },
        loadgen=loadgen,
    )
