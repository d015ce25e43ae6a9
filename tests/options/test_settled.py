"""Options from the command line, the environment and a file: which one holds, and what is refused with its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from runoff.errors import UsageError
from runoff.options.file import OptionFile, find_option_file
from runoff.options.layers import (
    DEFAULT,
    Setting,
    actions_of,
    default_settings,
    given_on,
    mistyped,
    option_parser,
    origins,
    refuse_typos,
    settled,
)
from tests.conftest import ROOT


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in the root of a repository that has a folder with pictures."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "pics").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(folder: Path, text: str, name: str = "runoff.toml") -> dict[str, Setting]:
    """Give the settings where a file says this and nothing else is given."""
    (folder / name).write_text(text)
    return settled({}, {}, find_option_file(folder))


def test_the_command_line_goes_before_the_environment_before_the_file(folder):
    """Each option has the value of the first that gives it, and says which one that is."""
    (folder / "runoff.toml").write_text('launches = 3\nrounds = 3\nmargin = "3%"\n')
    variables = {"RUNOFF_ROUNDS": "4", "RUNOFF_LAUNCHES": "4", "RUNOFF_MAX_TIME": ""}
    settings = settled(given_on(["--launches", "5", "-k", "x"]), variables, find_option_file(folder))
    found = {name: (settings[name].value, settings[name].source) for name in ("launches", "rounds", "margin", "wait")}
    assert found == {
        "launches": (5, "command line"),
        "rounds": (4, "RUNOFF_ROUNDS"),
        "margin": (0.03, "runoff.toml, line 3"),
        "wait": (3600.0, DEFAULT),
    }
    assert settings["max_time"] == Setting(None, ("no limit",), DEFAULT)  # an empty variable gives nothing


def test_every_option_can_be_given_by_a_file_and_by_the_environment(folder):
    """Whatever is declared has a name in a file and a variable, and no two share one."""
    names = [action.option_strings[0].removeprefix("--") for action in actions_of(option_parser())]
    assert len(set(names)) == len(names) == len(default_settings())
    for name in names:
        with pytest.raises(UsageError, match=rf"runoff.toml, line 2: {name} takes .*; found \{{"):
            read(folder, f"\n{name} = {{ a = 1 }}\n")


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("threads = 2", 2),
        ("require-agreement = true", True),
        ("max-time = 90", 90.0),
        ('max-time = "10m"', 600.0),
        ("mean = [0.5, 0.25, 1]", [(0.5,), (0.25,), (1.0,)]),
        ('mean = "0.5,0.25"', [(0.5, 0.25)]),
        ("input-size = [3, 224, 224]", [3, 224, 224]),
        ('choose = "latency<20ms"', "latency<20ms"),
        ("tree = []", []),
    ],
)
def test_a_file_has_values_as_toml_has_them(folder, line, value):
    """Numbers, lists and truths are written as such, and become what the command line's words become."""
    (setting,) = (each for each in read(folder, line).values() if each.source != DEFAULT)
    assert setting.value == value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\nlanches = 3", "runoff.toml, line 2: there is no option 'lanches'; do you mean launches?"),
        ("max_time = 3", "line 1: there is no option 'max_time'; do you mean max-time?"),
        ("zzz = 3", "there is no option 'zzz'; the valid ones are contenders, reference, launches"),
        ('launches = "3"', "line 1: launches takes a whole number; found '3'"),
        ("launches = true", "line 1: launches takes a whole number; found True"),
        ("contenders = 3", "line 1: contenders takes text; found 3"),
        ("max-time = [3]", r"line 1: max-time takes text or a number; found \[3\]"),
        ("require-agreement = 1", "line 1: require-agreement takes true or false; found 1"),
        ('mean = [\n  1,\n  "x"\n]', "line 1: argument --mean: expected numbers such as 0.485,0.456,0.406, found 'x'"),
        ("seed = 1\n# pics\n\nlaunches = 0", "line 4: argument --launches: expected a whole number of at least 1"),
        ("input-size = [3, 2]", "line 1: argument --input-size: expected 3 arguments"),
        ("input-size = [3, 2, 2, 2]", "line 1: argument --input-size: expected 3 arguments"),
        ('task = "clasification"', "line 1: argument --task: invalid choice: 'clasification'"),
        ('seed = 1\nmodel = "x', "runoff.toml, line 2: this is no TOML: "),
        ("seed = 1\nseed = 2", "runoff.toml, line 2: this is no TOML: "),
        ("seed = 1\nmean = [\n1,\n2\nlaunches = 3\n", "runoff.toml, line 2: this is no TOML: "),
        ("seed = 1\nmean = " + "[" * 5000, "runoff.toml, line 2: this is no TOML: "),
    ],
)
def test_what_a_file_gives_wrongly_is_refused_with_its_line(folder, text, said):
    """An unknown name, a wrong type and a value that the command line refuses: file, line, and what is right."""
    with pytest.raises(UsageError, match=said):
        read(folder, text)


