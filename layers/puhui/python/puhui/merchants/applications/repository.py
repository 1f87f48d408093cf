"""Merchants, applications and decisions in the merchants' table (keys: ``merchants/repository.py``)."""

from collections.abc import Mapping, Sequence
from typing import Any

from puhui.merchants.applications.model import (
    APPLICATIONS_MAX,
    APPLIED,
    CERTIFIED,
    CERTIFY,
    REFUSED,
    SUSPENDED,
    Application,
    Decision,
    Merchant,
    Standing,
)
from puhui.merchants.documents.model import Document
from puhui.merchants.documents.repository import DocumentRepository
from puhui.merchants.errors import LegalIdTaken, MerchantNotFound, OwnMerchant, TooManyApplications
from puhui.merchants.repository import Repository, id_of, merchant_key
from puhui.merchants.staff.model import OWNER, Staff
from puhui.merchants.staff.repository import gone_key, put_staff, staff_key
from puhui.store.client import Key
from puhui.store.conditions import OptimisticLockFailed, SameRequest
from puhui.store.records import Record
from puhui.store.session import Session

INDEX = "merchants_by_programme"
RANKS = {APPLIED: "1", CERTIFIED: "2", SUSPENDED: "3", REFUSED: "4"}  # certified and suspended side by side
STANDING = Record(Standing)
MERCHANT = Record(
    Merchant,
    always=("version",),
    extra=lambda merchant: {
        "programme": merchant.standing.programme_id,
        "ranked": f"{RANKS[merchant.status]}#{merchant.id}",
    },
)
APPLICATION = Record(
    Application, owner="merchant:{merchant_id}", entry="application", always=("body_hash", "version")
)
DECISION = Record(Decision, entry="H#{id}", always=("body_hash",))


