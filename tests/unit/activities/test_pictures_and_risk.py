"""What pictures tell, and what follows from it."""

import io
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from puhui.activities.evidence import perceptual_hash, pictures
from puhui.activities.evidence.model import Picture
from puhui.activities.risk.engine import REFUSE, REVIEW, Features, assess
from tests.support.made_pictures import png_with_a_hole

CASES = Path(__file__).parents[2] / "cases"
SIGNALS = [
    "PHOTO_SIMILAR",
    "PHOTO_FLAT",
    "PHOTO_ANIMATED",
    "PHOTO_SMALL",
    "CONTENT_REVIEW",
    "CONTENT_UNCHECKED",
    "MACHINE_FAILED",
    "ACT_REPEATED",
    "DAY_LARGE",
]


def photo(seed: int, form: str = "JPEG", size: tuple[int, int] = (640, 480), quality: int = 90) -> bytes:
    chance = random.Random(seed)
    image = Image.new("RGB", (640, 480), "white")
    draw = ImageDraw.Draw(image)
    for _ in range(30):
        x, y = chance.randrange(600), chance.randrange(440)
        draw.rectangle((x, y, x + chance.randrange(20, 200), y + 90), fill=chance.randrange(0xFFFFFF))
    out = io.BytesIO()
    image.resize(size).save(out, form, **({"quality": quality} if form == "JPEG" else {}))
    return out.getvalue()


def seen(name: str) -> Picture:
    return pictures.look((CASES / name).read_bytes())


def saved(image: Image.Image, form: str = "PNG", **more: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **more)
    return out.getvalue()


def base() -> Image.Image:
    return Image.open(CASES / "orient-base.jpg").convert("RGB").resize((600, 450))


def distance(one: Picture, other: Picture) -> int:
    """The least between what one is looked for by and what the other is known by."""
    return min(perceptual_hash.distance(wanted, mark) for wanted in one.wanted for mark in other.prints)


@pytest.mark.parametrize(
    ("form", "mime"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("GIF", "image/gif")]
)
def test_a_pictures_type_is_read_from_its_bytes(form: str, mime: str):
    found = pictures.look(photo(1, form))
    assert (found.content_type, found.reason_code, found.width, found.height) == (mime, "", 640, 480)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"%PDF-1.7",
        b"\xff\xd8\xff\xe0 not a jpeg",
        photo(1)[:200],
        photo(1)[:-9_000],
        photo(1, "PNG")[:900],
    ],
)
def test_what_is_no_picture_has_no_type(data: bytes):
    found = pictures.look(data)
    assert (found.content_type, found.reason_code) == ("", "FILE_TYPE")


@pytest.mark.parametrize("name", ["heic-as.jpg", "webp-as.jpg", "trunc.jpg"])
def test_another_type_under_the_name_of_jpeg_and_a_broken_one_are_refused(name: str):
    assert seen(name).reason_code == "FILE_TYPE"


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("phone-mpf.jpg", (640, 480)),  # MPO: further pictures after the first
        ("cmyk.jpg", (640, 480)),
        ("progressive.jpg", (640, 480)),
        ("jpg-bad-exif.jpg", (640, 480)),
        ("1x1.jpg", (1, 1)),
        ("blank-300.jpg", (300, 300)),
    ],
)
def test_every_ordinary_jpeg_is_read(name: str, size: tuple[int, int]):
    found = seen(name)
    assert (found.content_type, found.reason_code, (found.width, found.height)) == ("image/jpeg", "", size)


def test_a_hole_between_the_parts_of_a_png_is_a_reason():
    holed = png_with_a_hole()
    assert pictures.look(holed).reason_code == "FILE_TYPE"
    assert pictures.look(holed.replace(bytes(12), b"")).reason_code == ""


def test_phones_make_50_and_108_megapixels():
    for size in ((8192, 6144), (12032, 9024)):
        found = pictures.look(saved(Image.new("L", size, 200), "JPEG"))
        assert (found.reason_code, (found.width, found.height)) == ("", size)


def test_more_pixels_passes_or_frames_than_any_photo_has_are_too_large():
    tall = Image.new("1", (65_000, 800))
    progressive = bytearray((CASES / "progressive.jpg").read_bytes())
    frame = progressive.index(b"\xff\xc2") + 5  # after marker, length and precision: height and width
    progressive[frame : frame + 4] = (9_024).to_bytes(2, "big") + (12_032).to_bytes(2, "big")
    assert pictures.look(saved(tall)).reason_code == "PICTURE_TOO_LARGE"
    assert pictures.look(bytes(progressive)).reason_code == "PICTURE_TOO_LARGE"
    moving = [Image.effect_noise((90, 90), 60) for _ in range(9)]
    gif = saved(moving[0], "GIF", save_all=True, append_images=moving[1:])
    assert pictures.look(gif).reason_code == "PICTURE_TOO_LARGE"


