"""What reduced precision costs and buys: agreement, logit error, and its time relative to float32."""

from __future__ import annotations

import dataclasses

from runoff.contract import Variant
from runoff.environments.contenders import Contender
from runoff.judge.agreement import floor, least_lead
from runoff.judge.ratios import Ratio
from runoff.measure.preparation import Outcome
from runoff.measure.race import LaunchRecord
from runoff.record.race import Judged, inferences
from runoff.stored.details import Quantisation


def describe_quantisation(outcome: Outcome, judged: Judged[LaunchRecord]) -> Quantisation:
    """Say what a contender of reduced precision costs and buys; logit errors are in logits."""
    agreement, precision = outcome.quantisation, outcome.contender.variant.precision
    assert agreement is not None
    assert agreement.share is not None
    assert agreement.decided_share is not None
    assert agreement.rms_difference is not None
    assert agreement.largest_difference is not None
    return Quantisation(
        contender=outcome.contender.id,
        precision=precision,
        images=agreement.images,
        decided=agreement.decided,
        decided_agreement=agreement.decided_share,
        all_agreement=agreement.share,
        floor=floor(precision),
        lead=least_lead(precision),
        rms_difference=agreement.rms_difference,
        largest_difference=agreement.largest_difference,
        disagreeing=agreement.disagreeing,
        ratio_to_float32=ratio_to_float32(outcome.contender, judged),
    )


def ratio_to_float32(contender: Contender, judged: Judged[LaunchRecord]) -> Ratio | None:
    """Return a contender's time relative to its backend's plain variant, None where that has no launch.

    The launches are those that the ratio to the reference is taken from, paired and interleaved; so the interval has
    the same share of the error.
    """
    plain = Contender(contender.backend, Variant(), contender.environment).id
    paired = dataclasses.replace(judged, reference=plain).log_ratios(inferences).get(contender.id)
    return dataclasses.replace(judged.rules.ratio(paired), reference=plain) if paired else None
