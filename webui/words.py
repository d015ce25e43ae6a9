"""What the page says: names and sentences for people who know none of the terms."""

from __future__ import annotations

from runoff.backends import Declaration
from runoff.contract import Model
from runoff.environments.contenders import Contender
from runoff.model.inputs.drawings import CLASSES
from runoff.model.sources.architecture import BUILTIN, OFFICIAL
from runoff.text.ids import with_weights
from runoff.text.numbers import first_few
from webui.keeper import MISSING, PREPARING, READY, RESTARTING, STARTING, UNAVAILABLE

STATES = {
    PREPARING: "Getting ready. The first time, this can take a few minutes; the others answer meanwhile.",
    STARTING: "Starting. The first time, this can take a few minutes.",
    READY: "Ready.",
    RESTARTING: "It stopped unexpectedly and is being started again. The others still answer.",
    UNAVAILABLE: "It could not be started on this computer.",
    MISSING: "Not installed on this computer.",
}


MOST_LABELS = 3
"""How many of a model's labels are named to show what it knows."""


def title(contender: Contender, backend: Declaration) -> str:
    """Name a contender for people: as its backend's makers write it, or by the backend's own name."""
    name = backend.TITLE or contender.backend
    return f"{name} ({contender.variant.name})" if contender.variant.name else name


def state_sentence(state: str, restarts: int) -> str:
    """Say how a runtime is doing."""
    if state == READY and restarts:
        times = "once" if restarts == 1 else f"{restarts} times"
        return f"Ready. It stopped unexpectedly {times} and was started again."
    return STATES[state]


def knowledge(model: Model) -> str:
    """Say whose the model's weights are and what its labels are: by where it comes from, never by its name."""
    if model.source.origin == BUILTIN:
        kinds = ", ".join(CLASSES[:3])
        return (
            f"These answers come from the small built-in model. It knows {len(CLASSES)} kinds of simple drawings "
            f"({kinds} and so on), not photographs: a photograph gets the name of the drawing it resembles most."
        )
    if model.speed_only:
        return "Speed only: these answers mean nothing, since the model’s weights are random."
    kinds = first_few(model.labels or (), MOST_LABELS)
    whose = "the model that its makers trained" if model.source.origin == OFFICIAL else "a model of your own"
    return f"These answers come from {whose}. It knows {model.classes:,} kinds of things: {kinds}."


def model_line(model: Model) -> str:
    """Name the model that answers, and its weights."""
    return with_weights(model.source.title, model.name)


NO_ANSWER = {
    UNAVAILABLE: "This one is not available on this computer.",
    MISSING: "This one is not available on this computer.",
    PREPARING: "This one is still getting ready. Try again in a moment.",
}
BUSY = "This one is busy or still starting. Try again in a moment."
STOPPED = "This one stopped while it was looking at the picture and is being started again. Try once more in a moment."
