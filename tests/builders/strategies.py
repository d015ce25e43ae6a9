"""What the property tests draw from: times, log-ratios, texts, and values of every kind that is stored.

Their profiles are in tests/conftest.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timezone
from functools import cache
from typing import Any

import msgspec
import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from msgspec import inspect

from runoff.judge.ratios import Ratio, ratio_over_launches
from runoff.stored.benchmarks import Curve
from runoff.stored.schema import LARGEST, UTMOST

fewer = settings(max_examples=settings().max_examples // 3)
"""For properties whose every example is a whole comparison or history."""
LARGEST_WHOLE = 10**6
MOST_ENTRIES = 2
durations = st.floats(1e-6, 1e4)
"""Seconds, or anything else that is measured and above zero."""
rounds = st.lists(st.tuples(durations, durations), min_size=1, max_size=30)
"""Times of a contender and of the reference, side by side."""
p_values = st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.floats(0.0, 1.0), max_size=8)
error_shares = st.sampled_from([1.0, 0.5, 0.25, 0.125, 0.0625])
"""What the looks of a race may spend of the error."""
names = st.text("abcdefgh-", min_size=1, max_size=6)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
"""Anything that Python's JSON reads, what is no number among it."""


def log_ratios(
    *, least: int = 2, most: int = 20, reach: float = 2.0, spread: float = 0.0
) -> st.SearchStrategy[list[float]]:
    """Return the log-ratios of launches, from ``-reach`` to ``reach``, which differ by more than ``spread``."""
    values = st.lists(st.floats(-reach, reach), min_size=least, max_size=most)
    return values.filter(lambda drawn: float(np.ptp(drawn)) > spread) if spread else values


def ratios(*, least: int = 1) -> st.SearchStrategy[Ratio]:
    """Return ratios as they are stored: of any number of launches, at any look."""
    return st.builds(ratio_over_launches, log_ratios(least=least), error_share=error_shares)


@cache
def values_of(kind: Any) -> st.SearchStrategy[Any]:
    """Return the JSON values of any record of a kind, by what its annotations allow."""
    return values_of_type(inspect.type_info(kind))


def values_of_type(info: inspect.Type) -> st.SearchStrategy[Any]:
    """Return the JSON values that msgspec reads as this type."""
    kinds: dict[type, Callable[[Any], st.SearchStrategy[Any]]] = {
        inspect.AnyType: lambda found: st.just({}),
        inspect.NoneType: lambda found: st.none(),
        inspect.BoolType: lambda found: st.booleans(),
        inspect.IntType: lambda found: st.integers(found.ge or 0, LARGEST_WHOLE),
        inspect.StrType: lambda found: st.text(max_size=8),
        inspect.DateTimeType: lambda found: st.datetimes(timezones=st.just(timezone.utc)).map(datetime.isoformat),
        inspect.FloatType: floats_of,
        inspect.UnionType: lambda found: st.one_of(*map(values_of_type, found.types)),
        inspect.VarTupleType: lambda found: st.lists(values_of_type(found.item_type), max_size=MOST_ENTRIES),
        inspect.TupleType: lambda found: st.tuples(*map(values_of_type, found.item_types)).map(list),
        inspect.DictType: lambda found: st.dictionaries(
            values_of_type(found.key_type).map(str), values_of_type(found.value_type), max_size=MOST_ENTRIES
        ),
        inspect.StructType: values_of_fields,
        inspect.DataclassType: values_of_fields,
    }
    return kinds[type(info)](info)


finite = st.floats(-LARGEST, LARGEST)


def floats_of(info: inspect.FloatType) -> st.SearchStrategy[float]:
    """Return the numbers within a field's bounds, and within those of every field."""
    low, high = info.ge if info.gt is None else info.gt, info.le if info.lt is None else info.lt
    low, high = -UTMOST if low in (None, -math.inf) else low, UTMOST if high in (None, math.inf) else high
    return st.floats(
        low,
        high,
        exclude_min=info.gt is not None,
        exclude_max=info.lt is not None,
        allow_nan=False,
        allow_infinity=False,
    )


def values_of_fields(info: inspect.StructType | inspect.DataclassType) -> st.SearchStrategy[dict[str, Any]]:
    """Return an object with a record's fields, of which those with a default may be left out."""
    if info.cls is Ratio:
        return ratios().map(msgspec.to_builtins)
    if info.cls is Curve:
        return st.lists(st.tuples(finite, finite), max_size=MOST_ENTRIES).map(as_curve)
    required = {field.encode_name: values_of_type(field.type) for field in info.fields if field.required}
    optional = {field.encode_name: values_of_type(field.type) for field in info.fields if not field.required}
    return st.fixed_dictionaries(required, optional=optional)


def as_curve(pairs: list[tuple[float, float]]) -> dict[str, list[float]]:
    """Return a memory curve's values: as many times as sizes."""
    return {"seconds": [second for second, _ in pairs], "bytes": [size for _, size in pairs]}
