"""The worker's end of LoadGen, with LoadGen imagined: which queries reach the session, and how it is set."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from runoff.errors import ContractBroken, WorkerFailed
from runoff.measure.loadgen import SERVER, SINGLE_STREAM, read_trace, run_scenario, scenario_settings
from runoff.measure.work import Work
from tests.conftest import SIGNATURE
from tests.fakes.fake import true_logits

LINE = '{{"name":"Sample","args":{{"sample_seq":{},"sample_idx":2,"issue_start_ns":{},"complete_ns":{}}}}},\n'
COMMAND = {
    "scenario": SINGLE_STREAM,
    "queries": 20,
    "seconds": 0.5004,
    "most_seconds": 2.5006,
    "seed": 9,
}


@pytest.fixture
def loadgen(monkeypatch):
    """Put an imagined LoadGen in its place, which issues two queries of two samples each and writes a trace."""
    noted = []

    def start(system, library, settings, logs):
        issue, flush = system
        noted.append(("start", settings, logs, flush(), library))
        for first in (0, 2):
            issue([SimpleNamespace(id=100 + index, index=index % 2) for index in (first, first + 1)])
        trace = LINE.format(0, 100, 300) + LINE.format(1, 300, 450)
        Path(logs.log_output.outdir, "mlperf_log_trace.json").write_text(trace)

    def library(samples, in_memory, load, unload):
        load([1, 2])
        unload([1, 2])
        noted.append(("library", samples, in_memory))
        return "library"

    module = SimpleNamespace(
        noted=noted,
        completed=[],
        TestSettings=SimpleNamespace,
        LogSettings=SimpleNamespace,
        LogOutputSettings=SimpleNamespace,
        TestScenario=SimpleNamespace(SingleStream="single", Server="server"),
        TestMode=SimpleNamespace(PerformanceOnly="performance"),
        ConstructSUT=lambda issue, flush: (issue, flush),
        ConstructQSL=library,
        StartTestWithLogSettings=start,
        DestroyQSL=lambda library: noted.append(("end", library)),
        DestroySUT=lambda system: noted.append(("end", len(system))),
        QuerySampleResponse=lambda number, data, size: (number, data, size),
    )
    module.QuerySamplesComplete = module.completed.extend
    monkeypatch.setitem(sys.modules, "mlperf_loadgen", module)
    return module


@pytest.fixture
def batches(images):
    """Give two batches of one picture each."""
    return [{"images": images[:1]}, {"images": images[1:2]}]


def session_of(run):
    """Make a session that runs like this and keeps its batches."""
    seen = []

    def noting(inputs):
        seen.append(inputs)
        return [run(len(seen), inputs["images"])]

    return SimpleNamespace(run=noting, seen=seen)


def run_on(session, batches, folder):
    """Run a scenario on a session."""
    return run_scenario(Work(session, batches[0], SIGNATURE, ""), batches, COMMAND | {"logs": str(folder)})


def test_every_query_runs_its_own_picture_and_is_answered(loadgen, batches, tmp_path):
    """After one run that nobody waits for, each query runs the picture that it names, and all are completed."""
    session = session_of(lambda number, batch: true_logits(batch))
    folder = tmp_path / "runs" / "deeper"
    answer = run_on(session, batches, folder)
    assert [next(place for place, own in enumerate(batches) if own is batch) for batch in session.seen] == [
        0,
        0,
        1,
        0,
        1,
    ]
    assert loadgen.completed == [(100, 0, 0), (101, 0, 0), (102, 0, 0), (103, 0, 0)]
    assert answer == {"latencies": [300, 450], "services": [200, 150]}
    (library, start, *ends) = loadgen.noted
    assert (library, ends) == (("library", 2, 2), [("end", "library"), ("end", 2)])
    _, settings, logs, _, offered = start
    assert offered == "library"
    assert settings.qsl_rng_seed == 9
    assert vars(logs.log_output) == {"outdir": str(folder), "copy_summary_to_stdout": False}
    assert logs.enable_trace is True


def test_a_folder_that_is_there_already_is_written_into(loadgen, batches, tmp_path):
    """A scenario that is run again has the same folder."""
    session = session_of(lambda number, batch: true_logits(batch))
    for _ in range(2):
        assert run_on(session, batches, tmp_path)["latencies"]


def test_a_session_that_raises_is_asked_no_more_and_loadgen_ends(loadgen, batches, tmp_path):
    """The first error is raised in the end, when every query has been completed, and no further query is run."""

    def run(number, batch):
        if number > 2:
            raise OverflowError(f"at {number}")
        return true_logits(batch)

    session = session_of(run)
    with pytest.raises(OverflowError, match="at 3"):
        run_on(session, batches, tmp_path)
    assert (len(session.seen), len(loadgen.completed)) == (3, 4)
    assert loadgen.noted[-2:] == [("end", "library"), ("end", 2)]


def test_an_output_of_more_rows_is_refused(loadgen, batches, tmp_path):
    """A session that gives two rows for one picture breaks the contract under load too."""
    session = session_of(lambda number, batch: np.concatenate([true_logits(batch)] * 2))
    with pytest.raises(ContractBroken, match="of 1 rows"):
        run_on(session, batches, tmp_path)


def test_a_trace_of_another_loadgen_is_refused(loadgen, batches, tmp_path, monkeypatch):
    """A trace in which no query is found is an error that says what to do."""
    monkeypatch.setattr("runoff.measure.loadgen.read_trace", lambda trace: {"latencies": [], "services": []})
    session = session_of(lambda number, batch: true_logits(batch))
    with pytest.raises(WorkerFailed) as caught:
        run_on(session, batches, tmp_path)
    assert str(caught.value) == (
        f"LoadGen's trace in {tmp_path} names no query that was answered; use a version that pyproject.toml allows"
    )


def test_a_single_stream_has_no_load(loadgen):
    """Its length, queries and seeds are set, and nothing of a server."""
    assert vars(scenario_settings(COMMAND)) == {
        "scenario": "single",
        "mode": "performance",
        "min_query_count": 20,
        "min_duration_ms": 500,
        "max_duration_ms": 2501,
        "qsl_rng_seed": 9,
        "sample_index_rng_seed": 9,
        "schedule_rng_seed": 9,
    }


def test_a_server_has_its_load_and_its_bound(loadgen):
    """Queries a second, the bound in nanoseconds and its quantile are set."""
    command = COMMAND | {"scenario": SERVER, "queries_per_second": 12.5, "bound": 0.1000000004, "quantile": 0.99}
    settings = scenario_settings(command)
    assert settings.scenario == "server"
    assert settings.server_target_qps == 12.5
    assert settings.server_target_latency_ns == 100_000_000
    assert settings.server_target_latency_percentile == 0.99


def test_the_trace_is_read_in_the_order_of_issue():
    """Queries that were answered out of order come as they were issued; waiting is in the latency, not the service."""
    trace = LINE.format(10, 100, 300) + '{"name":"Wait","ts":217,"dur":10104}\n' + LINE.format(9, 0, 200)
    assert read_trace(trace) == {"latencies": [200, 300], "services": [200, 200]}
    assert read_trace("") == {"latencies": [], "services": []}
