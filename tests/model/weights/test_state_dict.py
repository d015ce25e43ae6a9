"""State dicts as arrays: the hash notices everything, and a damaged file is refused by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from runoff.errors import CheckpointBroken, CheckpointUnavailable
from runoff.model.weights.state_dict import Array, hash_state_dict, load_state_dict, save_state_dict


@pytest.fixture
def arrays() -> dict[str, Array]:
    """Three arrays of different types and shapes, one without dimensions."""
    return {
        "conv.weight": np.arange(24, dtype=np.float32).reshape(2, 3, 4),
        "bn.bias": np.zeros(5, dtype=np.float32),
        "bn.num_batches_tracked": np.array(7, dtype=np.int64),
    }


def test_saved_arrays_come_back_equal(tmp_path: Path, arrays: dict[str, Array]) -> None:
    """What is saved comes back with the same keys, types, shapes and bits."""
    path = tmp_path / "weights.npz"
    save_state_dict(path, arrays)
    loaded = load_state_dict(path)
    assert list(loaded) == list(arrays)
    for key, array in arrays.items():
        assert loaded[key].dtype == array.dtype
        np.testing.assert_array_equal(loaded[key], array, strict=True)
    assert hash_state_dict(loaded) == hash_state_dict(arrays)


def test_saving_leaves_no_partial_file(tmp_path: Path, arrays: dict[str, Array]) -> None:
    """Saving twice leaves exactly the one file, with the newer content."""
    path = tmp_path / "weights.npz"
    save_state_dict(path, {"old": np.ones(3)})
    save_state_dict(path, arrays)
    assert list(tmp_path.iterdir()) == [path]
    assert set(load_state_dict(path)) == set(arrays)


def test_failed_saving_keeps_the_old_file(
    tmp_path: Path, arrays: dict[str, Array], monkeypatch: pytest.MonkeyPatch
) -> None:
    """When writing fails half way, the file that was there stays whole and nothing else is left."""
    path = tmp_path / "weights.npz"
    save_state_dict(path, arrays)

    def full_disk(file: object, **_: Array) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full_disk)
    with pytest.raises(OSError, match="No space left"):
        save_state_dict(path, {"new": np.ones(3)})
    assert list(tmp_path.iterdir()) == [path]
    assert set(load_state_dict(path)) == set(arrays)


def test_hash_is_frozen(arrays: dict[str, Array]) -> None:
    """The hash of known arrays never changes: stored results and caches are named by it."""
    assert hash_state_dict(arrays) == "d56bfe8f2f021c2b0296a00064bd6084edc9d69352c3078590646bff05b61c18"


def test_hash_ignores_order_layout_and_byte_order(arrays: dict[str, Array]) -> None:
    """The order of the keys, the memory layout and the byte order in memory make no difference."""
    rearranged = {key: arrays[key] for key in reversed(arrays)}
    rearranged["conv.weight"] = np.asfortranarray(arrays["conv.weight"]).astype(">f4")
    assert hash_state_dict(rearranged) == hash_state_dict(arrays)


def test_hash_notices_one_bit(arrays: dict[str, Array]) -> None:
    """One flipped bit in one array gives another hash."""
    before = hash_state_dict(arrays)
    arrays["conv.weight"].view(np.uint32)[0, 0, 0] ^= 1
    assert hash_state_dict(arrays) != before


def test_hash_notices_negative_zero(arrays: dict[str, Array]) -> None:
    """Values that compare equal but differ in their bits give another hash."""
    before = hash_state_dict(arrays)
    arrays["bn.bias"][2] = -0.0
    assert hash_state_dict(arrays) != before


@pytest.mark.parametrize(
    ("key", "replacement"),
    [
        pytest.param("conv.weight", np.arange(24, dtype=np.float32).reshape(3, 2, 4), id="shape"),
        pytest.param("bn.bias", np.zeros(5, dtype=np.int32), id="type"),
        pytest.param("bn.bias", None, id="missing key"),
        pytest.param("bn.extra", np.zeros(5, dtype=np.float32), id="extra key"),
    ],
)
def test_hash_notices_key_shape_and_type(arrays: dict[str, Array], key: str, replacement: Array | None) -> None:
    """The same bytes under another shape or type, or a key more or less, give another hash."""
    before = hash_state_dict(arrays)
    arrays.pop(key, None)
    if replacement is not None:
        arrays[key] = replacement
    assert hash_state_dict(arrays) != before


def test_hash_notices_a_renamed_key(arrays: dict[str, Array]) -> None:
    """The same array under another name gives another hash."""
    before = hash_state_dict(arrays)
    arrays["bn.bias2"] = arrays.pop("bn.bias")
    assert hash_state_dict(arrays) != before


@pytest.mark.parametrize("kept", [0.0, 0.01, 0.3, 0.6, 0.99])
def test_truncated_file_is_refused_by_name(tmp_path: Path, arrays: dict[str, Array], kept: float) -> None:
    """A file cut off anywhere is refused with its path, what was expected and what to do."""
    path = tmp_path / "weights.npz"
    save_state_dict(path, arrays)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(CheckpointBroken, match=r"weights\.npz .* expected .* found .* Delete"):
        load_state_dict(path)


def test_damaged_content_is_refused(tmp_path: Path, arrays: dict[str, Array]) -> None:
    """A flipped bit inside an array's data is noticed while reading."""
    path = tmp_path / "weights.npz"
    save_state_dict(path, arrays)
    content = bytearray(path.read_bytes())
    place = content.index(arrays["conv.weight"].tobytes())
    content[place + 10] ^= 1
    path.write_bytes(content)
    with pytest.raises(CheckpointBroken, match=r"weights\.npz"):
        load_state_dict(path)


def test_foreign_files_are_refused(tmp_path: Path) -> None:
    """A text file, a single array, pickled objects and a folder are each refused by name."""
    text = tmp_path / "text.npz"
    text.write_text("not weights", encoding="utf-8")
    single = tmp_path / "single.npz"
    with single.open("wb") as file:
        np.save(file, np.ones(3))
    pickled = tmp_path / "pickled.npz"
    np.savez(pickled, things=np.array([{"a": 1}], dtype=object))
    folder = tmp_path / "folder.npz"
    folder.mkdir()
    for path in (text, single, pickled, folder):
        with pytest.raises(CheckpointBroken, match=path.name):
            load_state_dict(path)


def test_missing_file_is_unavailable_not_broken(tmp_path: Path) -> None:
    """Where there is no file at all, the error says so."""
    with pytest.raises(CheckpointUnavailable, match=r"nowhere\.npz"):
        load_state_dict(tmp_path / "nowhere.npz")
