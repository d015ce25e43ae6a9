"""The worker's end of the conversation with its controller: JSON lines in by stdin, out by a private copy of stdout.

Standard library only: this runs in every environment, before anything is timed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any

Message = dict[str, Any]

PROTOCOL = 10
"""The number of what controller and worker say to each other, which may be of two trees.

Raise it with every change of a message: the start request and its answer, the commands, a model's JSON, what a
backend declares, and the functions called by name in another tree (``artifacts:convert``, ``backends:declare``).
"""


@dataclass(frozen=True)
class Channel:
    """Where requests come from and answers go."""

    requests: IO[bytes]
    answers: IO[bytes]

    def receive(self) -> Message | None:
        """Wait for the next request; None when the controller is gone."""
        line = self.requests.readline()
        if not line:
            return None
        message: Message = json.loads(line)
        return message

    def receive_start(self) -> Message | None:
        """Wait for the first request and tie this process's life to its controller's; None when that is gone.

        A controller that speaks another protocol is told ours and nothing else: its request can't be understood.
        """
        request = self.receive()
        if request is None:
            return None
        die_with_controller(request["controller"])
        if request.get("protocol") != PROTOCOL:
            self.send({})
            os._exit(1)
        return request

    def send(self, message: Message) -> None:
        """Send one answer; what was printed before it is in the log by then, since the controller may end us next."""
        sys.stdout.flush()
        self.answers.write(json.dumps({"protocol": PROTOCOL, **message}).encode() + b"\n")
        self.answers.flush()

    def send_error(self, error: BaseException) -> None:
        """Send an error by its name; the traceback goes to the log."""
        # Imported late: only a worker that fails needs it.
        from runoff.errors import ConversionFailed, FrameworkMissing, RunoffError

        traceback.print_exception(error)
        if isinstance(error, ModuleNotFoundError) and error.name == "numpy":
            remedy = f"{sys.executable} -m pip install numpy"
            error = FrameworkMissing(
                f"numpy, which every worker needs, is not installed for {sys.executable}; {remedy}"
            )
        answer: Message = {
            "error": type(error).__name__,
            "message": str(error),
            "named": isinstance(error, RunoffError),
        }
        if isinstance(error, ConversionFailed):
            answer |= {"stage": error.stage, "reason": error.reason}
        self.send(answer)


def open_channel() -> Channel:
    """Take stdin and stdout for the conversation and point stdout at the log.

    Frameworks print to stdout from Python and from C; after this, what they print lands in the log (stderr) and
    can't be mistaken for an answer.
    """
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return Channel(requests=sys.stdin.buffer, answers=answers)


def run_program(serve: Callable[[Channel, Message], None]) -> None:
    """Serve one controller, then leave without the frameworks' own tear-down; what goes wrong is sent by its name."""
    channel = open_channel()
    request = channel.receive_start()
    if request is None:
        return
    try:
        serve(channel, request)
    except Exception as error:  # noqa: BLE001 - whatever a framework raises is a result, with its traceback in the log
        channel.send_error(error)
        os._exit(1)
    os._exit(0)


def die_with_controller(controller: int) -> None:
    """Ask the kernel to kill this process when its controller ends, suspended or not (Linux: prctl(2)).

    End of input on stdin ends a running worker everywhere; only this reaches a suspended one.
    """
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    set_parent_death_signal = 1
    ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)
    if os.getppid() != controller:
        os._exit(1)
