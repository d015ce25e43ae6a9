"""From a file's bytes to an RGB picture, whatever its mode; also for files that strangers send."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from runoff.errors import ImagesUnusable, NotAPicture, TooManyPixels

PIXEL_LIMIT = 50_000_000
"""The most pixels a picture may have unless the caller says otherwise; 50 million decode into 200 MB."""

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
"""The formats that are tried. Pillow knows more, but some start other programs (EPS) or are hardly ever pictures."""

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
"""How the names of files in these formats end, in lower case."""

# What Pillow's readers raise for data that is cut off, altered or not theirs, found by decoding altered files.
_BROKEN_DATA = (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError, struct.error, zlib.error)

_WHITE_16_BIT = 65535.0
_USUAL_WHITES = (1.0, 255.0, _WHITE_16_BIT, 2.0**31 - 1)
_ROWS_AT_A_TIME = 256
_PNG = b"\x89PNG\r\n\x1a\n"
_BEGINNINGS = (_PNG, b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*")
"""How files begin that can't be anything else than a picture, whatever became of the rest of them."""
_PNG_NOTES = (b"tEXt", b"zTXt", b"iTXt", b"iCCP")
"""The chunks of a PNG that hold text and a colour profile, which no pixel depends on here."""


def decode(
    source: Path | bytes,
    *,
    name: str | None = None,
    pixel_limit: int = PIXEL_LIMIT,
    doubts: list[str] | None = None,
) -> Image.Image:
    """Decode a picture into mode RGB, upright as its EXIF orientation says.

    ``source`` is a file or its content; ``name`` is what messages call it (the path by default). Of an animation the
    first frame is taken. Transparent parts are laid over white. 16-bit grey is scaled to 8 bits; 32-bit and
    floating-point grey, which don't say what white is, by the smallest usual white (1, 255, 65535, 2³¹-1) that holds
    the picture's brightest value. Colour profiles are ignored, as TorchVision does. What Pillow warns of, as of an EXIF
    block that is cut off, is no error whatever Python's filters say: it is added to ``doubts``, with the file's name.

    Raises ImagesUnusable, naming the file, for a file that can't be read or is broken or cut off; NotAPicture where it
    is in none of `FORMATS`; TooManyPixels above ``pixel_limit`` (checked from the header, before anything is decoded).
    """
    called = name or (str(source) if isinstance(source, Path) else "The picture")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        picture = as_rgb(_loaded(_content(source, called), called, pixel_limit), called)
    if doubts is not None:
        doubts += dict.fromkeys(f"{called}: {warning.message}".strip() for warning in caught)
    return picture


def _loaded(content: bytes, called: str, pixel_limit: int) -> Image.Image:
    """Open a picture in one of the known formats, decode its first frame, and turn it upright."""
    try:
        try:
            return _opened(content, called, pixel_limit)
        except (ValueError, SyntaxError, UnidentifiedImageError):
            # As Pillow refuses a PNG with more than 1 MB of text or profile, or one whose text was altered.
            if not content.startswith(_PNG):
                raise
            return _opened(without_notes(content), called, pixel_limit)
    except UnidentifiedImageError as error:
        if content.startswith(_BEGINNINGS):
            raise ImagesUnusable(_broken(content, called, error)) from error
        looks = f"it has {len(content):,} bytes and begins with {content[:8]!r}" if content else "it is empty"
        raise NotAPicture(
            f"{called} is not a picture in a known format ({', '.join(FORMATS)}): {looks}. "
            "Remove it or save it again as PNG or JPEG."
        ) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise TooManyPixels(
            f"{called} has too many pixels: {error} Scale it down to at most {pixel_limit:,} pixels."
        ) from error
    except MemoryError as error:
        raise ImagesUnusable(f"{called} needs more memory than there is. Scale it down.") from error
    except _BROKEN_DATA as error:
        raise ImagesUnusable(_broken(content, called, error)) from error


def _broken(content: bytes, called: str, error: Exception) -> str:
    """Say that a picture's data is altered or cut off."""
    return (
        f"{called} is a broken or cut-off picture ({len(content):,} bytes): {type(error).__name__}: {error}. "
        "Fetch it again or save it again as PNG or JPEG."
    )


def _opened(content: bytes, called: str, pixel_limit: int) -> Image.Image:
    """Open a picture as ``_loaded`` does; raises what Pillow raises, TooManyPixels and ImagesUnusable."""
    image: Image.Image
    with Image.open(io.BytesIO(content), formats=FORMATS) as image:
        _check_size(image.size, pixel_limit, called)
        image.load()
        with suppress(*_BROKEN_DATA):  # a picture whose EXIF block can't be read is upright
            ImageOps.exif_transpose(image, in_place=True)
        return image


