"""What the backend for PyTorch decides by the processor and the build of torch."""

from __future__ import annotations

import pytest

from runoff.backends.pytorch import quantised_engine
from runoff.errors import ConversionFailed


@pytest.mark.parametrize(
    ("flags", "supported", "engine"),
    [
        pytest.param(("avx512_vnni",), ["none", "onednn", "x86", "fbgemm"], "onednn", id="with VNNI"),
        pytest.param(("avx2",), ["none", "onednn", "x86", "fbgemm"], "x86", id="without"),
        pytest.param(("asimddp",), ["none", "qnnpack"], "qnnpack", id="a build for ARM"),
    ],
)
def test_int8_takes_an_engine_that_torch_was_built_with(flags, supported, engine):
    """The engine follows the processor among those that there are: builds for ARM have no x86 one."""
    assert quantised_engine(flags, supported) == engine


def test_a_torch_without_any_engine_is_a_failed_conversion():
    """Where torch has no quantised kernels, the conversion says so by its stage."""
    with pytest.raises(ConversionFailed, match="has none of x86, qnnpack, onednn") as caught:
        quantised_engine((), ["none"])
    assert caught.value.stage == "quantise"
