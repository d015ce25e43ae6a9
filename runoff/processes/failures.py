"""What a process said or how it ended, as a named error."""

from __future__ import annotations

import signal
from pathlib import Path

from runoff import errors
from runoff.errors import ConversionFailed, RunoffError, WorkerCrashed, WorkerFailed, WorkerKilled
from runoff.processes.channel import Message


def ended(label: str, code: int, log: Path) -> WorkerFailed:
    """Return the error for a process that ended with an exit code, which is negative where a signal ended it."""
    if code == -signal.SIGKILL:
        return WorkerKilled(
            f"{label}: killed by SIGKILL, which is what the kernel does when memory runs out; "
            "free memory, race fewer contenders (--contenders), or raise the container's limit"
        )
    if code < 0:
        return WorkerKilled(f"{label}: ended by {signal.Signals(-code).name}; see {log}")
    return WorkerCrashed(f"{label}: the process ended by itself with exit code {code}: {last_line(log)} (log: {log})")


def named_error(label: str, message: Message, log: Path) -> RunoffError:
    """Return the error that a process sent, by its name where it is one of Runoff's."""
    if "stage" in message:
        return ConversionFailed(message["stage"], message["reason"])
    kind: type[RunoffError] | None = getattr(errors, message["error"], None)  # another tree may have others
    if message.get("named") and kind is not None:
        return kind(message["message"])
    return WorkerCrashed(f"{label}: {message['error']}: {message['message']} (log: {log})")


def last_line(log: Path) -> str:
    """Return the last line of a log that says something."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "it printed nothing"
