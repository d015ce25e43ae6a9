"""What the models' runs say, in words and tables: the same on the page and in Markdown."""

from __future__ import annotations

from msgspec import structs

from runoff.across.journal import Entry
from runoff.across.model_list import LONGEST_CONVERSION
from runoff.across.ranking import AcrossModels, Answer
from runoff.answer.choice import clear_winners
from runoff.answer.fastest import why_no_answer
from runoff.judge.ranks import Interval
from runoff.stored import wording
from runoff.stored.info import NO_COMMIT
from runoff.stored.model import StoredModel
from runoff.stored.rows import Row
from runoff.stored.run import StoredRun
from runoff.stored.stratum import Stratum, stratum_differences
from runoff.text import numbers
from runoff.text.table import Table, make_table

QUESTION = "Does the winner change with the model?"
NO_SAMPLE = (
    "The models were chosen by hand, by family and size, and are no random sample of all models: conclusions about "
    "them hold for this list. Models of one family have much in common, so intervals over models draw whole "
    "families."
)
NOT_AVERAGED = (
    "Only the mean ranks are means over models. The cost of taking one runtime everywhere is shown for the median "
    "model and for the worst one."
)
LEAST_P = 0.001


def answer(across: AcrossModels) -> str:
    """Say whether the winner changes with the model."""
    winners, models = clear_winners(found.winners for found in across.answers), len(across.answers)
    where = f" ({wording.place(across.first)})" if across.first else ""
    if not models:
        return "No model has a run yet that says which runtime is the fastest."
    counted = [f"{name} on {number}" for name, number in winners.most_common()]
    unclear = models - sum(winners.values())
    rest = f"; on {unclear} the fastest is not told apart from the next" if unclear else ""
    of = f"of {numbers.count(models, 'model')}{where}"
    if len(winners) > 1:
        return f"Yes, the winner changes with the model: {of}, the fastest is {numbers.listing(counted)}{rest}."
    if winners and not unclear:
        return f"No, the winner is the same on all {of}: {next(iter(winners))}."
    if winners:
        return f"That is not shown: {of}, the fastest is {counted[0]}{rest}."
    return f"That is not shown: {of}, none has one runtime that is told apart from the next."


def conclusions(across: AcrossModels) -> list[str]:
    """Say what taking one runtime everywhere costs, and whether the models agree on an order."""
    said = []
    if across.standings:
        best = min(across.standings, key=lambda standing: (-standing.models, standing.worst))
        factor, model = best.worst
        said.append(
            f"As one runtime for all models, {best.contender} has the smallest worst case: {factor:.2f}× the time of "
            f"the fastest, on {model} (it was timed on {numbers.count(best.models, 'model')})."
        )
    for ranking in across.rankings:
        shared = ranking.concordance
        said.append(
            f"On the {shared.models} models on which all of {numbers.listing(list(ranking.mean_ranks))} were timed, "
            f"Kendall’s W is {shared.w:.2f} (1: the same order on every model; 0: no common order), "
            f"{p_value(shared.p_value)} for no common order."
        )
    return said


def p_value(found: float) -> str:
    """Write a p-value."""
    return f"p < {LEAST_P}" if found < LEAST_P else f"p = {found:.3f}"


def model_table(across: AcrossModels) -> Table:
    """Write a row for each model, the smallest first, those without an answer last."""
    places = {found.model: place for place, found in enumerate(across.answers)}
    ordered = sorted(across.entries, key=lambda entry: places.get(entry.architecture.model, len(places)))
    winners = {found.model: found for found in across.answers}
    rows = [model_row(across, entry, winners.get(entry.architecture.model)) for entry in ordered]
    interval = wording.interval_heading(across.first).strip("[]") if across.first else ""
    caption = (
        f"Time of one inference relative to {across.reference or 'the reference'}"
        f"{f', with the {interval}' if interval else ''}; below 1 is faster. Each row is a separate run with its own "
        "control. It does not tell runtimes apart that have ≈ between them. Sorted by the size of the weights"
    )
    return make_table(caption, rows, ("fastest",))


def model_row(across: AcrossModels, entry: Entry, found: Answer | None) -> dict[str, str]:
    """Write one model: its size, the reference's own time, the fastest, and every ratio or why there is none."""
    rows = {row.contender: row for row in entry.run.rows} if entry.run else {}
    reference = rows.get(across.reference)
    return {
        "model": entry.architecture.model,
        "weights MB": f"{found.size / numbers.MEGABYTE:.1f}" if found else numbers.NOTHING,
        f"{across.reference or 'reference'} ms": numbers.milliseconds(reference.median if reference else None),
        "fastest": " ≈ ".join(found.winners) if found else "no answer",
        **{name: ratio_words(entry, name, rows.get(name)) for name in across.contenders if name != across.reference},
    }


def ratio_words(entry: Entry, name: str, row: Row | None) -> str:
    """Write a contender's ratio on a model, or in a word or two why it has none."""
    if row is not None and row.ratio:
        return numbers.ratio(row.ratio)
    if row is not None:
        return row.verdict
    return "left out" if name in entry.left_out else numbers.NOTHING


