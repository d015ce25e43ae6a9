"""Right or wrong: hand-made logits against a hand-made golden, so that no mistake can be excused as noise."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from runoff.arrays import Logits
from runoff.judge.agreement import ROUNDINGS_ALLOWED, Agreement, compare_logits, least_lead, why_undecided, why_wrong

IMAGES = 10
CLASSES = 5
ROUNDING = 1e-6
NOISE = ROUNDINGS_ALLOWED * ROUNDING
NAMES = tuple(f"image-{index}" for index in range(IMAGES))
CLOSE = 3
"""The image whose two highest golden logits are nearer to each other than twice the noise."""


@pytest.fixture
def golden() -> Logits:
    """Ten images: image i is of class i mod 5 with a margin of 1, except for one close call."""
    logits = np.zeros((IMAGES, CLASSES), dtype=np.float32)
    logits[np.arange(IMAGES), np.arange(IMAGES) % CLASSES] = 1.0
    logits[CLOSE, (CLOSE + 1) % CLASSES] = 1.0 - 1.5 * NOISE
    return logits


@pytest.fixture
def logits(golden: Logits) -> Logits:
    """A copy of golden, to be spoilt."""
    return golden.copy()


def compare(logits: Logits, golden: Logits) -> Agreement:
    """Compare with the rounding error and names that all tests here use."""
    return compare_logits(logits, golden, ROUNDING, NAMES)


def flip(logits: Logits, image: int) -> None:
    """Exchange an image's highest logit with its neighbour."""
    top = int(logits[image].argmax())
    other = (top + 1) % CLASSES
    logits[image, [top, other]] = logits[image, [other, top]]


def test_identical_logits_are_right(golden: Logits, logits: Logits) -> None:
    """Golden's own logits agree on every image, without any difference, at every precision."""
    found = compare(logits, golden)
    assert found == Agreement(
        share=1.0,
        decided_share=1.0,
        decided=IMAGES - 1,
        images=IMAGES,
        largest_difference=0.0,
        rms_difference=0.0,
        noise=pytest.approx(NOISE),
        disagreeing=(),
    )
    assert why_wrong(found, "float32") is None
    assert why_wrong(found, "int8") is None


def test_rounding_differences_are_right(golden: Logits, logits: Logits) -> None:
    """Differences of a few roundings, as another order of summation makes, are no mistake."""
    random = np.random.default_rng(1)
    found = compare((logits + random.uniform(-5, 5, logits.shape) * ROUNDING).astype(np.float32), golden)
    assert 0 < found.largest_difference < NOISE
    assert why_wrong(found, "float32") is None


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_flipped_image_with_a_large_margin_is_wrong(golden: Logits, logits: Logits, precision: str) -> None:
    """One image of nine clear ones with another Top-1 is wrong at any precision, and is named."""
    flip(logits, 7)
    found = compare(logits, golden)
    assert (found.share, found.decided_share) == (0.9, pytest.approx(8 / 9))
    assert found.disagreeing == ("image-7",)
    assert "1 of 9 images" in why_wrong(found, precision)
    assert "image-7" in why_wrong(found, precision)


def test_flip_within_the_noise_is_excused_but_counted(golden: Logits, logits: Logits) -> None:
    """A close call that falls the other way is not wrong, and the agreement over all images still shows it."""
    logits[CLOSE] = golden[CLOSE]
    logits[CLOSE, CLOSE] -= 0.8 * NOISE
    logits[CLOSE, CLOSE + 1] += 0.8 * NOISE
    found = compare(logits, golden)
    assert logits[CLOSE].argmax() != golden[CLOSE].argmax()
    assert (found.share, found.decided_share, found.disagreeing) == (0.9, 1.0, ())
    assert why_wrong(found, "float32") is None


def test_margin_of_exactly_twice_the_noise_is_within_it() -> None:
    """A margin is decided only where it is more than twice the noise, which two logits can't cross together."""
    golden = np.array([[0.0, 2.0], [0.0, 2.25]])
    found = compare_logits(golden.copy(), golden, 1.0 / ROUNDINGS_ALLOWED, ("at", "above"))
    assert found.decided == 1


