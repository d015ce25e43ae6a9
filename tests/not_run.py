"""What a run of the tests left out: its last lines give the reasons, and the command that runs what was left out.

Where the variable CI is set, a skip that is not on the list of those that are allowed fails the run.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

import pytest

ALLOWED_IN_CI = (
    "a mount namespace takes root",
    "this machine allows one thread",
    "no other Python than",
    "the memory of this machine carries the streams of two CPUs at once",
)
"""How the reasons begin for which a test may be skipped where CI is set."""
KINDS = ("elsewhere", "full", "browser", "framework", "suite", "long", "alone")
"""The markers by which tests are left out, the one first that says most."""
MOST_PLACES = 3
NOT_RUN = "not_run"


def command(nodes: Sequence[str], *options: str) -> str:
    """Return the command that runs these tests: by their files, or by their folders where those are fewer to read."""
    files = dict.fromkeys(node.partition("::")[0] for node in nodes)
    folders = dict.fromkeys(str(PurePosixPath(file).parent) for file in files)
    places = next((found for found in (files, folders) if len(found) <= MOST_PLACES), ["tests"])
    return " ".join(["python -m pytest", *options, *sorted(places)])


class NotRun:
    """Collects what was skipped and what was left out, and says so in the end.

    A worker of pytest-xdist hands what only it knows to the process that writes the summary.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.skipped: dict[str, list[str]] = {}
        self.left_out: dict[str, list[str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a test that was skipped; one that was expected to fail was run."""
        if report.skipped and not hasattr(report, "wasxfail"):
            self.note_skip(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a file that was skipped as a whole."""
        if report.skipped:
            self.note_skip(report)

    def note_skip(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        """Note what was skipped by its reason."""
        assert isinstance(report.longrepr, tuple)
        reason = report.longrepr[2].removeprefix("Skipped: ")
        self.skipped.setdefault(reason, []).append(report.nodeid)

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Note what was left out by its kind, or by the options that left it out."""
        for item in items:
            marked = [kind for kind in KINDS if item.get_closest_marker(kind) and self.config.option.markexpr]
            kind = next(iter(marked), "")
            self.left_out.setdefault(kind, []).append(item.nodeid)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what a worker of pytest-xdist left out, which every one of them did alike."""
        told = getattr(node, "workeroutput", {}).get(NOT_RUN)
        if told:
            self.left_out = told["left out"]
            self.skipped |= {reason: nodes for reason, nodes in told["files"].items() if reason not in self.skipped}

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail a run in CI that skipped what may not be skipped there."""
        if hasattr(self.config, "workeroutput"):
            files = {
                reason: [node for node in nodes if "::" not in node]
                for reason, nodes in self.skipped.items()
                if any("::" not in node for node in nodes)
            }
            self.config.workeroutput[NOT_RUN] = {"left out": self.left_out, "files": files}
        elif session.exitstatus == pytest.ExitCode.OK and self.refused():
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def refused(self) -> list[str]:
        """Return the reasons to skip that are not allowed here."""
        return [reason for reason in self.skipped if os.environ.get("CI") and not reason.startswith(ALLOWED_IN_CI)]

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Write what was not run, and how to run it."""
        lines = [*self.lines()]
        if not lines:
            return
        terminalreporter.section("not run")
        for line in lines:
            terminalreporter.write_line(line)

    def lines(self) -> list[str]:
        """Return what was not run: its number, the reason, and the command on a separate line."""
        lines = []
        for reason, nodes in self.skipped.items():
            forbidden = " (not allowed where CI is set)" if reason in self.refused() else ""
            lines += [f"{len(nodes)} skipped{forbidden}: {reason}", f"    {command(nodes)}"]
        for kind, nodes in self.left_out.items():
            reason = f"the marker {kind!r}" if kind else "-m, -k or --deselect"
            options = ["-m", kind] if kind else []
            lines += [f"{len(nodes)} left out by {reason}", f"    {command(nodes, *options)}"]
        return lines
