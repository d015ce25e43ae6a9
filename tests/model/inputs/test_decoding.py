"""Does every picture decode into what a person would see, and everything else into a named error?"""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from runoff.errors import ImagesUnusable, NotAPicture, TooManyPixels
from runoff.model.inputs.decoding import FORMATS, SUFFIXES, as_rgb, decode
from runoff.model.inputs.photographs import ORIENTATIONS, STORAGES, turned_jpeg
from runoff.model.inputs.preprocessing import preprocess
from runoff.model.sources.architecture import IMAGENET

WHITE = (255, 255, 255)


def stored(picture: Image.Image, file_format: str, **options: Any) -> bytes:
    """Store a picture in memory."""
    buffer = io.BytesIO()
    picture.save(buffer, file_format, **options)
    return buffer.getvalue()


def png_of(width: int, height: int, depth: int, colour_type: int, rows: bytes, transparent: bytes = b"") -> bytes:
    """Write a PNG by hand: what its header says, its unpacked rows and, if any, the level named as transparent."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0))
    transparency = chunk(b"tRNS", transparent) if transparent else b""
    return b"\x89PNG\r\n\x1a\n" + header + transparency + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def corners() -> Image.Image:
    """Make a 32×16 picture whose four corners have four colours, so that every turn shows."""
    picture = Image.new("RGB", (32, 16), (200, 30, 30))
    picture.paste((30, 200, 30), (16, 0, 32, 8))
    picture.paste((30, 30, 200), (0, 8, 16, 16))
    picture.paste((220, 220, 220), (16, 8, 32, 16))
    return picture


def difference(picture: Image.Image, other: Image.Image) -> float:
    """Return the mean absolute difference of two pictures in 8-bit levels."""
    assert picture.size == other.size
    return float(np.abs(np.asarray(picture, dtype=np.float64) - np.asarray(other, dtype=np.float64)).mean())


@pytest.mark.parametrize("storage", STORAGES)
def test_every_storage_decodes_into_rgb(storage: str) -> None:
    """Each way in which the fixture photographs are stored decodes into RGB of the right size."""
    picture = decode(STORAGES[storage](corners()))
    assert (picture.mode, picture.size) == ("RGB", (32, 16))


@pytest.mark.parametrize("storage", ["jpeg-95", "jpeg-cmyk", "png", "png-palette"])
def test_colours_survive(storage: str) -> None:
    """Storing in RGB, CMYK or a palette and decoding gives nearly the same colours, not their inverse."""
    assert difference(decode(STORAGES[storage](corners())), corners()) < 6


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_exif_orientation_is_undone(orientation: int) -> None:
    """A JPEG turned or mirrored in any of the seven ways comes back upright."""
    assert difference(decode(turned_jpeg(corners(), orientation)), corners()) < 6


@pytest.mark.parametrize("file_format", ["PNG", "WEBP", "TIFF"])
def test_exif_orientation_is_undone_once_in_other_formats(file_format: str) -> None:
    """An orientation in PNG, WebP or TIFF is applied, and not twice where Pillow applies it by itself."""
    exif = Image.Exif()
    exif[0x0112] = 6
    data = stored(corners().transpose(Image.Transpose.ROTATE_90), file_format, exif=exif)
    assert difference(decode(data), corners()) < 12


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("exif", [b"Exif\0\0broken", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01\x12", b""])
def test_a_broken_exif_block_means_upright(exif: bytes) -> None:
    """A picture with a damaged EXIF block is still a picture."""
    assert decode(stored(corners(), "JPEG", exif=exif)).size == (32, 16)


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "La", "PA", "P", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "HSV"]
)
def test_every_mode_becomes_rgb(mode: str) -> None:
    """Every 8-bit mode that Pillow has converts into RGB of the same size."""
    picture = as_rgb(Image.new(mode, (3, 2)))
    assert (picture.mode, picture.size) == ("RGB", (3, 2))


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        (Image.new("1", (1, 1), 1), WHITE),
        (Image.new("L", (1, 1), 7), (7, 7, 7)),
        (Image.new("LA", (1, 1), (0, 0)), WHITE),
        (Image.new("LA", (1, 1), (0, 255)), (0, 0, 0)),
        (Image.new("RGBA", (1, 1), (255, 0, 0, 0)), WHITE),
        (Image.new("RGBA", (1, 1), (255, 0, 0, 51)), (255, 204, 204)),
        (Image.new("RGBA", (1, 1), (255, 0, 0, 255)), (255, 0, 0)),
        (Image.new("CMYK", (1, 1), (0, 255, 255, 0)), (255, 0, 0)),
        (Image.new("CMYK", (1, 1), (0, 0, 0, 255)), (0, 0, 0)),
        (Image.new("YCbCr", (1, 1), (255, 128, 128)), WHITE),
        (Image.new("LAB", (1, 1), (255, 128, 128)), WHITE),
    ],
    ids=lambda value: f"{value.mode}-{value.getpixel((0, 0))}" if isinstance(value, Image.Image) else "",
)
def test_a_mode_becomes_the_right_colour(picture: Image.Image, expected: tuple[int, int, int]) -> None:
    """Full and no ink, full and no opacity mean what they mean in each mode; what shows through is white."""
    # Converting LAB goes through colour profiles, whose arithmetic is a level short of white.
    np.testing.assert_allclose(np.asarray(as_rgb(picture))[0, 0], expected, atol=1 if picture.mode == "LAB" else 0)


@pytest.mark.parametrize(
    ("mode", "transparency"), [("L", 9), ("RGB", (9, 9, 9)), ("P", 9), ("P", bytes([255] * 9 + [0]))]
)
def test_a_colour_named_transparent_becomes_white(mode: str, transparency: int | bytes) -> None:
    """A PNG without alpha channel that names a colour as transparent shows white there and nowhere else."""
    picture = Image.new("L", (2, 1), 9)
    picture.putpixel((1, 0), 50)
    if mode == "P":
        picture.putpalette([level for level in range(256) for _ in range(3)], "RGB")
    decoded = decode(stored(picture.convert(mode), "PNG", transparency=transparency))
    assert [decoded.getpixel((x, 0)) for x in (0, 1)] == [WHITE, (50, 50, 50)]


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ([0, 1, 257, 65535], np.uint16, [0, 0, 1, 255]),
        ([0, 1, 255], np.int32, [0, 1, 255]),
        ([0, 257, 65535], np.int32, [0, 1, 255]),
        ([0, 2**30, 2**31 - 1], np.int32, [0, 128, 255]),
        ([-100, 0, 255], np.int32, [0, 72, 255]),
        ([0.0, 0.5, 1.0], np.float32, [0, 128, 255]),
        ([0.0, 100.0, 255.0], np.float32, [0, 100, 255]),
        ([0.0, 1e12, 2e12], np.float32, [0, 128, 255]),
        ([-1.0, 0.0, 1.0], np.float32, [0, 128, 255]),
    ],
)
def test_grey_of_more_bits_is_scaled(values: list[float], dtype: type, expected: list[int]) -> None:
    """Wide integer and floating-point grey keeps its range instead of being cut off at 255."""
    decoded = decode(stored(Image.fromarray(np.array([values], dtype=dtype)), "TIFF"))
    assert [decoded.getpixel((x, 0)) for x in range(len(values))] == [(level,) * 3 for level in expected]


def test_sixteen_bit_png_is_scaled_whatever_it_holds() -> None:
    """The white of 16-bit PNG is known, so that a dark picture stays dark; its transparent level becomes white."""
    rows = b"\0" + struct.pack(">4H", 0, 200, 65535, 4000)
    decoded = decode(png_of(4, 1, depth=16, colour_type=0, rows=rows, transparent=struct.pack(">H", 4000)))
    assert np.asarray(decoded)[0, :, 0].tolist() == [0, 1, 255, 255]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_numbers_are_a_named_error(value: float) -> None:
    """A floating-point picture with a value that can't be scaled is refused by name."""
    data = stored(Image.fromarray(np.array([[0, value, 1]], dtype=np.float32)), "TIFF")
    with pytest.raises(ImagesUnusable, match=r"measured\.tif holds values"):
        decode(data, name="measured.tif")


