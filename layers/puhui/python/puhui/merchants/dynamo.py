"""The merchants' table: the only file that knows its keys and attributes.

| item        | owner (hash)              | entry (range)    | holds |
|-------------|---------------------------|------------------|-------|
| merchant    | merchant:<id>             | merchant         | programme, name, kind, status, regions, who applied, version, last decision, deciders, people, owners, branches |
| application | merchant:<id>             | application      | legal_id, description, sealed contact, documents, version |
| decision    | merchant:<id>             | H#<decision id>  | seq, what, by, at, reason_code, note |
| branch      | merchant:<id>             | B#<branch id>    | name, address, region, open |
| staff       | merchant:<id>             | S#<member id>    | role, branch_id, since |
| gone        | merchant:<id>             | X#<member id>    | at: invitations of before no longer work for that member, who decides nothing about the merchant ever after |
| membership  | member:<id>               | M#<merchant id>  | role, branch_id, since: the staff item from the other side |
| document    | member:<id>               | D#<document id>  | what was announced; ends (TTL) until an application names it |
| waiting     | member:<id>               | waiting          | applications: how many of the member's wait for a decision |
| legal id    | legal:<programme>:<code>  | legal            | merchant_id: the one merchant that was certified with the code |

Index ``merchants_by_programme``: hash ``programme``, range ``ranked`` (a digit for the status, #, id), keys only.
"""

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from puhui.kernel import clock
from puhui.merchants.errors import (
    BranchesFull,
    DocumentNotFound,
    LastOwner,
    LegalIdTaken,
    MerchantNotFound,
    OwnMerchant,
    RoomForStaff,
    Stands,
    TooManyApplications,
)
from puhui.merchants.model import (
    APPLICATIONS_MAX,
    APPLIED,
    BRANCHES_MAX,
    CERTIFIED,
    CERTIFY,
    DOCUMENT_LIFE,
    OWNER,
    REFUSED,
    STAFF_MAX,
    SUSPENDED,
    Application,
    Branch,
    Decision,
    Document,
    Merchant,
    Staff,
    Standing,
)
from puhui.store import secrets
from puhui.store.client import DynamoDB, Key
from puhui.store.sealing import Sealer
from puhui.store.session import Moved, Session
from puhui.store.values import Item

INDEX = "merchants_by_programme"
RANKS = {APPLIED: "1", CERTIFIED: "2", SUSPENDED: "3", REFUSED: "4"}  # certified and suspended side by side
PAGE = 100