class ApplicationRepository(Repository):
    """Merchants with their application and decisions."""

    # Reading

    def get(self, merchant_id: str) -> Merchant | None:
        """A merchant, or None; one read."""
        item = self.dynamodb.get(*merchant_key(merchant_id, self.table))
        return MERCHANT.read(item) if item else None

    def find(self, merchant_id: str) -> tuple[Merchant, Application]:
        """A merchant and its application; one read. Raises MerchantNotFound."""
        item, application = self.dynamodb.get_all(
            [merchant_key(merchant_id, self.table), self._key(APPLICATION, merchant_id=merchant_id)]
        )
        if item is None or application is None:
            raise MerchantNotFound
        return MERCHANT.read(item), APPLICATION.read(application)

    def find_for_decision(
        self, merchant_id: str, decision_id: str
    ) -> tuple[Merchant, Application, Decision | None]:
        """A merchant, its application, and the decision of this id; one read. Raises MerchantNotFound."""
        item, application, decision = self.dynamodb.get_all(
            [
                merchant_key(merchant_id, self.table),
                self._key(APPLICATION, merchant_id=merchant_id),
                self._decision_key(merchant_id, decision_id),
            ]
        )
        if item is None or application is None:
            raise MerchantNotFound
        made = DECISION.read(decision) if decision else None
        return MERCHANT.read(item), APPLICATION.read(application), made

    def body_hash(self, merchant_id: str) -> str | None:
        """The keyed digest of the body that the merchant was made of; None for no merchant; one read."""
        item = self.dynamodb.get(*merchant_key(merchant_id, self.table))
        return str(item["body_hash"]) if item else None

    def page(
        self, programme_id: str, status: str, limit: int, start: str | None
    ) -> tuple[list[Merchant], str | None]:
        """A page of a programme's merchants of one status."""
        ids, last = self.ranked(programme_id, RANKS[status], RANKS[status], limit, start)
        items = self.dynamodb.get_all([merchant_key(each, self.table) for each in ids]) if ids else []
        found = [MERCHANT.read(item) for item in items if item]
        return [merchant for merchant in found if merchant.status == status], last

    def ranked(
        self, programme_id: str, first: str, last: str, limit: int, start: str | None
    ) -> tuple[list[str], str | None]:
        """A page of the ids of a programme's merchants from one rank to another, and where the next begins."""
        position = None
        if start:
            key = merchant_key(start.partition("#")[2], self.table).key
            position = {**key, "programme": programme_id, "ranked": start}
        items, end = self.dynamodb.query(
            self.table,
            "programme = :p AND ranked BETWEEN :first AND :last",
            {":p": programme_id, ":first": f"{first}#", ":last": f"{last}#~"},
            index=INDEX,
            limit=limit,
            start=position,
        )
        return [id_of(item) for item in items], end["ranked"] if end else None

    def history(self, merchant_id: str) -> list[Decision]:
        """All decisions about a merchant, the oldest first."""
        found = self.dynamodb.all_entries(self.table, ("owner", f"merchant:{merchant_id}"), "H#")
        return [DECISION.read(item) for item in sorted(found, key=lambda item: int(item["seq"]))]

    def has_room(self, member_id: str) -> bool:
        """Whether the member may have one more undecided application; one read."""
        item = self.dynamodb.get(self.table, _waiting_key(member_id))
        return item is None or bool(item["applications"] < APPLICATIONS_MAX)

    # Writing

    def add(self, session: Session, merchant: Merchant, application: Application) -> None:
        """A new merchant with the applicant as owner: 5 items and its documents; 6 for one that is certified already.

        Raises AlreadyExists, IdempotencyKeyReused, TooManyApplications, LegalIdTaken, DocumentNotFound."""
        counters = {"people": 1, "owners": 1, "body_hash": application.body_hash}
        item = {**merchant_key(merchant.id, self.table).key, **MERCHANT.item(merchant), **counters}
        session.put(self.table, item, unless="entry", error=SameRequest(body_hash=application.body_hash))
        self._put_application(session, application, application.documents)
        put_staff(
            session, self.table, Staff(merchant.applied_by, merchant.id, OWNER, since=merchant.applied_at)
        )
        if merchant.last:
            self._add_decision(session, merchant.id, merchant.last, merchant.version)
            self._claim_legal_id(session, merchant, application.legal_id)
        else:
            self._add_waiting(session, merchant)

    def add_decision(self, session: Session, before: Merchant, after: Merchant, legal_id: str) -> None:
        """A decision by somebody who never was on the staff: 4 items, 5 about an application, 6 for a certification.

        Raises OwnMerchant, LegalIdTaken, AlreadyExists."""
        decision = self._move(session, before, after)
        for place in (
            staff_key(after.id, decision.by, self.table),
            gone_key(after.id, decision.by, self.table),
        ):
            session.check(*place, "attribute_not_exists(entry)", error=OwnMerchant())
        if before.status == APPLIED:
            session.update(
                self.table, _waiting_key(before.submitted_by), "ADD applications :less", {":less": -1}
            )
        if decision.what == CERTIFY:
            self._claim_legal_id(session, after, legal_id)

    def add_resubmission(
        self, session: Session, before: Merchant, after: Merchant, application: Application
    ) -> None:
        """A resubmitted application: 4 items and its documents. Raises TooManyApplications, DocumentNotFound."""
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
        """A certified merchant's new description and pictures: 3 items and the new pictures. Raises DocumentNotFound."""
        self._move(session, before, after)
        self._put_application(session, application, new)

    def _move(self, session: Session, before: Merchant, after: Merchant) -> Decision:
        """Write a transition: the decision, and the merchant over the one of its version; its counters are not changed."""
        assert after.last is not None  # noqa: S101 a transition leaves one
        self._add_decision(session, after.id, after.last, after.version)
        new = MERCHANT.item(after)
        new.pop("deciders", None)  # a set that only grows
        values: dict[str, Any] = {f":{name}": value for name, value in new.items()}
        values[":before"] = before.version
        add = ""
        if after.deciders:
            add, values[":deciders"] = " ADD deciders :deciders", after.deciders
        session.update(
            *merchant_key(after.id, self.table),
            f"SET {', '.join(f'#{name} = :{name}' for name in new)}{add}",
            values,
            names={f"#{name}": name for name in new},
            condition="#version = :before",
            error=OptimisticLockFailed(),
        )
        return after.last

    def _add_decision(self, session: Session, merchant_id: str, decision: Decision, version: int) -> None:
        key = self._decision_key(merchant_id, decision.id).key
        item = {**DECISION.item(decision), **key, "seq": version}
        session.put(self.table, item, unless="entry", error=SameRequest(body_hash=decision.body_hash))

    def _put_application(self, session: Session, application: Application, new: Sequence[Document]) -> None:
        session.put(self.table, APPLICATION.item(application))
        DocumentRepository(self.dynamodb, self.table).claim_all(session, new)

    def _add_waiting(self, session: Session, merchant: Merchant) -> None:
        session.update(
            self.table,
            _waiting_key(merchant.submitted_by),
            "ADD applications :one",
            {":one": 1, ":max": APPLICATIONS_MAX},
            condition="attribute_not_exists(entry) OR applications < :max",
            error=TooManyApplications(limit=APPLICATIONS_MAX),
        )

    def _claim_legal_id(self, session: Session, merchant: Merchant, legal_id: str) -> None:
        owner = f"legal:{merchant.standing.programme_id}:{legal_id}"
        session.put(
            self.table,
            {"owner": owner, "entry": "legal", "merchant_id": merchant.id},
            condition="attribute_not_exists(entry) OR merchant_id = :m",
            values={":m": merchant.id},
            error=LegalIdTaken(),
        )

    def _decision_key(self, merchant_id: str, decision_id: str) -> Key:
        return Key(self.table, {"owner": f"merchant:{merchant_id}", "entry": f"H#{decision_id}"})


def _waiting_key(member_id: str) -> dict[str, str]:
    return {"owner": f"member:{member_id}", "entry": "waiting"}


def standing_from(item: Mapping[str, Any]) -> Standing:
    """The standing of a merchant's item."""
    return STANDING.read(item["standing"])
