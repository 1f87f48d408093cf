"""What a till reads: twelve letters, however they are typed, or the text that we signed."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from puhui.kernel import ids
from puhui.members.tokens import Issuer, TokenRefused, Verifier
from puhui.programmes.api import CouponRule
from puhui.rewards.catalogue.model import Reward
from puhui.rewards.coupons import codes
from puhui.rewards.coupons.model import Coupon, coupons_of, new_code
from puhui.rewards.coupons.views import spaced
from puhui.rewards.errors import CouponNotFound
from puhui.rewards.redemptions.model import redemption_of

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
ISSUER, KID = "https://puhui.example", "key-1"
TEA = Reward("tea", "carbon-88", "coupon", {"zh-CN": "茶", "en": "Tea"}, 1, 1, None, 1, merchant_id="M")
KEY, OTHER_KEY = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))


def pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


JWKS = json.dumps(
    {"keys": [json.loads(jwt.algorithms.ECAlgorithm.to_jwk(KEY.public_key())) | {"kid": KID, "alg": "ES256"}]}
)


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This deployment's key, published."""
    for name, value in {"JWT_SECRET": "jwt", "JWKS": JWKS, "TOKEN_ISSUER": ISSUER}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(codes.secrets, "read", lambda _name: {"kid": KID, "private_key_pem": pem(KEY)})
    for cached in (codes._signer, codes._keys):
        cached.cache_clear()
    yield
    for cached in (codes._signer, codes._keys):
        cached.cache_clear()


@pytest.fixture
def coupon() -> Coupon:
    made = redemption_of(TEA, "A" * 26, "X" * 26, 1, "hash", b"", NOW)
    return coupons_of(made, TEA, CouponRule(), [new_code()], NOW)[0]


def signed(key: ec.EllipticCurvePrivateKey = KEY, kid: str | None = KID, **changes: Any) -> str:
    """A token like a coupon's, with something else in it; None takes a claim out."""
    claims = {"iss": ISSUER, "aud": "coupon", "sub": "0" * 12, "merchant": "M", "exp": 2_000_000_000}
    given = {name: value for name, value in (claims | changes).items() if value is not None}
    return jwt.encode(given, pem(key), "ES256", headers={"kid": kid} if kid else {})


def test_a_qr_says_which_coupon_whose_and_until_when_to_whoever_has_the_public_key(coupon: Coupon):
    text = codes.qr_of(coupon)
    claims = jwt.decode(
        text, KEY.public_key(), ["ES256"], audience="coupon", issuer=ISSUER, options={"verify_exp": False}
    )
    assert claims == {
        "iss": ISSUER,
        "aud": "coupon",
        "sub": coupon.code,
        "merchant": "M",
        "reward": "tea",
        "exp": int(coupon.expires_at.timestamp()),
    }
    assert coupon.member_id not in text
    assert codes.code_of(text) == coupon.code
    assert len(text) <= 1024  # as the contract has it


def test_one_that_has_ended_is_still_read_since_a_till_hands_in_late(coupon: Coupon):
    ended = replace(coupon, expires_at=datetime.now(UTC) - timedelta(days=1))
    assert codes.code_of(codes.qr_of(ended)) == coupon.code


@pytest.mark.parametrize(
    "changes",
    [
        {"key": OTHER_KEY},
        {"kid": "key-2"},
        {"kid": None},
        {"aud": "puhui"},
        {"aud": None},
        {"iss": "https://elsewhere.example"},
        {"iss": None},
        {"sub": None},
        {"exp": None},
    ],
)
def test_what_we_did_not_sign_as_a_coupon_is_no_coupon(changes: dict[str, Any]):
    assert codes.code_of(signed()) == "0" * 12
    with pytest.raises(CouponNotFound):
        codes.code_of(signed(**changes))


def test_an_unsigned_or_otherwise_signed_token_is_no_coupon():
    claims = {"iss": ISSUER, "aud": "coupon", "sub": "0" * 12, "exp": 2_000_000_000}
    public = KEY.public_key()
    for algorithm, key in (("none", None), ("HS256", json.dumps(str(public)) * 3)):
        with pytest.raises(CouponNotFound):
            codes.code_of(jwt.encode(claims, key, algorithm, headers={"kid": KID}))  # type: ignore[arg-type]


@given(st.data())
def test_a_token_with_any_letter_changed_is_no_coupon(data: st.DataObject):
    text = signed()
    place = data.draw(st.integers(0, len(text) - 2))  # the very last letter holds bits that count for nothing
    letter = data.draw(st.sampled_from("ABCxyz019-_."))
    changed = text[:place] + letter + text[place + 1 :]
    if changed != text:
        with pytest.raises(CouponNotFound):
            codes.code_of(changed)


@given(st.text(alphabet=".-_ 0AZaz=" + ids.ALPHABET, max_size=80))
def test_anything_else_that_is_read_is_a_code_or_nothing(text: str):
    try:
        code = codes.code_of(text)
    except CouponNotFound:
        return
    assert len(code) == 12
    assert set(code) <= set(ids.ALPHABET)


def test_headers_of_odd_shapes_are_refused_and_not_failures():
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    for header in ([], "x", {"kid": []}, {"kid": {}}, {"alg": "ES256", "kid": 7}, {"kid": KID}, {}):
        with pytest.raises(CouponNotFound):
            codes.code_of(f"{part(header)}.{part({})}.{part('')}")


def test_an_access_token_is_no_coupon_and_a_coupon_is_no_access_token(coupon: Coupon):
    access = Issuer(ISSUER, KID, pem(KEY)).issue("A" * 26, ("member",), "", "family", datetime.now(UTC))
    verifier = Verifier(JWKS, ISSUER)
    assert verifier.claims(access)["sub"] == "A" * 26
    with pytest.raises(CouponNotFound):
        codes.code_of(access)
    with pytest.raises(TokenRefused):
        verifier.claims(codes.qr_of(replace(coupon, expires_at=datetime.now(UTC) + timedelta(days=1))))


@given(st.data())
def test_a_code_is_read_however_it_is_typed(data: st.DataObject):
    code = data.draw(st.text(alphabet=ids.ALPHABET, min_size=12, max_size=12))
    lookalikes = {"1": "1IiLl", "0": "0Oo", "V": "VvUu"}
    shown = spaced(code)
    assert shown == f"{code[:4]}-{code[4:8]}-{code[8:]}"
    typed = ""
    for letter in shown:
        typed += data.draw(st.sampled_from(lookalikes.get(letter, letter + letter.lower())))
        typed += data.draw(st.sampled_from(["", "", " ", "-", "  "]))
    assert codes.code_of(typed) == code


@pytest.mark.parametrize("text", ["", "0" * 11, "0" * 13, "٠" * 12, "0000-0000-000!", "0" * 11 + "é", "."])
def test_what_is_no_code_is_no_coupon(text: str):
    with pytest.raises(CouponNotFound):
        codes.code_of(text)


def test_codes_are_made_by_chance_of_sixty_bits():
    made = {new_code() for _ in range(500)}
    assert len(made) == 500
    assert {len(code) for code in made} == {12}
    assert {letter for code in made for letter in code} == set(ids.ALPHABET)


def test_a_coupon_does_not_show_its_code_by_accident(coupon: Coupon):
    assert coupon.code not in repr(coupon)
    assert coupon.code not in f"{coupon} {[coupon]}"
