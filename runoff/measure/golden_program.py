"""The program that answers many pictures as golden does, in one process: portions of files, as a worker answers them.

Run as ``python -m runoff.measure.golden_program``.
"""

from __future__ import annotations

import importlib
from typing import Any

from numpy.typing import NDArray

from runoff.contract import Model
from runoff.files.values import from_json
from runoff.model.answers import save_answers
from runoff.processes.channel import Channel, Message, run_program


def serve(channel: Channel, request: Message) -> None:
    """Open the model as golden has it, then answer files of pictures until there are no more."""
    model = from_json(Model, request["model"])
    module, _, function = request["function"].partition(":")
    outputs = getattr(importlib.import_module(module), function)(model)
    given, (output,) = model.inputs[0].name, model.outputs

    def run(pictures: NDArray[Any]) -> NDArray[Any]:
        answer: NDArray[Any] = outputs({given: pictures})[output.name]
        return answer

    channel.send({"ready": True})
    while (command := channel.receive()) is not None:
        (file,) = command["inputs"].values()
        answered = save_answers(run, file, command["outputs"], command["batch"], probabilities=output.probabilities)
        channel.send(answered)


if __name__ == "__main__":
    run_program(serve)
