"""What reduced precision costs and buys: agreement, logit error, and its time relative to float32."""

from __future__ import annotations

import dataclasses

from runoff.contract import Variant
from runoff.environments.contenders import Contender
from runoff.judge.agreement import floor, least_lead
from runoff.judge.ratios import Ratio
from runoff.judge.standings import Rules
from runoff.measure.preparation import Outcome
from runoff.measure.race import Race
from runoff.record.race import log_ratios
from runoff.stored.details import Quantisation


def describe_quantisation(outcome: Outcome, race: Race, rules: Rules) -> Quantisation:
    """Say what a contender of reduced precision costs and buys; logit errors are in logits."""
    found, precision = outcome.quantisation, outcome.contender.variant.precision
    assert found is not None
    assert found.rms_difference is not None
    assert found.largest_difference is not None
    return Quantisation(
        contender=outcome.contender.id,
        precision=precision,
        images=found.images,
        decided=found.decided,
        decided_agreement=found.decided_share,
        all_agreement=found.share,
        floor=floor(precision),
        lead=least_lead(precision),
        rms_difference=found.rms_difference,
        largest_difference=found.largest_difference,
        disagreeing=found.disagreeing,
        ratio_to_float32=ratio_to_float32(outcome.contender, race, rules),
    )


def ratio_to_float32(contender: Contender, race: Race, rules: Rules) -> Ratio | None:
    """Return a contender's time relative to its backend's plain variant, None where that has no launch.

    The launches are those that the ratio to the reference is taken from, paired and interleaved; so the interval has
    the same share of the error.
    """
    plain = Contender(contender.backend, Variant(), contender.environment).id
    paired = log_ratios(race, plain, lambda record: record.rounds).get(contender.id)
    return dataclasses.replace(rules.ratio(paired), reference=plain) if paired else None