class Merchants:
    """Merchants, their branches and their staff in one table."""

    def __init__(self, dynamodb: DynamoDB, table: str, sealer: Sealer | None = None) -> None:
        self.dynamodb = dynamodb
        self.table = table
        self._given = sealer

    @classmethod
    def from_environment(cls) -> "Merchants":
        """The table that MERCHANTS_TABLE names; the sealing keys are read from DATA_SECRET when first needed."""
        return cls(DynamoDB(), os.environ["MERCHANTS_TABLE"])

    @cached_property
    def sealer(self) -> Sealer:
        """What seals contacts."""
        return self._given or Sealer.from_secret(secrets.read(os.environ["DATA_SECRET"]))

    # What other contexts ask

    def find_standing(self, merchant_id: str) -> Standing:
        """A merchant's standing; one read. Raises MerchantNotFound."""
        item = self.dynamodb.get(*merchant_key(merchant_id, self.table))
        if item is None:
            raise MerchantNotFound
        return standing_from(item)

    def standings(self, merchant_ids: Sequence[str]) -> dict[str, Standing]:
        """The standings of up to 100 merchants, by id; one read."""
        if not merchant_ids:
            return {}
        items = self.dynamodb.get_all(
            [merchant_key(each, self.table) for each in dict.fromkeys(merchant_ids)]
        )
        found = [standing_from(item) for item in items if item]
        return {standing.id: standing for standing in found}

    def staff_of(self, merchant_id: str, member_id: str) -> Staff | None:
        """The member's place on the staff, or None; one read."""
        item = self.dynamodb.get(*self.staff_key(merchant_id, member_id))
        return staff_from(item) if item else None

    def require_staff(self, merchant_id: str, member_id: str, *roles: str) -> Staff:
        """The member's place on the staff, in one of these roles (none given: any); one read.

        Raises MerchantNotFound for a stranger, Forbidden for a smaller role.
        """
        staff = self.staff_of(merchant_id, member_id)
        if staff is None:
            raise MerchantNotFound
        if roles:
            staff.require(*roles)
        return staff

    def branch(self, merchant_id: str, branch_id: str) -> Branch | None:
        """A branch, open or closed; one read."""
        item = self.dynamodb.get(self.table, _branch_key(merchant_id, branch_id))
        return branch_from(item) if item else None

    def merchants_of_programme(
        self, programme_id: str, limit: int = PAGE, start: str | None = None
    ) -> tuple[list[str], str | None]:
        """A page of the ids of certified and suspended merchants, and where the next page starts."""
        return self._ranked(programme_id, RANKS[CERTIFIED], RANKS[SUSPENDED], limit, start)

    def memberships_of(self, member_id: str) -> list[Staff]:
        """Every place the member has on a staff."""
        items = self.dynamodb.all_entries(self.table, ("owner", f"member:{member_id}"), "M#")
        return [membership_from(item) for item in items]

    def merchant(self, merchant_id: str) -> Merchant | None:
        """A merchant; one read."""
        item = self.dynamodb.get(*merchant_key(merchant_id, self.table))
        return merchant_from(item) if item else None

    # Lists

    def of_status(
        self, programme_id: str, status: str, limit: int, start: str | None
    ) -> tuple[list[Merchant], str | None]:
        """A page of a programme's merchants of one status, as they stand now."""
        ids, last = self._ranked(programme_id, RANKS[status], RANKS[status], limit, start)
        items = self.dynamodb.get_all([merchant_key(each, self.table) for each in ids]) if ids else []
        found = [merchant_from(item) for item in items if item]
        return [merchant for merchant in found if merchant.status == status], last

    def memberships(self, member_id: str, limit: int, start: str | None) -> tuple[list[Staff], str | None]:
        """A page of the member's places on a staff."""
        items, last = self._page(f"member:{member_id}", "M#", limit, start)
        return [membership_from(item) for item in items], last

    def staff(self, merchant_id: str, limit: int, start: str | None) -> tuple[list[Staff], str | None]:
        """A page of a merchant's staff."""
        items, last = self._page(f"merchant:{merchant_id}", "S#", limit, start)
        return [staff_from(item) for item in items], last

    def branches(self, merchant_id: str, limit: int, start: str | None) -> tuple[list[Branch], str | None]:
        """A page of a merchant's branches."""
        items, last = self._page(f"merchant:{merchant_id}", "B#", limit, start)
        return [branch_from(item) for item in items], last

    def history(self, merchant_id: str) -> list[Decision]:
        """All decisions about a merchant, oldest first."""
        found = self.dynamodb.all_entries(self.table, ("owner", f"merchant:{merchant_id}"), "H#")
        return [decision_from(item) for item in sorted(found, key=lambda item: int(item["seq"]))]

    def _ranked(
        self, programme_id: str, first: str, last: str, limit: int, start: str | None
    ) -> tuple[list[str], str | None]:
        position = None
        if start:
            owner = f"merchant:{start.partition('#')[2]}"
            position = {"owner": owner, "entry": "merchant", "programme": programme_id, "ranked": start}
        items, end = self.dynamodb.query(
            self.table,
            "programme = :p AND ranked BETWEEN :first AND :last",
            {":p": programme_id, ":first": f"{first}#", ":last": f"{last}#~"},
            index=INDEX,
            limit=limit,
            start=position,
        )
        return [_tail(item["owner"]) for item in items], end["ranked"] if end else None

    def _page(self, owner: str, prefix: str, limit: int, start: str | None) -> tuple[list[Item], str | None]:
        return self.dynamodb.entries(self.table, ("owner", owner), prefix, limit=limit, after=start)

    # Reading for a transition

    def find(self, merchant_id: str) -> tuple[Merchant, Application]:
        """A merchant and its application; one read. Raises MerchantNotFound."""
        item, papers = self.dynamodb.get_all(
            [merchant_key(merchant_id, self.table), self.application_key(merchant_id)]
        )
        if item is None or papers is None:
            raise MerchantNotFound
        return merchant_from(item), application_from(papers)

    def staff_key(self, merchant_id: str, member_id: str) -> Key:
        """Where a member's place on a staff stands."""
        return Key(self.table, {"owner": f"merchant:{merchant_id}", "entry": f"S#{member_id}"})

    def application_key(self, merchant_id: str) -> Key:
        """Where an application stands."""
        return Key(self.table, {"owner": f"merchant:{merchant_id}", "entry": "application"})

    def decision_key(self, merchant_id: str, decision_id: str) -> Key:
        """Where a decision stands."""
        return Key(self.table, {"owner": f"merchant:{merchant_id}", "entry": f"H#{decision_id}"})

    def gone_key(self, merchant_id: str, member_id: str) -> Key:
        """Where it stands that a member was removed from a staff."""
        return Key(self.table, {"owner": f"merchant:{merchant_id}", "entry": f"X#{member_id}"})

    # Documents

    def add_document(self, session: Session, document: Document, body_hash: str, now: datetime) -> None:
        """Announce a document."""
        item = {
            **_document_key(document.member_id, document.id),
            **_document_fields(document),
            "prepared": clock.to_text(now),
            "ends": int((now + DOCUMENT_LIFE).timestamp()),
            "body_hash": body_hash,
        }
        session.put(self.table, item, unless="entry", error=Stands(body_hash=body_hash))

    def documents(self, member_id: str, document_ids: Sequence[str]) -> list[Document]:
        """The member's documents in this order; one read, none for none. Raises DocumentNotFound, also when one is somebody else's."""
        wanted = list(dict.fromkeys(document_ids))
        keys = [Key(self.table, _document_key(member_id, each)) for each in wanted]
        items = self.dynamodb.get_all(keys) if keys else []
        for document_id, item in zip(wanted, items, strict=True):
            if item is None:
                raise DocumentNotFound(document_id=document_id)
        return [
            Document(each, member_id, *(item[name] for name in DOCUMENT_FIELDS))
            for each, item in zip(wanted, items, strict=True)
            if item
        ]

    # Transitions

    def has_room(self, member_id: str) -> bool:
        """Whether another application of the member may wait; one read."""
        item = self.dynamodb.get(self.table, _waiting_key(member_id))
        return item is None or bool(item["applications"] < APPLICATIONS_MAX)

    def add_merchant(self, session: Session, merchant: Merchant, application: Application) -> None:
        """A new application, with the applicant as owner: 5 items and its documents; 6 for one that is certified already."""
        owner = Staff(merchant.applied_by, merchant.id, OWNER, since=merchant.applied_at)
        item = merchant_item(merchant) | {"people": 1, "owners": 1, "body_hash": application.body_hash}
        session.put(self.table, item, unless="entry", error=Stands(body_hash=application.body_hash))
        self._put_application(session, application, application.documents)
        for each in _both_sides(owner):
            session.put(self.table, each)
        if merchant.last:
            self._add_history(session, merchant)
            self._claim_legal_id(session, merchant, application.legal_id)
        else:
            self._add_waiting(session, merchant)

    def add_decision(self, session: Session, before: Merchant, after: Merchant, legal_id: str) -> None:
        """A decision by somebody who never was on the staff: 4 items, about an application one more, and certifying claims the code."""
        decision = self._add_history(session, after)
        self._move(session, before, after)
        for place in (self.staff_key(after.id, decision.by), self.gone_key(after.id, decision.by)):
            session.check(*place, "attribute_not_exists(entry)", error=OwnMerchant())
        if before.status == APPLIED:
            session.update(
                self.table, _waiting_key(before.handed_in_by), "ADD applications :less", {":less": -1}
            )
        if decision.what == CERTIFY:
            self._claim_legal_id(session, after, legal_id)

    def add_resubmission(
        self, session: Session, before: Merchant, after: Merchant, application: Application
    ) -> None:
        """An application that is handed in again: 4 items and its documents."""
        self._add_history(session, after)
        self._move(session, before, after)
        self._put_application(session, application, application.documents)
        self._add_waiting(session, after)

    def add_revision(
        self,
        session: Session,
        before: Merchant,
        after: Merchant,
        application: Application,
        new: Sequence[Document],
    ) -> None:
        """What a certified merchant shows from now on: 3 items and the new pictures."""
        self._add_history(session, after)
        self._move(session, before, after)
        self._put_application(session, application, new)

    def _put_application(self, session: Session, application: Application, new: Sequence[Document]) -> None:
        session.put(self.table, application_item(application))
        for each in new:
            session.update(
                self.table,
                _document_key(each.member_id, each.id),
                "REMOVE ends",
                condition="attribute_exists(entry)",
                error=DocumentNotFound(document_id=each.id),
            )

    def _add_waiting(self, session: Session, merchant: Merchant) -> None:
        session.update(
            self.table,
            _waiting_key(merchant.handed_in_by),
            "ADD applications :one",
            {":one": 1, ":max": APPLICATIONS_MAX},
            condition="attribute_not_exists(entry) OR applications < :max",
            error=TooManyApplications(limit=APPLICATIONS_MAX),
        )

    def _add_history(self, session: Session, after: Merchant) -> Decision:
        assert after.last is not None  # noqa: S101 a transition leaves one
        item = {
            **self.decision_key(after.id, after.last.id).key,
            **_decision_fields(after.last),
            "seq": after.version,
        }
        session.put(self.table, item, unless="entry", error=Stands(body_hash=after.last.body_hash))
        return after.last

    def _move(self, session: Session, before: Merchant, after: Merchant) -> None:
        new = {**merchant_item(after)}
        for name in ("owner", "entry", "deciders"):
            new.pop(name, None)
        sets = ", ".join(f"#{name} = :{name}" for name in new)
        values = {f":{name}": value for name, value in new.items()} | {":before": before.version}
        add = ""
        if after.deciders:
            add, values[":deciders"] = " ADD deciders :deciders", after.deciders
        session.update(
            *merchant_key(after.id, self.table),
            f"SET {sets}{add}",
            values,
            names={f"#{name}": name for name in new},
            condition="#version = :before",
            error=Moved(),
        )

    def _claim_legal_id(self, session: Session, merchant: Merchant, legal_id: str) -> None:
        session.put(
            self.table,
            {**_legal_key(merchant.standing.programme_id, legal_id), "merchant_id": merchant.id},
            condition="attribute_not_exists(entry) OR merchant_id = :m",
            values={":m": merchant.id},
            error=LegalIdTaken(),
        )

    # Branches and staff

    def put_branch(self, session: Session, branch: Branch) -> None:
        """Change a branch."""
        session.put(self.table, branch_item(branch))

    def add_branch(self, session: Session, branch: Branch) -> None:
        """Make a branch: 2 items."""
        session.put(self.table, branch_item(branch), unless="entry", error=Moved())
        session.update(
            *merchant_key(branch.merchant_id, self.table),
            "ADD branches :one",
            {":one": 1, ":max": BRANCHES_MAX},
            condition="attribute_not_exists(branches) OR branches < :max",
            error=BranchesFull(limit=BRANCHES_MAX),
        )

    def check_staff(self, session: Session, staff: Staff) -> None:
        """Nothing is written unless somebody's place is still what was read."""
        session.check(
            *self.staff_key(staff.merchant_id, staff.member_id),
            "#role = :r AND branch_id = :b",
            {":r": staff.role, ":b": staff.branch_id},
            names={"#role": "role"},
            error=Moved(),
        )

    def check_gone(self, session: Session, merchant_id: str, member_id: str, gone: Item | None) -> None:
        """Nothing is written if the member was removed since that was read."""
        session.check(
            *self.gone_key(merchant_id, member_id),
            "#at = :at" if gone else "attribute_not_exists(#at)",
            {":at": gone["at"]} if gone else None,
            names={"#at": "at"},
            error=Moved(),
        )

    def add_staff(self, session: Session, before: Staff | None, after: Staff) -> None:
        """Take a member on, or change the place of one who is no owner: 2 items, 3 for a newcomer or a new owner."""
        for item in _both_sides(after):
            if before is None:
                session.put(self.table, item, unless="entry", error=Moved())
            else:
                session.put(
                    self.table,
                    item,
                    condition="#role = :r AND branch_id = :b",
                    values={":r": before.role, ":b": before.branch_id},
                    names={"#role": "role"},
                    error=Moved(),
                )
        is_owner = after.role == OWNER
        if before is None:
            session.update(
                *merchant_key(after.merchant_id, self.table),
                "ADD people :one, owners :one" if is_owner else "ADD people :one",
                {":one": 1, ":max": STAFF_MAX, ":m": after.member_id},
                condition="attribute_exists(entry) AND people < :max AND NOT contains(deciders, :m)",
                error=RoomForStaff(limit=STAFF_MAX, member_id=after.member_id),
            )
        elif is_owner:
            session.update(*merchant_key(after.merchant_id, self.table), "ADD owners :one", {":one": 1})

    def remove_staff(self, session: Session, staff: Staff, now: datetime) -> None:
        """Let a member go, the last owner excepted: 4 items."""
        for item in _both_sides(staff):
            session.delete(
                self.table,
                {name: item[name] for name in ("owner", "entry")},
                condition="#role = :r",
                values={":r": staff.role},
                names={"#role": "role"},
                error=Moved(),
            )
        owner = staff.role == OWNER
        session.update(
            *merchant_key(staff.merchant_id, self.table),
            "ADD people :less, owners :less" if owner else "ADD people :less",
            {":less": -1} | ({":one": 1} if owner else {}),
            condition="owners > :one" if owner else None,
            error=LastOwner(),
        )
        gone = self.gone_key(staff.merchant_id, staff.member_id).key
        session.put(self.table, {**gone, "at": clock.to_text(now)})


