"""One photo, sent by others in seventeen variants: a machine alone credits none of them."""

import io
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from infra.local import demo
from tests.scenarios.life import Member
from tests.support.local_cloud import WAIT_SECONDS

pytestmark = pytest.mark.local_cloud


def cropped(image: Image.Image, percent: int) -> Image.Image:
    width, height = image.size
    x, y = width * percent // 200, height * percent // 200
    return image.crop((x, y, width - x, height - y))


def scaled(image: Image.Image, percent: int) -> Image.Image:
    return image.resize((image.width * percent // 100, image.height * percent // 100))


VARIANTS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "saved again": lambda image: image,
    "half the size": lambda image: scaled(image, 50),
    "twice the size": lambda image: scaled(image, 200),
    "stretched": lambda image: image.resize((image.width, image.height * 9 // 10)),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.3),
    "darker": lambda image: ImageEnhance.Brightness(image).enhance(0.75),
    "more contrast": lambda image: ImageEnhance.Contrast(image).enhance(1.3),
    "other colours": lambda image: ImageEnhance.Color(image).enhance(0.3),
    "grey": lambda image: ImageOps.grayscale(image).convert("RGB"),
    "blurred": lambda image: image.filter(ImageFilter.GaussianBlur(2)),
    "sharpened": lambda image: image.filter(ImageFilter.SHARPEN),
    "cropped by 2 %": lambda image: cropped(image, 2),
    "cropped by 20 %": lambda image: cropped(image, 20),
    "mirrored": ImageOps.mirror,
    "upside down": ImageOps.flip,
    "turned left": lambda image: image.rotate(90, expand=True),
    "turned round": lambda image: image.rotate(180),
}


def jpeg(image: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def scene(seed: int) -> Image.Image:
    """A picture with large and small shapes, as a photo has."""
    return Image.open(io.BytesIO(demo.photo(seed))).convert("RGB").filter(ImageFilter.GaussianBlur(3))


def open_reviews(verifier: Member) -> Iterator[dict[str, object]]:
    cursor: str | None = None
    while True:
        page = verifier.get(
            "/reviews", programme_id="carbon-88", limit=100, **({"cursor": cursor} if cursor else {})
        )
        yield from page["items"]
        if (cursor := page["next_cursor"]) is None:
            return


def test_none_of_seventeen_variants_is_credited_by_a_machine(api: httpx.Client):
    assert len(VARIANTS) == 17
    original = scene(time.time_ns())
    first, verifier = Member(api), Member(api, "demo-verifier")
    first.consent("photos")
    mine = first.ended(first.photo_act("subway_trip", {"trips": 1}, jpeg(original, 90)))
    assert mine["status"] == "credited"

    def send(name: str) -> tuple[str, Member, str]:
        other = Member(api)
        other.consent("photos")
        return name, other, other.photo_act("subway_trip", {"trips": 1}, jpeg(VARIANTS[name](original), 60))

    with ThreadPoolExecutor(4) as pool:
        sent = list(pool.map(send, VARIANTS))
    waiting = {activity_id: (name, other) for name, other, activity_id in sent}
    stopped: dict[str, str] = {}
    deadline = time.monotonic() + 2 * WAIT_SECONDS
    while waiting and time.monotonic() < deadline:
        for review in open_reviews(verifier):
            if review["activity_id"] in waiting:
                name, _ = waiting.pop(str(review["activity_id"]))
                stopped[name] = "a person"
        for activity_id, (name, other) in list(waiting.items()):
            act = other.get(f"/activities/{activity_id}")
            assert act["status"] in ("verifying", "refused"), (name, act)
            if act["status"] == "refused":
                stopped[name] = act["reason_code"]
                waiting.pop(activity_id)
        time.sleep(0.5)
    assert not waiting, f"nobody has stopped {[name for name, _ in waiting.values()]}"
    assert set(stopped) == set(VARIANTS)
    assert set(stopped.values()) <= {"a person", "EVIDENCE_REUSED"}