@pytest.mark.parametrize("place", ["text", "compressed text", "profile"])
def test_a_png_with_much_beside_its_pixels_is_sound(place: str) -> None:
    """Two megabytes of text or of colour profile, which no pixel depends on, are passed over."""
    much = np.random.RandomState(0).randint(32, 127, 2_000_000, np.uint8).tobytes()
    notes = PngInfo()
    if place != "profile":
        notes.add_text("Comment", much.decode(), zip=place == "compressed text")
    content = stored(corners(), "PNG", pnginfo=notes, icc_profile=much if place == "profile" else None)
    assert difference(decode(content), corners()) == 0
    with pytest.raises(ImagesUnusable, match="broken or cut-off"):
        decode(content[: len(content) - 30])


def test_a_png_whose_text_was_altered_is_sound() -> None:
    """A chunk of text with a wrong checksum is passed over too."""
    notes = PngInfo()
    notes.add_text("Comment", "a text of many words")
    content = stored(corners(), "PNG", pnginfo=notes)
    assert difference(decode(content.replace(b"many", b"some")), corners()) == 0


@pytest.mark.parametrize("kind", ["transparent", "named transparent", "grey"])
def test_a_tall_picture_is_converted_in_pieces_as_in_one(kind: str) -> None:
    """Rows are laid over white and scaled some at a time, with the result of all at once."""
    values = np.random.RandomState(0).randint(0, 256, (700, 3, 4), np.uint8)
    if kind == "grey":
        grey = values[..., 0].astype(np.uint16) * 257
        expected = values[..., :1].repeat(3, 2)
        assert (np.asarray(as_rgb(Image.fromarray(grey))) == expected).all()
        return
    picture = Image.fromarray(values)
    if kind == "named transparent":
        picture = Image.fromarray(values[..., :3]).quantize(16)
        picture.info["transparency"] = 3
    rgba = picture.convert("RGBA")
    white = Image.new("RGBA", picture.size, (255, 255, 255, 255))
    assert (np.asarray(as_rgb(picture)) == np.asarray(Image.alpha_composite(white, rgba).convert("RGB"))).all()


