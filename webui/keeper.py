"""Keeps one worker process alive: prepares it, starts it, restarts it when it ends, and passes pictures to it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from functools import cache

from runoff.errors import FrameworkMissing, RunoffError, WorkerCrashed, WorkerFailed
from runoff.processes.channel import Message
from runoff.processes.process import Process

PREPARING = "preparing"
STARTING = "starting"
READY = "ready"
RESTARTING = "restarting"
UNAVAILABLE = "unavailable"
MISSING = "missing"
GONE = (UNAVAILABLE, MISSING)
SETTLED = (READY, *GONE)
WAITED_FOR = (STARTING, READY, RESTARTING)

MOST_FAILURES = 3
"""After so many starts in a row that failed a worker is called unavailable; it goes on being tried."""
MAX_BACKOFF = 300.0
"""Seconds between two tries at most."""
JOIN_TIMEOUT = 10.0
MOST_DOUBLINGS = 10
POLLS_PER_SECOND = 10
BEGIN_ANEW_SECONDS = 1.0
LATE_SECONDS = 5.0
"""A worker whose answer takes longer is not counted on: the largest pictures take two seconds."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Status:
    """How a worker is doing, as one value: its state, how often it was started again, its process where it is ready."""

    state: str
    restarts: int = 0
    process: Process | None = None


class NotReady(RunoffError):
    """A worker can't be asked now: it is not there yet, or others are being served.

    Remedy: ask again after a moment.
    """


class NotPrepared(RunoffError):
    """A worker's model or artifact is not available; the error's text is then the state of its keeper.

    Remedy: read the state that the page shows, and start the page again.
    """


