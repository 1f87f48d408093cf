"""What leaves an entry: transfers, verification decisions, publications, and events submitted to the journal itself.

Each function turns a change of a table, as its stream brings it, into an event; None when it leaves no entry. The same
change always gives the same event, however often it comes.
"""

from datetime import datetime
from typing import Any

from puhui.activities import api as activities
from puhui.journal import model
from puhui.journal.dynamo import is_submission, payload_from
from puhui.journal.model import DECISION, RETIREMENT, TRANSFER, Event
from puhui.kernel import clock, ids
from puhui.ledger import api as ledger
from puhui.methodologies import api as methodologies
from puhui.store.values import Item


def from_ledger(item: Item) -> Event | None:
    """The event of an item of the ledger: a transfer, once, however many statements it is in."""
    if not item["entry"].startswith("T#"):
        return None
    transfer = ledger.transfer_from(item)
    if transfer.owners[0] != item["account"]:
        return None
    return of_transfer(transfer)


def of_transfer(transfer: ledger.Transfer) -> Event:
    """The event of a posted transfer. Amounts are decimal text: canonical JSON has no integers beyond 2^53."""
    legs: list[dict[str, str]] = []
    for leg in transfer.legs:
        fields = {"account": leg.account, "asset": leg.asset, "amount": str(leg.amount)}
        legs.append(fields | ({"lot": leg.lot} if leg.lot else {}))
    body: dict[str, Any] = {"account": transfer.owners[0], "kind": transfer.kind, "legs": legs}
    if transfer.reference:
        body["reference"] = transfer.reference
    retired = any(leg.account.startswith("retired:") and leg.amount > 0 for leg in transfer.legs)
    kind = RETIREMENT if retired else TRANSFER
    return Event(transfer.id, kind, clock.to_text(transfer.at), transfer.owners, body)


def from_activities(item: Item, at: datetime) -> Event | None:
    """The event of an item of the activities' table: how a verification ended, ``at`` the time of the change."""
    decision = activities.decision_in(item)
    if decision is None:
        return None
    body = {
        "activity_id": decision.activity_id,
        "programme_id": decision.programme_id,
        "behaviour": decision.behaviour,
        "status": decision.status,
        "credits_mg": str(decision.credits_mg),
        "points": str(decision.points),
    }
    optional = {"reason_code": decision.reason_code, "transfer_id": decision.transfer_id}
    body |= {name: value for name, value in optional.items() if value}
    subject = ledger.member(decision.member_id)
    later = (decision.after,) if decision.after else ()
    return Event(
        ids.key_id("decision", decision.activity_id, *later), DECISION, clock.to_text(at), (subject,), body
    )


def from_methodologies(item: Item) -> Event | None:
    """The event of an item of the methodologies' table: a version of a methodology or a factor was published, or withdrawn; when,
    the item says."""
    publication = methodologies.publication_in(item)
    if publication is None:
        return None
    subject = f"{publication.kind}:{publication.name}"
    body = {
        "subject": subject,
        "name": publication.name,
        "version": publication.version,
        "hash": publication.hash,
        "status": publication.status,
    }
    body |= {"reason": publication.reason} if publication.reason else {}
    parts = (publication.kind, publication.name, publication.version)
    entry_id = (
        ids.key_id(*parts) if publication.status == "published" else ids.key_id(*parts, publication.status)
    )
    return Event(entry_id, publication.kind, clock.to_text(publication.at), (subject,), body)


def from_journal(item: Item) -> Event | None:
    """The event of an item of the journal's own table: one that was submitted."""
    if not is_submission(item):
        return None
    payload = payload_from(item)
    content = model.read_event(payload.event)
    body = {name: value for name, value in content.items() if name not in ("v", "type", "id", "at")}
    return Event(content["id"], content["type"], content["at"], (content["subject"],), body, submitted=True)
