"""The program that calls one function in a separate process: conversions, golden, whatever needs a framework.

Run as ``python -m runoff.processes.step`` by ``runoff.processes.process.call``.
"""

from __future__ import annotations

import importlib

from runoff.processes.channel import Channel, Message, run_program


def answer(channel: Channel, request: Message) -> None:
    """Call ``module:function`` with the arguments of a request and answer with its result."""
    module, _, function = request["function"].partition(":")
    channel.send({"result": getattr(importlib.import_module(module), function)(**request["arguments"])})


if __name__ == "__main__":
    run_program(answer)