def test_three_examples_are_enough(golden: Logits) -> None:
    """Where everything is wrong, the reason names three images and counts all."""
    found = compare(np.roll(golden, 2, axis=1), golden)
    assert found.share == 0.0
    assert len(found.disagreeing) == IMAGES - 1
    reason = why_wrong(found, "float32")
    assert "9 of 9" in reason
    assert sum(name in reason for name in NAMES) == 3


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("precision", ["float32", "bfloat16", "int8"])
@pytest.mark.parametrize("place", ["at golden's Top-1", "elsewhere", "in a close call", "everywhere"])
def test_logits_that_are_no_numbers_are_wrong(
    golden: Logits, logits: Logits, value: float, precision: str, place: str
) -> None:
    """NaN or infinity anywhere is wrong at any precision, also where argmax happens to give golden's class."""
    if place == "everywhere":
        logits[:] = value
    else:
        image = CLOSE if place == "in a close call" else 6
        top = int(golden[image].argmax())
        logits[image, (top + 2) % CLASSES if place == "elsewhere" else top] = value
    found = compare(logits, golden)
    assert found.largest_difference is None
    assert found.share == (0.0 if place == "everywhere" else 0.9)
    assert found.decided_share < 1.0
    assert "not finite" in why_wrong(found, precision)
    assert found.disagreeing[0] in why_wrong(found, precision)


def test_one_nan_among_very_many_images_is_wrong() -> None:
    """A reduced precision's tolerance for a few other answers is no tolerance for NaN."""
    golden = np.tile(np.array([[0.0, 1.0]], dtype=np.float32), (1000, 1))
    logits = golden.copy()
    logits[500, 0] = np.nan
    found = compare_logits(logits, golden, ROUNDING, tuple(map(str, range(1000))))
    assert found.share == 0.999
    assert "not finite" in why_wrong(found, "int8")


@pytest.mark.parametrize("rounding", [ROUNDING, np.nan, np.inf])
def test_golden_that_is_no_number_is_refused(golden: Logits, logits: Logits, rounding: float) -> None:
    """Nothing can be held to a golden that is not finite, or whose rounding error is not."""
    if rounding == ROUNDING:
        golden[2, 2] = np.nan
    with pytest.raises(ValueError, match="must be finite"):
        compare_logits(logits, golden, rounding, NAMES)


def test_float32_beyond_a_hundred_roundings_is_wrong(golden: Logits, logits: Logits) -> None:
    """A contender that says float32 but differs by more than float32 explains is wrong with every Top-1 right."""
    logits[5, 3] += 2 * NOISE
    found = compare(logits, golden)
    assert found.share == 1.0
    assert found.largest_difference == pytest.approx(2 * NOISE, rel=1e-3)
    assert "declare its true precision" in why_wrong(found, "float32")
    assert why_wrong(found, "bfloat16") is None


def test_bound_of_a_hundred_roundings_is_where_it_says() -> None:
    """A difference of just the bound passes as float32, and anything above it does not."""
    golden = np.array([[0.0, 64.0]])
    rounding = 1.0 / ROUNDINGS_ALLOWED
    at = compare_logits(np.array([[1.0, 64.0]]), golden, rounding, ("one",))
    above = compare_logits(np.array([[1.001, 64.0]]), golden, rounding, ("one",))
    assert why_wrong(at, "float32") is None
    assert why_wrong(above, "float32") is not None


def test_without_any_decided_image_a_reduced_precision_is_undecided(golden: Logits, logits: Logits) -> None:
    """Where golden itself is within its noise everywhere, its classes do not make a reduced precision wrong."""
    flip(logits, 0)
    found = compare_logits(logits, golden, 1.0, NAMES)
    assert (found.decided, found.decided_share) == (0, 0.9)
    assert why_wrong(found, "int8") is None
    assert why_undecided(found) is not None


def test_names_must_match_the_images(golden: Logits, logits: Logits) -> None:
    """A list of names that is not one per image is refused."""
    with pytest.raises(ValueError, match="zip"):
        compare_logits(logits, golden, ROUNDING, NAMES[:-1])


