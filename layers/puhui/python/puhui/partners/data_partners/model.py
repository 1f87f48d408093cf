"""What a data partner is: who it is, what it may send, and the keys that sign. Pure.

| state     | who moves it on, by which operation                              | to | what its records are |
|-----------|------------------------------------------------------------------|----|----------------------|
| proposed  | an operator who wrote none of it, ``activate_data_partner``      | active | refused |
| active    | an operator, ``suspend_data_partner``, at once                   | suspended | taken by the terms that were activated |
| suspended | an operator who did not suspend it, ``activate_data_partner``    | active | refused |

Whatever gives a partner more (terms, a key) is proposed by one person and activated by another, who has read exactly that; until then
the terms before hold. Whatever takes something away (suspension, a key's removal) is one person's, at once.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from puhui.kernel import approvals, clock
from puhui.kernel.documents import content_hash
from puhui.partners.data_partners.errors import (
    DataPartnerChanged,
    DataPartnerKeyNotFound,
    DataPartnerSuspended,
    NothingProposed,
    PublicKeyInvalid,
)

PROPOSED, ACTIVE, SUSPENDED = "proposed", "active", "suspended"
KEYS_MAX = 2
OVERLAP = timedelta(days=7)  # the older of two keys lives so long after the newer one was activated
_KEY_BYTES = 32
# Points of small order, sign aside: a signature of theirs can be made up by anybody.
_WEAK_KEYS = frozenset(
    bytes.fromhex(each)
    for each in (
        "00" * 32,
        "01" + "00" * 31,
        "ec" + "ff" * 30 + "7f",
        "ed" + "ff" * 30 + "7f",
        "ee" + "ff" * 30 + "7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    )
)


@dataclass(frozen=True)
class PublicKey:
    """An Ed25519 key. ``id``: the JWK's thumbprint (RFC 7638), so that one key has one name; ``x`` as in the JWK; ``until``: when it
    ends, None for the newest."""

    id: str
    x: str
    added_by: str
    added_at: datetime
    until: datetime | None = None

    @property
    def raw(self) -> bytes:
        """The 32 bytes."""
        return _decoded(self.x)

    def lives(self, now: datetime) -> bool:
        """Whether it still signs."""
        return self.until is None or now < self.until


@dataclass(frozen=True)
class Terms:
    """What a partner may send: behaviours by programme. Records of a ``sandbox`` partner are checked and answered, never credited.
    ``authorize_url``: its own page on which a member allows the binding; ``return_url``: where that page sends the member back to."""

    name: Mapping[str, str]
    programmes: Mapping[str, tuple[str, ...]]
    sandbox: bool = False
    authorize_url: str = ""
    return_url: str = ""
    keys: tuple[PublicKey, ...] = ()

    def may_send(self, programme_id: str, behaviour: str) -> bool:
        """Whether records of this act are the partner's to send."""
        return behaviour in self.programmes.get(programme_id, ())


@dataclass(frozen=True)
class Suspension:
    """Who stopped it, and why."""

    by: str
    at: datetime
    reason: str


@dataclass(frozen=True)
class DataPartner:
    """``terms``: those that hold; ``proposed``: those that wait for another person, written by ``authors``. ``number`` counts what was
    proposed, ``version`` every write."""

    id: str
    terms: Terms | None = None
    proposed: Terms | None = None
    authors: tuple[str, ...] = ()
    number: int = 0
    activated_hash: str = ""
    activated_by: str = ""
    activated_at: datetime | None = None
    suspension: Suspension | None = None
    version: int = 0

    @property
    def status(self) -> str:
        """proposed, active or suspended."""
        if self.suspension:
            return SUSPENDED
        return ACTIVE if self.terms else PROPOSED

    @property
    def hash(self) -> str:
        """What whoever activates has read; "" when nothing is proposed."""
        if self.proposed is None:
            return ""
        terms = json.loads(json.dumps(asdict(self.proposed), default=clock.to_text))
        return content_hash([self.id, self.number, terms, self.suspension is not None])

    @property
    def active_terms(self) -> Terms:
        """The terms that its records are taken by. Raises DataPartnerSuspended."""
        if self.terms is None or self.suspension:
            raise DataPartnerSuspended
        return self.terms

    def key(self, key_id: str, now: datetime) -> PublicKey | None:
        """The living key of this name."""
        keys = self.terms.keys if self.terms else ()
        return next((each for each in keys if each.id == key_id and each.lives(now)), None)


def public_key(jwk: Mapping[str, Any], by: str, now: datetime) -> PublicKey:
    """The key of a JWK (RFC 8037). Raises PublicKeyInvalid."""
    x = jwk.get("x", "")
    try:
        raw = _decoded(x)
    except (ValueError, binascii.Error):
        raise PublicKeyInvalid from None
    if (jwk.get("kty"), jwk.get("crv")) != ("OKP", "Ed25519") or len(raw) != _KEY_BYTES:
        raise PublicKeyInvalid
    if raw[:-1] + bytes([raw[-1] & 0x7F]) in _WEAK_KEYS:
        raise PublicKeyInvalid
    x = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    named = f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'
    thumbprint = base64.urlsafe_b64encode(hashlib.sha256(named.encode()).digest()).decode().rstrip("=")
    return PublicKey(thumbprint, x, by, now)