def without_notes(png: bytes) -> bytes:
    """Return a PNG without its chunks of text and its colour profile (PNG specification, "Chunk layout").

    What can't be a chunk any more, as in a file that is cut off, stays as it is.
    """
    kept, place = [png[: len(_PNG)]], len(_PNG)
    while place + 8 <= len(png):
        (length,) = struct.unpack_from(">I", png, place)
        end = place + 8 + length + 4  # length and kind, the data, and its checksum
        if png[place + 4 : place + 8] not in _PNG_NOTES:
            kept.append(png[place:end])
        place = end
    return b"".join([*kept, png[place:]])


def _content(source: Path | bytes, called: str) -> bytes:
    """Return the bytes of the source."""
    if isinstance(source, bytes):
        return source
    try:
        return source.read_bytes()
    except OSError as error:
        raise ImagesUnusable(
            f"{called} can't be read: {error.strerror or error}. Check that it is a file and that you may read it."
        ) from error


def _check_size(size: tuple[int, int], pixel_limit: int, called: str) -> None:
    """Refuse a picture that is empty or too big, judging by its header."""
    width, height = size
    if width < 1 or height < 1:
        raise ImagesUnusable(f"{called} has no pixels: its header says {width}×{height}. Save it again.")
    if width * height > pixel_limit:
        raise TooManyPixels(
            f"{called} has {width}×{height} = {width * height:,} pixels, and at most {pixel_limit:,} are accepted. "
            "Scale it down."
        )


def as_rgb(image: Image.Image, called: str = "The picture") -> Image.Image:
    """Convert a loaded picture of any of Pillow's modes into RGB, as `decode` describes.

    Raises ImagesUnusable for a mode that Pillow can't convert or values that are not numbers.
    """
    mode = image.mode
    if mode.startswith("I;16"):
        return _grey_as_rgb(image, 0.0, _WHITE_16_BIT)
    if mode in ("I", "F"):
        return _grey_as_rgb(image, *_black_and_white(image, called))
    if mode == "La":
        return _over_white(image.convert("LA"))
    # A picture without an alpha channel can name one of its levels, colours or palette entries as transparent.
    if mode in ("LA", "PA", "RGBA", "RGBa") or (mode in ("1", "L", "P", "RGB") and "transparency" in image.info):
        return _over_white(image)
    if mode in ("1", "L", "P", "RGB", "RGBX", "CMYK", "YCbCr", "HSV", "LAB"):
        return image.convert("RGB")
    raise ImagesUnusable(
        f"{called} has the colour mode {mode}, which can't be converted. Save it again as RGB or grey."
    )


def _over_white(image: Image.Image) -> Image.Image:
    """Lay a picture over white, some rows at a time: all of them at once would take four copies of the picture."""
    width, height = image.size
    laid = Image.new("RGB", image.size)
    for top in range(0, height, _ROWS_AT_A_TIME):
        rows = image.crop((0, top, width, min(top + _ROWS_AT_A_TIME, height))).convert("RGBA")
        white = Image.new("RGBA", rows.size, (255, 255, 255, 255))
        laid.paste(Image.alpha_composite(white, rows).convert("RGB"), (0, top))
    return laid


def _grey_as_rgb(image: Image.Image, black: float, white: float) -> Image.Image:
    """Scale grey of more than 8 bits so that black becomes 0 and white 255.

    The level that the file names as transparent, if it names one, becomes white. Some rows are scaled at a time: all of
    them as float64 would take eight times the memory of the largest picture.
    """
    values = np.asarray(image)
    levels = np.empty(values.shape, np.uint8)
    for first in range(0, len(values), _ROWS_AT_A_TIME):
        rows = slice(first, first + _ROWS_AT_A_TIME)
        scaled = (values[rows].astype(np.float64) - black) * (255.0 / (white - black))
        levels[rows] = np.rint(scaled).clip(0, 255).astype(np.uint8)
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        levels[values == transparent] = 255
    return Image.fromarray(levels).convert("RGB")


def _black_and_white(image: Image.Image, called: str) -> tuple[float, float]:
    """Return the values that stand for black and white in a picture of mode I or F."""
    if image.mode == "I" and image.format in ("PNG", "PPM"):
        # Some versions of Pillow read these formats' 16-bit grey as mode I: white is known.
        return 0.0, _WHITE_16_BIT
    values = np.asarray(image)
    if not np.isfinite(values).all():
        raise ImagesUnusable(f"{called} holds values that are not numbers or infinite. Save it again as 8-bit grey.")
    darkest, brightest = float(values.min()), float(values.max())
    usual = _USUAL_WHITES if image.mode == "F" else _USUAL_WHITES[1:]
    white = next((white for white in usual if brightest <= white), brightest)
    return min(darkest, 0.0), white
