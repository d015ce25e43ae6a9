"""Is a contender of a model that is no classifier right? Each of its outputs against golden's, by their numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runoff.arrays import Arrays
from runoff.judge.agreement import ROUNDINGS_ALLOWED, Agreement, Closeness, is_reduced
from runoff.text import numbers

DECIBELS = 10.0
"""A power ratio of ten is so many decibels."""


def compare_outputs(
    outputs: Arrays, golden: Arrays, roundings: Mapping[str, float], names: Sequence[str], tolerance: float | None
) -> Agreement:
    """Compare outputs with golden's, N examples each, given golden's own largest rounding error of each.

    An example agrees where every number of every output is within 100 of golden's roundings, whole numbers equal; with
    a tolerance, where each output's error is within that share of golden's root mean square.
    """
    agreeing = np.ones(len(names), bool)
    finite = np.ones(len(names), bool)
    found = []
    for name, expected in golden.items():
        given = outputs[name]
        rows = np.isfinite(given).reshape(len(names), -1).all(axis=1)
        errors = differences(given, expected)
        if tolerance is None:
            within = errors.max(axis=1, initial=0.0) <= allowed(expected, roundings[name])
        else:
            within = rms(errors, axis=1) <= tolerance * rms(expected)
        agreeing &= within & rows
        finite &= rows
        found.append(closeness(name, errors if rows.all() else None, expected, roundings[name]))
    known = bool(finite.all())
    return Agreement(
        share=float(agreeing.mean()),
        decided_share=float(agreeing.mean()),
        decided=len(names),
        images=len(names),
        largest_difference=max((each.largest_difference or 0.0 for each in found), default=0.0) if known else None,
        rms_difference=None,
        noise=max((each.allowed for each in found), default=0.0),
        disagreeing=tuple(name for name, same in zip(names, agreeing, strict=True) if not same),
        outputs=tuple(found),
    )


def differences(given: NDArray[Any], expected: NDArray[Any]) -> NDArray[np.float64]:
    """Return how far all numbers of each example are off, one row an example; what is not finite is off without end."""
    with np.errstate(invalid="ignore"):
        errors = np.abs(given.astype(np.float64) - expected.astype(np.float64)).reshape(len(expected), -1)
    return np.where(np.isfinite(errors), errors, np.inf)


def allowed(expected: NDArray[Any], rounding: float) -> float:
    """Return by how much a float32 contender may differ from golden: not at all where numbers are whole."""
    return ROUNDINGS_ALLOWED * rounding if expected.dtype.kind == "f" else 0.0


def rms(values: NDArray[Any], axis: int | None = None) -> NDArray[np.float64]:
    """Return the root of the mean square, 0 of nothing."""
    squares = np.square(values, dtype=np.float64)
    count = values.size if axis is None else values.shape[axis]
    return np.asarray(np.sqrt(squares.sum(axis=axis) / max(1, count)))


def closeness(name: str, errors: NDArray[np.float64] | None, expected: NDArray[Any], rounding: float) -> Closeness:
    """Say how close one output is: its largest difference, its relative RMS error and the same in decibels (SQNR)."""
    if errors is None:
        return Closeness(name, expected.dtype.name, None, allowed(expected, rounding), None, None)
    error, size = float(rms(errors)), float(rms(expected))
    relative = error / size if size else None
    sqnr = -2 * DECIBELS * float(np.log10(relative)) if relative else None
    largest = float(errors.max(initial=0.0))
    return Closeness(name, expected.dtype.name, largest, allowed(expected, rounding), relative, sqnr)


def why_far(agreement: Agreement, precision: str, tolerance: float | None) -> str | None:
    """Say why a contender of this precision is wrong, None where it is right.

    Reduced precision is judged by a tolerance alone: without one it is only shown how close it is.
    """
    return next(reasons(agreement, precision, tolerance), None)


def reasons(agreement: Agreement, precision: str, tolerance: float | None) -> Iterator[str]:
    """Yield what is wrong with each output."""
    examples = ", ".join(agreement.disagreeing[:3])
    for each in agreement.outputs:
        if each.largest_difference is None:
            yield f"output {each.name!r} holds numbers that are not finite (NaN or infinity), on {examples}"
        elif is_reduced(precision):
            if tolerance is not None and (each.relative_rms or 0.0) > tolerance:
                yield (
                    f"output {each.name!r} is off by {numbers.percent(each.relative_rms, 2)} of golden's root mean "
                    f"square, and --tolerance allows {numbers.percent(tolerance, 2)}"
                )
        elif each.largest_difference > each.allowed:
            explained = (
                f"more than the {each.allowed:.2g} that float32 arithmetic in any order explains; declare its true "
                "precision in its variant"
                if each.allowed
                else "and it must be equal"
            )
            yield f"output {each.name!r} differs from golden's by {each.largest_difference:.2g}, {explained}"
