"""The named errors: each says what was expected, found and to be done next; and what commands end with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from itertools import takewhile
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
    FAILED = 8, "what was asked for can't be done here; the message says why"
    WORSE = 9, "a ratio is proven to be worse by more than --fail-above, or agreement with golden fell"
    CONTRACT_BROKEN = 10, "a backend does not keep the contract"
    INTERRUPTED = 130, "interrupted, as by Ctrl-C"


class RunoffError(Exception):
    """An error with a name: says what was expected, what was found and what to do next.

    ``exit_code`` is what a command ends with that meets it.
    """

    exit_code: ClassVar[Exit] = Exit.FAILED


class UsageError(RunoffError):
    """An option or argument that can't be used as given.

    Remedy: read the line on standard error, or ``--help``; [options](options.md) has all of them.
    """

    exit_code = Exit.USAGE


class UnknownContender(UsageError):
    """The requested contender is offered by no backend.

    Remedy: take one of the names that the error lists; [contenders](contenders.md) has Runoff's own.
    """


class BackendsClash(UsageError):
    """Two backends have one name.

    Remedy: rename one of the two files or entry points that the error names.
    """


class UnknownModel(UsageError):
    """The requested model is in no source.

    Remedy: take one of the names that the error suggests, or a file; [any model](models.md) says what there is.
    """


class FactoryUnusable(UsageError):
    """A callable of the user's own makes no module that can be raced.

    Remedy: mend the callable as the error says; [any model](models.md#a-module-of-your-own) says what it has to give.
    """


class OnnxFileUnusable(UsageError):
    """A file given as a model is no ONNX file, not a whole one, or one that can't be raced.

    Remedy: export the model again, or give what the error asks for; see [any model](models.md).
    """


class FrameworkMissing(RunoffError):
    """A backend's framework is not installed in the environment of its contender.

    Remedy: install the package that the error names, or name an interpreter that has it by ``--environment``.
    """


class CheckpointUnavailable(RunoffError):
    """The requested weights are not available: no file, no network.

    Remedy: give a file by ``--weights FILE``, or ``--weights random`` for speed only.
    """


class CheckpointBroken(RunoffError):
    """A weights file is broken: truncated, with another hash, or of another model.

    Remedy: get the file again, or give the weights of the model that is raced.
    """


class ImagesUnusable(RunoffError):
    """The images folder is missing, holds no image, or holds one that can't be read.

    Remedy: give a folder with pictures by ``--images``; see [pictures](pictures.md).
    """


class LabelsUnusable(UsageError):
    """A label file, a class map or the names of folders can't be used as labels.

    Remedy: mend the file or the folders that the error names; see [pictures](pictures.md).
    """


class InputsUnusable(RunoffError):
    """The model's inputs can't be used, or are not known.

    Remedy: give the model's inputs by ``--input`` or ``--inputs FILE.npz``; see [any model](models.md).
    """


class NotAPicture(ImagesUnusable):
    """A file is no picture in a known format.

    Remedy: convert the file to PNG or JPEG, or take it out of the folder.
    """


class TooManyPixels(ImagesUnusable):
    """A picture has more pixels than are accepted.

    Remedy: make the picture smaller.
    """


class ResultsUnwritable(RunoffError):
    """A file or the standard output can't be written.

    Remedy: free space, or give another place; what was there before is kept.
    """

    exit_code = Exit.UNWRITABLE


class DiskTooFull(RunoffError):
    """The disk has less free space than the converted models of a run need.

    Remedy: free space (``runoff clean`` removes old caches), or set ``RUNOFF_HOME`` to a folder elsewhere.
    """

    exit_code = Exit.UNWRITABLE


class ConversionFailed(RunoffError):
    """The conversion failed at a named stage; that is a result too.

    Remedy: nothing, where the other contenders are enough; [conversions](conversion.md) says what converts.
    """

    def __init__(self, stage: str, reason: str) -> None:
        super().__init__(f"{stage}: {reason}")
        self.stage = stage
        self.reason = reason


class WorkplaceUnusable(RunoffError):
    """A run finds no writable folder for its caches, logs and journals.

    Remedy: set ``RUNOFF_HOME`` to a folder that can be written.
    """


class AnotherRun(RunoffError):
    """Another run measures at the same time, and did not end within the waiting time.

    Remedy: wait for the other run, or give ``--wait`` more time.
    """


class WorkerFailed(RunoffError):
    """A worker process failed; the subclass says how.

    Remedy: read the worker's log that the error names.
    """


class WorkerCrashed(WorkerFailed):
    """The worker raised an error, or its process ended by itself.

    Remedy: read the worker's log that the error names; the last lines say what the framework raised.
    """


class WorkerKilled(WorkerFailed):
    """The worker's process was ended by a signal, as the kernel does when memory runs out.

    Remedy: free memory, or race fewer or smaller contenders; see [hostile machines](hostile.md).
    """


class WorkerTimedOut(WorkerFailed):
    """The worker gave no answer within its time.

    Remedy: race the model on a faster or quieter machine, or leave the contender out.
    """


class WorkerGarbage(WorkerFailed):
    """The worker's answer does not follow the protocol.

    Remedy: report it, with the worker's log; something printed into the channel of the answers.
    """


class ProtocolMismatch(WorkerFailed):
    """The worker runs another version of Runoff, whose messages differ from this one's.

    Remedy: use one version of Runoff in both trees; see [versions and trees](versions.md).
    """


class VariantNegated(WorkerFailed):
    """An environment variable changes a contender into another one.

    Remedy: unset the variables that the error names; see [environment variables](variables.md).
    """


class ContractBroken(RunoffError):
    """A backend does not return what the contract requires.

    Remedy: mend the backend; ``runoff check-backend`` shows where, and [add a backend](backends.md) says how.
    """


class NoAnswer(RunoffError):
    """A contender has no answer on this machine, such as on a processor without its arithmetic; nothing is wrong.

    Remedy: nothing: the others race; the error says what this machine lacks.
    """


class ArtifactBroken(RunoffError):
    """A cached artifact has changed since it was stored.

    Remedy: remove the folder that the error names; it is converted again.
    """


class ThreadsNotHeld(RunoffError):
    """A session runs with another number of threads than requested.

    Remedy: unset what limits the threads, or mend the backend; see [environment variables](variables.md).
    """


LONGEST_LINE = 400
"""How many characters of a framework's error are shown: some have a whole graph in their first line."""


def first_line(error: BaseException) -> str:
    """Return an error's kind and the first line of its text, with the lines that it announces, cut where it is long.

    A line announces the next one by a colon at its end: OpenVINO's first line names a place in its own source alone.
    """
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    announcing = sum(1 for _ in takewhile(lambda line: line.endswith(":"), lines))
    text = f"{type(error).__name__}: {' '.join(lines[: announcing + 1])}"
    return text if len(text) <= LONGEST_LINE else f"{text[: LONGEST_LINE - 1]}…"


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
