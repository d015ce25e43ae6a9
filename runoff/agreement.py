"""Is a contender right? Its logits against golden's: pure functions of numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runoff.contract import Logits

ROUNDINGS_ALLOWED = 100
"""How many times golden's own rounding error a float32 contender may differ from it.

Another order of summation moves a logit by a few roundings; bfloat16 arithmetic, with 16 bits less, by some
ten thousand. A contender beyond this bound does not compute in float32, whatever its row says.
"""
REDUCED_PRECISION_FLOOR = 0.99


@dataclass(frozen=True)
class Agreement:
    """How a contender's logits compare with golden's.

    ``share`` is the agreement over all images; ``decided_share`` that over the ``decided`` images, whose golden margin
    (Top-1 less Top-2 logit) exceeds the numeric ``noise``; ``disagreeing`` names those of them that differ. Logits that
    are not all finite numbers never agree and are never within the noise; ``largest_difference`` is None then.
    """

    share: float
    decided_share: float
    decided: int
    images: int
    largest_difference: float | None
    noise: float
    disagreeing: tuple[str, ...]


def compare_logits(logits: Logits, golden: Logits, rounding: float, names: tuple[str, ...]) -> Agreement:
    """Compare N×classes logits with golden's, given golden's own largest rounding error.

    Two logits that each move by at most the noise can't change places where they are more than twice that apart.
    Raises ValueError where golden is not a measure of anything: its logits or its rounding error are not finite.
    """
    if not np.isfinite(golden).all() or not np.isfinite(rounding):
        raise ValueError("golden's logits and rounding error must be finite")
    noise = ROUNDINGS_ALLOWED * rounding
    ordered = np.sort(golden, axis=1)
    finite = np.isfinite(logits).all(axis=1)
    decided = (ordered[:, -1] - ordered[:, -2] > 2 * noise) | ~finite
    same = (logits.argmax(axis=1) == golden.argmax(axis=1)) & finite  # argmax gives NaN's place where there is one
    return Agreement(
        share=float(same.mean()),
        decided_share=float(same[decided].mean()) if decided.any() else float(same.mean()),
        decided=int(decided.sum()),
        images=len(golden),
        largest_difference=float(np.abs(logits - golden).max()) if finite.all() else None,
        noise=noise,
        disagreeing=tuple(name for name, wrong in zip(names, decided & ~same, strict=True) if wrong),
    )


def why_wrong(agreement: Agreement, precision: str) -> str | None:
    """Say why a contender of this precision is wrong, None where it is right."""
    if agreement.largest_difference is None:
        examples = ", ".join(agreement.disagreeing[:3])
        return f"gives logits that are not finite numbers (NaN or infinity), on {examples} for instance"
    floor = 1.0 if precision == "float32" else REDUCED_PRECISION_FLOOR
    if agreement.decided_share < floor:
        examples = ", ".join(agreement.disagreeing[:3])
        return (
            f"Top-1 differs from golden's on {len(agreement.disagreeing)} of {agreement.decided} images whose margin "
            f"exceeds the noise ({examples}); {precision} must agree on {floor:.0%}"
        )
    if precision == "float32" and agreement.largest_difference > agreement.noise:
        return (
            f"a logit differs from golden's by {agreement.largest_difference:.2g}, more than the {agreement.noise:.2g} "
            "that float32 arithmetic in any order explains; declare its true precision in its variant"
        )
    return None
