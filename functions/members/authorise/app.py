"""API Gateway's authoriser: is the token ours and alive? No AWS client here."""

import os
from typing import Any

from puhui.edge import log
from puhui.members.tokens import TokenRefused, Verifier, bearer

VERIFIER = Verifier(os.environ["JWKS"], os.environ["TOKEN_ISSUER"])


def app(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The policy for every route of the stage (API Gateway keeps it for other routes too), or 401."""
    try:
        claims = VERIFIER.claims(bearer(event["authorizationToken"]))
    except TokenRefused:
        log.line(level="INFO", task="authorise", outcome="refused")
        raise Exception("Unauthorized") from None  # noqa: TRY002 the text that API Gateway turns into 401
    log.line(level="INFO", task="authorise", outcome="ok")
    api, stage = event["methodArn"].split("/")[:2]
    return {
        "principalId": claims["sub"],
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": f"{api}/{stage}/*"}
            ],
        },
        "context": {
            "member_id": claims["sub"],
            "roles": ",".join(claims["roles"]),
            "org": claims["org"],
            "sid": claims["sid"],
            "exp": str(claims["exp"]),
        },
    }
