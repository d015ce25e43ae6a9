"""What reduced precision costs and buys, for the records: agreement, logit error, and a ratio to float32."""

from __future__ import annotations

from typing import Any

from runoff.contract import Variant
from runoff.environments.contenders import Contender
from runoff.judge.agreement import floor, least_lead
from runoff.judge.ratios import ratio_over_launches
from runoff.measure.preparation import Outcome
from runoff.measure.race import Race
from runoff.record.race import log_ratios


def quantisation_info(outcome: Outcome, race: Race) -> dict[str, Any]:
    """Give what there is to say of a contender of reduced precision: JSON values; logit errors are in logits.

    ``bought`` is its time relative to its own backend's plain variant, in the same environment, with the interval over
    launches; None where that did not race.
    """
    found, variant = outcome.quantisation, outcome.contender.variant
    assert found is not None
    return {
        "precision": variant.precision,
        "images": found.images,
        "decided": found.decided,
        "decided_agreement": found.decided_share,
        "all_agreement": found.share,
        "floor": floor(variant.precision),
        "lead": least_lead(variant.precision),
        "rms_difference": found.rms_difference,
        "largest_difference": found.largest_difference,
        "disagreeing": list(found.disagreeing),
        "bought": latency_bought(outcome.contender, race),
    }


def latency_bought(contender: Contender, race: Race) -> dict[str, Any] | None:
    """Give the ratio of a contender's inference to that of its backend's plain variant, None where that has no launch.

    The launches are the same ones that the ratio to the reference is taken from: paired, interleaved.
    """
    plain = Contender(contender.backend, Variant(), contender.environment).id
    paired = log_ratios(race, plain, lambda record: record.rounds).get(contender.id)
    if not paired:
        return None
    ratio = ratio_over_launches(paired)
    return {
        "contender": plain,
        "value": ratio.value,
        "low": ratio.low,
        "high": ratio.high,
        "confidence": ratio.confidence,
        "launches": ratio.launches,
    }
