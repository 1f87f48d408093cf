"""Pictures of every type that a client may send, broken by chance: the same for the same seed."""

import functools
import io
import random
from pathlib import Path

from PIL import Image

CASES = Path(__file__).parents[1] / "cases"
INTERESTING = (0, 1, 0x7F, 0x80, 0xC4, 0xD8, 0xD9, 0xDA, 0xFE, 0xFF)


def broken(seed: int) -> bytes:
    """A picture with some of its bytes changed, moved, doubled or gone."""
    chance = random.Random(seed)
    data = bytearray(chance.choice(whole()))
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        at = chance.randrange(len(data)) if chance.random() < 0.5 else chance.randrange(min(len(data), 700))
        match chance.randrange(6):
            case 0:
                data[at] = chance.choice(INTERESTING)
            case 1:
                data[at] ^= 1 << chance.randrange(8)
            case 2:
                data[at : at + 4] = chance.randbytes(4)
            case 3:
                del data[at : at + chance.randrange(1, 400)]
            case 4:
                data[at:at] = data[at : at + chance.randrange(1, 400)] * chance.randrange(1, 4)
            case _:
                data[at:at] = bytes(chance.randrange(1, 60))
        if not data:
            return b""
    return bytes(data[: chance.randrange(len(data))] if chance.random() < 0.1 else data)


@functools.cache
def whole() -> tuple[bytes, ...]:
    """The pictures before anything happens to them: every type, and every kind of it that decoders treat differently."""
    image = Image.open(CASES / "orient-base.jpg").convert("RGB").resize((160, 120))
    other = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    palette = image.quantize(16)
    exif = Image.Exif()
    exif[0x0112] = 6
    moving: dict[str, object] = {"save_all": True, "append_images": [other, image]}
    found = [
        _saved(image, "JPEG", exif=exif),
        _saved(image, "JPEG", progressive=True),
        _saved(image, "JPEG", subsampling=0, restart_marker_rows=1),
        _saved(image.convert("L"), "JPEG"),
        _saved(image.convert("CMYK"), "JPEG"),
        _saved(image, "MPO", **moving),
        _saved(image, "PNG", exif=exif),
        _saved(palette, "PNG", transparency=3),
        _saved(image.convert("LA"), "PNG"),
        _saved(image.convert("RGBA"), "PNG"),
        _saved(image.convert("1"), "PNG"),
        _saved(image.convert("L").convert("I;16"), "PNG"),
        _saved(image, "PNG", **moving),
        _saved(palette, "GIF", interlace=1),
        _saved(palette, "GIF", transparency=2),
        _saved(image, "GIF", duration=40, loop=0, comment=b"x" * 300, **moving),
        _saved(image, "WEBP"),
        _saved(image, "BMP"),
        _saved(image, "TIFF"),
        (CASES / "heic-as.jpg").read_bytes(),
    ]
    return tuple(found)


def _saved(image: Image.Image, form: str, **more: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **more)  # type: ignore[arg-type]
    return out.getvalue()
