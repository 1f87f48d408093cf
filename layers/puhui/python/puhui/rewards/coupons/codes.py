"""A coupon's code at the till: twelve letters to type, and a signed text (QR) that a till can check off line.

The QR's text is a JWT (ES256, the key of the published JWKS, audience ``coupon``): whoever has the public keys knows that
the coupon is ours, whose merchant's it is and when it ends; whether it was used only the backend knows.
"""

import json
import os
from functools import cache
from typing import Any

import jwt

from puhui.kernel import ids, texts
from puhui.rewards.coupons.model import Coupon
from puhui.rewards.errors import CouponNotFound
from puhui.store import secrets

ALGORITHM, AUDIENCE = "ES256", "coupon"
_TYPED = str.maketrans({"I": "1", "L": "1", "O": "0", "-": None, " ": None, "U": "V"})


def typed(text: str) -> str:
    """The code that somebody typed: spaces, dashes, small letters and the letters that look like others do no harm."""
    return text.upper().translate(_TYPED)


def qr_of(coupon: Coupon) -> str:
    """The text of the coupon's QR code. Needs JWT_SECRET, TOKEN_ISSUER."""
    secret = _signer()
    claims = {
        "iss": os.environ["TOKEN_ISSUER"],
        "aud": AUDIENCE,
        "sub": coupon.code,
        "merchant": coupon.merchant_id,
        "reward": coupon.reward_id,
        "exp": int(coupon.expires_at.timestamp()),
    }
    return jwt.encode(claims, secret["private_key_pem"], ALGORITHM, headers={"kid": secret["kid"]})


def code_of(text: str) -> str:
    """The coupon's code, as a till scanned it: a QR's text or typed letters. Needs JWKS and TOKEN_ISSUER.

    Raises CouponNotFound for anything that we did not sign.
    """
    text = texts.scanned(text)
    if "." not in text:
        code = typed(text)
        if len(code) != 12 or any(letter not in ids.ALPHABET for letter in code):
            raise CouponNotFound
        return code
    try:
        key = _keys()[jwt.get_unverified_header(text)["kid"]]
        # Its expiry is not checked here: the coupon itself has it, and a till may submit late what it verified off line.
        claims: dict[str, Any] = jwt.decode(
            text,
            key,
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=os.environ["TOKEN_ISSUER"],
            options={"verify_exp": False, "require": ["sub", "exp", "aud", "iss"]},
        )
    except (jwt.PyJWTError, KeyError, TypeError, ValueError):
        raise CouponNotFound from None
    return str(claims["sub"])


@cache
def _signer() -> dict[str, str]:
    return secrets.read(os.environ["JWT_SECRET"])


@cache
def _keys() -> dict[str, jwt.PyJWK]:
    return {key["kid"]: jwt.PyJWK(key, ALGORITHM) for key in json.loads(os.environ["JWKS"])["keys"]}
