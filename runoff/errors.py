"""The named errors: each says what was expected, found and to be done next; and what commands end with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import ClassVar


class Exit(IntEnum):
    """What a command ends with: the same for every one of them. docs/exit-codes.md says what to do about each.

    1 is what Python, and much that is loaded into it, ends with by itself when it breaks down. So it is the code of
    what was not foreseen, and no result has it.
    """

    meaning: str

    def __new__(cls, code: int, meaning: str) -> Exit:
        """Make a code with its meaning."""
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    DONE = 0, "done; nothing is proven to be worse by more than --fail-above, without which no ratio fails"
    UNEXPECTED = 1, "an error that was not foreseen, or Python could not start: a defect, and never a result"
    USAGE = 2, "an option is wrong: on the command line, in a file or in the environment"
    OTHER_BENCHMARKS = 3, "a benchmark is missing, new or renamed; in the others nothing fails"
    NO_BASELINE = 4, "no comparable baseline: the runs are of different strata"
    INVALID_RUN = 5, "a run is invalid by its control: no pass, no fail"
    NOT_A_RUN = 6, "a file is not there, or is not a run that can be read"
    UNWRITABLE = 7, "a file or the standard output can't be written"
    FAILED = 8, "what was asked for can't be done here, for the reason that is said"
    WORSE = 9, "a ratio is proven to be worse by more than --fail-above, or agreement with golden fell"
    CONTRACT_BROKEN = 10, "a backend does not keep the contract"
    INTERRUPTED = 130, "interrupted, as by Ctrl-C"


class RunoffError(Exception):
    """An error with a name: says what was expected, what was found and what to do next.

    ``exit_code`` is what a command ends with that meets it.
    """

    exit_code: ClassVar[Exit] = Exit.FAILED


class UsageError(RunoffError):
    """An option or argument that can't be used as given."""

    exit_code = Exit.USAGE


class UnknownContender(UsageError):
    """A contender was asked for that no backend offers."""


class BackendsClash(UsageError):
    """Two backends have one name."""


class UnknownModel(UsageError):
    """A model was asked for that no source has."""


class FactoryUnusable(UsageError):
    """A callable of the user's own makes no module that can be raced."""


class OnnxFileUnusable(UsageError):
    """A file given as a model is no ONNX file, not a whole one, or one that can't be raced."""


class FrameworkMissing(RunoffError):
    """A backend's framework is not installed in the environment that was asked to run it."""


class CheckpointUnavailable(RunoffError):
    """The weights that were asked for can't be had: no file, no network."""


class CheckpointBroken(RunoffError):
    """A weights file is not what it should be: truncated, another hash, another model."""


class ImagesUnusable(RunoffError):
    """The images folder is missing, holds no image, or holds one that can't be read."""


class LabelsUnusable(UsageError):
    """What says what is on pictures can't be used: a label file, a class map, or the names of folders."""


class InputsUnusable(RunoffError):
    """What the model was to be run on can't be used, or is not known."""


class NotAPicture(ImagesUnusable):
    """A file is no picture in a known format."""


class TooManyPixels(ImagesUnusable):
    """A picture has more pixels than are accepted."""


class ResultsUnwritable(RunoffError):
    """What was to be stored or printed can't be written where it was asked to go."""

    exit_code = Exit.UNWRITABLE


class DiskTooFull(RunoffError):
    """There is less room than a run needs for what it converts."""

    exit_code = Exit.UNWRITABLE


class ConversionFailed(RunoffError):
    """Making the artifact failed at a named stage; a result in its own right."""

    def __init__(self, stage: str, reason: str) -> None:
        super().__init__(f"{stage}: {reason}")
        self.stage = stage
        self.reason = reason


class WorkplaceUnusable(RunoffError):
    """No folder can be written that a run could keep its caches, logs and journals in."""


class AnotherRun(RunoffError):
    """Another run measures at the same time, and did not end while it was waited for."""


class WorkerFailed(RunoffError):
    """A worker process did not do its part; the subclass names how."""


class WorkerCrashed(WorkerFailed):
    """The worker raised an error, or its process ended by itself."""


class WorkerKilled(WorkerFailed):
    """The worker's process was ended by a signal, as the kernel does when memory runs out."""


class WorkerTimedOut(WorkerFailed):
    """The worker gave no answer within its time."""


class WorkerGarbage(WorkerFailed):
    """The worker's answer was not of the protocol."""


class ProtocolMismatch(WorkerFailed):
    """The worker is of a tree whose messages are not this tree's."""


class VariantNegated(WorkerFailed):
    """An environment variable makes a contender another one than it says."""


class ContractBroken(RunoffError):
    """A backend gave something other than what the contract says."""


class NoAnswer(RunoffError):
    """A contender has no answer here, as on a processor without its arithmetic, though nothing is wrong: says why."""


class ArtifactBroken(RunoffError):
    """A cached artifact is no longer what was put there."""


class ThreadsNotHeld(RunoffError):
    """A session runs with another number of threads than it was given."""


LONGEST_LINE = 400
"""How many characters of a framework's error are shown: some have a whole graph in their first line."""


def first_line(error: BaseException) -> str:
    """Return an error's kind and the first line of its text, cut where it is long."""
    line = f"{type(error).__name__}: {next(iter(str(error).strip().splitlines()), '')}"
    return line if len(line) <= LONGEST_LINE else f"{line[: LONGEST_LINE - 1]}…"


@contextmanager
def conversion_stage(name: str, reason_of: Callable[[Exception], str] = first_line) -> Iterator[None]:
    """Name a stage of a conversion: whatever is raised inside becomes ConversionFailed with this name and its reason.

    Converters raise all kinds of errors, and each is a result, not the run's end; the original is kept as the cause.
    """
    try:
        yield
    except ConversionFailed:
        raise
    except Exception as error:
        raise ConversionFailed(name, reason_of(error)) from error
