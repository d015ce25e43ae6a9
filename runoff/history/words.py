"""How a history's values, steps and findings are written, the same on the page, in Markdown and on a terminal."""

from __future__ import annotations

from runoff.history.lines import History, HistoryMetric, Line, SettingHistory, Step
from runoff.history.past import PastRun
from runoff.judge.ratios import Ratio
from runoff.stored.info import NO_COMMIT
from runoff.stored.model import input_words, model_title, model_words, preprocessing_lines
from runoff.stored.processor import NOT_FULLY_KNOWN, processor_kind, unknown_parts
from runoff.stored.stratum import Stratum
from runoff.text.numbers import count, growth_with_interval, listing, megabytes, with_interval
from runoff.text.table import NAME, VERDICT, WORDS, Column, Table

WHOLE, WIDE = "whole", "wide"
"""Kinds of columns of a history alone: one that is never broken, and one that has much to say."""
STEP_COLUMNS = (
    Column("contender", NAME),
    Column("metric", WORDS),
    Column("commits", WIDE),
    Column("before", WHOLE),
    Column("after", WHOLE),
    Column("change", VERDICT),
    Column("what else changed", WIDE),
    Column("where", WIDE),
)
BREAK_COLUMNS = (
    Column("contender", NAME),
    *(Column(heading, WIDE) for heading in ("commits", "what changed", "levels before and after")),
)


def value(number: float, metric: HistoryMetric) -> str:
    """Write a value in its metric's unit."""
    if metric.unit == "MB":
        return f"{megabytes(number)} MB"
    return f"{number:.3f} {metric.unit}".rstrip()


def level(found: Ratio, metric: HistoryMetric) -> str:
    """Write a level with its interval over runs."""
    unit = f" {metric.unit}" if metric.unit else ""
    return with_interval(found, lambda number: value(number, metric).removesuffix(unit), unit)


def commit_range(last: PastRun, first: PastRun) -> str:
    """Name the commits that a change lies between, or say that it lies within one."""
    before, after = (run.commit.name if run.commit else NO_COMMIT for run in (last, first))
    if last.commit is not None and last.commit == first.commit:
        return f"within {before}, between two runs of it"
    return f"{before} → {after}"


def direction(line: Line, step: Step) -> str:
    """Say whether a step of a line is for the better or worse."""
    return "better" if (step.change.value > 1) == line.metric.more_is_better else "worse"


def also(step: Step) -> str:
    """Say what else changed at a step."""
    return "; ".join(step.also) if step.also else "nothing that was recorded"


def setting_title(stratum: Stratum) -> str:
    """Name what the lines of a section share."""
    model = f", {model_title(stratum.model)}" if stratum.model else ""
    variables = "".join(f", {name}={value}" for name, value in stratum.variables.items())
    threads = count(stratum.threads, "thread")
    return f"{processor_kind(stratum.processor)}, {threads}{variables}{model}, against {stratum.reference}"


def versions(line: Line) -> str:
    """Write the versions that a line is of."""
    return ", ".join(f"{package} {version}" for package, version in line.versions.items())


def day(run: PastRun) -> str:
    """Write the day of a run's commit, or of the run where it has none."""
    return f"{run.order[0]:%Y-%m-%d}"


def answer(history: History) -> str:
    """Say in a sentence what the history shows."""
    found, lines = history.steps, history.lines
    looked = f"{count(len(lines), 'line')} of {count(len(history.reading.runs), 'run')}"
    if not lines:
        return f"There is nothing to draw in {looked}."
    if not found:
        return f"No step was found in {looked}."
    worse = sum(direction(line, step) == "worse" for _, line, step in found)
    return (
        f"{count(len(found), 'step was', 'steps were')} found in {looked}: "
        f"{worse} for the worse, {len(found) - worse} for the better."
    )


def remarks(history: History) -> list[str]:
    """Say what was left out, and why."""
    reading = history.reading
    left_out = [f"{file} is skipped: {reason}" for file, reason in reading.skipped.items()]
    left_out += [f"{copy} is the same run as {file}; it counts once" for copy, file in reading.copies.items()]
    if history.invalid:
        files = listing([run.file for run in history.invalid])
        were = count(len(history.invalid), "run is", "runs are")
        left_out.append(f"{were} left out, invalid by the control: {files}")
    return left_out


def section_note(section: SettingHistory) -> str:
    """Say how many runs a section has, of how many commits, and of how many the processor is not fully known."""
    commits = len({run.commit.identifier for run in section.runs if run.commit})
    counted = f"{count(len(section.runs), 'run')} of {count(commits, 'commit')}"
    unknown = {id(stratum): parts for stratum in section.strata if (parts := unknown_parts(stratum.processor))}
    if not unknown:
        return counted
    missing = ", ".join(dict.fromkeys(part for parts in unknown.values() for part in parts))
    count_unknown = sum(id(run.stratum) in unknown for run in section.runs)
    return f"{counted} ({NOT_FULLY_KNOWN} in {count_unknown}: {missing})"


def model_note(section: SettingHistory) -> str | None:
    """Say which model a section is of, and what that takes: two sections may differ in nothing else."""
    model = section.stratum.model
    if model is None:
        return None
    pictures = preprocessing_lines(model.preprocessing) if model.preprocessing else ()
    return "; ".join(filter(None, [model_words(model), input_words(model), *pictures])) + "."


def step_table(history: History) -> Table:
    """Write each step, the newest first."""
    rows = [
        (
            line.contender,
            line.metric.title,
            f"{commit_range(step.last.run, step.first.run)}, {day(step.first.run)}",
            level(step.before, line.metric),
            level(step.after, line.metric),
            f"{direction(line, step)}: {growth_with_interval(step.change)}",
            also(step),
            setting_title(section.stratum),
        )
        for section, line, step in history.steps
    ]
    return Table(
        "Where a level changed, the newest first: levels and change with their 95 % intervals over runs",
        STEP_COLUMNS,
        tuple(rows),
        tuple(direction(line, step) for _, line, step in history.steps),
    )


def break_table(section: SettingHistory) -> Table:
    """Write each break."""
    rows = [
        (
            found.contender,
            f"{commit_range(found.last, found.first)}, {day(found.first)}",
            "; ".join(found.changed),
            "; ".join(
                f"{metric.title} {value(before.value, metric)} → {value(after.value, metric)}"
                for metric, before, after in found.levels
            ),
        )
        for found in section.breaks
    ]
    return Table(
        "Where versions or labelled pictures changed, lines end and others begin; the two are not comparable, so no "
        "step is claimed",
        BREAK_COLUMNS,
        tuple(rows),
    )
