"""What do the runs of many models say together?"""

from __future__ import annotations

import pytest

from runoff.across.journal import read_entries
from runoff.across.ranking import across_models, find_answers
from runoff.judge.shares import share_interval
from tests.builders.many_models import fail_model, make_model_run, store_model
from tests.builders.stored_runs import about, make_exploratory

CONTENDERS = ("pytorch", "onnxruntime", "openvino", "tensorflow")


@pytest.fixture
def folder(tmp_path):
    """Six models of families of their own, on five of which openvino is the fastest; tensorflow ran on none of two."""
    ratios = {"onnxruntime": 0.7, "openvino": 0.6}
    for number in range(5):
        slow = {"tensorflow": 1.3 + number / 10} if number < 3 else {}
        store_model(tmp_path, f"m{number}", make_model_run(f"m{number}", ratios | slow, megabytes=10 - number))
    store_model(tmp_path, "m5", make_model_run("m5", {"onnxruntime": 0.5, "openvino": 1.5, "tensorflow": 1.1}))
    return tmp_path


def read(folder, count=6):
    """Read the models that the fixture stores, and those that a test adds."""
    return across_models(read_entries(folder, [f"m{number}" for number in range(count)], CONTENDERS))


def by_name(across):
    """Return the standings by contender."""
    return {standing.contender: standing for standing in across.standings}


def test_answers_come_from_small_to_large(folder):
    """The size is that of the reference's weights."""
    assert [answer.model for answer in read(folder).answers] == ["m4", "m3", "m2", "m1", "m0", "m5"]
    assert read(folder).answers[0].size == 6_000_000


def test_how_often_each_is_the_fastest_is_counted_with_wilsons_interval(folder):
    """Shares are of the models that a contender was timed on."""
    standings = by_name(read(folder))
    assert (standings["openvino"].first, standings["openvino"].models) == (5, 6)
    assert (standings["tensorflow"].first, standings["tensorflow"].models) == (0, 4)
    share = standings["openvino"].share
    assert (share.low, share.high) == share_interval(5, 6)
    assert [standing.contender for standing in read(folder).standings][:2] == ["openvino", "onnxruntime"]


def test_what_one_for_all_costs_is_its_median_and_its_worst(folder):
    """Times are relative to the fastest of the same model."""
    openvino = by_name(read(folder))["openvino"]
    assert openvino.behind == pytest.approx(1.0)
    assert openvino.worst == (pytest.approx(3.0), "m5")
    assert by_name(read(folder))["onnxruntime"].worst[0] == pytest.approx(0.7 / 0.6)


def test_where_intervals_overlap_there_is_no_clear_winner(folder):
    """Such a model counts for nobody, and for both as not told apart."""
    store_model(folder, "m6", make_model_run("m6", {"onnxruntime": 0.60, "openvino": 0.605}))
    across = read(folder, 7)
    standings = by_name(across)
    assert (standings["openvino"].first, standings["openvino"].tied) == (5, 1)
    assert (standings["onnxruntime"].first, standings["onnxruntime"].tied) == (1, 1)


def test_runs_without_an_answer_say_nothing_together(folder):
    """An invalid run, an exploratory one and a failed one are no answers; they stay entries."""
    invalid, exploratory = make_model_run("m6", {"openvino": 0.5}), make_model_run("m7", {"openvino": 0.5})
    about(invalid)["control"] |= {"value": 1.3, "low": 1.2, "high": 1.4}
    make_exploratory(exploratory)
    store_model(folder, "m6", invalid)
    store_model(folder, "m7", exploratory)
    fail_model(folder, "m8", "no such model")
    across = read(folder, 10)
    assert len(across.answers) == 6
    assert len(across.entries) == 10
    assert by_name(across) == by_name(read(folder))


def test_rankings_are_of_models_that_all_were_timed_on(folder):
    """Those timed everywhere are ranked on all models; a ranking with the others takes enough families."""
    (ranking,) = read(folder).rankings
    assert list(ranking.mean_ranks) == ["openvino", "onnxruntime", "pytorch"]
    assert ranking.mean_ranks["openvino"].value == pytest.approx((5 * 1 + 3) / 6)
    assert ranking.concordance.models == 6
    for number in range(6, 8):
        run = make_model_run(f"m{number}", {"onnxruntime": 0.7, "openvino": 0.6, "tensorflow": 2.0})
        store_model(folder, f"m{number}", run)
    whole, part = read(folder, 8).rankings
    assert (whole.concordance.models, part.concordance.models) == (8, 6)
    assert set(part.mean_ranks) == set(CONTENDERS)


def test_p_values_of_several_rankings_share_their_error(folder):
    """Holm makes the smaller of two twice as large."""
    (alone,) = read(folder).rankings
    for number in range(6, 8):
        run = make_model_run(f"m{number}", {"onnxruntime": 0.7, "openvino": 0.6, "tensorflow": 2.0})
        store_model(folder, f"m{number}", run)
    assert all(ranking.concordance.p_value >= 2e-4 for ranking in read(folder, 8).rankings)
    assert alone.concordance.p_value >= 1e-4


def test_few_families_are_not_spoken_of(folder):
    """With fewer than five there is neither a ranking nor a correlation with size."""
    across = read(folder, 4)
    assert across.rankings == []
    assert {standing.tau for standing in across.standings} == {None}


def test_a_lead_that_goes_with_size_is_found(tmp_path):
    """Kendall's tau is 1 where the ratio grows with the weights on every model, and its interval keeps off zero."""
    for number in range(8):
        run = make_model_run(f"m{number}", {"openvino": 0.4 + number / 20}, megabytes=1 + number)
        store_model(tmp_path, f"m{number}", run)
    standings = by_name(read(tmp_path, 8))
    assert standings["openvino"].tau.value == pytest.approx(1)
    assert standings["openvino"].tau.low > 0
    assert standings["pytorch"].tau is None


def test_nothing_stored_is_nothing_found(tmp_path):
    """A folder without runs has entries that say so, and no answers."""
    across = read(tmp_path / "nowhere", 2)
    assert find_answers(across.entries) == []
    assert (across.standings, across.rankings, across.contenders) == ([], [], [])