def merchant_key(merchant_id: str, table: str) -> Key:
    """Where a merchant's standing is read, alone or with other contexts' items."""
    return Key(table, {"owner": f"merchant:{merchant_id}", "entry": "merchant"})


def _branch_key(merchant_id: str, branch_id: str) -> dict[str, str]:
    return {"owner": f"merchant:{merchant_id}", "entry": f"B#{branch_id}"}


def _document_key(member_id: str, document_id: str) -> dict[str, str]:
    return {"owner": f"member:{member_id}", "entry": f"D#{document_id}"}


def _waiting_key(member_id: str) -> dict[str, str]:
    return {"owner": f"member:{member_id}", "entry": "waiting"}


def _legal_key(programme_id: str, legal_id: str) -> dict[str, str]:
    return {"owner": f"legal:{programme_id}:{legal_id}", "entry": "legal"}


def _tail(owner: str) -> str:
    return owner.partition(":")[2]


def merchant_item(merchant: Merchant) -> Item:
    """The item of a merchant, without its counters."""
    standing = merchant.standing
    item = {
        **merchant_key(standing.id, "").key,
        "programme": standing.programme_id,
        "ranked": f"{RANKS[standing.status]}#{standing.id}",
        "name": dict(standing.name),
        "kind": standing.kind,
        "status": standing.status,
        "regions": list(standing.regions),
        "applied_by": merchant.applied_by,
        "applied_at": clock.to_text(merchant.applied_at),
        "version": merchant.version,
        "last": {"id": merchant.last.id, **_decision_fields(merchant.last)} if merchant.last else None,
    }
    return item | ({"deciders": merchant.deciders} if merchant.deciders else {})


