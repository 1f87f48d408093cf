"""HTTP Message Signatures (RFC 9421) with Ed25519, and the digest of the body (RFC 9530). Pure, apart from the check itself.

    signature = read(request, TAG)          # which key, when, what it covers; nothing is proved yet
    check(signature, request, key, now)     # raises why it does not hold

The policy is ours: a request has one signature with our tag; it covers method, authority, path, the query where there is one, the
digest and the type of the body where it has one; it was made within five minutes of now and ends at most ten minutes after that; what algorithm it is,
the key's record says and never the request. Whoever may repeat a request is for the caller: it keeps ``nonce`` until ``ends``.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from puhui.partners.data_partners import structured_fields
from puhui.partners.data_partners.errors import (
    BodyDigestWrong,
    SignatureComponentsWrong,
    SignatureExpired,
    SignatureMalformed,
    SignatureMissing,
    SignatureTimeWrong,
    SignatureWrong,
)
from puhui.partners.data_partners.structured_fields import InnerList, Item, Malformed

TAG = "puhui-ingest"
TOLERANCE = timedelta(seconds=300)
LIFE_LONGEST = timedelta(minutes=10)
NONCE_MAX = 128
COVERED = ("@method", "@authority", "@path", "content-digest", "content-type")
_OF_A_BODY = {"content-digest", "content-type"}
_DEFAULT_PORTS = (":443", ":80")


@dataclass(frozen=True)
class Sent:
    """A request as it was sent. ``query``: without its question mark; ``headers``: lower-case names."""

    method: str
    authority: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Signature:
    """What a signature says about itself."""

    key_id: str
    created: datetime
    expires: datetime
    nonce: str
    covered: InnerList
    value: bytes

    @property
    def ends(self) -> datetime:
        """From this moment on it is refused for its age, so that its nonce need not be kept any longer."""
        return self.expires + TOLERANCE


def read(sent: Sent, tag: str = TAG) -> Signature:
    """The signature with this tag. Raises SignatureMissing, SignatureMalformed."""
    try:
        inputs = structured_fields.dictionary(_header(sent, "signature-input"))
        values = structured_fields.dictionary(_header(sent, "signature"))
        tagged = [
            (values[label], member)
            for label, member in inputs.items()
            if isinstance(member, InnerList) and member.parameters.get("tag") == tag
        ]
    except (Malformed, KeyError):
        raise SignatureMalformed from None
    if not tagged:
        raise SignatureMissing
    value, covered = tagged[0]
    if len(tagged) > 1 or not isinstance(value, Item) or not isinstance(value.value, bytes):
        raise SignatureMalformed
    about = covered.parameters
    key_id, nonce = about.get("keyid"), about.get("nonce")
    created, expires = about.get("created"), about.get("expires")
    if type(created) is not int or type(expires) is not int or type(key_id) is not str:
        raise SignatureMalformed
    if type(nonce) is not str or not 8 <= len(nonce) <= NONCE_MAX:
        raise SignatureMalformed
    try:
        return Signature(key_id, _time(created), _time(expires), nonce, covered, value.value)
    except (ValueError, OverflowError, OSError):
        raise SignatureMalformed from None


def check(signature: Signature, sent: Sent, public_key: bytes, now: datetime) -> None:
    """Raises SignatureComponentsWrong, SignatureTimeWrong, SignatureExpired, BodyDigestWrong, SignatureWrong, in this order:
    what is wrong with the request's making comes before what may be an attack."""
    _check_covered(signature, sent)
    if abs(signature.created - now) > TOLERANCE:
        raise SignatureTimeWrong
    if not signature.created < signature.expires <= signature.created + LIFE_LONGEST:
        raise SignatureTimeWrong
    if signature.expires <= now:
        raise SignatureExpired
    if sent.body:
        _check_digest(sent)
    if not verify(public_key, signature.value, base(signature.covered, sent)):
        raise SignatureWrong


def base(covered: InnerList, sent: Sent) -> bytes:
    """The signature base (RFC 9421, 2.5). Raises SignatureComponentsWrong."""
    lines = [f"{structured_fields.serialised(each)}: {_component(each, sent)}" for each in covered.items]
    lines.append(f'"@signature-params": {structured_fields.serialised(covered)}')
    return "\n".join(lines).encode()


def verify(public_key: bytes, signature: bytes, signed: bytes) -> bool:
    """Whether the key has signed this."""
    # Loads OpenSSL: only where a signature is checked.
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415

    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True


def digest_header(body: bytes) -> str:
    """``Content-Digest`` of a body."""
    return f"sha-256={structured_fields.serialised(Item(hashlib.sha256(body).digest()))}"


def _check_covered(signature: Signature, sent: Sent) -> None:
    names = [each.value for each in signature.covered.items]
    wanted = {*COVERED} if sent.body else {*COVERED} - _OF_A_BODY
    wanted |= {"@query"} if sent.query else set()
    if len(set(names)) != len(names) or not wanted <= set(names):
        raise SignatureComponentsWrong(components=", ".join(sorted(wanted)))


def _check_digest(sent: Sent) -> None:
    try:
        given = structured_fields.dictionary(_header(sent, "content-digest")).get("sha-256")
    except Malformed:
        raise BodyDigestWrong from None
    value = given.value if isinstance(given, Item) else b""
    if not isinstance(value, bytes) or not hmac.compare_digest(value, hashlib.sha256(sent.body).digest()):
        raise BodyDigestWrong


def _component(component: Item, sent: Sent) -> str:
    """The value of one component, canonical. Components with parameters and other derived ones are none of ours."""
    name = component.value
    derived = {
        "@method": sent.method,
        "@authority": _authority(sent.authority),
        "@path": sent.path or "/",
        "@query": f"?{sent.query}",
    }
    if type(name) is not str or component.parameters:
        raise SignatureComponentsWrong(components=", ".join(COVERED))
    if name in derived:
        return derived[name]
    value = sent.headers.get(name)
    if value is None or name != name.lower() or not value.isascii() or "\n" in value or "\r" in value:
        raise SignatureComponentsWrong(components=", ".join(COVERED))
    return value.strip(" \t")


def _authority(host: str) -> str:
    """Lower case, without a port that the scheme has anyway (RFC 9421, 2.2.3)."""
    lowered = host.strip().lower()
    for port in _DEFAULT_PORTS:
        lowered = lowered.removesuffix(port)
    return lowered


def _header(sent: Sent, name: str) -> str:
    if not (text := sent.headers.get(name, "")):
        raise SignatureMissing if name != "content-digest" else BodyDigestWrong
    return text


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
