"""The pictures of tests/cases/photos.json that are too big to keep, made as it says."""

import io
import random
import zlib
from pathlib import Path

from PIL import Image

CASES = Path(__file__).parents[1] / "cases"


def of_case(name: str, seed: int = 0) -> bytes:
    """The picture of a case, kept or made."""
    match name:
        case "png-hole-between-idat.png":
            return png_with_a_hole()
        case "gif-first-frame-noise.gif":
            return gif_behind_noise()
        case "50mp-8192x6144.jpg":
            return jpeg_of_50_megapixels(seed)
        case _:
            return (CASES / name).read_bytes()


def png_with_a_hole() -> bytes:
    """Its compressed data in two chunks, and 12 zero bytes between them."""
    data = _saved(Image.effect_noise((640, 480), 60), "PNG")
    at = data.index(b"IDAT") - 4
    length = int.from_bytes(data[at : at + 4], "big")
    body, rest = data[at + 8 : at + 8 + length], data[at + 12 + length :]
    half = len(body) // 2
    return data[:at] + _chunk(body[:half]) + bytes(12) + _chunk(body[half:]) + rest


def gif_behind_noise() -> bytes:
    """A first frame of noise, then the picture of orient-base.jpg."""
    image = Image.open(CASES / "orient-base.jpg").convert("RGB")
    noise = Image.effect_noise(image.size, 90).convert("RGB")
    return _saved(noise, "GIF", save_all=True, append_images=[image])


def jpeg_of_50_megapixels(seed: int) -> bytes:
    """8192 x 6144, what phones make: grey fields by chance."""
    chance = random.Random(seed)
    fields = Image.frombytes("L", (8, 6), chance.randbytes(48))
    return _saved(fields.resize((8192, 6144), Image.Resampling.BICUBIC), "JPEG", quality=85)


def _chunk(part: bytes) -> bytes:
    return len(part).to_bytes(4, "big") + b"IDAT" + part + zlib.crc32(b"IDAT" + part).to_bytes(4, "big")


def _saved(image: Image.Image, form: str, **more: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **more)  # type: ignore[arg-type]
    return out.getvalue()
