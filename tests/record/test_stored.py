"""What is stored of a contender: everything that is known of it, and nothing that is not."""

from __future__ import annotations

import numpy as np

from runoff.contract import Variant
from runoff.environments.contenders import Contender
from runoff.judge.agreement import compare_logits
from runoff.judge.standings import Rules
from runoff.measure.preparation import READY, WRONG, Outcome
from runoff.measure.service.batches import BatchesRecord
from runoff.record.quantisation import describe_quantisation
from runoff.record.race import Judged, extra_info, stored_contender
from runoff.record.service import batches
from runoff.record.version_steps import neighbours
from runoff.stored.details import Quantisation
from tests.builders.races import launches, make_race

GOLDEN = np.array([[2.0, 0.0], [0.0, 2.0]], dtype=np.float32)
AGREEMENT = compare_logits(GOLDEN, GOLDEN, 1e-6, ("one", "two"))
REDUCED = Contender("engine", Variant("int8", description="quantised", precision="int8"))
OUTCOME = Outcome(REDUCED, READY, {"engine": "1.2"}, quantisation=AGREEMENT)


def test_a_contender_is_stored_with_what_it_is() -> None:
    """Its description, precision, versions and quantisation, and what came of it."""
    found = stored_contender(OUTCOME, None)
    assert (found.status, found.description, found.precision) == ("raced", "quantised", "int8")
    assert (found.versions, found.quantisation, found.agreement) == ({"engine": "1.2"}, AGREEMENT, None)
    wrong = stored_contender(Outcome(REDUCED, WRONG, {}, stage="check", reason="differs"), make_race())
    assert (wrong.status, wrong.stage, wrong.reason) == (WRONG, "check", "differs")


def test_a_contender_that_was_not_measured_has_no_figures() -> None:
    """Neither threads nor agreement nor a ratio; what a benchmark adds is beside them."""
    info = extra_info(Outcome(REDUCED, READY, {"engine": "1.2"}), "seconds", stages={"import": 1.0})
    assert (info.contender, info.backend, info.variant, info.environment) == ("engine-int8", "engine", "int8", "here")
    assert (info.threads, info.agreement, info.ratio, info.unit) == (None, None, None, "seconds")
    assert info.stages == {"import": 1.0}


def test_a_quantisation_has_the_ratio_to_its_own_backend() -> None:
    """A quarter of the time that the backend's plain variant takes."""
    race = make_race(**{"engine": launches(0.8, seed=3), "engine-int8": launches(0.2, seed=4)})
    found = describe_quantisation(OUTCOME, Judged(race, "pytorch", Rules()))
    assert isinstance(found, Quantisation)
    assert (found.contender, found.precision, found.all_agreement) == ("engine-int8", "int8", 1.0)
    assert round(found.ratio_to_float32.value, 2) == 0.25


def test_one_launch_is_enough_for_the_sizes_of_batches() -> None:
    """What its session ran and what it refused are both told."""
    assert list(batches([BatchesRecord({1: 0.1}, {2: "refused"})])) == [1, 2]


def test_an_unknown_version_hides_no_neighbours() -> None:
    """A contender whose version can't be read is passed over, wherever it stands among the others."""
    contenders = {name: Contender("a", Variant(), name) for name in ("unknown", "odd", "new", "old")}
    versions = {"unknown": {}, "odd": {"frame": "odd"}, "new": {"frame": "2"}, "old": {"frame": "1"}}
    outcomes = {one.id: Outcome(one, READY, versions[name]) for name, one in contenders.items()}
    assert neighbours(outcomes, {"a": ("frame",)}) == [("a@old", "a@new")]