def propose(partner: DataPartner, wanted: Terms, by: str) -> DataPartner:
    """The partner with these terms proposed, keys as they are; the same again changes nothing."""
    present = partner.proposed or partner.terms
    wanted = replace(wanted, keys=present.keys if present else ())
    return partner if wanted == present else _proposed(partner, wanted, by)


def add_key(partner: DataPartner, key: PublicKey) -> DataPartner:
    """The partner with a new key proposed; the oldest goes when there are two. A key that it has changes nothing."""
    present = partner.proposed or partner.terms
    if present is None:
        raise NothingProposed
    if any(each.id == key.id for each in present.keys):
        return partner
    living = tuple(each for each in present.keys if each.lives(key.added_at))
    return _proposed(partner, replace(present, keys=(key, *living)[:KEYS_MAX]), key.added_by)


def activate(partner: DataPartner, by: str, read_hash: str, now: datetime) -> DataPartner:
    """The partner by the proposed terms, or no longer suspended; the same person again changes nothing.

    Raises ProposerMayNotApprove, DataPartnerChanged, NothingProposed.
    """
    if partner.proposed is None and (by, read_hash) == (partner.activated_by, partner.activated_hash):
        return partner
    approvals.approve(
        (),
        by,
        now,
        authors=partner.authors,
        closed=NothingProposed(),
        is_open=partner.proposed is not None,
        changed=DataPartnerChanged() if partner.proposed and partner.hash != read_hash else None,
    )
    assert partner.proposed is not None  # noqa: S101 approve has raised otherwise
    newest, *older = (*partner.proposed.keys, None) if partner.proposed.keys else (None,)
    keys = () if newest is None else (newest, *(_ending(each, now) for each in older if each))
    return replace(
        partner,
        terms=replace(partner.proposed, keys=keys),
        proposed=None,
        authors=(),
        activated_hash=read_hash,
        activated_by=by,
        activated_at=now,
        suspension=None,
    )


def suspend(partner: DataPartner, by: str, reason: str, now: datetime) -> DataPartner:
    """The partner stopped at once; to go on, another person activates what holds, or what is proposed."""
    if partner.suspension:
        return partner
    present = partner.proposed or partner.terms
    assert present is not None  # noqa: S101 it was proposed once
    return replace(_proposed(partner, present, by), suspension=Suspension(by, now, reason))


def remove_key(partner: DataPartner, key_id: str) -> DataPartner:
    """The partner without the key, at once, whatever is proposed. Raises DataPartnerKeyNotFound."""

    def without(terms: Terms | None) -> Terms | None:
        return terms and replace(terms, keys=tuple(each for each in terms.keys if each.id != key_id))

    terms, proposed = without(partner.terms), without(partner.proposed)
    if (terms, proposed) == (partner.terms, partner.proposed):
        raise DataPartnerKeyNotFound
    return replace(partner, terms=terms, proposed=proposed, number=partner.number + 1)


def _proposed(partner: DataPartner, terms: Terms, by: str) -> DataPartner:
    authors = tuple(dict.fromkeys((*partner.authors, by)))
    return replace(partner, proposed=terms, authors=authors, number=partner.number + 1)


def _ending(key: PublicKey, now: datetime) -> PublicKey:
    return replace(key, until=min(key.until or now + OVERLAP, now + OVERLAP))


def _decoded(x: str) -> bytes:
    if not isinstance(x, str) or not x.isascii():
        raise ValueError("no base64url")
    return base64.b64decode(x + "=" * (-len(x) % 4), altchars=b"-_", validate=True)


def body(partner: DataPartner) -> dict[str, Any]:
    """The contract's ``DataPartner``."""
    told: dict[str, Any] = {"id": partner.id, "status": partner.status}
    if partner.terms:
        told["terms"] = _terms_body(partner.terms)
    if partner.proposed:
        told |= {"proposed": _terms_body(partner.proposed), "hash": partner.hash}
    if partner.suspension:
        told["suspended_because"] = partner.suspension.reason
    return told


def _terms_body(terms: Terms) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": dict(terms.name),
        "programmes": [
            {"programme_id": each, "behaviours": list(behaviours)}
            for each, behaviours in terms.programmes.items()
        ],
        "sandbox": terms.sandbox,
        "keys": [_key_body(each) for each in terms.keys],
    }
    urls = {"authorize_url": terms.authorize_url, "return_url": terms.return_url}
    return told | {name: url for name, url in urls.items() if url}


def _key_body(key: PublicKey) -> dict[str, Any]:
    until = {"until": clock.to_text(key.until)} if key.until else {}
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": key.x}
    return {"id": key.id, "public_key": jwk, "added_at": clock.to_text(key.added_at), **until}
