"""Invoked by an operator: a data partner with its key, proposed and activated by the two people that the input names, and its accounts
of members bound to them, with their consent on record. The same again changes nothing. Input: ``id``, the body of PUT
/data-partners/{partner_id}, ``public_key``, ``proposed_by``, ``activated_by``; ``openids`` and ``subject``, what the partner calls its
customers before the member's id."""

from datetime import datetime
from functools import partial

from puhui.edge.task import Input, task
from puhui.members.repository import Members
from puhui.members.usecases import put_consent
from puhui.partners.data_partners import binding, bindings, usecases
from puhui.partners.data_partners.model import DataPartner
from puhui.partners.data_partners.repository import DataPartners
from puhui.store.session import attempt

PARTNERS, MEMBERS = DataPartners.from_environment(), Members.from_environment()


@task("register_data_partner")
def app(event: Input, now: datetime) -> Input:
    partner_id = event["id"]
    by, activated_by = event["proposed_by"], event["activated_by"]
    usecases.put_data_partner(partner_id, usecases.wanted_terms(event), by, partners=PARTNERS)
    partner = usecases.add_key(partner_id, event["public_key"], by, partners=PARTNERS, now=now)
    if partner.proposed:
        partner = usecases.activate(partner_id, activated_by, partner.hash, partners=PARTNERS, now=now)
    for openid in event.get("openids", []):
        if member_id := MEMBERS.id_of(openid):
            _bind(partner, member_id, event["subject"] + member_id, now)
    return {"id": partner.id, "status": partner.status}


def _bind(partner: DataPartner, member_id: str, subject: str, now: datetime) -> None:
    if PARTNERS.binding(member_id, partner.id):
        return
    key = binding.alias_key()
    made = binding.register(partner, subject, "", key=key, partners=PARTNERS, now=now)
    alone = partial(attempt, PARTNERS.dynamodb)
    binding.bind(member_id, partner, made.code, "", consent=alone, partners=PARTNERS, now=now)
    version = partner.activated_hash[: bindings.VERSION_LETTERS]
    put_consent(member_id, bindings.purpose(partner.id), version, granted=True, members=MEMBERS, now=now)
