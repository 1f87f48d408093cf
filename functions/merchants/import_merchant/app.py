"""Invoked by the operator of the deployment: import a merchant that was certified elsewhere. Input: the body of POST /merchants
without document_ids, ``id``, and the WeChat identities ``owner`` and ``certified_by``, who are members."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.members.errors import MemberNotFound
from puhui.members.repository import Members
from puhui.merchants.applications import applying
from puhui.merchants.repositories import Merchants

MERCHANTS = Merchants.from_environment()
MEMBERS = Members.from_environment()


@task("import_merchant")
def app(event: Input, now: datetime) -> Input:
    owner, certifier = (MEMBERS.id_of(event[name]) for name in ("owner", "certified_by"))
    if owner is None or certifier is None:
        raise MemberNotFound
    merchant = applying.import_merchant(event["id"], owner, certifier, event, merchants=MERCHANTS, now=now)
    return {"id": merchant.id, "status": merchant.status}