@pytest.mark.parametrize(
    "text",
    [
        "[tool.black]\nlaunches = 1\n\n[tool.runoff]\nseed = 1\nlaunches = 0\n",
        "a = 1\n\n\n\n[tool]\nrunoff.launches = 0\n",
        '[project]\nname = """\n[tool.runoff]\n"""\n[tool.runoff]\n"launches" = 0\n',
        "\r\n\r\n[tool.runoff]\r\nseed = 1\r\n# here\r\nlaunches = 0\r\n",
    ],
    ids=["section", "dotted", "quoted", "carriage returns"],
)
def test_the_line_is_right_however_toml_is_written(folder, text):
    """The line is where TOML has the key of this section, not where its name stands first."""
    with pytest.raises(UsageError, match=r"pyproject\.toml, line 6: argument --launches"):
        read(folder, text, "pyproject.toml")


def test_the_files_own_goes_before_the_projects_and_the_nearest_before_those_above(folder, monkeypatch):
    """runoff.toml replaces the section beside it; both are looked for up to the root of the repository, no further."""
    (folder / "pyproject.toml").write_text("[tool.runoff]\nlaunches = 2\n")
    below = folder / "one" / "two"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    (below / "pyproject.toml").write_text("[project]\nname = 'two'\n")  # no section of ours: those above hold
    assert settled({}, {}, find_option_file(below))["launches"].source == "../../pyproject.toml, line 2"
    own = folder / "runoff.toml"
    own.write_text("rounds = 5\n")
    found = find_option_file(below)
    assert found == OptionFile(own, "rounds = 5\n", {"rounds": 5}, folder / "pyproject.toml")
    (folder / "one" / ".git").write_text("gitdir: elsewhere\n")
    assert find_option_file(below) is None
    (folder / "one" / ".git").unlink()
    (folder / ".git").rmdir()
    assert find_option_file(below) is None  # outside a repository the current folder's file alone


def test_paths_hold_from_the_files_folder(folder, monkeypatch):
    """What is a path there is one from any folder below; what may be a name as well is one where it is there."""
    below = folder / "below"
    below.mkdir()
    monkeypatch.chdir(below)
    (folder / "w.pth").touch()
    (folder / "tree" / "runoff" / "measure").mkdir(parents=True)
    (folder / "tree" / "runoff" / "measure" / "worker.py").touch()
    settings = read(
        folder, 'images = "pics"\nresults = "/out"\nweights = "w.pth#ema"\nmodel = "resnet50"\ntree = "a=tree"\n'
    )
    given = {name: each.value for name, each in settings.items() if each.source != DEFAULT}
    assert given == {
        "images": folder / "pics",
        "results": Path("/out"),
        "weights": f"{folder / 'w.pth'}#ema",
        "model": "resnet50",
        "tree": [("a", folder / "tree")],
    }


def test_variables_are_read_as_a_shells_words():
    """A truth, several values, and what is wrong with them."""
    settings = settled({}, {"RUNOFF_REQUIRE_AGREEMENT": "no", "RUNOFF_INPUT": "'a b=3x4' c=2"}, None)
    assert settings["require_agreement"].value is False
    assert [each.text for each in settings["input"].value] == ["a b=3x4", "c=2"]
    for variables, said in (
        ({"RUNOFF_LAUNCHES": "0"}, "RUNOFF_LAUNCHES: argument --launches: expected a whole number of at least 1"),
        ({"RUNOFF_REQUIRE_AGREEMENT": "maybe"}, "RUNOFF_REQUIRE_AGREEMENT is 'maybe'; expected true or 1"),
        ({"RUNOFF_INPUT": "'a"}, 'RUNOFF_INPUT is "\'a": No closing quotation'),
        ({"RUNOFF_LANCHES": "3"}, "the environment has RUNOFF_LANCHES, .* do you mean RUNOFF_LAUNCHES"),
    ):
        with pytest.raises(UsageError, match=said):
            settled({}, variables, None)


def test_variables_of_other_kinds_are_no_typos():
    """What Runoff itself reads, and Kubernetes names after a service, is not taken for an option."""
    sources = [path.read_text() for path in (ROOT / "runoff").rglob("*.py")]
    ours = {name for text in sources for name in re.findall(r"\"(RUNOFF_[A-Z_]+)\"", text)}
    assert {"RUNOFF_HOME", "RUNOFF_LOCKS", "RUNOFF_TRACED"} <= ours
    known = {action.option_strings[0].removeprefix("--"): action for action in actions_of(option_parser())}
    refuse_typos(known, dict.fromkeys([*ours, "RUNOFF_SERVICE_HOST", "RUNOFF_PORT", "RUNOFF_PORT_80_TCP"], ""))


def test_a_mistyped_option_has_the_nearest_one():
    """Words that are nearly an option are told with it; options, pytest's and what is like none are not."""
    words = [
        "--lanches",
        "3",
        "--max-tim=4",
        "--launches=2",
        "--benchmark-save",
        "--no-require-agreement",
        "--zzz",
        "-k",
    ]
    assert list(mistyped(words)) == [("--lanches", "--launches"), ("--max-tim", "--max-time")]
    with pytest.raises(UsageError, match="there is no option --lanches; do you mean --launches"):
        given_on(words)


def test_an_error_says_where_the_options_come_from_that_it_is_about(folder):
    """By the option's name or its value in the message; what the command line gives needs no telling."""
    settings = read(folder, 'contenders = "fake,wrong"\nimages = "pics"\nseed = 2\n')
    assert origins(settings, "unknown contender 'wrong', 2 more") == " (--contenders is from runoff.toml, line 1)"
    assert origins(settings, "--images: no picture") == " (--images is from runoff.toml, line 2)"
    assert not origins(settings | given_on(["--images", "pics"]), "--images: no picture in pics")
