"""Which numbers ONNX Runtime is quantised to, by what is known of the processor."""

from __future__ import annotations

import pytest

from runoff.backends.onnxruntime import activation_and_range


@pytest.mark.parametrize(
    ("flags", "machine", "signed", "narrow"),
    [
        (("sse2", "avx512_vnni"), "x86_64", False, False),
        (("sse2",), "x86_64", False, True),
        ((), "x86_64", False, True),
        ((), "AMD64", False, True),
        (("asimd", "i8mm"), "aarch64", True, False),
        ((), "aarch64", True, False),
    ],
)
def test_activations_follow_the_kind_of_processor(flags, machine, signed, narrow):
    """Where no flags are said, x86 is known by the machine's name, and is given 7 bits, which overflow nowhere."""
    assert activation_and_range(flags, machine) == (signed, narrow)
