"""The controller's end of a worker: start it fresh, talk to it with time-outs, suspend it, and always end it."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from runoff import errors
from runoff.errors import (
    ConversionFailed,
    ProtocolMismatch,
    RunoffError,
    WorkerCrashed,
    WorkerFailed,
    WorkerGarbage,
    WorkerKilled,
    WorkerTimedOut,
)
from runoff.processes.channel import PROTOCOL, Message
from runoff.processes.interruption import breakable
from runoff.processes.surroundings import ROOT, USUAL, Surroundings, process_variables
from runoff.processes.temporary import TEMPORARY, owned_folder

LONGEST_ANSWER = 64 * 1024 * 1024
HIGHEST_PRIORITY = -20
PROGRAM = """
import os, runpy, sys
sys.stdout.flush()
os.dup2({answers}, 1)
os.close({answers})
runpy.run_module({module!r}, run_name="__main__", alter_sys=True)
"""
"""What an interpreter runs: a module as ``python -m`` does, whose stdout is the pipe for answers from then on.

What prints before, as a ``sitecustomize`` of the user's may, prints to the log.
"""


@dataclass
class Process:
    """A running worker: ``label`` names it in errors, ``log`` is where everything it prints goes.

    ``answers`` is the pipe that its answers come out of.
    ``high_priority`` says whether it has the highest priority; ``tree`` is the checkout whose code it runs.
    """

    label: str
    popen: subprocess.Popen[bytes]
    answers: IO[bytes]
    spawned_ns: int
    log: Path
    high_priority: bool
    tree: Path = ROOT
    unread: bytearray = field(default_factory=bytearray)

    @property
    def stdin(self) -> IO[bytes]:
        """The pipe that requests go into."""
        assert self.popen.stdin is not None
        return self.popen.stdin

    def send(self, message: Message) -> None:
        """Send one request.

        Raises WorkerCrashed or WorkerKilled where the process has ended.
        """
        try:
            self.stdin.write(json.dumps(message).encode() + b"\n")
            self.stdin.flush()
        except BrokenPipeError:
            raise ended(self.label, self.popen.wait(), self.log) from None

    def send_first(self, message: Message) -> None:
        """Send the first request, with who asks in which protocol, and when the process was started."""
        self.send({"controller": os.getpid(), "protocol": PROTOCOL, "spawned_ns": self.spawned_ns, **message})

    def receive(self, timeout: float) -> Message:
        """Wait up to ``timeout`` seconds for one answer, asleep.

        Raises the named error that the worker sent, ProtocolMismatch, WorkerTimedOut, WorkerCrashed, WorkerKilled or
        WorkerGarbage. A signal that asks this process to end raises KeyboardInterrupt.
        """
        with breakable():
            line = self._read_line(timeout)
        try:
            message = json.loads(line)
        except ValueError:
            message = None
        if not isinstance(message, dict):
            shown = line[:120].decode(errors="replace").strip()
            raise WorkerGarbage(
                f"{self.label}: expected a JSON object from the worker, found {shown!r}; something that it "
                f"imports writes to the answers before Runoff does (log: {self.log})"
            )
        if message.get("protocol") != PROTOCOL:
            theirs = f"speaks protocol {message['protocol']}" if "protocol" in message else "is older than any protocol"
            raise ProtocolMismatch(
                f"{self.label}: the tree {self.tree} {theirs}, the tree {ROOT} speaks protocol {PROTOCOL}, and only "
                "trees of one protocol can race; rebase the older one onto a commit that has the newer one's protocol"
            )
        if "error" in message:
            raise named_error(self.label, message, self.log)
        return message

    def ask(self, message: Message, timeout: float) -> Message:
        """Send one request and wait for its answer."""
        self.send(message)
        return self.receive(timeout)

    def suspend(self) -> None:
        """Stop the worker and all that it started, so that spinning threads take nothing from the others."""
        self._signal(signal.SIGSTOP)
        if sys.platform.startswith("linux"):
            # The signal takes a moment to arrive; WNOWAIT leaves an exit for Popen to see.
            os.waitid(os.P_PID, self.popen.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def resume(self) -> None:
        """Let a suspended worker go on."""
        self._signal(signal.SIGCONT)

    def end(self) -> None:
        """Kill the worker and all that it started, suspended or not, and wait until it is gone."""
        self._signal(signal.SIGKILL)
        self.popen.wait()
        with suppress(BrokenPipeError):  # what could not be sent to an ended process is flushed once more on closing
            self.stdin.close()
        self.answers.close()

    def _signal(self, number: signal.Signals) -> None:
        # Our own child can't have its number reused before we wait for it, so no look-up is needed (psutil makes one).
        try:
            os.killpg(self.popen.pid, number)
        except ProcessLookupError:
            return

    def _read_line(self, timeout: float) -> bytes:
        poll = select.poll()
        poll.register(self.answers, select.POLLIN | select.POLLHUP)
        deadline = time.monotonic() + timeout
        while b"\n" not in self.unread:
            remaining = deadline - time.monotonic()
            if remaining <= 0 or not poll.poll(remaining * 1000):
                raise WorkerTimedOut(
                    f"{self.label}: no answer within {timeout:g} s, so the worker was ended; "
                    f"its log says why, if it knew: {self.log}"
                )
            chunk = os.read(self.answers.fileno(), 1 << 16)
            if not chunk:
                raise ended(self.label, self.popen.wait(), self.log)
            self.unread += chunk
            if len(self.unread) > LONGEST_ANSWER:
                raise WorkerGarbage(f"{self.label}: the worker's answer does not end; see {self.log}")
        line, _, rest = bytes(self.unread).partition(b"\n")
        self.unread = bytearray(rest)
        return line


def ended(label: str, code: int, log: Path) -> WorkerFailed:
    """Return the error for a process that ended with an exit code, which is negative where a signal ended it."""
    if code == -signal.SIGKILL:
        return WorkerKilled(
            f"{label}: killed by SIGKILL, which is what the kernel does when memory runs out; "
            "free memory, race fewer contenders (--contenders), or raise the container's limit"
        )
    if code < 0:
        return WorkerKilled(f"{label}: ended by {signal.Signals(-code).name}; see {log}")
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    last = lines[-1] if lines else "it printed nothing"
    return WorkerCrashed(f"{label}: the process ended by itself with exit code {code}: {last} (log: {log})")


def named_error(label: str, message: Message, log: Path) -> RunoffError:
    """Return the error that a process sent, by its name where it is one of Runoff's."""
    if "stage" in message:
        return ConversionFailed(message["stage"], message["reason"])
    kind: type[RunoffError] | None = getattr(errors, message["error"], None)  # another tree may have others
    if message.get("named") and kind is not None:
        return kind(message["message"])
    return WorkerCrashed(f"{label}: {message['error']}: {message['message']} (log: {log})")


