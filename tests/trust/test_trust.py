"""The experiments that prove the method: that each can tell a good result from a bad one, and that all of them run."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys

import numpy as np
import pytest

from runoff.backends import declaration_of
from runoff.environments.contenders import Contender
from runoff.judge.standings import Rules
from runoff.measure.entrant import Entrant, Prediction
from runoff.measure.launches import CONTROL
from runoff.measure.race import LaunchRecord, Race
from runoff.processes.workplace import Workplace
from runoff.record.race import Judged
from tests.builders.races import launches
from tests.children import LONGEST_RUN
from tests.conftest import HERE, ROOT, SIGNATURE
from tests.fakes.fake import true_logits
from trust import empty, slowed
from trust.__main__ import SIMULATED, run_experiments
from trust.cost import measure_cost
from trust.detection import Condition, judge_shares, pool_and_draw
from trust.field import REFERENCE, Field
from trust.page import made_line, render_page
from trust.settings import QUICK, Settings
from trust.side_by_side import between_runs, claimed, pair_log_ratios, spread, t_test_alarms
from trust.simulated import AT_THE_GATE, MACHINES, Noise, count_claims, judge, simulate, simulate_race

BATCH = np.zeros((1, 3, 8, 8), dtype=np.float32)


@pytest.mark.full
def test_simulated_equals_are_covered_and_raise_no_alarm() -> None:
    """Over 200 simulated runs of each machine, coverage is near 95 % and equals are hardly ever called different."""
    # 1800 comparisons of each machine give a share a standard error of at most 0.6 % where they are independent; the
    # three contenders share the reference, so about 1 %, of which three are allowed for.
    found = simulate(dataclasses.replace(Settings(), simulated_runs=200), lambda text: None)["machines"]
    assert set(found) == set(MACHINES)
    for machine in found.values():
        assert 0.92 <= machine["coverage"] <= 0.98
        assert machine["false_alarms_per_comparison"] <= 0.01
        assert machine["gate_failures_per_comparison"] <= 0.02
    assert found["a quiet server"]["ten_percent_found"] == 1.0


def test_the_simulation_sees_a_true_difference() -> None:
    """A simulated race of contenders that are 10 % slower is judged slower by the very functions that find equals."""
    random = np.random.default_rng(1)
    quiet = MACHINES["a quiet server"]
    equal, slower = (judge(simulate_race(random, quiet, 8, 20, truth)) for truth in (0.0, np.log(1.1)))
    assert {standing.verdict for standing in slower.values()} == {"slower"}
    assert count_claims(equal, slower, AT_THE_GATE) == len(slower) == 9
    assert count_claims(equal, equal, AT_THE_GATE) == 0


def test_a_noiseless_machine_simulates_exact_ratios() -> None:
    """Without any noise every simulated ratio is exactly the true one."""
    race = simulate_race(np.random.default_rng(1), Noise(0, 0, False, 0, 0), 5, 5, np.log(1.25))
    inference = [standing.value for name, standing in judge(race).items() if name.startswith("inference")]
    assert inference == pytest.approx([1.25] * 3)


@dataclasses.dataclass
class Clock:
    """A clock that goes on by a microsecond whenever it is read."""

    now: int = 0

    def perf_counter_ns(self) -> int:
        """Go on, and give the time."""
        self.now += 1_000
        return self.now


@dataclasses.dataclass(frozen=True)
class Lasting:
    """A session that takes ten milliseconds of a clock."""

    clock: Clock
    threads: int = 1

    def run(self, batch):
        """Let time pass, and give the batch back."""
        self.clock.now += 10_000_000
        return batch


@pytest.mark.parametrize("share", [0.0, 0.1, 1.0])
def test_a_slowed_session_takes_its_share_longer(share: float, monkeypatch) -> None:
    """A slowed session gives the same output, and takes its inner session's time and the share of it."""
    clock = Clock()
    monkeypatch.setattr(slowed, "time", clock)
    session = slowed.SlowedSession(Lasting(clock), share)
    assert session.run(BATCH) is BATCH
    assert clock.now == pytest.approx(10_000_000 * (1 + share), abs=5_000)


