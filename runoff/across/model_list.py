"""The models that are raced, chosen beforehand by family and size, and what is slow to convert for TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

CONTENDERS = ("pytorch", "onnxruntime", "openvino", "tensorflow")
SLOW_TO_CONVERT = "tensorflow"
LONGEST_CONVERSION = 60
"""Seconds that it may be known to take; the others convert each model of the list within seconds."""


@dataclass(frozen=True)
class Architecture:
    """A model by its ``--model`` name, the family it is of, and the seconds that onnx-tf took to convert it.

    They were read off one shared core when the list was made, None where it was not tried alone. They decide where
    TensorFlow takes part and nothing else.
    """

    model: str
    family: str
    seconds: int | None = None

    def left_out(self, contenders: Sequence[str]) -> tuple[str, ...]:
        """Return the contenders that are not tried on this model."""
        fast = self.seconds is not None and self.seconds <= LONGEST_CONVERSION
        return () if fast else tuple(name for name in contenders if name == SLOW_TO_CONVERT)

    @property
    def known(self) -> str:
        """Say how long the conversion was known to take."""
        return "not timed" if self.seconds is None else f"{self.seconds} s"


ARCHITECTURES = (
    Architecture("squeezenet1_1", "SqueezeNet", 39),
    Architecture("mobilenet_v3_small", "MobileNet v3", 36),
    Architecture("resnet18", "ResNet", 38),
    Architecture("timm:levit_128", "LeViT", 140),
    Architecture("mobilenet_v2", "MobileNet v2", 35),
    Architecture("efficientnet_b0", "EfficientNet", 45),
    Architecture("timm:vit_tiny_patch16_224", "ViT", 81),
    Architecture("regnet_y_400mf", "RegNet", 43),
    Architecture("shufflenet_v2_x0_5", "ShuffleNet", 247),
    Architecture("mnasnet0_5", "MNASNet", 22),
    Architecture("densenet121", "DenseNet", 43),
    Architecture("googlenet", "GoogLeNet", 28),
    Architecture("timm:convnext_atto", "ConvNeXt", 27),
    Architecture("timm:deit_tiny_patch16_224", "DeiT"),
    Architecture("timm:mixer_s16_224", "MLP-Mixer", 29),
    Architecture("timm:ghostnet_100", "GhostNet"),
    Architecture("timm:repvgg_a0", "RepVGG"),
    Architecture("timm:fastvit_t8", "FastViT"),
    Architecture("timm:mobileone_s0", "MobileOne"),
    Architecture("timm:mobilevit_xxs", "MobileViT"),
    Architecture("timm:efficientvit_b0", "EfficientViT", 27),
    Architecture("timm:edgenext_xx_small", "EdgeNeXt", 66),
    Architecture("timm:xcit_nano_12_p8_224", "XCiT"),
    Architecture("timm:cait_xxs24_224", "CaiT", 114),
    Architecture("timm:tiny_vit_5m_224", "TinyViT"),
    Architecture("timm:efficientformer_l1", "EfficientFormer", 158),
    Architecture("timm:poolformer_s12", "PoolFormer", 180),
    Architecture("timm:maxvit_rmlp_pico_rw_256", "MaxViT"),
    Architecture("swin_t", "Swin", 131),
    Architecture("inception_v3", "Inception", 197),
    Architecture("timm:mobilenetv3_small_050", "MobileNet v3", 23),
    Architecture("mobilenet_v3_large", "MobileNet v3", 17),
    Architecture("timm:efficientnet_lite0", "EfficientNet", 23),
    Architecture("resnet50", "ResNet", 45),
    Architecture("convnext_tiny", "ConvNeXt", 60),
    Architecture("resnext50_32x4d", "ResNet"),
    Architecture("timm:vit_small_patch16_224", "ViT"),
    Architecture("alexnet", "AlexNet"),
)
"""One model of each family first, then further sizes: a run that ends early has as many families as it can."""


def architecture(model: str) -> Architecture:
    """Return what is known of a model; one that is not in the list is a separate family, and tried by all."""
    return next((known for known in ARCHITECTURES if known.model == model), Architecture(model, model, seconds=0))