@contextmanager
def started(module: str, *, label: str, log: Path, surroundings: Surroundings = USUAL) -> Iterator[Process]:
    """Run a tree's ``python -m module`` in a fresh process of its own session; it is ended when the block is left.

    It has a separate folder for temporary files: frameworks leave some that they would delete at an orderly end,
    which a worker does not come to. Raises WorkerCrashed where that folder or the log can't be made or the interpreter
    can't be started, ProtocolMismatch where the tree has no such module.
    """
    interpreter, tree = surroundings.interpreter, surroundings.tree
    if not tree.joinpath(*module.split(".")).with_suffix(".py").exists():
        raise ProtocolMismatch(
            f"{label}: the tree {tree} has no module {module}, which protocol {PROTOCOL} of the tree {ROOT} starts "
            "workers by; rebase the older one onto a commit that has the newer one's protocol"
        )
    with ExitStack() as stack:
        try:
            temporary = stack.enter_context(owned_folder(Path(tempfile.gettempdir()), TEMPORARY))
            log.parent.mkdir(parents=True, exist_ok=True)
            output = stack.enter_context(log.open("wb"))
        except OSError as error:
            raise WorkerCrashed(
                f"{label}: its log or its folder for temporary files can't be made ({error}); free space, make it "
                "writable, or name a writable folder in TMPDIR"
            ) from error
        receiving, sending = os.pipe()
        answers = stack.enter_context(os.fdopen(receiving, "rb"))
        spawned_ns = time.perf_counter_ns()
        try:
            popen = subprocess.Popen(
                [str(interpreter), "-c", PROGRAM.format(answers=sending, module=module)],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                cwd=tree,
                env=process_variables(surroundings) | {"TMPDIR": str(temporary)},
                pass_fds=(sending,),
                start_new_session=True,
            )
        except OSError as error:
            raise WorkerCrashed(f"{label}: can't start the interpreter {interpreter}: {error.strerror}") from error
        finally:
            os.close(sending)
        raised = surroundings.high_priority and raise_priority(popen.pid)
        process = Process(
            label=label,
            popen=popen,
            answers=answers,
            spawned_ns=spawned_ns,
            log=log,
            high_priority=raised,
            tree=tree,
        )
        stack.callback(process.end)
        if surroundings.cpus:
            keep_on(process, surroundings.cpus)
        yield process


def keep_on(process: Process, cpus: tuple[int, ...]) -> None:
    """Keep a process on these CPUs, before it has any other thread; raise WorkerCrashed where it can't be."""
    try:
        os.sched_setaffinity(process.popen.pid, cpus)
    except ProcessLookupError:
        pass  # it has ended already, which is told when it is asked
    except (OSError, ValueError) as error:
        raise WorkerCrashed(f"{process.label}: can't be kept on CPUs {', '.join(map(str, cpus))}: {error}") from error


def raise_priority(process: int) -> bool:
    """Put a process before all others (nice -20); return whether the system permitted it (root, or RLIMIT_NICE).

    Where the kernel groups tasks by session, niceness counts within the group only, and the group has a niceness of
    its own (sched(7), "The autogroup feature"). With one of two cores burnt by another process, ONNX Runtime's median
    here is 62 ms without this and 18 ms with it, as on the idle machine.
    """
    try:
        os.setpriority(os.PRIO_PROCESS, process, HIGHEST_PRIORITY)
        autogroup = Path(f"/proc/{process}/autogroup")
        if autogroup.exists():
            autogroup.write_text(str(HIGHEST_PRIORITY))
    except OSError:  # not permitted, or the process has already ended
        return False
    return True


def call(
    function: str, arguments: Message, *, label: str, log: Path, timeout: float, surroundings: Surroundings = USUAL
) -> Any:
    """Call ``module:function`` with JSON arguments in a separate process and return its JSON result.

    This is how the pytest process gets work done that needs a framework. Raises what the function raised, by name.
    """
    with started("runoff.processes.step", label=label, log=log, surroundings=surroundings) as process:
        process.send_first({"function": function, "arguments": arguments})
        return process.receive(timeout)["result"]
