"""Access tokens: JWTs signed with ES256, checked against published keys; and refresh tokens. No AWS here: the authoriser
imports this."""

import base64
import hmac
import json
import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import jwt

ACCESS_SECONDS = 1800
AUDIENCE = "puhui"
ALGORITHM = "ES256"
_SECRET_BYTES, _MAC_BYTES = 32, 15
CLAIMS = ["sub", "roles", "org", "sid", "iat", "exp", "iss", "aud"]


class TokenRefused(Exception):
    """The token is not one of ours, or its time is over."""


@dataclass(frozen=True)
class Issuer:
    """Signs access tokens."""

    name: str
    kid: str
    private_key_pem: str = field(repr=False)

    def issue(self, member_id: str, roles: tuple[str, ...], org: str, family_id: str, now: datetime) -> str:
        """A token for ACCESS_SECONDS."""
        claims = {
            "sub": member_id,
            "roles": list(roles),
            "org": org,
            "sid": family_id,
            "iat": now,
            "exp": now + timedelta(seconds=ACCESS_SECONDS),
            "iss": self.name,
            "aud": AUDIENCE,
        }
        return jwt.encode(claims, self.private_key_pem, ALGORITHM, headers={"kid": self.kid})

    def refresh_token(self, family_id: str) -> str:
        """A new refresh token of a family, marked so that we know it again after it was spent, without keeping it."""
        token = f"{family_id}.{_text(os.urandom(_SECRET_BYTES))}."
        return token + self._mark(token)

    def wrote(self, refresh_token: str) -> bool:
        """Whether we issued the refresh token, at any time."""
        token, dot, mark = refresh_token.rpartition(".")
        return hmac.compare_digest(mark.encode(), self._mark(token + dot).encode())

    def _mark(self, token: str) -> str:
        key = hmac.digest(self.private_key_pem.encode(), b"refresh tokens", "sha256")
        return _text(hmac.digest(key, token.encode(), "sha256")[:_MAC_BYTES])


class Verifier:
    """Checks access tokens against the published keys."""

    def __init__(self, jwks: str, issuer: str) -> None:
        keys = json.loads(jwks)["keys"]
        self._keys = {key["kid"]: jwt.PyJWK(key, ALGORITHM) for key in keys}
        self._issuer = issuer

    def claims(self, token: str) -> dict[str, Any]:
        """The claims of a good token. Raises TokenRefused."""
        try:
            key = self._keys[jwt.get_unverified_header(token)["kid"]]
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=self._issuer,
                options={"require": CLAIMS},
            )
        except (jwt.PyJWTError, KeyError, TypeError, ValueError, OverflowError):
            raise TokenRefused from None
        if not _is_ours(claims):
            raise TokenRefused
        return claims


def bearer(authorization: str) -> str:
    """The token of an Authorization header, or nothing; the scheme's name in whatever case (RFC 9110, 11.1)."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _is_ours(claims: dict[str, Any]) -> bool:
    """Whether they have the types and the length of life that we give: no reader has to expect others."""
    times = (claims["iat"], claims["exp"])
    texts = (claims["sub"], claims["org"], claims["sid"])
    return (
        all(type(each) is int for each in times)
        and all(isinstance(each, str) for each in texts)
        and isinstance(claims["roles"], list)
        and all(isinstance(role, str) for role in claims["roles"])
        and 0 <= claims["exp"] - claims["iat"] <= ACCESS_SECONDS
    )


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