def judged(records: dict[str, tuple[LaunchRecord, ...]]) -> Judged[LaunchRecord]:
    """Judge launches as the experiments do."""
    return Judged(Race(records, {}, 0.0), REFERENCE, Rules())


def pool(**factors: float) -> Judged[LaunchRecord]:
    """Make a pool of 16 launches of the reference, its control and every slowed variant."""
    keys = {REFERENCE: 1.0, CONTROL: 1.0} | {f"slowed-{variant.name}": 1.0 for variant in slowed.VARIANTS} | factors
    return judged({key: launches(factor, 16, seed=seed) for seed, (key, factor) in enumerate(keys.items())})


def test_drawn_runs_find_what_is_there_and_nothing_else() -> None:
    """Of runs drawn from a pool, a 10 % slow-down is found in all, and equals are called different in hardly any."""
    found = {share["injected"]: share for share in judge_shares(pool(**{"slowed-10": 1.1}), QUICK)}
    assert found[0.10]["slower"] == 1.0
    assert found[0.10]["measured"] == pytest.approx(1.1, rel=0.01)
    assert all(share["slower"] + share["faster"] <= 0.1 for injected, share in found.items() if injected < 0.10)


def test_an_invalid_control_is_counted_and_nothing_is_found() -> None:
    """Where the control is off, drawn runs are invalid and no slow-down counts as found."""
    found = judge_shares(pool(**{"slowed-10": 1.1, CONTROL: 1.3}), QUICK)
    assert {(share["slower"], share["invalid"]) for share in found} == {(0.0, 1.0)}


def test_spread_and_alarms_of_equals_and_of_unequals() -> None:
    """Equals have a small spread and raise no alarm; twins of which one is 20 % off are seen by every figure."""
    keys = (REFERENCE, CONTROL, "twin2", "twin3")
    equals = [judged({key: launches(1.0, 8, seed=9 * run + place) for place, key in enumerate(keys)}) for run in (1, 2)]
    off = judged(dict(equals[0].race.records) | {"twin3": launches(1.2, 8, seed=77)})
    quiet, loud = (spread(pair_log_ratios(race)) for race in (equals[0], off))
    assert quiet["pairs"] == 6
    assert quiet["worst"] < 0.02
    assert loud["worst"] > 0.15
    assert (quiet["off_by_5_percent"], loud["off_by_5_percent"]) == (0.0, 0.5)
    assert (claimed(equals), claimed([off])) == (0.0, 0.5)
    assert between_runs(equals) == {"comparisons_between_runs": 2, "false_alarms_between_runs": 0.0}
    assert between_runs([equals[0], off])["false_alarms_between_runs"] == 0.5


def test_the_t_test_over_rounds_calls_drifting_equals_different() -> None:
    """What plain benchmarks are commonly judged by finds a difference between equals that were measured in turn."""
    random = np.random.default_rng(3)
    first, second = 0.02 * (1 + random.normal(0, 0.01, 500)), 0.0203 * (1 + random.normal(0, 0.01, 500))
    assert t_test_alarms([[first.tolist(), second.tolist()]]) == 1.0


@pytest.fixture
def field(make_entrant, picture, images, tmp_path) -> Field:
    """Make a field of fakes by the names of the real ones."""
    nothing = tmp_path / "nothing.npy"
    np.save(nothing, np.zeros((1, 1000), np.float32))
    made, plain = declaration_of(empty), make_entrant()
    entrants = {
        "empty": Entrant("empty", Contender("empty", made.VARIANTS[0]), made, HERE, nothing, SIGNATURE, 2),
        "pytorch": make_entrant("slower", key="pytorch"),
        **{
            key: dataclasses.replace(plain, key=key)
            for key in (f"slowed-{variant.name}" for variant in slowed.VARIANTS)
        },
    }
    place = Workplace(tmp_path / "home", tmp_path / "working")
    return Field(
        entrants, picture.files, Prediction({"logits": true_logits(images)}, 2), place, {}, QUICK, lambda text: None
    )


