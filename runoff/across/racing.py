"""One ordinary run of the suite for each model, in a separate process: what fails is a row, and never the end."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from runoff.across.journal import Attempt, folder_name, is_done, note_attempt, read_attempts, stored_path
from runoff.across.model_list import Architecture
from runoff.files.git import git
from runoff.quantities import duration_text
from runoff.text.numbers import count

QUESTIONS = ("correctness", "inference", "cold_start", "peak_memory")
"""What is asked of each model: whether it is right, and what the launches of one race yield."""
GRACE = 60.0
"""Seconds that a run has for ending its workers once it is told to end."""
OUTPUT = "output.txt"
Say = Callable[[str], None]
"""Tells a person how far it is."""


@dataclass(frozen=True)
class Plan:
    """What is raced on which models, where the runs are stored, the time that all have together and each has alone.

    A race begins no launch that would not end within half of a model's time; the rest is for converting and checking.
    """

    architectures: tuple[Architecture, ...]
    contenders: tuple[str, ...]
    launches: int
    rounds: int
    threads: int | None
    folder: Path
    max_time: float
    model_time: float

    def arguments(self, chosen: Architecture) -> tuple[str, ...]:
        """Return what the suite is asked for on one model, but for where it stores that."""
        left_out = chosen.left_out(self.contenders)
        contenders = [name for name in self.contenders if name not in left_out]
        return (
            *(f"benchmarks/test_{question}.py" for question in QUESTIONS),
            *("--model", chosen.model, "--weights", "random"),
            *("--contenders", ",".join(contenders), "--reference", contenders[0]),
            *("--launches", str(self.launches), "--rounds", str(self.rounds)),
            *("--max-time", duration_text(self.model_time / 2)),
            *(("--threads", str(self.threads)) if self.threads else ()),
        )


def race_models(plan: Plan, say: Say) -> None:
    """Race every model that has no stored run of this revision and these options yet, as long as there is time.

    Each attempt is in the journal as soon as it is over, so that the next call goes on after the last one.
    """
    plan.folder.mkdir(parents=True, exist_ok=True)
    now, before = revision(), read_attempts(plan.folder)
    waiting = [
        chosen
        for chosen in plan.architectures
        if not is_done(plan.folder, before.get(chosen.model), plan.arguments(chosen), now)
    ]
    if len(waiting) < len(plan.architectures):
        say(f"{count(len(plan.architectures) - len(waiting), 'model has', 'models have')} a stored run already")
    begin, taken = time.monotonic(), [attempt.seconds for attempt in before.values() if attempt.reason is None]
    for number, chosen in enumerate(waiting):
        left = plan.max_time - (time.monotonic() - begin)
        if left < (mean(taken) if taken else 1.0):
            say(f"the time is over with {count(len(waiting) - number, 'model')} to go; run it again to go on from here")
            return
        still = f"about {mean(taken) * (len(waiting) - number) / 60:.0f} min to go" if taken else "the first one"
        say(f"{number + 1} of {len(waiting)}: {chosen.model} ({still})")
        attempt = try_model(plan, chosen, now, min(left, plan.model_time))
        note_attempt(plan.folder, attempt)
        taken.append(attempt.seconds)
        say(f"{chosen.model} took {attempt.seconds:.0f} s{f': {attempt.reason}' if attempt.reason else ''}")


def try_model(plan: Plan, chosen: Architecture, at: str, seconds: float) -> Attempt:
    """Run the suite on a model within so many seconds; a run that was stored is one whatever failed in it."""
    stored = stored_path(plan.folder, chosen.model)
    stored.parent.mkdir(parents=True, exist_ok=True)
    stored.unlink(missing_ok=True)
    arguments, output = plan.arguments(chosen), stored.parent / OUTPUT
    command = [sys.executable, "-m", "pytest", *arguments, "--results", str(stored.parent.absolute())]
    begin = time.monotonic()
    code = run_within(command, output, seconds)
    reason = None
    if code is None:
        reason = f"it was not done within {seconds:.0f} s, and was ended"
    elif not stored.exists():
        reason = f"{last_words(output)} (exit code {code}; {folder_name(chosen.model)}/{OUTPUT})"
    return Attempt(chosen.model, arguments, at, time.monotonic() - begin, reason)


def run_within(command: Sequence[str], output: Path, seconds: float) -> int | None:
    """Run a command, which is interrupted as by Ctrl-C after so many seconds; return its exit code, None then.

    It is interrupted with this process too, and once: in a separate session it does not see the terminal's Ctrl-C,
    and a second one would break off its clearing up. Where this process ignores interrupts, as a shell's background
    jobs do, the command would too: it is given the usual way.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with output.open("wb") as file:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
        )
        signal.signal(signal.SIGINT, before)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        finally:
            end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Interrupt a process that still runs, and kill it where that is not enough."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGINT)
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def last_words(output: Path) -> str:
    """Return what a run without results said of the reason: its error, its first failure, or its last line."""
    lines = [line.strip() for line in output.read_text(errors="replace").splitlines() if line.strip()]
    for beginning in ("ERROR: ", "FAILED ", "ERROR "):
        if found := next((line for line in lines if line.startswith(beginning)), None):
            return found.removeprefix("ERROR: ")
    return lines[-1] if lines else "it printed nothing"


def revision() -> str:
    """Return the commit whose code runs, and whether files differ from it; empty where that can't be known."""
    commit, changes = (
        git(Path.cwd(), *words) or "" for words in (("rev-parse", "HEAD"), ("status", "--porcelain", "-uno"))
    )
    return f"{commit} with changes" if commit and changes else commit
