"""Invoked by an operator: register a partner together with a secret that it has made itself. Input: the body of
PUT /partners/{partner_id}, ``id`` and ``secret`` (used only while the partner has none)."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.partners import usecases
from puhui.partners.repository import Partners

PARTNERS = Partners.from_environment()


@task("register_partner")
def app(event: Input, now: datetime) -> Input:
    partner, _ = usecases.put_partner(usecases.wanted_from(event["id"], event), partners=PARTNERS)
    if not any(secret.lives(now) for secret in partner.secrets):
        given = event["secret"]
        usecases.add_secret(partner.id, by="operator", key=None, partners=PARTNERS, now=now, given=given)
    return {"id": partner.id}
