"""The code that decides an artifact's bytes: what is hashed of a file, and what is not."""

from __future__ import annotations

import ast
import shutil
from textwrap import dedent

import pytest

from runoff.measure.code import code_hash, defined, differing_code, dump, reachable
from tests.builders.encodings import files_in_ascii
from tests.suite_runs import ROOT

PLAIN = dedent(
    '''
    """A backend."""
    import somewhere
    VARIANTS = ("a description",)
    SIDE: int = 3
    WIDE, SHORT = other = 4, 5

    def convert(form):
        """Convert it."""
        return helper(form)

    def helper(form):
        if form:
            "a text that nobody uses"
            return SIDE, other
        return Kind

    class Kind:
        """A kind."""
        size = 1

    def load(artifact):
        return 1
    '''
)


@pytest.fixture
def file(tmp_path):
    """Write a backend of somebody else."""
    path = tmp_path / "theirs.py"
    path.write_text(PLAIN, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("A backend.", "Another text.", True),
        ("Convert it.", "Make it.", True),
        ("A kind.", "Another.", True),
        ("a text that nobody uses", "another", True),
        ("SIDE: int = 3", "SIDE: int = 3  # thrée", True),
        ("a description", "another", True),
        ("return 1", "return 2", True),
        ("import somewhere", "import elsewhere", True),
        ("return helper(form)", "return [helper(form)]", False),
        ("return SIDE, other", "return other, SIDE", False),
        ("SIDE: int = 3", "SIDE: int = 4", False),
        ("= 4, 5", "= 5, 4", False),
        ("size = 1", "size = 2", False),
        ("convert(form):", "convert(model):", False),
    ],
)
def test_only_what_a_conversion_runs_through_is_hashed(file, old, new, same):
    """Texts, comments, descriptions of variants and other functions change no hash; what convert() uses does."""
    before = code_hash(file, ["convert"])
    assert PLAIN.count(old) == 1
    file.write_text(PLAIN.replace(old, new), encoding="utf-8")
    assert (code_hash(file, ["convert"]) == before) == same


def test_code_is_read_as_utf8_whatever_the_locale_says(file, tmp_path):
    """A file and a module that it imports may have any letters."""
    model = tmp_path / "runoff" / "model" / "letters.py"
    model.parent.mkdir(parents=True)
    model.write_text("LETTER = 'é'\n", encoding="utf-8")
    file.write_text(f"from runoff.model.letters import LETTER\n{PLAIN.replace('= 4, 5', '= 4, LETTER or chr(0xe9)')}")
    file.write_text(file.read_text().replace("chr(0xe9)", "'é'"), encoding="utf-8")
    usual = code_hash(file, ["convert"], tmp_path)
    with files_in_ascii():
        assert code_hash(file, ["convert"], tmp_path) == usual


def test_functions_that_are_named_count_together(file):
    """What several functions run through is hashed as one; a function that is not there adds nothing."""
    one, both = code_hash(file, ["convert"]), code_hash(file, ["convert", "load"])
    assert one != both == code_hash(file, ["load", "convert"])
    assert one == code_hash(str(file), ["convert", "repair"])


def names(statements):
    """Name what statements define."""
    return [name for statement in statements for name in defined(statement)]


def test_what_is_reached_is_in_the_order_of_the_file():
    """Definitions that names lead to are found through others, each once, and variants never."""
    module = ast.parse(PLAIN)
    assert names(reachable(module, {"convert"})) == ["SIDE", "other", "convert", "helper", "Kind"]
    assert names(reachable(module, {"load"})) == ["load"]
    assert reachable(module, {"VARIANTS", "nothing"}) == []


def test_functions_that_call_each_other_are_found():
    """A circle of calls ends."""
    module = ast.parse("def a():\n    b()\ndef b():\n    a()\n")
    assert names(reachable(module, {"b"})) == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def f(): pass", ["f"]),
        ("class C: pass", ["C"]),
        ("a = b = 1", ["a", "b"]),
        ("a: int = 1", ["a"]),
        ("a.b = 1", []),
        ("a.b: int = 1", []),
        ("import a", []),
        ("f()", []),
    ],
)
def test_what_a_statement_defines_has_its_names(text, expected):
    """Functions, classes and plain assignments define names; all else defines none."""
    assert defined(ast.parse(text).body[0]) == expected


def test_a_tree_is_written_without_texts_that_nobody_uses():
    """Docstrings and bare constants go, wherever they stand, and calls stay."""
    text = 'def f():\n    """Text."""\n    g()\n    for a in b:\n        1\n        h("kept")\n    return lambda: 2\n'
    assert dump(ast.parse(text)) == b"def f():\n    g()\n    for a in b:\n        h('kept')\n    return lambda: 2"