@pytest.mark.parametrize("file_format", ["GIF", "PNG", "WEBP", "TIFF"])
def test_of_an_animation_the_first_frame_is_taken(file_format: str) -> None:
    """A file with several frames decodes into its first."""
    frames = [Image.new("RGB", (8, 8), (200, 30, 30)), Image.new("RGB", (8, 8), (30, 30, 200))]
    decoded = decode(stored(frames[0], file_format, save_all=True, append_images=frames[1:]))
    assert difference(decoded, frames[0]) < 6


@pytest.mark.parametrize("file_format", FORMATS)
def test_every_accepted_format_can_be_one_pixel(file_format: str) -> None:
    """A picture of one pixel works in every format, up to the model's input."""
    assert preprocess(decode(stored(Image.new("RGB", (1, 1)), file_format)), IMAGENET).shape == (3, 224, 224)


def test_suffixes_belong_to_the_formats() -> None:
    """Every accepted suffix is one that Pillow uses for an accepted format."""
    Image.init()
    assert {Image.EXTENSION[suffix] for suffix in SUFFIXES} == set(FORMATS)


def test_a_file_and_its_content_give_the_same(tmp_path: Path) -> None:
    """A path and its bytes decode equally, whatever the name ends in."""
    path = tmp_path / "picture.jpg"
    path.write_bytes(stored(corners(), "PNG"))
    assert difference(decode(path), decode(path.read_bytes())) == 0


def test_more_pixels_than_the_limit_is_a_named_error() -> None:
    """One pixel more than the limit is refused, saying how many there are; the limit itself is not."""
    data = stored(corners(), "PNG")
    assert decode(data, pixel_limit=32 * 16).size == (32, 16)
    with pytest.raises(TooManyPixels, match=r"cat.png has 32×16 = 512 pixels, and at most 511"):
        decode(data, name="cat.png", pixel_limit=32 * 16 - 1)


@pytest.mark.parametrize("side", [7_072, 65_000])
def test_a_decompression_bomb_is_refused_from_its_header(side: int) -> None:
    """A small file that claims to be huge is refused before anything is decoded."""
    bomb = png_of(side, side, depth=8, colour_type=2, rows=bytes(9))
    with pytest.raises(TooManyPixels, match="50,000,000"):
        decode(bomb)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "it is empty"),
        (b"%PDF-1.7 ...", "begins with b'%PDF-1.7'"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "begins with b'%!PS-Ado'"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "begins with b'<svg xml'"),
        (b"version https://git-lfs", "begins with b'version '"),
    ],
)
def test_foreign_data_is_a_named_error(content: bytes, found: str, tmp_path: Path) -> None:
    """A file that is no picture, or one that would start another program, is refused by name with what it is."""
    path = tmp_path / "holiday.jpg"
    path.write_bytes(content)
    with pytest.raises(NotAPicture) as raised:
        decode(path)
    assert str(path) in str(raised.value)
    assert found in str(raised.value)
    assert "save it again" in str(raised.value)


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_cut_off_picture_is_a_named_error(file_format: str) -> None:
    """A download that stopped halfway or near its beginning is called cut off in every format, not foreign."""
    data = stored(Image.effect_noise((64, 64), 80).convert("RGB"), file_format)
    for length in (len(data) // 2, 30):
        with pytest.raises(ImagesUnusable, match=r"holiday\.pic is a broken or cut-off picture"):
            decode(data[:length], name="holiday.pic")


def test_a_missing_file_or_a_folder_is_a_named_error(tmp_path: Path) -> None:
    """A path that can't be read is refused by name with the system's reason."""
    for path in (tmp_path / "missing.png", tmp_path):
        with pytest.raises(ImagesUnusable, match=r"can't be read: (No such file|Is a directory)"):
            decode(path)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_altered_data_decodes_or_is_a_named_error(data: st.DataObject) -> None:
    """Whatever bytes of a picture are changed or cut off, the outcome is a picture or the one named error."""
    content = bytearray(stored(corners(), data.draw(st.sampled_from(FORMATS))))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.one_of(st.just(len(content)), st.integers(0, len(content))))]
    try:
        picture = decode(bytes(content), pixel_limit=1_000_000)
    except ImagesUnusable:
        return
    assert picture.mode == "RGB"