class Keeper:
    """Owns one worker in a separate thread.

    The thread lives as long as the keeper: the kernel ends a worker together with the thread that started it
    (prctl(2), PR_SET_PDEATHSIG), so that no request may start one. ``start`` starts the worker's process, to which
    ``request`` is sent first. ``prepare`` makes what is sent after that, and may take minutes: it runs in that thread
    while the worker imports, and what it raises makes the worker unavailable for good. A keeper that comes ``after``
    another begins when that one is settled. Whatever ends what the thread does, it is logged and begun anew.
    """

    def __init__(
        self,
        label: str,
        start: Callable[[], AbstractContextManager[Process]],
        request: Message,
        *,
        start_timeout: float,
        prepare: Callable[[], Message] | None = None,
        after: Keeper | None = None,
    ) -> None:
        self.label = label
        self.status = Status(PREPARING if after else STARTING)
        self._start = start
        self._request = request
        self._prepare = cache(prepare) if prepare else None
        self._after = after
        self._start_timeout = start_timeout
        self._asked: float | None = None
        self._changed = threading.Condition()
        self._turn = threading.Lock()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"keeper of {label}", daemon=True)

    def open(self) -> None:
        """Begin to prepare and start the worker."""
        self._thread.start()

    def close(self) -> None:
        """End the worker and wait until it is gone."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(JOIN_TIMEOUT)

    def wait(self, states: tuple[str, ...], timeout: float | None) -> str:
        """Wait until the worker is in one of these states, or closing; return its state then."""
        with self._changed:
            self._changed.wait_for(lambda: self.status.state in states or self._closing.is_set(), timeout)
            return self.status.state

    def ask(self, command: Message, *, patience: float, timeout: float) -> Message:
        """Send one command and wait for the answer.

        A worker that is starting is waited for, one that is still being prepared is not: that may take minutes.
        Raises NotReady where the worker could not be asked within ``patience`` seconds, or a WorkerFailed where it was
        asked and gave no answer in ``timeout`` seconds: it is then ended and started anew.
        """
        until = time.monotonic() + patience
        if self.status.state in WAITED_FOR:
            self.wait(SETTLED, patience)
        if not self._turn.acquire(timeout=max(0.0, until - time.monotonic())):
            raise NotReady(f"{self.label} is answering others")
        try:
            status = self.status
            if status.process is None:
                raise NotReady(f"{self.label} is {status.state}")
            return self._ask(status.process, command, timeout)
        finally:
            self._turn.release()

    @property
    def answers(self) -> bool:
        """Whether the worker is there, has kept nobody waiting for long, and has the thread that starts it again."""
        begun = self._asked
        prompt = begun is None or time.monotonic() - begun < LATE_SECONDS
        return prompt and self.status.state == READY and self._thread.is_alive()

    def suspend(self) -> None:
        """Stop the worker, so that threads which spin after their work take nothing from the next runtime."""
        if process := self.status.process:
            with suppress(ChildProcessError):  # it has ended meanwhile, and is started anew
                process.suspend()

    def _ask(self, process: Process, command: Message, timeout: float) -> Message:
        """Ask for one answer; a worker that does not read the command in time is ended too."""
        watchdog = threading.Timer(timeout, process.popen.kill)
        watchdog.start()
        self._asked = time.monotonic()
        process.resume()  # it may be suspended: by us for another's turn, or by somebody else
        try:
            return process.ask(command, timeout)
        except RunoffError as error:  # whatever a worker says, it ends after it
            self._become(RESTARTING)
            if isinstance(error, WorkerFailed):
                raise
            raise WorkerCrashed(str(error)) from error
        finally:
            self._asked = None
            watchdog.cancel()

    def _become(self, state: str, process: Process | None = None, *, again: bool = False) -> None:
        """Replace the status as a whole: only a ready worker has a process that may be asked."""
        with self._changed:
            self.status = Status(state, self.status.restarts + again, process)
            self._changed.notify_all()

    def _run(self) -> None:
        """Keep the worker until the keeper is closed, whatever is raised meanwhile."""
        while not self._closing.is_set():
            try:
                self._keep()
                break
            except BaseException:  # SystemExit too, by which a thread would end in silence
                log.exception("the keeper of %s failed and starts again", self.label)
                self._become(RESTARTING)
                self._closing.wait(BEGIN_ANEW_SECONDS)

    def _keep(self) -> None:
        if self._after and self._after.wait(SETTLED, None) not in SETTLED:  # the page is being closed
            return
        failures = 0
        while not self._closing.is_set():
            try:
                self._serve()
                failures = 0
            except NotPrepared as error:
                self._become(str(error))
                return
            except Exception as error:  # noqa: BLE001 - whatever goes wrong costs one start, and never this thread
                failures += 1
                log.warning("%s did not start: %s", self.label, error, exc_info=not isinstance(error, RunoffError))
                if failures >= MOST_FAILURES:
                    self._become(UNAVAILABLE)
                self._closing.wait(min(MAX_BACKOFF, 2.0 ** min(failures, MOST_DOUBLINGS)))
        self._become(UNAVAILABLE)

    def _serve(self) -> None:
        """Start the worker once and stay with it until it ends."""
        with self._start() as process:
            process.send_first(self._request)
            if self._prepare:
                process.send(self._prepared(self._prepare))
            process.receive(self._start_timeout)
            self._become(READY, process)
            while self.status.process is process and process.popen.poll() is None:
                if self._closing.wait(1 / POLLS_PER_SECOND):
                    break
            else:
                log.warning("%s ended and is started again", self.label)
            with self._turn:  # whoever is still reading from it learns of its end before its pipes are closed
                self._become(RESTARTING, again=not self._closing.is_set())

    def _prepared(self, prepare: Callable[[], Message]) -> Message:
        """Prepare at the first start.

        Raises NotPrepared.
        """
        try:
            message = prepare()
        except NotPrepared:
            raise
        except FrameworkMissing as error:
            raise NotPrepared(MISSING) from error
        except Exception as error:
            log.warning("%s is not available: %s", self.label, error, exc_info=not isinstance(error, RunoffError))
            raise NotPrepared(UNAVAILABLE) from error
        if self.status.state == PREPARING:
            self._become(STARTING)
        return message
