"""Tokens that hold, tokens that do not, and seals that open in one place only."""

import base64
import hmac
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from puhui.members.tokens import Issuer, TokenRefused, Verifier, bearer
from puhui.store.sealing import Sealer

KEY = ec.generate_private_key(ec.SECP256R1())
ROOT = Path(__file__).parents[3]


def pem(key: ec.EllipticCurvePrivateKey = KEY) -> str:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def jwks(key: ec.EllipticCurvePrivateKey = KEY, kid: str = "k1") -> str:
    public = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return json.dumps({"keys": [{**public, "kid": kid, "alg": "ES256", "use": "sig"}]})


VERIFIER = Verifier(jwks(), "puhui")


def issue(**changes: object) -> str:
    values = {"name": "puhui", "kid": "k1", "private_key_pem": pem(), **changes}
    return Issuer(**values).issue("M1", ("verifier",), "", "F1", changes.pop("now", datetime.now(UTC)))  # type: ignore[arg-type]


@given(st.text("0123456789ABC", min_size=1, max_size=26), st.lists(st.sampled_from(["verifier", "operator"])))
def test_a_tokens_claims_come_back(member_id: str, roles: list[str]):
    token = Issuer("puhui", "k1", pem()).issue(member_id, tuple(roles), "o", "F", datetime.now(UTC))
    claims = VERIFIER.claims(token)
    assert (claims["sub"], claims["roles"], claims["org"], claims["sid"]) == (member_id, roles, "o", "F")


def expired() -> str:
    return Issuer("puhui", "k1", pem()).issue("M1", (), "", "F", datetime.now(UTC) - timedelta(minutes=31))


def encoded(part: object) -> bytes:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")


def confused() -> str:
    """Signed with the public key as if it were a shared secret."""
    claims = jwt.decode(issue(), options={"verify_signature": False})
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public = KEY.public_key().public_bytes(serialization.Encoding.PEM, form)
    signed = encoded({"alg": "HS256", "typ": "JWT", "kid": "k1"}) + b"." + encoded(claims)
    signature = base64.urlsafe_b64encode(hmac.digest(public, signed, "sha256")).rstrip(b"=")
    return (signed + b"." + signature).decode()


def unsigned() -> str:
    return jwt.encode(
        jwt.decode(issue(), options={"verify_signature": False}), None, "none", headers={"kid": "k1"}
    )


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b.c",
        expired(),
        issue(name="somebody-else"),
        issue(kid="k2"),
        issue(private_key_pem=pem(ec.generate_private_key(ec.SECP256R1()))),
        confused(),
        unsigned(),
        issue()[:-4] + "AAAA",
    ],
    ids=[
        *("empty", "no token", "expired", "somebody else's name", "another key's name", "another key"),
        *("our public key as a secret", "unsigned", "another signature"),
    ],
)
def test_a_token_that_is_not_ours_or_not_alive_is_refused(token: str):
    with pytest.raises(TokenRefused):
        VERIFIER.claims(token)


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": 10**18},
        {"exp": 10**400},
        {"exp": float("inf")},
        {"iat": float("inf")},
        {"nbf": float("-inf")},
        {"exp": "tomorrow"},
        {"roles": "operator"},
        {"roles": [1]},
        {"org": None},
        {"sid": 5},
        {"sub": None},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_token_of_ours_with_what_we_never_write_is_refused(changes: dict[str, object]):
    claims = jwt.decode(issue(), options={"verify_signature": False})
    header = encoded({"alg": "ES256", "typ": "JWT", "kid": "k1"})
    signed = header + b"." + encoded(claims | changes)
    signature = jwt.algorithms.ECAlgorithm(jwt.algorithms.ECAlgorithm.SHA256).sign(signed, KEY)
    token = signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")
    with pytest.raises(TokenRefused):
        VERIFIER.claims(token.decode())


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer a.b.c", "a.b.c"),
        ("bearer a.b.c", "a.b.c"),
        ("BEARER  a.b.c", "a.b.c"),
        ("Basic a.b.c", ""),
        ("a.b.c", ""),
        ("", ""),
    ],
)
def test_a_bearer_is_known_in_any_case(header: str, token: str):
    assert bearer(header) == token


def test_a_refresh_token_is_known_again_and_a_made_up_one_is_not():
    issuer, other = (
        Issuer("puhui", "k1", pem(key)) for key in (KEY, ec.generate_private_key(ec.SECP256R1()))
    )
    token = issuer.refresh_token("F" * 26)
    assert issuer.wrote(token)
    assert token != issuer.refresh_token("F" * 26)
    assert not other.wrote(token)
    for made_up in (
        "",
        "x",
        "F" * 26,
        token[:-1],
        token + "A",
        "G" + token[1:],
        token[:30] + "é" + token[31:],
    ):
        assert not issuer.wrote(made_up)


def test_a_seal_opens_for_its_owner_and_attribute_only():
    sealer = Sealer(b"k" * 32, b"p" * 32)
    sealed = sealer.seal("openid-1", "M1", "openid")
    assert b"openid-1" not in sealed
    assert sealer.open(sealed, "M1", "openid") == "openid-1"
    tampered = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for data, owner, attribute in (
        (sealed, "M2", "openid"),
        (sealed, "M1", "session_key"),
        (tampered, "M1", "openid"),
    ):
        with pytest.raises(InvalidTag):
            sealer.open(data, owner, attribute)
    with pytest.raises(ValueError, match="key"):
        sealer.open(b"\x09" + sealed[1:], "M1", "openid")
    assert sealer.name_of("openid-1") != Sealer(b"k" * 32, b"q" * 32).name_of("openid-1")


def authoriser(code: str) -> str:
    environment = {**os.environ, "JWKS": jwks(), "TOKEN_ISSUER": "puhui"}
    environment["PYTHONPATH"] = f"{ROOT / 'layers/puhui/python'}:{ROOT / 'functions/members/authorise'}"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_authoriser_starts_without_any_client_of_aws():
    loaded = authoriser("import app, sys; print(*sorted(sys.modules))").split()
    unwanted = {
        "botocore",
        "boto3",
        "requests",
        "pynamodb",
        "jsonschema",
        "chalice",
        "puhui.store.aws",
        "puhui.store",
    }
    assert not unwanted & set(loaded)


def test_the_authoriser_lets_a_good_token_into_every_route_of_its_stage():
    arn = "arn:aws-cn:execute-api:cn-north-1:1:api/v1/GET/me"
    code = f"import app, json; print(json.dumps(app.app({{'authorizationToken': 'Bearer {issue()}', 'methodArn': '{arn}'}}, None)))"
    answer = json.loads(authoriser(code).splitlines()[-1])
    (statement,) = answer["policyDocument"]["Statement"]
    assert statement["Resource"] == "arn:aws-cn:execute-api:cn-north-1:1:api/v1/*"
    assert answer["context"]["member_id"] == "M1"
    assert answer["context"]["roles"] == "verifier"


def test_the_authoriser_says_unauthorized_to_anything_else():
    code = (
        "import app\n"
        "for token in ('', 'Bearer', 'Bearer x.y.z', 'Basic abc'):\n"
        "    try: app.app({'authorizationToken': token, 'methodArn': 'a/v1/GET/me'}, None)\n"
        "    except Exception as e: print(e)\n"
    )
    said = [line for line in authoriser(code).splitlines() if not line.startswith("{")]
    assert said == ["Unauthorized"] * 4