@pytest.mark.full
@pytest.mark.alone
def test_the_harness_costs_little_beside_an_inference(field) -> None:
    """Interleaved rounds of fakes take what a bare loop takes, and asking for nothing takes little."""
    found = measure_cost(dataclasses.replace(field, settings=dataclasses.replace(QUICK, cost_inferences=12)))
    assert 0 < found["around_an_inference_ns"] < 1e3 * found["round_trip_us_median"]
    assert set(found["interleaved_over_bare_loop"]) == {"slowed-0", "pytorch"}
    for compared in found["interleaved_over_bare_loop"].values():
        assert compared["launches"] == QUICK.cost_launches
        assert 0.5 < compared["ratio"] < 2


@pytest.mark.full
@pytest.mark.long
def test_a_pool_is_raced_with_the_priority_that_its_condition_says(field) -> None:
    """Workers of the condition without priority have none, whatever the system permits; all shares are judged."""
    brief = dataclasses.replace(field, settings=dataclasses.replace(QUICK, launches=2, rounds=2))
    found = pool_and_draw(brief, Condition("none", 2, high_priority=False))
    assert found["went_first"] is False
    assert [share["injected"] for share in found["shares"]] == list(slowed.SHARES)


def test_the_page_in_the_documentation_is_that_of_its_figures() -> None:
    """What is published as a page is what its stored figures are written as."""
    figures = json.loads((ROOT / "docs" / "trust.json").read_text(encoding="utf-8"))
    assert render_page(figures) == (ROOT / "docs" / "trust.md").read_text(encoding="utf-8")


def test_an_experiment_writes_its_figures_and_the_page(tmp_path, capsys) -> None:
    """What an experiment found is added to the figures that are there, and the page is written of all of them."""
    (tmp_path / "trust.json").write_text(json.dumps({"of an earlier run": {}}))
    run_experiments([SIMULATED], dataclasses.replace(QUICK, simulated_runs=2), tmp_path, lambda text: None)
    figures = json.loads((tmp_path / "trust.json").read_text())
    assert set(figures) == {"of an earlier run", SIMULATED, "setting"}
    assert f"Figures of simulated: {made_line(figures[SIMULATED]['made'])}." in (tmp_path / "trust.md").read_text()
    assert (tmp_path / "trust.md").read_text() == render_page(figures) == capsys.readouterr().out


def test_a_simulation_leaves_the_machine_that_the_others_were_measured_on(tmp_path) -> None:
    """The page names the machine and the versions of what was measured, also where only a simulation is run again."""
    setting = {"cpu": "another one", "threads": 64, "launches": 8, "rounds": 30, "versions": {"numpy": "1"}}
    (tmp_path / "trust.json").write_text(json.dumps({"setting": setting}))
    run_experiments(["looks"], dataclasses.replace(QUICK, simulated_looks=2), tmp_path, lambda text: None)
    assert json.loads((tmp_path / "trust.json").read_text())["setting"] == setting


@pytest.mark.framework
@pytest.mark.full
def test_the_experiments_run_and_make_their_page(tmp_path) -> None:
    """A tiny run of two experiments writes its figures and the page, on real sessions."""
    command = [
        sys.executable,
        "-m",
        "trust",
        "--quick",
        "--only",
        "simulated",
        "--only",
        "cost",
        "--output",
        str(tmp_path),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=LONGEST_RUN)
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "trust.json").read_text())
    assert set(figures["cost"]["interleaved_over_bare_loop"]) == {"slowed-0", "pytorch"}
    page = (tmp_path / "trust.md").read_text()
    assert page == render_page(figures) == done.stdout
    assert "## Simulated runs" in page
    assert "Side by side" not in page
