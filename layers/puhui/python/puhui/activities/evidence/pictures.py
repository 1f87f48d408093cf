"""What a picture is, from its bytes: its real type, its size in pixels, what it is recognised by. Whatever a decoder comes upon is a
reason to refuse, never an error.

The bounds say how much work a file may be before it is begun; what they cannot foresee is bounded by the process this runs in
(``sandbox.py``).
"""

import hashlib
import io
import re
import warnings
from collections.abc import Iterator
from math import ceil, isqrt

from PIL import GifImagePlugin, Image, ImageFile, JpegImagePlugin, PngImagePlugin

from puhui.activities.evidence import perceptual_hash
from puhui.activities.evidence.model import Picture

PIXELS_MAX = 51_000_000  # 8192 x 6144, what 50-megapixel phones make, and a little
PIXELS_MAX_DRAFT = 110_000_000  # 12032 x 9024: a JPEG of one pass is decoded at an eighth of its size
SCANS_MAX = 32  # encoders make about ten passes
SEGMENTS_MAX = 5_000
FRAMES_MAX = 8
WORKING_PIXELS = 1_000_000  # what hashes are made from
STRIP_PIXELS = 4_000_000

Image.MAX_IMAGE_PIXELS = None  # the bounds above hold instead, and warn nobody

_TYPES: dict[bytes, tuple[str, type[ImageFile.ImageFile]]] = {
    b"\xff\xd8\xff": (
        "image/jpeg",
        JpegImagePlugin.JpegImageFile,
    ),  # MPO too: pictures after the first are left alone
    b"\x89PNG\r\n\x1a\n": ("image/png", PngImagePlugin.PngImageFile),
    b"GIF87a": ("image/gif", GifImagePlugin.GifImageFile),
    b"GIF89a": ("image/gif", GifImagePlugin.GifImageFile),
}
_MARKER = re.compile(rb"\xff([\x02-\xcf\xd8-\xfe])")  # neither stuffing, nor restarts, nor fill
_START_OF_SCAN, _END_OF_IMAGE, _START_OF_IMAGE = 0xDA, 0xD9, 0xD8
_PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}


class TooMuch(Exception):
    """The file would be more work than any photo is."""


def look(data: bytes) -> Picture:
    """Look at a file. ``reason_code``: FILE_TYPE when it cannot be read as one of the three types, PICTURE_TOO_LARGE when it would
    be too much work."""
    seen = Picture("", hashlib.sha256(data).hexdigest(), len(data), 0, 0)
    kind = next((kind for magic, kind in _TYPES.items() if data.startswith(magic)), None)
    if kind is None:
        return seen._replace(reason_code="FILE_TYPE")
    content_type, form = kind
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about EXIF that is broken, which nobody reads
            with form(io.BytesIO(data)) as image:
                return _looked_at(image, data, seen._replace(content_type=content_type))
    except (TooMuch, MemoryError):
        return seen._replace(reason_code="PICTURE_TOO_LARGE")
    except Exception:  # noqa: BLE001 a decoder's surprises have no common name, and each is a reason
        return seen._replace(reason_code="FILE_TYPE")


def _looked_at(image: ImageFile.ImageFile, data: bytes, seen: Picture) -> Picture:
    width, height = image.size
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        _bound(width * height, PIXELS_MAX if _many_passes(data) else PIXELS_MAX_DRAFT)
        part = max(1, isqrt(width * height // WORKING_PIXELS))
        image.draft("L", (width // part, height // part))
    frames = [perceptual_hash.of(_small(frame)) for frame in _frames(image)]
    found = perceptual_hash.together(frames)
    return seen._replace(
        width=width,
        height=height,
        prints=found.prints,
        wanted=found.wanted,
        flat=found.flat,
        animated=len(frames) > 1,
    )


def _many_passes(data: bytes) -> bool:
    """Whether a JPEG needs the whole picture's coefficients in memory: it is progressive or comes in several scans."""
    at, scans, segments, progressive = 2, 0, 0, False
    while found := _MARKER.search(data, at):
        kind, at = found[1][0], found.end()
        if kind == _END_OF_IMAGE:
            break
        if kind == _START_OF_IMAGE:
            continue
        segments += 1
        scans += kind == _START_OF_SCAN
        if scans > SCANS_MAX or segments > SEGMENTS_MAX:
            raise TooMuch
        progressive |= kind in _PROGRESSIVE
        at += max(2, int.from_bytes(data[at : at + 2]))
    return progressive or scans > 1


def _frames(image: ImageFile.ImageFile) -> Iterator[Image.Image]:
    """The picture, or each frame of one that moves."""
    frame = 0
    while True:
        width, height = image.size
        if frame == FRAMES_MAX:
            raise TooMuch
        if not isinstance(image, JpegImagePlugin.JpegImageFile):
            _bound(width * height * (frame + 1), PIXELS_MAX)
        image.load()
        yield image
        frame += 1
        try:
            image.seek(frame)
        except EOFError:
            return


def _bound(pixels: int, pixels_max: int) -> None:
    if pixels > pixels_max:
        raise TooMuch


def _small(image: Image.Image) -> Image.Image:
    """The picture in grey on white, at a size to work with; made strip by strip, since a second copy of a large one is too much."""
    width, height = image.size
    part = max(1, isqrt(width * height // WORKING_PIXELS))
    rows = part * max(1, STRIP_PIXELS // (width * part))
    small = Image.new("L", (ceil(width / part), ceil(height / part)))
    for top in range(0, height, rows):
        strip = _grey(image.crop((0, top, width, min(height, top + rows))))
        small.paste(strip.reduce(part), (0, top // part))
    return small


def _grey(strip: Image.Image) -> Image.Image:
    if strip.mode.startswith("I"):  # 16 bits
        return strip.point(lambda level: level * (1 / 256)).convert("L")
    if strip.has_transparency_data:
        white = Image.new("RGBA", strip.size, "white")
        white.alpha_composite(strip.convert("RGBA"))
        return white.convert("L")
    return strip.convert("L")
