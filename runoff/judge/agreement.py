"""Is a contender right? Its logits against golden's: pure functions of numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runoff.arrays import Logits

ROUNDINGS_ALLOWED = 100
"""How many times golden's own rounding error a float32 contender may differ from it.

Another order of summation moves a logit by a few roundings; bfloat16 arithmetic, with 16 bits less, by some
ten thousand. A contender beyond this bound does not compute in float32, whatever its row says.
"""
FLOORS = {"bfloat16": 0.995, "int8": 0.99}
"""The least agreement of a reduced precision, on the images that golden is sure enough of; others must agree on all."""
SURE_LEAD = 0.1
"""How far golden's Top-1 probability must lead its Top-2 for a reduced precision to be judged by an image.

Quantising moves logits by a share of their range, a thousand times what rounding does. Where golden itself gives its
two first classes nearly the same probability, another answer says nothing about the contender.
"""


def is_reduced(precision: str) -> bool:
    """Whether a precision is one that may cost agreement."""
    return precision in FLOORS


def floor(precision: str) -> float:
    """Return the share of decided images on which a contender of this precision must agree."""
    return FLOORS.get(precision, 1.0)


def least_lead(precision: str) -> float:
    """Return how far golden's Top-1 probability must lead for an image to count, by precision."""
    return SURE_LEAD if is_reduced(precision) else 0.0


@dataclass(frozen=True)
class Closeness:
    """How close one output is to golden's; differences are None where a number is not finite."""

    name: str
    """The output's name."""
    dtype: str
    """The type of its numbers."""
    largest_difference: float | None
    """The largest difference (units of the output)."""
    allowed: float
    """The difference that is allowed (units of the output)."""
    relative_rms: float | None
    """The root mean square of the differences, by golden's own (share); none where golden is all zeros."""
    sqnr: float | None
    """The same as a signal-to-noise ratio (decibels); none also where there is no difference."""


@dataclass(frozen=True)
class Agreement:
    """How a contender's outputs compare with golden's; for a classifier, its logits.

    Logits that are not all finite numbers never agree and always count; the differences are None then. For a model that
    is no classifier every image counts, and the shares are None where reduced precision is only shown.
    """

    share: float | None
    """How many of all images agree (share)."""
    decided_share: float | None
    """How many of the decided images agree (share)."""
    decided: int
    """The images whose golden Top-1 leads by more than noise and the lead asked for (images)."""
    images: int
    """All images (images)."""
    largest_difference: float | None
    """The largest difference of any logit (logits)."""
    rms_difference: float | None
    """The root mean square of all differences (logits)."""
    noise: float
    """What logits may differ by through rounding alone (logits)."""
    disagreeing: tuple[str, ...]
    """The decided images that do not agree, by their names."""
    outputs: tuple[Closeness, ...] = ()
    """How close each output is, for a model that is no classifier."""


def compare_logits(
    logits: Logits,
    golden: Logits,
    rounding: float,
    names: tuple[str, ...],
    lead: float = 0.0,
    *,
    probabilities: bool = False,
) -> Agreement:
    """Compare N×classes logits, or ``probabilities``, with golden's, given golden's own largest rounding error.

    An image whose Top-1 probability leads by less than ``lead`` in golden does not count as decided.
    Two logits that each move by at most the noise can't change places where they are more than twice that apart.
    Raises ValueError where golden is not a measure of anything: its logits or its rounding error are not finite.
    """
    if not np.isfinite(golden).all() or not np.isfinite(rounding):
        raise ValueError("golden's logits and rounding error must be finite")
    noise = ROUNDINGS_ALLOWED * rounding
    ordered = np.sort(golden, axis=1)
    finite = np.isfinite(logits).all(axis=1)
    leads = ordered[:, -1] - ordered[:, -2] if probabilities else probability_lead(ordered)
    decided = (ordered[:, -1] - ordered[:, -2] > 2 * noise) & (leads >= lead) | ~finite
    same = (logits.argmax(axis=1) == golden.argmax(axis=1)) & finite  # argmax gives NaN's place where there is one
    return Agreement(
        share=float(same.mean()),
        decided_share=float(same[decided].mean()) if decided.any() else float(same.mean()),
        decided=int(decided.sum()),
        images=len(golden),
        largest_difference=float(np.abs(logits - golden).max()) if finite.all() else None,
        rms_difference=float(np.sqrt(np.square(logits - golden, dtype=np.float64).mean())) if finite.all() else None,
        noise=noise,
        disagreeing=tuple(name for name, wrong in zip(names, decided & ~same, strict=True) if wrong),
    )


def probability_lead(ordered: Logits) -> NDArray[np.float64]:
    """Return how far the softmax of the highest logit leads that of the second; each row in ascending order."""
    powers = np.exp(ordered.astype(np.float64) - ordered[:, -1:])
    lead: NDArray[np.float64] = (powers[:, -1] - powers[:, -2]) / powers.sum(axis=1)
    return lead


def why_wrong(agreement: Agreement, precision: str) -> str | None:
    """Say why a contender of this precision is wrong, None where it is right.

    Where golden is sure of no image, as with random weights it may be, float32 is judged by its differences alone, and
    of a reduced precision nothing is known: see ``why_undecided``.
    """
    examples = ", ".join(agreement.disagreeing[:3])
    if agreement.largest_difference is None:
        return f"gives outputs that are not finite numbers (NaN or infinity), on {examples} for instance"
    if agreement.decided and agreement.decided_share is not None and agreement.decided_share < floor(precision):
        return (
            f"Top-1 differs from golden's on {len(agreement.disagreeing)} of {agreement.decided} images that golden is "
            f"sure of ({examples}); {precision} must agree on {floor(precision) * 100:g} %"
        )
    if precision == "float32" and agreement.largest_difference > agreement.noise:
        return (
            f"an output differs from golden's by {agreement.largest_difference:.2g}, more than the "
            f"{agreement.noise:.2g} that float32 arithmetic in any order explains; declare its true precision in its "
            "variant"
        )
    return None


def why_undecided(agreement: Agreement) -> str | None:
    """Say why a classifier's agreement shows nothing, None where it does: golden is sure of no image."""
    if agreement.decided:
        return None
    return (
        f"golden is sure of none of {agreement.images} pictures, so their classes do not show whether it is right; "
        "give other pictures with --images, or weights, that golden answers clearly"
    )
