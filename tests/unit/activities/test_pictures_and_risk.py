"""What pictures tell, and what follows from it."""

import io
import random

import pytest
from PIL import Image, ImageDraw

from puhui.activities import pictures
from puhui.activities.risk import assess


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


@pytest.mark.parametrize(
    ("form", "mime"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("GIF", "image/gif")]
)
def test_a_pictures_type_is_read_from_its_bytes(form: str, mime: str):
    assert pictures.look(photo(1, form)).content_type == mime


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", b"\xff\xd8\xff\xe0 not a jpeg", photo(1)[:200]])
def test_what_is_no_picture_has_no_type(data: bytes):
    assert pictures.look(data).content_type == ""


def test_a_picture_that_was_saved_again_is_near_and_another_is_not():
    first, again, other = (pictures.look(d).phash for d in (photo(1), photo(1, quality=40), photo(2)))
    assert pictures.near(first, again)
    assert set(pictures.bands(first)) & set(pictures.bands(again))
    assert not pictures.near(first, other)


def test_a_dark_room_is_not_compared():
    out = io.BytesIO()
    Image.new("L", (640, 480), 3).save(out, "PNG")
    assert not pictures.telling(pictures.look(out.getvalue()).phash)


def test_a_clean_photo_is_approved():
    assert assess([{"reason_code": "", "signals": []}], late_days=0).outcome == "approve"


@pytest.mark.parametrize(
    "signal", ["PHOTO_SIMILAR", "CONTENT_REVIEW", "CONTENT_UNCHECKED", "PHOTO_SMALL", "MACHINE_FAILED"]
)
def test_a_doubtful_photo_waits_for_a_person(signal: str):
    found = assess([{"reason_code": "", "signals": [signal]}], late_days=0)
    assert (found.outcome, found.signals) == ("review", (signal,))


@pytest.mark.parametrize(
    "reason", ["FILE_MISSING", "FILE_CHANGED", "FILE_TYPE", "EVIDENCE_REUSED", "CONTENT_RISKY"]
)
def test_some_findings_refuse_at_once_whatever_else_was_found(reason: str):
    checks = [{"reason_code": "", "signals": ["PHOTO_SMALL"]}, {"reason_code": reason, "signals": []}]
    found = assess(checks, late_days=0)
    assert (found.outcome, found.reason_code) == ("refuse", reason)
