"""Are strata kept apart, and does each step say between which commits it is, how large, and what else changed?"""

from __future__ import annotations

import json

import pytest

from runoff.__main__ import main
from runoff.errors import Exit
from runoff.history import words
from runoff.history.lines import make_history
from runoff.history.reading import read_runs
from tests.builders.histories import make_past_run, store_runs, with_step
from tests.builders.processors import ZEN3, ZEN4, of_schema_2, on_processor
from tests.builders.stored_runs import about


def history_of(folder, runs):
    """Store runs and draw their history."""
    return make_history(read_runs([store_runs(folder, runs)]))


def line_of(history, contender="onnxruntime", metric="ratio to reference"):
    """Return the only line of a contender and metric."""
    (found,) = (line for line in history.lines if (line.contender, line.metric.title) == (contender, metric))
    return found


def test_a_step_names_its_commits_and_levels(tmp_path):
    """A slow-down of 10 % at commit 20 is one step of the ratio: the commits around it, both levels, the change."""
    history = history_of(tmp_path, with_step(40, 20, 1.10))
    line = line_of(history)
    (step,) = line.steps
    assert words.commit_range(step.last.run, step.first.run) == f"{'0013' * 3} → {'0014' * 3}"
    assert step.before.low < 0.684 < step.before.high
    assert step.after.low < 0.684 * 1.1 < step.after.high
    assert step.change.low < 1.1 < step.change.high
    assert step.before.launches == step.after.launches == 20
    assert words.direction(line, step) == "worse"
    assert words.also(step) == "nothing that was recorded"
    assert line_of(history, "tensorflow").steps == ()


def test_a_step_says_what_else_changed(tmp_path):
    """Another package's version, the system and the machine are no stratum of this contender's, and are named."""
    runs = with_step(40, 20, 1.10)
    for run in runs[20:]:
        run["machine_info"] |= {"release": "6.2", "node": "two"}
        about(run)["contenders"]["tensorflow"]["versions"] = {"tensorflow-cpu": "2.16"}
    for run in runs[:20]:
        about(run)["contenders"]["tensorflow"]["versions"] = {"tensorflow-cpu": "2.15"}
    history = history_of(tmp_path, runs)
    (step,) = line_of(history).steps
    assert step.also == (
        "tensorflow-cpu: 2.15 → 2.16 for tensorflow",
        "machine: one → two",
        "system: Linux 6.1 → Linux 6.2",
    )
    assert len([line for line in history.lines if line.contender == "tensorflow"]) == 6


@pytest.mark.long
@pytest.mark.parametrize(
    "change",
    [
        lambda run: about(run)["stratum"]["processor"].update(name="Other CPU"),
        lambda run: about(run)["stratum"]["processor"].update(flags=["avx512f"]),
        lambda run: about(run)["stratum"]["processor"]["cores"][0].update(model="17"),
        lambda run: about(run)["stratum"]["processor"]["cores"][0].update(l2=1048576),
        lambda run: about(run)["stratum"]["processor"].update(hypervisor=True),
        lambda run: about(run)["stratum"].update(threads=4),
        lambda run: about(run)["model"].update(sha256="ef" * 32),
        lambda run: about(run)["model"]["preprocessing"].update(mean=[0.5]),
        lambda run: about(run)["model"].update(inputs=[{"name": "images", "shape": [3, 299, 299]}]),
        lambda run: about(run)["contenders"]["onnxruntime"].update(versions={"torch": "2.14.0"}),
        lambda run: about(run)["contenders"]["pytorch"].update(versions={"torch": "2.14.0"}),
    ],
    ids=[
        "processor",
        "its vector extensions",
        "its model",
        "its caches",
        "a hypervisor",
        "threads",
        "model",
        "preprocessing",
        "inputs",
        "its own version",
        "the reference's version",
    ],
)
def test_strata_are_never_mixed_in_a_line(tmp_path, change):
    """Runs that differ in any part of the processor, in threads, model or versions have separate lines, no step."""
    runs = with_step(40, 20, 1.5)
    for run in runs[20:]:
        change(run)
    history = history_of(tmp_path, runs)
    lines = [line for line in history.lines if line.contender == "onnxruntime" and not line.metric.unit]
    assert [len(line.points) for line in lines] == [20, 20]
    assert not history.steps


def test_a_kernel_update_breaks_no_line(tmp_path):
    """Flags that are no vector extensions come and go, and the processor stays what it was."""
    runs = with_step(8, 4, 1.0)
    for run in runs[4:]:
        about(run)["stratum"]["processor"]["flags"] += ["ibrs_enhanced", "flush_l1d"]
    history = history_of(tmp_path, runs)
    assert len(line_of(history).points) == 8


def test_older_runs_go_on_in_the_line_of_the_only_processor_that_they_fit(tmp_path):
    """What they lack is said of the section; beside two processors that they fit, they have a separate section."""
    runs = [on_processor(run, ZEN3) for run in with_step(9, 0, 1.0)]
    for run in runs[:3]:
        of_schema_2(run, ZEN3)
    history = history_of(tmp_path / "one", runs)
    (section,) = history.sections
    assert len(line_of(history).points) == 9
    assert section.stratum.processor == ZEN3
    assert words.section_note(section) == "9 runs of 9 commits (processor not fully known in 3: caches)"
    about(runs[8])["stratum"]["processor"]["cores"][0]["l2"] = 1024
    history = history_of(tmp_path / "two", runs)
    assert [len(section.runs) for section in history.sections] == [5, 3, 1]