def standing_from(item: Mapping[str, Any]) -> Standing:
    """The standing of a merchant's item."""
    suspended = item["status"] == SUSPENDED  # by the last decision
    return Standing(
        _tail(item["owner"]),
        item["programme"],
        item["name"],
        item["kind"],
        item["status"],
        tuple(item["regions"]),
        clock.from_text(item["last"]["at"]) if suspended else None,
    )


def merchant_from(item: Mapping[str, Any]) -> Merchant:
    """The merchant of an item."""
    last = item["last"]
    return Merchant(
        standing_from(item),
        item["applied_by"],
        clock.from_text(item["applied_at"]),
        item["version"],
        _decision(last["id"], last) if last else None,
        frozenset(item.get("deciders", ())),
    )


def _decision_fields(decision: Decision) -> Item:
    return {
        "what": decision.what,
        "by": decision.by,
        "at": clock.to_text(decision.at),
        "reason_code": decision.reason_code,
        "note": decision.note,
        "body_hash": decision.body_hash,
    }


def _decision(decision_id: str, item: Mapping[str, Any]) -> Decision:
    return Decision(
        decision_id,
        item["what"],
        item["by"],
        clock.from_text(item["at"]),
        item["reason_code"],
        item["note"],
        item["body_hash"],
    )


def decision_from(item: Mapping[str, Any]) -> Decision:
    """The decision of an item."""
    return _decision(item["entry"][2:], item)


