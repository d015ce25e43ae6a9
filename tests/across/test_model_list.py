"""Is the list of models what it is said to be?"""

from __future__ import annotations

import pytest

from runoff.across.model_list import ARCHITECTURES, CONTENDERS, architecture

NAMES = [each.model for each in ARCHITECTURES]
TIMM = "timm:"


def test_the_list_is_long_and_of_many_families():
    """There are at least thirty models, each once, of at least thirty families and of both sources."""
    assert len(NAMES) == len(set(NAMES)) >= 30
    assert len({each.family for each in ARCHITECTURES}) >= 30
    assert 10 <= sum(name.startswith(TIMM) for name in NAMES) <= len(NAMES) - 10


def test_further_sizes_come_after_the_families():
    """The first thirty models are of thirty families, so that a run which ends early has many."""
    assert len({each.family for each in ARCHITECTURES[:30]}) == 30


@pytest.mark.parametrize(
    ("model", "left_out"),
    [
        ("resnet18", ()),
        ("timm:levit_128", ("tensorflow",)),
        ("timm:repvgg_a0", ("tensorflow",)),
        ("own_package.models:make", ()),
    ],
    ids=["quick to convert", "slow", "not timed", "of one's own"],
)
def test_what_is_slow_to_convert_is_left_out(model, left_out):
    """TensorFlow takes part where it is known to convert within a minute, and where somebody names the model."""
    assert architecture(model).left_out(CONTENDERS) == left_out
    assert architecture(model).left_out(("pytorch", "openvino")) == ()


@pytest.mark.framework
@pytest.mark.full
def test_every_name_is_one_of_its_source():
    """TorchVision and timm have a model of each name."""
    from runoff.model.module.timm_import import import_timm
    from runoff.model.module.torchvision_import import import_torchvision

    torchvision, timm = set(import_torchvision().models.list_models()), set(import_timm().list_models())
    for name in NAMES:
        assert name.removeprefix(TIMM) in (timm if name.startswith(TIMM) else torchvision), name
