"""What can be done with data partners: propose, add a key, activate, suspend; and who has signed a request."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from puhui.partners.data_partners import http_signatures, model
from puhui.partners.data_partners.errors import DataPartnerNotFound, SignatureKeyUnknown
from puhui.partners.data_partners.http_signatures import Sent
from puhui.partners.data_partners.model import DataPartner, Terms
from puhui.partners.data_partners.repository import DataPartners
from puhui.store.session import Session, attempt


def wanted_terms(body: Mapping[str, Any]) -> Terms:
    """The terms that the contract's ``PutDataPartner`` describes."""
    return Terms(
        dict(body["name"]),
        {each["programme_id"]: tuple(dict.fromkeys(each["behaviours"])) for each in body["programmes"]},
        body.get("sandbox", False),
        body.get("authorize_url", ""),
        body.get("return_url", ""),
    )


def put_data_partner(
    partner_id: str, wanted: Terms, by: str, *, partners: DataPartners
) -> tuple[DataPartner, bool]:
    """The partner with these terms proposed, and whether it is new. The same again changes nothing."""

    def build(session: Session) -> tuple[DataPartner, bool]:
        before = partners.get(partner_id) or DataPartner(partner_id)
        after = model.propose(before, wanted, by)
        if after is not before:
            partners.put(session, after)
        return after, before.version == 0

    return attempt(partners.dynamodb, build)


def add_key(
    partner_id: str, jwk: Mapping[str, Any], by: str, *, partners: DataPartners, now: datetime
) -> DataPartner:
    """The partner with the key proposed. Raises DataPartnerNotFound, PublicKeyInvalid."""
    key = model.public_key(jwk, by, now)
    return _change(partner_id, lambda partner: model.add_key(partner, key), partners)


def activate(
    partner_id: str, by: str, read_hash: str, *, partners: DataPartners, now: datetime
) -> DataPartner:
    """The partner by what was proposed. Raises DataPartnerNotFound, ProposerMayNotApprove, DataPartnerChanged, NothingProposed."""
    return _change(partner_id, lambda partner: model.activate(partner, by, read_hash, now), partners)


def suspend(partner_id: str, by: str, reason: str, *, partners: DataPartners, now: datetime) -> DataPartner:
    """The partner stopped. Raises DataPartnerNotFound."""
    return _change(partner_id, lambda partner: model.suspend(partner, by, reason, now), partners)


def remove_key(partner_id: str, key_id: str, *, partners: DataPartners) -> DataPartner:
    """The partner without the key. Raises DataPartnerNotFound, DataPartnerKeyNotFound."""
    return _change(partner_id, lambda partner: model.remove_key(partner, key_id), partners)


def signer(sent: Sent, request_id: str, *, partners: DataPartners, now: datetime) -> DataPartner:
    """The active partner that has signed the request, which it cannot send again. Two requests: the partner, the nonce.

    Raises what ``http_signatures`` lists, SignatureKeyUnknown, SignatureReplayed, DataPartnerSuspended.
    """
    signature = http_signatures.read(sent)
    partner_id, _, key_id = signature.key_id.partition("/")
    partner = partners.get(partner_id) if partner_id else None
    key = partner.key(key_id, now) if partner else None
    if partner is None or key is None:
        raise SignatureKeyUnknown
    http_signatures.check(signature, sent, key.raw, now)
    _ = partner.active_terms
    partners.use_nonce(partner.id, signature.nonce, signature.ends, request_id)
    return partner


def _change(
    partner_id: str, change: Callable[[DataPartner], DataPartner], partners: DataPartners
) -> DataPartner:
    def build(session: Session) -> DataPartner:
        before = partners.get(partner_id)
        if before is None:
            raise DataPartnerNotFound
        after = change(before)
        if after is not before:
            partners.put(session, after)
        return after

    return attempt(partners.dynamodb, build)
