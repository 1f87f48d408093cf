"""Erasure of a member: the bindings to data partners end."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.partners.data_partners.repository import DataPartners
from puhui.partners.erasing import erase_member

PARTNERS = DataPartners.from_environment()


@task("erase_partners")
def app(event: Input, now: datetime) -> Input:
    return dict(erase_member(event["member_id"], now, partners=PARTNERS))
