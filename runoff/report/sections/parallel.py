"""What parallel sessions give."""

from __future__ import annotations

from runoff.report.blocks import Section
from runoff.report.sections.question import question_section
from runoff.stored import wording
from runoff.stored.run import StoredRun
from runoff.text import numbers
from runoff.text.table import make_table


def parallel_section(run: StoredRun) -> Section | None:
    """Show what parallel sessions give."""
    answers = {name: answer.parallel for name, answer in run.service.parallel.items()}
    sessions = max((answer.sessions for answer in answers.values()), default=run.stratum.threads)
    rows = [
        {
            "contender": name,
            f"{sessions} sessions": numbers.with_interval(answer.together, numbers.per_second),
            "one session": numbers.per_second(answer.alone.value),
            "gain": numbers.with_interval(answer.gain, "{:.2f}".format),
        }
        for name, answer in answers.items()
    ]
    caption = (
        f"{wording.one_example(run).capitalize()}s a second of {sessions} single-threaded sessions at once, each in a "
        f"separate process, and of one session with {numbers.count(run.stratum.threads, 'thread')}. The ratio is "
        "that of the sessions together."
    )
    table = make_table(caption, rows, droppable=("one session",))
    return question_section(run, Section("parallel", "Parallel sessions", table))
