"""Which weights a run uses: the choice, the built-in checkpoint, and what a file's path is taken for."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runoff.arrays import Output
from runoff.contract import Model
from runoff.errors import CheckpointBroken, CheckpointUnavailable, UnknownModel, UsageError
from runoff.files.values import from_json, to_json
from runoff.model.sources import choose
from runoff.model.sources.architecture import BUILTIN, FILE, OFFICIAL
from runoff.model.sources.choose import builtin_model, choose_model
from runoff.model.sources.options import ModelOptions, Written
from runoff.model.weights.state_dict import hash_state_dict, load_state_dict, save_state_dict
from tests.builders.models import resnet18

SMALL = {"fc.weight": np.arange(6, dtype=np.float32).reshape(2, 3), "fc.bias": np.zeros(2, dtype=np.float32)}
NO_NETWORK = CheckpointUnavailable("resnet18-f37072fd.pth could not be downloaded (no network)")


def asked(model: str, weights: str) -> ModelOptions:
    """Return what a user asks for by these two options."""
    return ModelOptions(model=model, weights=weights)


class FakeStep:
    """Stands for the process that imports weights: gives a small checkpoint, or raises."""

    def __init__(self, folder: Path, error: Exception | None = None) -> None:
        self.error, self.note = error, ""
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.weights = folder / "imported.npz"
        self.answer = resnet18("imported", self.weights, hash_state_dict(SMALL), ("cat", "dog"), FILE)
        save_state_dict(self.weights, SMALL)

    def __call__(self, function: str, arguments: dict[str, Any]) -> Any:
        """Answer as a process does: through JSON."""
        self.calls.append((function, json.loads(json.dumps(arguments))))
        if self.error:
            raise self.error
        return json.loads(json.dumps({"model": to_json(self.answer), "note": self.note}))


@pytest.fixture
def small_builtin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the built-in checkpoint be a small one, which needs no trained file."""
    monkeypatch.setattr(choose, "expand_builtin", lambda: SMALL)
    monkeypatch.setattr(choose, "BUILTIN_SHA256", hash_state_dict(SMALL))