def test_a_jpeg_of_two_thousand_passes_is_refused_before_it_is_decoded():
    data = (CASES / "progressive.jpg").read_bytes()
    last = data.rindex(b"\xff\xda")
    scan = data[last : data.rindex(b"\xff\xd9")]
    assert pictures.look(data[:last] + scan * 3 + b"\xff\xd9").reason_code == ""
    assert pictures.look(data[:last] + scan * 2_000 + b"\xff\xd9").reason_code == "PICTURE_TOO_LARGE"


@pytest.mark.parametrize("name", ["orient-6.jpg", "mirrored.jpg", "crop2pct.jpg"])
def test_a_turned_mirrored_or_cropped_copy_is_near(name: str):
    first, copy = seen("orient-base.jpg"), seen(name)
    assert distance(copy, first) <= perceptual_hash.NEAR_BITS
    assert distance(first, copy) <= perceptual_hash.NEAR_BITS


def test_a_negative_is_the_same_picture():
    image = Image.open(CASES / "orient-base.jpg")
    copy = pictures.look(saved(ImageOps.invert(image)))
    assert distance(copy, seen("orient-base.jpg")) <= perceptual_hash.NEAR_BITS


COPIES: dict[str, Callable[[Image.Image], bytes]] = {
    "half as large": lambda image: saved(image.resize((300, 225)), "JPEG"),
    "saved at 20": lambda image: saved(image, "JPEG", quality=20),
    "lighter": lambda image: saved(ImageEnhance.Brightness(image).enhance(1.2), "JPEG"),
    "grey": lambda image: saved(image.convert("L")),
    "16 bits": lambda image: saved(_deep(image)),
    "a palette": lambda image: saved(image.quantize(64)),
    "see-through": lambda image: saved(_with_alpha(image)),
    "CMYK": lambda image: saved(image.convert("CMYK"), "JPEG"),
    "upside down, without saying so": lambda image: saved(
        image.transpose(Image.Transpose.ROTATE_180), "JPEG"
    ),
    "turned and mirrored": lambda image: saved(image.transpose(Image.Transpose.TRANSVERSE), "JPEG"),
    "in a frame": lambda image: saved(_framed(image), "JPEG"),
    "behind a frame of noise": lambda image: saved(
        Image.effect_noise(image.size, 90).convert("RGB"), "GIF", save_all=True, append_images=[image]
    ),
    "behind a still": lambda image: saved(
        Image.effect_noise(image.size, 90).convert("RGB"), "PNG", save_all=True, append_images=[image]
    ),
}


def _deep(image: Image.Image) -> Image.Image:
    grey = image.convert("L")
    return Image.frombytes("I;16", grey.size, bytes(byte for level in grey.tobytes() for byte in (0, level)))


def _with_alpha(image: Image.Image) -> Image.Image:
    clear = Image.new("RGBA", image.size, (0, 0, 0, 0))
    clear.paste(image, (0, 0))
    return clear


def _framed(image: Image.Image) -> Image.Image:
    inner = image.crop((60, 45, 540, 405))
    framed = Image.new("RGB", image.size, "red")
    framed.paste(inner, (60, 45))
    return framed


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_is_near_however_it_was_made(name: str):
    copy = pictures.look(COPIES[name](base()))
    assert copy.reason_code == ""
    assert distance(copy, seen("orient-base.jpg")) <= perceptual_hash.NEAR_BITS
    assert copy.animated == name.startswith("behind")


def test_different_pictures_are_not_near():
    found = [pictures.look(photo(seed)) for seed in range(12)]
    pairs = [(one, other) for one in found for other in found if one is not other]
    assert min(distance(*pair) for pair in pairs) > perceptual_hash.NEAR_BITS


@pytest.mark.parametrize("level", [0, 3, 255])
def test_what_is_too_even_to_compare_says_so(level: int):
    found = pictures.look(saved(Image.new("L", (640, 480), level)))
    assert (found.flat, found.prints) == (True, ())
    assert seen("blank-300.jpg").flat
    framed = Image.new("L", (640, 480), level)
    framed.paste(255 - level // 2, (0, 0, 30, 480))
    assert pictures.look(saved(framed)).flat


def test_a_clean_photo_is_credited():
    assert assess(Features()).band == "credit"


@pytest.mark.parametrize("signal", SIGNALS)
def test_a_doubtful_photo_waits_for_a_person(signal: str):
    found = assess(Features(frozenset({signal})))
    assert (found.band, found.signals) == (REVIEW, (signal,))


@pytest.mark.parametrize(
    "reason",
    ["FILE_MISSING", "FILE_CHANGED", "FILE_TYPE", "PICTURE_TOO_LARGE", "EVIDENCE_REUSED", "CONTENT_RISKY"],
)
def test_some_findings_refuse_at_once_whatever_else_was_found(reason: str):
    found = assess(Features(frozenset({"PHOTO_SMALL", reason})))
    assert (found.band, found.reason_code) == (REFUSE, reason)