@pytest.fixture
def modules(tmp_path):
    """Write modules of a model, of which one imports another, and a backend that imports the first."""
    place = tmp_path / "runoff" / "model"
    place.mkdir(parents=True)
    (place / "repairs.py").write_text('"""Répairs."""\nfrom runoff.model.graph import nodes\n', encoding="utf-8")
    (place / "graph.py").write_text("def nodes():\n    return 1\n")
    (place / "unused.py").write_text("x = 1\n")
    (place / "whole.py").write_text("x = 1\n")
    (tmp_path / "runoff" / "kernels.py").write_text("x = 1\n")
    file = tmp_path / "backend.py"
    file.write_text(
        "from . import beside\nimport runoff.model.unused\nfrom runoff.kernels import x\n"
        "from runoff.model.missing import y\nfrom runoff.model import whole\n"
        "def convert(form):\n    from runoff.model.repairs import nodes\n    return nodes()\n"
        "def load():\n    from runoff.model.unused import x\n"
    )
    return file


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        ("model/repairs.py", False),
        ("model/graph.py", False),
        ("model/whole.py", False),
        ("model/unused.py", True),
        ("kernels.py", True),
        ("model/missing.py", False),
    ],
)
def test_modules_of_models_count_whole_and_what_they_import_too(modules, changed, same):
    """What convert() imports of the model's modules decides its bytes, two imports away as well; nothing else does."""
    tree = modules.parent
    before = code_hash(modules, ["convert"], tree)
    (tree / "runoff" / changed).write_text("from runoff.model.graph import nodes\nx = 2\n")
    assert (code_hash(modules, ["convert"], tree) == before) == same


def test_modules_that_import_each_other_are_hashed(modules):
    """A circle of imports ends, and modules at the file's top count as those within its functions."""
    tree = modules.parent
    (tree / "runoff" / "model" / "graph.py").write_text("from runoff.model.repairs import nodes\n")
    inside = code_hash(modules, ["convert"], tree)
    modules.write_text("from runoff.model.graph import nodes\n" + modules.read_text())
    assert code_hash(modules, ["convert"], tree) == inside
    (tree / "runoff" / "model" / "graph.py").write_text("from runoff.model.repairs import others\n")
    assert code_hash(modules, ["convert"], tree) != inside


@pytest.fixture
def tree(tmp_path):
    """Copy what the backend of LiteRT converts through into another tree."""
    (tmp_path / "runoff" / "backends").mkdir(parents=True)
    shutil.copytree(ROOT / "runoff" / "model", tmp_path / "runoff" / "model")
    shutil.copy(ROOT / "runoff" / "backends" / "litert.py", tmp_path / "runoff" / "backends")
    return tmp_path


def test_code_that_is_the_same_in_another_tree_does_not_differ(tree):
    """An unchanged file of another tree is as ours, by whichever tree's path it is named."""
    name = "runoff/backends/litert.py"
    assert differing_code(tree / name, "convert", tree) is None
    assert differing_code(ROOT / name, "convert", tree) is None
    (tree / name).write_text((tree / name).read_text().replace("def load(", "def load_it("))
    assert differing_code(tree / name, "convert", tree) is None


def test_another_trees_own_code_is_its_hash(tree):
    """A tree with another convert() has that one's hash, and one that lacks the file an empty one."""
    file = tree / "runoff" / "backends" / "litert.py"
    file.write_text(file.read_text().replace("def convert(form", "def convert(the_form"))
    assert differing_code(file, "convert", tree) == code_hash(file, ["convert"], tree)
    assert differing_code(file, "convert", ROOT) is None
    file.unlink()
    assert differing_code(ROOT / "runoff" / "backends" / "litert.py", "convert", tree) == ""
    newcomer = tree / "runoff" / "backends" / "newcomer.py"
    newcomer.write_text("def convert(form):\n    return 1\n")
    assert differing_code(newcomer, "convert", tree) == code_hash(newcomer, ["convert"], tree)


def test_a_changed_module_of_the_model_is_a_difference(tree):
    """What convert() imports is read in the tree that converts."""
    file = tree / "runoff" / "backends" / "litert.py"
    for module in (tree / "runoff" / "model").rglob("*.py"):
        module.write_text(module.read_text() + "\nADDED = 1\n")
    assert differing_code(file, "convert", tree) == code_hash(file, ["convert"], tree)
    assert differing_code(ROOT / "runoff" / "backends" / "litert.py", "convert", tree) is not None


def test_a_file_outside_any_tree_has_no_differing_code(tmp_path):
    """A backend of somebody else's package is converted by its own code in every tree."""
    file = tmp_path / "outside.py"
    file.write_text("def convert(form):\n    return 1\n")
    assert differing_code(file, "convert", tmp_path / "tree") is None