@pytest.mark.usefixtures("small_builtin")
class TestChoice:
    """``--weights`` as the user gives it."""

    @pytest.mark.parametrize(("weights", "tag"), [("auto", "DEFAULT"), ("IMAGENET1K_V1", "IMAGENET1K_V1")])
    def test_official_weights_where_they_can_be_had(self, folder: Path, weights: str, tag: str) -> None:
        """Both ``auto`` and a tag take the official weights, and say nothing about it."""
        step = FakeStep(folder)
        choice = choose_model(asked("resnet18", weights), folder, step)
        assert (choice.model, choice.note) == (step.answer, None)
        expected = {"architecture": "resnet18", "tag": tag, "folder": str(folder), "changes": []}
        assert step.calls == [("runoff.model.sources.torchvision_weights:import_official", expected)]

    def test_auto_falls_back_with_a_note(self, folder: Path) -> None:
        """Without a network ``auto`` takes the built-in checkpoint and says so, and why, in one line."""
        choice = choose_model(asked("resnet18", "auto"), folder, FakeStep(folder, NO_NETWORK))
        assert choice.model.name == "builtin"
        assert choice.note.startswith("using the built-in checkpoint, because")
        assert str(NO_NETWORK) in choice.note
        assert "\n" not in choice.note

    def test_a_tag_does_not_fall_back(self, folder: Path) -> None:
        """Who asks for official weights by their tag gets them or an error."""
        with pytest.raises(CheckpointUnavailable, match="no network"):
            choose_model(asked("resnet18", "DEFAULT"), folder, FakeStep(folder, NO_NETWORK))

    @pytest.mark.parametrize("weights", ["auto", "DEFAULT"])
    def test_broken_official_file_is_not_replaced(self, folder: Path, weights: str) -> None:
        """A damaged file is an error under ``auto`` too: other weights in its place would hide it."""
        with pytest.raises(CheckpointBroken, match="truncated"):
            choose_model(
                asked("resnet18", weights), folder, FakeStep(folder, CheckpointBroken("resnet18.pth is truncated"))
            )

    def test_builtin_runs_no_step(self, folder: Path) -> None:
        """The built-in checkpoint needs no other process, and has a label for each logit."""
        step = FakeStep(folder)
        choice = choose_model(asked("resnet18", "builtin"), folder, step)
        assert (choice.model.name, choice.note, step.calls) == ("builtin", None, [])
        assert len(choice.model.labels) == 1000
        assert load_state_dict(choice.model.source.weights).keys() == SMALL.keys()

    @pytest.mark.parametrize("name", ["own.pth", "own.pt", "own.npz"])
    def test_path_is_imported(self, folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Anything else is the path of a file, passed on whole so that another process finds it."""
        (folder / name).touch()
        monkeypatch.chdir(folder)
        step = FakeStep(folder)
        assert choose_model(asked("resnet18", name), folder / "made", step).model == step.answer
        expected = {
            "architecture": "resnet18",
            "path": str(folder / name),
            "place": None,
            "folder": str(folder / "made"),
            "changes": [],
        }
        assert step.calls == [("runoff.model.sources.torchvision_weights:import_file", expected)]

    @pytest.mark.parametrize("name", ["nowhere.pth", "", ".", "Imagenet"])
    def test_missing_path_says_what_is_valid(self, folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """A path without a file, or a misspelt word, is refused with what the option takes, and nothing is run."""
        monkeypatch.chdir(folder)
        step = FakeStep(folder)
        with pytest.raises(CheckpointUnavailable, match="--weights takes auto, builtin"):
            choose_model(asked("resnet18", name), folder, step)
        assert step.calls == []

    def test_imported_file_is_held_to_its_hash(self, folder: Path) -> None:
        """What the import step gave is read again: a file changed since is refused by name."""
        step = FakeStep(folder)
        save_state_dict(step.weights, {**SMALL, "fc.bias": np.ones(2, dtype=np.float32)})
        with pytest.raises(CheckpointBroken, match=r"imported\.npz was changed"):
            choose_model(asked("resnet18", "DEFAULT"), folder, step)

    def test_builtin_is_expanded_once(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The second run takes the file that the first one made."""
        first = builtin_model(folder / "new" / "folder")
        monkeypatch.setattr(choose, "expand_builtin", lambda: pytest.fail("expanded again"))
        assert builtin_model(folder / "new" / "folder") == first

    @pytest.mark.parametrize("damage", ["other numbers", "truncated", "no archive"])
    def test_changed_builtin_file_is_refused(self, folder: Path, damage: str) -> None:
        """An expanded file that was changed, cut off or overwritten is refused by name, with the remedy."""
        path = builtin_model(folder).source.weights
        if damage == "other numbers":
            save_state_dict(path, {**SMALL, "fc.bias": np.ones(2, dtype=np.float32)})
        else:
            path.write_bytes(path.read_bytes()[:100] if damage == "truncated" else b"hello")
        with pytest.raises(CheckpointBroken, match=f"{path.name} was changed .* delete it and run again"):
            builtin_model(folder)


@pytest.mark.long
def test_real_builtin_model(folder: Path) -> None:
    """The real built-in checkpoint is expanded to a file that holds the published hash."""
    found = choose_model(asked("resnet18", "builtin"), folder, lambda *_: pytest.fail("ran a step")).model
    assert (
        found.source.weights_sha256 == hash_state_dict(load_state_dict(found.source.weights)) == choose.BUILTIN_SHA256
    )


def test_a_model_survives_json(folder: Path) -> None:
    """A model crosses process borders as JSON, with all that it declares."""
    for origin in (BUILTIN, OFFICIAL, FILE):
        model = resnet18("own", folder / "own.npz", "0" * 64, ("cat", "dog"), origin)
        assert from_json(Model, json.loads(json.dumps(to_json(model)))) == model
    outputs = (*model.outputs, Output("others", None, "int64"))
    bare = Model("bare", "0" * 64, model.inputs, outputs, None, None, "other", replace(model.source, weights=None))
    assert from_json(Model, json.loads(json.dumps(to_json(bare)))) == bare


def test_a_models_hash_is_of_weights_and_graph(folder: Path) -> None:
    """Another name or place makes the same hash; other weights or another number of classes make another."""
    model = resnet18("one", folder / "one.npz", "0" * 64, ("cat", "dog"), FILE)
    assert resnet18("two", folder / "two.npz", "0" * 64, ("star", "house"), BUILTIN).sha256 == model.sha256
    others = {
        resnet18("one", folder / "one.npz", "1" * 64, ("cat", "dog"), FILE).sha256,
        resnet18("one", folder / "one.npz", "0" * 64, ("cat", "dog", "cow"), FILE).sha256,
    }
    assert len(others | {model.sha256}) == 3


@pytest.mark.usefixtures("small_builtin")
class TestOtherModels:
    """``--model`` beside ``--weights``."""

    def test_another_model_has_no_builtin_weights(self, folder: Path) -> None:
        """The built-in weights are ResNet-18's, and asking another model for them is refused with what there is."""
        with pytest.raises(CheckpointUnavailable, match=r"only resnet18 has built-in weights, not resnet50; .*random"):
            choose_model(asked("resnet50", "builtin"), folder, FakeStep(folder))

    def test_another_model_does_not_fall_back(self, folder: Path) -> None:
        """Without a network another model ends with an error that names random weights and a path."""
        with pytest.raises(CheckpointUnavailable, match=r"no network.*random.*PATH"):
            choose_model(asked("resnet50", "auto"), folder, FakeStep(folder, NO_NETWORK))

    def test_random_weights_are_made_for_any_model(self, folder: Path) -> None:
        """Random weights are asked of the step for the architecture that was named."""
        step = FakeStep(folder)
        choose_model(asked("vit_b_16", "random"), folder, step)
        expected = {"architecture": "vit_b_16", "folder": str(folder), "changes": []}
        assert step.calls == [("runoff.model.sources.torchvision_weights:import_random", expected)]

    def test_a_place_in_a_file_is_passed_on(self, folder: Path) -> None:
        """``PATH#PLACE`` names a state dict in a file; a path that has a # of its own is a path."""
        (folder / "own.pth").touch()
        (folder / "odd#name.pth").touch()
        step = FakeStep(folder)
        choose_model(asked("resnet50", f"{folder / 'own.pth'}#model_ema"), folder, step)
        choose_model(asked("resnet50", str(folder / "odd#name.pth")), folder, step)
        given = [(Path(arguments["path"]).name, arguments["place"]) for _, arguments in step.calls]
        assert given == [("own.pth", "model_ema"), ("odd#name.pth", None)]

    def test_a_note_of_what_was_left_out_reaches_the_user(self, folder: Path) -> None:
        """What the import says about a file is the choice's note."""
        step = FakeStep(folder)
        step.note = "2 entries were left out"
        (folder / "own.pth").touch()
        assert choose_model(asked("resnet18", str(folder / "own.pth")), folder, step).note == "2 entries were left out"


@pytest.mark.usefixtures("small_builtin")
class TestPicturesAndLabels:
    """``--preprocessing`` and ``--labels`` beside the model."""

    def test_changes_are_passed_on_and_tried(self, folder: Path) -> None:
        """The step that makes the model gets the fields, and another runs it once on such an input."""
        step = FakeStep(folder)
        options = ModelOptions(weights="random", mean=(0.5,), input_size=(3, 32, 32))
        choose_model(options, folder, step)
        (_, given), (function, arguments) = step.calls
        assert given["changes"] == [{"mean": [0.5], "crop": [32, 32]}]
        assert function == "runoff.model.module.module:require_input"
        assert from_json(Model, arguments["model"]) == step.answer

    def test_the_builtin_model_takes_them_too(self, folder: Path) -> None:
        """The built-in weights at another size are the same weights, with another input."""
        step = FakeStep(folder)
        found = choose_model(ModelOptions(weights="builtin", input_size=(3, 32, 64)), folder, step).model
        assert found.picture_shape == (3, 32, 64)
        assert found.sha256 == builtin_model(folder).sha256
        assert [function for function, _ in step.calls] == ["runoff.model.module.module:require_input"]

    def test_labels_are_those_of_the_file(self, folder: Path) -> None:
        """The names change, and what they name does not."""
        step = FakeStep(folder)
        options = ModelOptions(weights="random", labels=Written(("lynx", "wolf"), "own.txt"))
        found = choose_model(options, folder, step).model
        assert (found.labels, found.sha256) == (("lynx", "wolf"), step.answer.sha256)

    def test_labels_of_another_number_are_refused(self, folder: Path) -> None:
        """Both numbers are told."""
        options = ModelOptions(weights="random", labels=Written(("a", "b", "c"), "own.txt"))
        with pytest.raises(UsageError, match=r"own\.txt holds 3 labels, and resnet18 .* has 2 classes"):
            choose_model(options, folder, FakeStep(folder))


class TestTimm:
    """``--model timm:NAME`` beside ``--weights``."""

    def test_its_own_weights_are_imported_by_its_own_step(self, folder: Path) -> None:
        """They are asked of the module that knows timm, and where nobody has them the error says what to do."""
        step = FakeStep(folder)
        choose_model(asked("timm:levit_128", "auto"), folder, step)
        ((function, arguments),) = step.calls
        assert function == "runoff.model.sources.timm_weights:import_official"
        assert (arguments["architecture"], arguments["tag"]) == ("timm:levit_128", "DEFAULT")
        with pytest.raises(CheckpointUnavailable, match=r"no network.*random.*PATH"):
            choose_model(asked("timm:levit_128", "auto"), folder, FakeStep(folder, NO_NETWORK))

    def test_random_weights_and_files_are_imported_by_its_own_step(self, folder: Path) -> None:
        """Both are asked of the module that knows timm."""
        (folder / "own.pth").touch()
        step = FakeStep(folder)
        for weights in ("random", str(folder / "own.pth")):
            choose_model(asked("timm:levit_128", weights), folder, step)
        assert [function for function, _ in step.calls] == [
            "runoff.model.sources.timm_weights:import_random",
            "runoff.model.sources.timm_weights:import_file",
        ]

    def test_another_source_is_refused(self, folder: Path) -> None:
        """A source that there is not is told with those that there are, and nothing is run."""
        step = FakeStep(folder)
        with pytest.raises(UnknownModel, match="unknown source 'tim' in 'tim:levit_128'; expected timm:NAME"):
            choose_model(asked("tim:levit_128", "random"), folder, step)
        assert step.calls == []
