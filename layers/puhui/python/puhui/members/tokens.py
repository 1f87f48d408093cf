"""Access tokens: JWTs signed with ES256, checked against published keys. No AWS here: the authoriser imports this."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import jwt

ACCESS_SECONDS = 1800
AUDIENCE = "puhui"
ALGORITHM = "ES256"
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
        except (jwt.PyJWTError, KeyError, TypeError, ValueError):
            raise TokenRefused from None
        return claims
