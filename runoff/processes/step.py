"""The program that calls one function in a process of its own: conversions, golden, whatever needs a framework.

Run as ``python -m runoff.processes.step`` by ``runoff.processes.process.call``.
"""

from __future__ import annotations

import importlib
import os

from runoff.processes.channel import open_channel


def main() -> None:
    """Receive ``module:function`` and its arguments, answer with its result or its error."""
    channel = open_channel()
    request = channel.receive_start()
    if request is None:
        return
    module, _, function = request["function"].partition(":")
    try:
        result = getattr(importlib.import_module(module), function)(**request["arguments"])
    except Exception as error:  # noqa: BLE001 - crosses to the controller by name, with its traceback in the log
        channel.send_error(error)
        os._exit(1)
    channel.send({"result": result})
    os._exit(0)


if __name__ == "__main__":
    main()
