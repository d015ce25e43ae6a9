"""A module in static INT8, by torch's FX graph mode."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from runoff.arrays import Pictures
from runoff.errors import ConversionFailed
from runoff.processor import INT8_DOT_PRODUCT_FLAGS, read_processor


def quantise(module: Any, examples: tuple[Any, ...], pictures: Pictures) -> Any:
    """Quantise by torch's FX graph mode, with ranges observed on the calibration pictures."""
    import torch
    from torch.ao.quantization import get_default_qconfig_mapping
    from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx

    engine = quantised_engine(read_processor().flags, torch.backends.quantized.supported_engines)
    torch.backends.quantized.engine = engine
    observed = prepare_fx(module, get_default_qconfig_mapping(engine), examples)
    with torch.inference_mode():
        for picture in pictures:
            observed(torch.from_numpy(np.array(picture[None])))
        return convert_fx(observed)


def quantised_engine(flags: Sequence[str], supported: Sequence[str]) -> str:
    """Choose the library of quantised kernels by the processor's flags, of those that this torch was built with.

    With VNNI oneDNN uses all 8 bits; the x86 configuration keeps to 7, which FBGEMM needs where sums are of 16 bits.
    Builds for ARM have QNNPACK. Raises ConversionFailed where there is none of them.
    """
    has_dot_product = bool(INT8_DOT_PRODUCT_FLAGS & set(flags))
    wanted = ("onednn", "x86", "qnnpack") if has_dot_product else ("x86", "qnnpack", "onednn")
    engine = next((engine for engine in wanted if engine in supported), None)
    if engine is None:
        raise ConversionFailed("quantise", f"this torch has none of {', '.join(wanted)}, only {', '.join(supported)}")
    return engine