def standing_table(across: AcrossModels) -> Table:
    """Write a row for each contender: how often it is the fastest, and what taking it everywhere costs."""
    rows = [
        {
            "runtime": each.contender,
            "timed\non": str(each.models),
            "fastest\non": str(each.first),
            "share\n[95 %]": share_words(each.share),
            "tied\non": str(each.tied),
            "behind,\nmedian": f"{each.behind:.2f}×",
            "behind,\nat worst": f"{each.worst[0]:.2f}× {each.worst[1]}",
            "tau with size\n[95 %]": tau_words(each.tau),
        }
        for each in across.standings
    ]
    caption = (
        "Each runtime over the models that it was timed on. Share: of these it is the fastest alone, by Wilson’s "
        "interval. Tied: not told apart from the fastest. Behind: its time as a multiple of the fastest’s. Tau: "
        f"Kendall’s, of its ratio to {across.reference} and the weights’ size; above 0 it gains less on larger models"
    )
    return make_table(caption, rows)


def share_words(share: Interval) -> str:
    """Write a share in whole per cent with its interval."""
    return numbers.with_interval(share, lambda value: f"{value * 100:.0f}", " %")


def tau_words(tau: Interval | None) -> str:
    """Write a rank correlation with its interval."""
    return numbers.NOTHING if tau is None else numbers.with_interval(tau, lambda value: f"{value:+.2f}")


def ranking_table(across: AcrossModels) -> Table:
    """Write the mean rank of each contender in every ranking."""
    rows = [
        {
            "runtime": name,
            "mean rank [95 %]": numbers.with_interval(rank, lambda value: f"{value:.2f}"),
            "over models": str(ranking.concordance.models),
            "of families": str(ranking.families),
            "among": str(len(ranking.mean_ranks)),
            "Kendall’s W": f"{ranking.concordance.w:.2f}",
            "Friedman’s test (Holm)": p_value(ranking.concordance.p_value),
        }
        for ranking in across.rankings
        for name, rank in ranking.mean_ranks.items()
    ]
    return make_table("Ranks within each model, 1 for the fastest, averaged over models", rows)


def failures(across: AcrossModels) -> Table:
    """Write what has no answer or was not timed, with the reason, contender by contender."""
    rows = []
    for entry in across.entries:
        model = entry.architecture.model
        reason = entry.reason or (why_no_answer(entry.run) if entry.run else None)
        if reason:
            rows.append({"model": model, "runtime": "all", "why": reason})
        unmeasured = {row.contender: wording.why_unmeasured(row) for row in (entry.run.rows if entry.run else ())}
        rows += [{"model": model, "runtime": name, "why": why} for name, why in unmeasured.items() if why]
    return make_table("All that was tried and has no ratio", rows, ("runtime", "why"))


def left_out(across: AcrossModels) -> list[str]:
    """Say who was not tried on which models, and by which figures that was decided beforehand."""
    left: dict[str, list[str]] = {}
    for entry in across.entries:
        for name in entry.left_out:
            left.setdefault(name, []).append(f"{entry.architecture.model} ({entry.architecture.known})")
    return [
        f"{name} was left out of {numbers.count(len(models), 'model')}, whose conversion is known to take more than "
        f"{LONGEST_CONVERSION} s or had not been timed when the list was made: {', '.join(models)}."
        for name, models in left.items()
    ]


def remarks(across: AcrossModels) -> list[str]:
    """Say where runs differ in more than the model."""
    said = []
    for entry, run in across.runs:
        if across.first and (differences := stratum_differences(bare(across.first), bare(run))):
            said.append(f"{entry.architecture.model} was raced in another setting: {'; '.join(differences)}.")
    if len(revisions(across)) > 1:
        said.append(f"The runs are of {len(revisions(across))} revisions: {', '.join(revisions(across))}.")
    return said


def bare(run: StoredRun) -> Stratum:
    """Return a run's stratum without the model and the contenders, which differ from model to model."""
    return structs.replace(run.info.stratum, model=None, images=None, contenders={})


def revisions(across: AcrossModels) -> list[str]:
    """Return the commits that were measured, each once."""
    return list(dict.fromkeys(run.commit.full_name if run.commit else NO_COMMIT for _, run in across.runs))


def made_by(model: StoredModel) -> str:
    """Name a model's source, with its version where it is no part of an environment's."""
    return f"{model.source.kind} {model.source.version}".strip()


def setting(across: AcrossModels) -> list[tuple[str, str]]:
    """Say what was measured where: machine, versions, revision, amount, and when."""
    if across.first is None:
        return []
    first, runs = across.first, sorted((run for _, run in across.runs), key=lambda run: run.moment)
    tried = [entry.attempt.seconds for entry in across.entries if entry.attempt]
    return [
        ("Machine", f"{wording.place(first)}{f', {first.system}' if first.system else ''}"),
        ("Amount", f"{first.info.launches} launches × {first.info.rounds} rounds a model, batch 1, random weights"),
        ("Time", f"{sum(tried) / 60:.0f} min in all for {numbers.count(len(tried), 'model')}"),
        ("Measured", f"{wording.moment(runs[0])} to {wording.moment(runs[-1])}"),
        ("Revision", ", ".join(revisions(across))),
        ("Models made by", ", ".join(dict.fromkeys(made_by(run.model) for _, run in across.runs if run.model))),
        *(
            (f"Versions in {name}", ", ".join(map("\N{NO-BREAK SPACE}".join, packages.items())))
            for name, packages in first.stratum.environments.items()
        ),
    ]