def test_two_processors_of_one_name_have_a_section_each(tmp_path):
    """Zen 3 and Zen 4 both call themselves AMD EPYC: no line has both, and the titles tell them apart."""
    runs = with_step(6, 0, 1.0)
    runs = [on_processor(run, ZEN3 if number < 4 else ZEN4) for number, run in enumerate(runs)]
    first, second = history_of(tmp_path, runs).sections
    assert words.setting_title(first.stratum).startswith("AMD EPYC (AuthenticAMD family 25 model 1 stepping 1), 2 th")
    assert words.setting_title(second.stratum).startswith("AMD EPYC (AuthenticAMD family 25 model 17 stepping 1), 2 t")


def test_a_models_name_and_source_break_no_line(tmp_path):
    """The hash decides which model it is: the same weights under another name, from another source, go on in a line."""
    runs = with_step(40, 20, 1.0)
    for run in runs[20:]:
        about(run)["model"].update(weights="mine", source={"kind": "torchvision", "origin": "file"})
    history = history_of(tmp_path, runs)
    assert len(history.sections) == 1
    assert len(line_of(history).points) == 40


def test_machines_are_merged_from_several_folders(tmp_path):
    """Runs of two machines whose strata are equal share a line; a machine that changed at a step is named."""
    one, two = with_step(20, 0, 1.0), [make_past_run(number, factor=1.1) for number in range(20, 40)]
    for run in two:
        run["machine_info"]["node"] = "two"
    folders = [store_runs(tmp_path / "one", one), store_runs(tmp_path / "two", two)]
    history = make_history(read_runs(folders))
    (step,) = line_of(history).steps
    assert step.also == ("machine: one → two",)
    one[-1]["machine_info"]["node"] = "two"  # so it changed one run before the step
    (step,) = line_of(history_of(tmp_path, one + two)).steps
    assert step.also == ()


def test_a_step_within_a_commit_says_so(tmp_path):
    """Where both sides are runs of one commit, no commit made the step."""
    runs = with_step(40, 20, 1.10)
    for run in runs:
        run["commit_info"] = {"id": "ab" * 20, "time": "2026-01-01T00:00:00+00:00", "dirty": False}
    (step,) = line_of(history_of(tmp_path, runs)).steps
    assert words.commit_range(step.last.run, step.first.run) == "within abababababab, between two runs of it"


def test_invalid_runs_are_left_out_and_named(tmp_path):
    """A run whose control came out apart is on no line, and is named among what was left out."""
    runs = with_step(10, 0, 1.0)
    about(runs[4])["control"] |= {"value": 1.2, "low": 1.18, "high": 1.22}
    history = history_of(tmp_path, runs)
    assert len(line_of(history).points) == 9
    (remark,) = words.remarks(history)
    assert "1 run is left out, invalid by the control: " in remark
    assert "0004.json" in remark


@pytest.mark.long
def test_the_command_writes_page_json_and_markdown(tmp_path, capsys):
    """Page, JSON and Markdown are written where asked; the sentence and the files' names are printed."""
    folder = store_runs(tmp_path / "runs", with_step(40, 20, 1.10))
    (folder / "broken.json").write_text("{")
    summary = tmp_path / "summary.md"
    assert main(["history", str(folder), "--output", str(tmp_path / "out"), "--markdown", str(summary)]) == 0
    printed = capsys.readouterr()
    assert "step" in printed.out
    assert str(tmp_path / "out" / "history.html") in printed.out
    assert "broken.json is skipped: it is not JSON" in printed.err
    written = json.loads((tmp_path / "out" / "history.json").read_text())
    (section,) = written["sections"]
    (line,) = (each for each in section["lines"] if each["steps"] and each["metric"] == "ratio to reference")
    (step,) = line["steps"]
    assert (step["last_commit_before"], step["first_commit_after"]) == ("0013" * 10, "0014" * 10)
    assert line["unit"] == "ratio"
    assert len(line["points"]) == 40
    assert "broken.json" in next(iter(written["skipped"]))
    assert "| onnxruntime | ratio to reference |" in summary.read_text()


@pytest.mark.long
def test_a_history_in_the_folder_is_no_foreign_file(tmp_path, capsys):
    """Drawing into the folder of the runs and drawing again warns of nothing."""
    folder = store_runs(tmp_path, with_step(3, 0, 1.0))
    for _ in range(2):
        assert main(["history", str(folder), "--output", str(folder)]) == 0
        assert not capsys.readouterr().err


def test_nothing_usable_is_a_mistake_in_words(tmp_path, capsys):
    """A folder without runs costs one sentence, and no traceback."""
    assert main(["history", str(tmp_path)]) == Exit.NOT_A_RUN
    assert "no run that Runoff stored is in" in capsys.readouterr().err


def test_a_new_version_is_a_break_and_no_step(tmp_path):
    """Where the contender's own version changes, its lines end: what changed and both levels are said, no step is."""
    runs = with_step(40, 20, 1.10)
    for number, run in enumerate(runs):
        about(run)["contenders"]["onnxruntime"]["versions"] = {"onnxruntime": "1.31" if number < 20 else "1.32"}
    history = history_of(tmp_path, runs)
    (section,) = history.sections
    (found,) = section.breaks
    assert not history.steps
    assert found.changed == ("onnxruntime: 1.31 → 1.32",)
    ((_, _, changed, levels),) = words.break_table(section).rows
    assert changed == "onnxruntime: 1.31 → 1.32"
    assert levels.startswith("ratio to reference 0.68")
    assert " → 0.75" in levels


def test_two_environments_side_by_side_are_no_break(tmp_path):
    """Runs that take turns with two versions are two lines, and neither follows the other."""
    runs = with_step(20, 0, 1.0)
    for number, run in enumerate(runs):
        about(run)["contenders"]["onnxruntime"]["versions"] = {"onnxruntime": "1.31" if number % 2 else "1.32"}
    (section,) = history_of(tmp_path, runs).sections
    assert section.breaks == ()
