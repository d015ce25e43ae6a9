"""How many images a second, where many are at hand at once, or where queries come one by one?"""

import pytest

from runoff.record.service import (
    batches_json,
    highest_load_json,
    latencies_near_it_json,
    loads_json,
    parallel_json,
    seconds_per_query,
    single_stream_json,
    single_stream_p90,
)


@pytest.mark.service("batches")
@pytest.mark.benchmark(group="throughput")
def test_throughput(contender, record):
    """Batches of 1 to 32 with all threads; one value a launch, seconds an image at the largest batch."""
    record(
        unit="seconds",
        per_launch=lambda launch: [launch.seconds_per_image],
        summaries={"batches": batches_json},
    )


@pytest.mark.service("parallel")
@pytest.mark.benchmark(group="parallel")
def test_parallel_sessions(contender, record):
    """As many single-threaded sessions as there are threads, at once; one value a launch, seconds an image."""
    record(
        unit="seconds",
        per_launch=lambda launch: [1 / launch.together],
        summaries={"parallel": parallel_json},
    )


@pytest.mark.service("load")
@pytest.mark.benchmark(group="single-stream")
def test_single_stream(contender, record, loadgen):
    """LoadGen's SingleStream: each query comes when the one before is answered; one p90 latency a launch."""
    record(
        unit="seconds",
        per_launch=lambda launch: [single_stream_p90(launch)],
        summaries={"percentiles": single_stream_json},
        loadgen=loadgen,
    )


@pytest.mark.service("highest_load")
@pytest.mark.benchmark(group="server")
def test_server(contender, record, loadgen):
    """LoadGen's Server, Poisson arrivals; one value a launch, seconds a query at the highest load within the bound."""
    record(
        unit="seconds",
        per_launch=lambda launch: [seconds_per_query(launch)],
        summaries={
            "percentiles": latencies_near_it_json,
            "highest_load": highest_load_json,
            "loads": loads_json,
        },
        loadgen=loadgen,
    )