def test_inputs_are_left_alone(golden: Logits, logits: Logits) -> None:
    """Comparing changes neither the logits nor golden."""
    flip(logits, 2)
    before = logits.copy(), golden.copy()
    compare(logits, golden)
    np.testing.assert_array_equal(logits, before[0])
    np.testing.assert_array_equal(golden, before[1])


def test_agreement_holds_plain_values(golden: Logits, logits: Logits) -> None:
    """Every value of an agreement is a plain Python one, so that it can be stored as JSON."""
    found = dataclasses.asdict(compare(logits, golden))
    assert {type(value) for value in found.values()} <= {float, int, tuple}


def test_a_lead_that_is_asked_for_leaves_out_what_golden_is_not_sure_of() -> None:
    """Of probabilities that lead by 0.30, 0.10 and 0.09, the last does not count where 0.1 is asked for."""
    golden = np.log([[0.65, 0.35], [0.55, 0.45], [0.545, 0.455]]).astype(np.float32)
    names = ("sure", "just", "unsure")
    found = compare_logits(golden[:, ::-1].copy(), golden, ROUNDING, names, lead=0.0999)
    assert (found.share, found.decided, found.disagreeing) == (0.0, 2, ("sure", "just"))
    assert compare_logits(golden.copy(), golden, ROUNDING, names).decided == 3


def test_probabilities_lead_by_what_they_are() -> None:
    """The same two classes as probabilities and as logits are decided alike; a second softmax would shrink the lead."""
    shares = np.array([[0.60, 0.40], [0.54, 0.46]], np.float32)
    names = ("sure", "unsure")
    given = compare_logits(shares[:, ::-1].copy(), shares, ROUNDING, names, 0.1, probabilities=True)
    logits = np.log(shares)
    assert (given.decided, given.disagreeing) == (1, ("sure",))
    assert compare_logits(logits[:, ::-1].copy(), logits, ROUNDING, names, 0.1).disagreeing == given.disagreeing
    assert compare_logits(shares[:, ::-1].copy(), shares, ROUNDING, names, 0.1).decided == 0


@pytest.mark.parametrize(
    ("precision", "wrong", "right"),
    [("int8", 5, True), ("int8", 6, False), ("bfloat16", 2, True), ("bfloat16", 3, False), ("float32", 1, False)],
)
def test_each_precision_has_its_floor(precision: str, wrong: int, right: bool) -> None:
    """Of 500 images INT8 may differ on five, bfloat16 on two, and float32 on none."""
    golden = np.tile(np.array([[3.0, 0.0]], dtype=np.float32), (500, 1))
    logits = golden.copy()
    logits[:wrong] = logits[:wrong, ::-1]
    found = compare_logits(logits, golden, ROUNDING, tuple(map(str, range(500))), lead=least_lead(precision))
    assert found.decided == 500
    assert (why_wrong(found, precision) is None) is right


def test_the_mean_error_is_the_root_of_the_mean_square(golden: Logits) -> None:
    """One logit of fifty off by 0.5 makes a root mean square of 0.5 / √50."""
    logits = golden.copy()
    logits[0, 2] += 0.5
    assert compare(logits, golden).rms_difference == pytest.approx(0.5 / np.sqrt(50))


def test_where_golden_is_sure_of_no_image_differences_decide():
    """Float32 may choose otherwise there within golden's noise and no further; a reduced precision is undecided."""
    golden = np.array([[1.0, 1.1], [1.1, 1.0]], np.float32)
    found = compare_logits(golden[::-1], golden, 0.01, ("a", "b"))
    assert (found.share, found.decided, found.disagreeing) == (0.0, 0, ())
    assert why_wrong(found, "float32") is None
    assert why_wrong(found, "int8") is None
    reason = why_undecided(found)
    assert reason == (
        "golden is sure of none of 2 pictures, so their classes do not show whether it is right; "
        "give other pictures with --images, or weights, that golden answers clearly"
    )
    far = compare_logits(golden + 2, golden, 0.01, ("a", "b"))
    assert (far.share, far.decided) == (1.0, 0)
    assert why_wrong(far, "float32").startswith("an output differs from golden's by 2, more than the 1 that float32")
