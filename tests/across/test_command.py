"""``python -m runoff models``: what it races, where it writes, and what it refuses."""

from __future__ import annotations

import pytest

from runoff.__main__ import main
from runoff.across import racing
from runoff.across.model_list import ARCHITECTURES, CONTENDERS
from tests.builders.many_models import make_model_run, store_model


@pytest.fixture
def plans(monkeypatch, tmp_path):
    """Stand in for the race in a folder that has a suite, and note what would be raced."""
    noted = []
    monkeypatch.setattr(racing, "race_models", lambda plan, say: noted.append(plan))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "benchmarks").mkdir()
    return noted


def test_without_options_it_races_the_list(plans, tmp_path, capsys):
    """All models, the contenders that every model is tried with, five launches, two hours; the page is written."""
    assert main(["models"]) == 0
    (plan,) = plans
    assert (plan.architectures, plan.contenders) == (ARCHITECTURES, CONTENDERS)
    assert (plan.launches, plan.max_time, plan.model_time, plan.threads) == (5, 7200.0, 600.0, None)
    assert (tmp_path / "results" / "models" / "index.html").exists()
    assert capsys.readouterr().out.endswith("results/models/index.html\n")


def test_models_and_contenders_can_be_named(plans):
    """Each is raced once, in the order given."""
    assert main(["models", "--models", "resnet18,timm:levit_128,resnet18", "--contenders", "pytorch,openvino"]) == 0
    assert [each.model for each in plans[0].architectures] == ["resnet18", "timm:levit_128"]
    assert plans[0].contenders == ("pytorch", "openvino")


@pytest.mark.long
def test_the_page_can_be_made_again_without_a_race(plans, tmp_path, capsys):
    """--page-only reads what is stored, and --markdown - prints it."""
    store_model(tmp_path / "kept", "resnet18", make_model_run("resnet18", {"openvino": 0.6}))
    given = ["--page-only", "--output", "kept", "--models", "resnet18", "--markdown", "-"]
    assert main(["models", *given]) == 0
    assert plans == []
    assert "(Example CPU, 2 threads): openvino." in capsys.readouterr().out
    assert "0.600 [0.588, 0.612]" in (tmp_path / "kept" / "index.html").read_text()


def test_markdown_is_written_to_a_file(plans, tmp_path):
    """--markdown PATH is the same as GitHub markdown."""
    assert main(["models", "--markdown", "models.md"]) == 0
    assert "**No model has a run yet" in (tmp_path / "models.md").read_text()


def test_an_interrupt_ends_the_race_and_not_the_page(plans, tmp_path, monkeypatch, capsys):
    """What is stored by then is written, and the exit code is that of an interrupt."""

    def interrupted(plan, say):
        raise KeyboardInterrupt

    monkeypatch.setattr(racing, "race_models", interrupted)
    assert main(["models"]) == 130
    assert "run it again to go on from here" in capsys.readouterr().err
    assert (tmp_path / "results" / "models" / "index.html").exists()


@pytest.mark.parametrize("given", ["pytorch", "pytorch,pytorch", ","])
def test_one_contender_is_no_race(plans, given, capsys):
    """It is refused before anything runs."""
    assert main(["models", "--contenders", given]) == 2
    assert "--contenders takes two ids or more" in capsys.readouterr().err
    assert plans == []


def test_a_folder_without_a_suite_is_refused(plans, tmp_path, capsys):
    """The error says where to start it."""
    (tmp_path / "benchmarks").rmdir()
    assert main(["models"]) == 2
    assert "start it in a checkout of Runoff" in capsys.readouterr().err
