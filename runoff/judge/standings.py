"""What several ratios of one race show, judged together: the one way from launches to verdicts."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runoff.judge.ratios import (
    CONFIDENCE,
    MARGIN,
    Ratio,
    claim_p_values,
    difference_p_value,
    estimate,
    ratio_over_launches,
    verdict,
)


@dataclass(frozen=True)
class Rules:
    """What a run is judged by: the margin, and the share of the error that the look it stopped at may spend."""

    margin: float = MARGIN
    error_share: float = 1.0

    def ratio(self, log_ratios: Sequence[float]) -> Ratio:
        """Return the ratio of launches, with the interval that the look they were stopped at allows."""
        return ratio_over_launches(log_ratios, CONFIDENCE, self.error_share)


def judge(
    launches: Mapping[str, Sequence[float]], rules: Rules, words: tuple[str, str], control: Ratio | None
) -> dict[str, Ratio]:
    """Judge the log-ratios of launches, all of them together as one suite (Holm), against what the control reached.

    ``words`` are for a ratio below and above 1.
    """
    p_values = {key: difference_p_value(estimate(values)) for key, values in launches.items()}
    claims = claim_p_values(p_values, rules.error_share)
    ratios = {key: rules.ratio(values) for key, values in launches.items()}
    return {
        key: dataclasses.replace(
            ratio, verdict=verdict(ratio, claims[key], control=control, margin=rules.margin, words=words)
        )
        for key, ratio in ratios.items()
    }
