"""The worker's end of MLCommons LoadGen: one scenario against the session, and what each query took.

LoadGen issues queries from the calling thread, and a latency counts from the moment that a query was scheduled for. So
the session answers each query where it is issued: those that arrive meanwhile wait in line, first come, first served,
for the one session with all its threads, and their waiting is in their latency.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runoff.arrays import named
from runoff.errors import WorkerFailed

if TYPE_CHECKING:
    from runoff.arrays import Arrays
    from runoff.measure.work import Work
    from runoff.processes.channel import Message

SINGLE_STREAM = "SingleStream"
SERVER = "Server"
NANOSECONDS = 1_000_000_000
MILLISECONDS = 1_000

SAMPLE = re.compile(r'"sample_seq":(\d+),.*"issue_start_ns":(\d+),"complete_ns":(\d+)')
"""A query in LoadGen's trace; the file is not quite JSON."""


def run_scenario(work: Work, batches: Sequence[Arrays], command: Message) -> Message:
    """Run one scenario and return what `read_trace` does.

    LoadGen's logs, the trace that the latencies are read from among them, go into the folder that the command names.
    Raises whatever the session raised.
    """
    import mlperf_loadgen

    errors: list[Exception] = []

    def issue(queries: Sequence[Any]) -> None:
        for query in queries:
            try:
                if not errors:
                    named(work.session.run(batches[query.index]), work.signature, 1)
            except Exception as error:  # noqa: BLE001 - must not pass through LoadGen, which would end the process
                errors.append(error)
            mlperf_loadgen.QuerySamplesComplete([mlperf_loadgen.QuerySampleResponse(query.id, 0, 0)])

    def nothing(*_: object) -> None:
        """Leave alone what LoadGen offers to load, unload and flush: all examples are in memory."""

    work.session.run(batches[0])  # refills the caches that the other contenders emptied
    folder = Path(command["logs"])
    folder.mkdir(parents=True, exist_ok=True)
    system = mlperf_loadgen.ConstructSUT(issue, nothing)
    library = mlperf_loadgen.ConstructQSL(len(batches), len(batches), nothing, nothing)
    mlperf_loadgen.StartTestWithLogSettings(system, library, scenario_settings(command), log_settings(folder))
    mlperf_loadgen.DestroyQSL(library)
    mlperf_loadgen.DestroySUT(system)
    for error in errors:
        raise error
    answer = read_trace((folder / "mlperf_log_trace.json").read_text())
    if not answer["latencies"]:
        raise WorkerFailed(
            f"LoadGen's trace in {folder} names no query that was answered; use a version that pyproject.toml allows"
        )
    return answer


def scenario_settings(command: Message) -> Any:
    """Return LoadGen's settings of a performance run; every random order of it follows the command's seed."""
    import mlperf_loadgen

    settings = mlperf_loadgen.TestSettings()
    settings.scenario = getattr(mlperf_loadgen.TestScenario, command["scenario"])
    settings.mode = mlperf_loadgen.TestMode.PerformanceOnly
    settings.min_query_count = command["queries"]
    settings.min_duration_ms = round(command["seconds"] * MILLISECONDS)
    settings.max_duration_ms = round(command["most_seconds"] * MILLISECONDS)
    settings.qsl_rng_seed = settings.sample_index_rng_seed = settings.schedule_rng_seed = command["seed"]
    if command["scenario"] == SERVER:
        settings.server_target_qps = command["queries_per_second"]
        settings.server_target_latency_ns = round(command["bound"] * NANOSECONDS)
        settings.server_target_latency_percentile = command["quantile"]
    return settings


def log_settings(folder: Path) -> Any:
    """Send all that LoadGen writes into a folder, a trace of every query with it."""
    import mlperf_loadgen

    output = mlperf_loadgen.LogOutputSettings()
    output.outdir = str(folder)
    output.copy_summary_to_stdout = False
    settings = mlperf_loadgen.LogSettings()
    settings.log_output = output
    settings.enable_trace = True
    return settings


def read_trace(trace: str) -> dict[str, list[int]]:
    """Read LoadGen's trace, in nanoseconds by query in the order of their issue.

    ``latencies`` are from the moment that a query was scheduled for, ``services`` from when it was issued, which is
    when the session was free for it.
    """
    queries = sorted(tuple(map(int, numbers)) for numbers in SAMPLE.findall(trace))
    return {
        "latencies": [completed for _, _, completed in queries],
        "services": [completed - issued for _, issued, completed in queries],
    }
