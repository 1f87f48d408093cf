"""What a picture is, from its bytes: its real type, size in pixels, and a perceptual hash that survives re-encoding."""

import hashlib
import io

from PIL import Image, UnidentifiedImageError

from puhui.activities.model import Picture

TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif"}
PIXELS_MAX = 50_000_000  # a 50-megapixel picture; more is a decompression bomb
BANDS = 4  # 4 bands of 16 bits: hashes that differ in at most 3 bits share a band
NEAR_BITS = 3


def look(data: bytes) -> Picture:
    """Look at a file."""
    sha256, size = hashlib.sha256(data).hexdigest(), len(data)
    try:
        with Image.open(io.BytesIO(data), formats=list(TYPES)) as image:
            if image.width * image.height > PIXELS_MAX:
                return Picture("", sha256, size, image.width, image.height, 0)
            content_type, (width, height) = TYPES[image.format or ""], image.size
            return Picture(content_type, sha256, size, width, height, difference_hash(image))
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return Picture("", sha256, size, 0, 0, 0)


def difference_hash(image: Image.Image) -> int:
    """64 bits: for each of 8 rows, whether each of 8 neighbouring grey cells gets brighter (dHash, N. Krawetz 2013)."""
    cells = image.convert("L").resize((9, 8), Image.Resampling.LANCZOS).tobytes()
    bits = 0
    for row in range(8):
        for column in range(8):
            left, right = cells[row * 9 + column], cells[row * 9 + column + 1]
            bits = bits << 1 | (left < right)
    return bits


def bands(phash: int) -> list[str]:
    """The names of the hash's bands, under which near pictures are found."""
    return [f"{band}:{phash >> 16 * band & 0xFFFF:04x}" for band in range(BANDS)]


def near(one: int, other: int) -> bool:
    """Whether two hashes are of nearly the same picture."""
    return (one ^ other).bit_count() <= NEAR_BITS


def telling(phash: int) -> bool:
    """Whether the hash says enough to compare by: a dark or blank picture's does not."""
    return 8 <= phash.bit_count() <= 56
