"""RFC 9421's own Ed25519 vector, the package http-message-signatures as an oracle in both directions, and a code for each fault."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    algorithms,
)
from hypothesis import given
from hypothesis import strategies as st

from infra.local.partner import records
from puhui.partners.data_partners import errors, http_signatures, model, structured_fields
from puhui.partners.data_partners.http_signatures import Sent
from puhui.partners.data_partners.structured_fields import InnerList, Item, Malformed, Token

NOW = datetime.fromtimestamp(1_764_547_200, UTC)
URL = "https://api.puhui.example/v1/partner/activities"
BODY = b'{"batch_id": "b-1", "items": []}'
RAW = records.private_key("demo-metro").public_key().public_bytes_raw()

# RFC 9421, B.1.4 and B.2.6
VECTOR = Sent(
    "POST",
    "example.com",
    "/foo",
    "param=Value&Pet=dog",
    {
        "date": "Tue, 20 Apr 2021 02:07:55 GMT",
        "content-type": "application/json",
        "content-length": "18",
        "signature-input": 'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length")'
        ';created=1618884473;keyid="test-key-ed25519"',
        "signature": "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:",
    },
    b'{"hello": "world"}',
)
VECTOR_KEY = base64.b64decode("JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=")


def sent(*, body: bytes = BODY, method: str = "POST", **more: Any) -> Sent:
    more.setdefault("created", int(NOW.timestamp()))
    headers = records.signed("demo-metro", method, URL, body, **more)
    return Sent(method, "api.puhui.example", "/v1/partner/activities", "", headers, body)


def check(request: Sent, now: datetime = NOW) -> http_signatures.Signature:
    signature = http_signatures.read(request)
    http_signatures.check(signature, request, RAW, now)
    return signature


def test_the_rfcs_own_ed25519_signature_holds():
    covered = structured_fields.dictionary(VECTOR.headers["signature-input"])["sig-b26"]
    value = structured_fields.dictionary(VECTOR.headers["signature"])["sig-b26"]
    assert isinstance(covered, InnerList)
    assert isinstance(value, Item)
    assert isinstance(value.value, bytes)
    base = http_signatures.base(covered, VECTOR)
    assert base.decode().splitlines()[-1] == (
        '"@signature-params": ("date" "@method" "@path" "@authority" "content-type" "content-length")'
        ';created=1618884473;keyid="test-key-ed25519"'
    )
    assert http_signatures.verify(VECTOR_KEY, value.value, base)
    assert not http_signatures.verify(VECTOR_KEY, value.value, base + b" ")


@dataclass
class Message:
    """What the oracle signs and checks."""

    method: str = "POST"
    url: str = URL
    headers: dict[str, str] = field(default_factory=dict)


class Keys(HTTPSignatureKeyResolver):
    def resolve_private_key(self, key_id: str) -> Ed25519PrivateKey:  # noqa: ARG002 its interface
        return records.private_key("demo-metro")

    def resolve_public_key(self, key_id: str) -> Any:  # noqa: ARG002
        return records.private_key("demo-metro").public_key()


def test_what_the_oracle_signs_holds_here():
    message = Message(headers={"Content-Type": "application/json"})
    message.headers["Content-Digest"] = http_signatures.digest_header(BODY)
    HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=Keys()).sign(
        message,
        key_id="demo-metro/thumbprint",
        created=NOW,
        expires=NOW + timedelta(minutes=5),
        nonce="a-nonce-of-theirs",
        tag="puhui-ingest",
        covered_component_ids=http_signatures.COVERED,
        body=BODY,
        use_existing_digest=True,
    )
    headers = {name.lower(): value for name, value in message.headers.items()}
    request = Sent("POST", "api.puhui.example", "/v1/partner/activities", "", headers, BODY)
    assert check(request).key_id == "demo-metro/thumbprint"


def test_what_the_stand_in_signs_holds_with_the_oracle():
    headers = records.signed("demo-metro", "POST", URL, BODY)
    names = {"content-digest": "Content-Digest", "content-type": "Content-Type"}
    names |= {"signature-input": "Signature-Input", "signature": "Signature"}
    message = Message(headers={names[name]: value for name, value in headers.items()})
    verifier = HTTPMessageVerifier(signature_algorithm=algorithms.ED25519, key_resolver=Keys())
    (result,) = verifier.verify(message, expect_tag="puhui-ingest", body=BODY)
    assert set(result.covered_components) >= {f'"{name}"' for name in http_signatures.COVERED}


def with_headers(request: Sent, **changes: str) -> Sent:
    named = {name.replace("_", "-"): value for name, value in changes.items()}
    return replace(request, headers={**request.headers, **named})


def altered(request: Sent, before: str, after: str) -> Sent:
    text = request.headers["signature-input"]
    assert before in text
    return with_headers(request, signature_input=text.replace(before, after))


CREATED = f"created={int(NOW.timestamp())}"
FAULTS: dict[str, tuple[Callable[[Sent], Sent], type[Exception]]] = {
    "no signature": (lambda r: replace(r, headers={"content-type": "x"}), errors.SignatureMissing),
    "another tag": (lambda r: altered(r, "puhui-ingest", "other"), errors.SignatureMissing),
    "no structured field": (lambda r: with_headers(r, signature_input="sig1=((("), errors.SignatureMalformed),
    "no such label": (lambda r: with_headers(r, signature="sig2=:AAAA:"), errors.SignatureMalformed),
    "no bytes": (lambda r: with_headers(r, signature="sig1=1"), errors.SignatureMalformed),
    "no nonce": (lambda r: altered(r, ";nonce=", ";monce="), errors.SignatureMalformed),
    "created is no integer": (lambda r: altered(r, CREATED, 'created="1"'), errors.SignatureMalformed),
    "the digest is not covered": (
        lambda r: altered(r, ' "content-digest"', ""),
        errors.SignatureComponentsWrong,
    ),
    "covered twice": (
        lambda r: altered(r, '"@method"', '"@method" "@method"'),
        errors.SignatureComponentsWrong,
    ),
    "a component with a parameter": (
        lambda r: altered(r, '"@method"', '"@method" "x";sf'),
        errors.SignatureComponentsWrong,
    ),
    "a query that is not covered": (lambda r: replace(r, query="a=1"), errors.SignatureComponentsWrong),
    "it lasts too long": (
        lambda r: altered(
            r, f"expires={int(NOW.timestamp()) + 300}", f"expires={int(NOW.timestamp()) + 601}"
        ),
        errors.SignatureTimeWrong,
    ),
    "another body": (lambda r: replace(r, body=r.body + b" "), errors.BodyDigestWrong),
    "no digest": (lambda r: with_headers(r, content_digest="md5=:AAAA:"), errors.BodyDigestWrong),
    "another path": (lambda r: replace(r, path="/v1/partner/files"), errors.SignatureWrong),
    "another method": (lambda r: replace(r, method="PUT"), errors.SignatureWrong),
    "another deployment": (lambda r: replace(r, authority="staging.puhui.example"), errors.SignatureWrong),
    "another type": (lambda r: with_headers(r, content_type="text/plain"), errors.SignatureWrong),
    "another nonce": (lambda r: altered(r, ';nonce="', ';nonce="x'), errors.SignatureWrong),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_has_a_code_of_its_own(fault: str):
    spoil, error = FAULTS[fault]
    with pytest.raises(error):
        check(spoil(sent()))


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_clock_may_be_five_minutes_off_and_no_more(seconds: int):
    check(sent(created=int(NOW.timestamp()) + 299))
    check(sent(created=int(NOW.timestamp()) - 299))
    with pytest.raises(errors.SignatureTimeWrong):
        check(sent(created=int(NOW.timestamp()) + seconds))


def test_another_key_or_algorithm_on_the_wire_changes_nothing():
    with pytest.raises(errors.SignatureWrong):
        check(sent(key=records.private_key("somebody-else")))
    with pytest.raises(errors.SignatureWrong):
        check(altered(sent(), ";tag=", ';alg="hmac-sha256";tag='))


def test_spaces_and_case_that_mean_nothing_change_nothing():
    request = sent()
    spaced = (
        request.headers["signature-input"].replace('("@method" ', '(  "@method"   ').replace(";tag", "; tag")
    )
    spaced_request = with_headers(request, signature_input=f"  {spaced}  ")
    check(replace(spaced_request, authority="API.puhui.example:443"))


def test_a_request_without_a_body_covers_what_it_has():
    headers = records.signed("demo-metro", "GET", URL, b"", created=int(NOW.timestamp()))
    check(Sent("GET", "api.puhui.example", "/v1/partner/activities", "", headers, b""))
    with pytest.raises(errors.SignatureComponentsWrong):
        check(Sent("GET", "api.puhui.example", "/v1/partner/activities", "", headers, BODY))


def test_a_key_has_one_name_and_weak_ones_have_none():
    jwk = {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    }  # RFC 8037, A.3
    assert model.public_key(jwk, "me", NOW).id == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    for weak in (bytes(32), b"\x01" + bytes(31), b"\x01" + bytes(30) + b"\x80"):
        x = base64.urlsafe_b64encode(weak).decode().rstrip("=")
        with pytest.raises(errors.PublicKeyInvalid):
            model.public_key({**jwk, "x": x}, "me", NOW)
    with pytest.raises(errors.PublicKeyInvalid):
        model.public_key({**jwk, "crv": "X25519"}, "me", NOW)


BARE = st.one_of(
    st.integers(-(10**15) + 1, 10**15 - 1),
    st.booleans(),
    st.binary(max_size=20),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20),
    st.from_regex(r"[A-Za-z*][A-Za-z0-9:/!#$%&'*+.^_`|~-]{0,10}", fullmatch=True).map(Token),
)
KEY = st.from_regex(r"[a-z*][a-z0-9_.*-]{0,6}", fullmatch=True)
ITEM = st.builds(Item, BARE, st.dictionaries(KEY, BARE, max_size=3))
MEMBER = st.one_of(
    ITEM, st.builds(InnerList, st.lists(ITEM, max_size=4).map(tuple), st.dictionaries(KEY, BARE, max_size=3))
)


@given(st.dictionaries(KEY, MEMBER, min_size=1, max_size=3))
def test_what_is_written_is_read_back(members: dict[str, Any]):
    text = ", ".join(f"{key}={structured_fields.serialised(each)}" for key, each in members.items())
    assert structured_fields.dictionary(text) == members


@given(st.text(max_size=60))
def test_whatever_is_sent_is_read_or_refused(text: str):
    try:
        structured_fields.dictionary(text)
    except Malformed:
        return


def test_the_digest_is_that_of_rfc_9530():
    body = b'{"hello": "world"}\n'
    assert http_signatures.digest_header(body) == "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
    assert hashlib.sha256(body).digest() == base64.b64decode("RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=")