DOCUMENT_FIELDS = ("kind", "content_type", "size", "sha256")


def _document_fields(document: Document) -> Item:
    return {name: getattr(document, name) for name in DOCUMENT_FIELDS}


def application_item(application: Application) -> Item:
    """The item of an application."""
    documents = [
        {"id": each.id, "member_id": each.member_id, **_document_fields(each), "trace_id": each.trace_id}
        for each in application.documents
    ]
    return {
        "owner": f"merchant:{application.merchant_id}",
        "entry": "application",
        "legal_id": application.legal_id,
        "description": dict(application.description),
        "contact": application.contact,
        "documents": documents,
        "body_hash": application.body_hash,
        "version": application.version,
    }


def application_from(item: Mapping[str, Any]) -> Application:
    """The application of an item."""
    return Application(
        _tail(item["owner"]),
        item["legal_id"],
        item["description"],
        item["contact"],
        tuple(Document(**each) for each in item["documents"]),
        item["body_hash"],
        item.get("version", 1),
    )


def branch_item(branch: Branch) -> Item:
    """The item of a branch."""
    return {
        **_branch_key(branch.merchant_id, branch.id),
        "name": dict(branch.name),
        "address": branch.address,
        "region": branch.region,
        "open": branch.open,
    }


def branch_from(item: Mapping[str, Any]) -> Branch:
    """The branch of an item."""
    return Branch(
        item["entry"][2:], _tail(item["owner"]), item["name"], item["address"], item["region"], item["open"]
    )


def _both_sides(staff: Staff) -> list[Item]:
    assert staff.since is not None  # noqa: S101 whoever is on a staff came at some time
    place = {"role": staff.role, "branch_id": staff.branch_id, "since": clock.to_text(staff.since)}
    return [
        {"owner": f"merchant:{staff.merchant_id}", "entry": f"S#{staff.member_id}", **place},
        {"owner": f"member:{staff.member_id}", "entry": f"M#{staff.merchant_id}", **place},
    ]


def staff_from(item: Mapping[str, Any]) -> Staff:
    """The staff of a staff item."""
    return _staff(item["entry"][2:], _tail(item["owner"]), item)


def membership_from(item: Mapping[str, Any]) -> Staff:
    """The staff of a membership item."""
    return _staff(_tail(item["owner"]), item["entry"][2:], item)


def _staff(member_id: str, merchant_id: str, item: Mapping[str, Any]) -> Staff:
    since = clock.from_text(item["since"])
    return Staff(member_id, merchant_id, item["role"], item["branch_id"], since)
