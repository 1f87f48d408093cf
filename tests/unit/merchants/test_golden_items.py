"""Every stored item of the merchants, as a file: a field that is renamed or swapped is noticed."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from puhui.merchants.applications.model import Application, Decision, Merchant, Standing
from puhui.merchants.applications.repository import (
    APPLICATION,
    DECISION,
    MERCHANT,
    ApplicationRepository,
    standing_from,
)
from puhui.merchants.documents.model import Document
from puhui.merchants.documents.repository import DOCUMENT, DocumentRepository
from puhui.merchants.staff.model import Branch, Staff
from puhui.merchants.staff.repository import BRANCH, MEMBERSHIP, STAFF, StaffRepository
from puhui.store.client import DynamoDB
from puhui.store.session import Session
from tests.support import golden


def at(day: int) -> datetime:
    return datetime(2026, 11, day, 4, 30, tzinfo=UTC)


NAME = {"zh-CN": "绿叶咖啡", "en": "Green Leaf"}
DECIDED = Decision("01H", "suspend", "B" * 26, at(2), "COMPLAINTS", "three of them", "ab01")
SUSPENDED = Merchant(
    standing=Standing("01M", "carbon-88", NAME, "business", "suspended", ("CN-GD", "CN-BJ"), at(2)),
    applied_by="A" * 26,
    applied_at=at(1),
    version=3,
    last=DECIDED,
    deciders=frozenset({"B" * 26, "C" * 26}),
)
DOCUMENTS = (
    Document("01D", "A" * 26, "business_licence", "application/pdf", 17, "cd02", "trace-0"),
    Document("01E", "B" * 26, "picture", "image/jpeg", 18, "cd03", "trace-1"),
)
APPLIED = Application("01M", "91440100MA5XXXXXX1", NAME, b"sealed", DOCUMENTS, "ab04", 2)
PLACE = Staff("D" * 26, "01M", "clerk", "tianhe", at(3))
SHAPES = {
    "merchant": (MERCHANT, SUSPENDED),
    "application": (APPLICATION, APPLIED),
    "document": (DOCUMENT, DOCUMENTS[1]),
    "branch": (BRANCH, Branch("tianhe", "01M", NAME, "1 Tianhe Road", "CN-GD-GZ", open=True)),
    "staff": (STAFF, PLACE),
    "membership": (MEMBERSHIP, PLACE),
    "decision": (DECISION, DECIDED),
}


@pytest.mark.parametrize("name", SHAPES)
def test_an_item_is_stored_as_its_golden_file_says(name: str):
    record, value = SHAPES[name]
    golden.check("merchants", name, record, value)


def test_the_standing_is_read_from_the_merchants_item():
    assert standing_from(MERCHANT.item(SUSPENDED)) == SUSPENDED.standing


def test_what_is_written_beside_the_records_is_as_its_golden_file_says():
    """Counters, legal ids, times to live, and who left."""
    dynamodb = DynamoDB()
    session = Session(dynamodb)
    applications, staff = ApplicationRepository(dynamodb, "merchants"), StaffRepository(dynamodb, "merchants")
    imported = Merchant(replace(SUSPENDED.standing, status="certified"), "A" * 26, at(1), last=DECIDED)
    applications.add(session, imported, APPLIED)
    applications.add_decision(
        session, replace(SUSPENDED, last=None, version=2), SUSPENDED, "91440100MA5XXXXXX1"
    )
    applications.add_resubmission(session, SUSPENDED, SUSPENDED, APPLIED)
    DocumentRepository(dynamodb, "merchants").add(session, DOCUMENTS[1], "ab05", at(4))
    staff.add_branch(session, Branch("tianhe", "01M", NAME, "1 Tianhe Road", "CN-GD-GZ", open=True))
    staff.add(session, None, PLACE)
    staff.remove(session, PLACE, at(5))
    golden.check_wire("merchants", "beside", {"actions": list(session.actions)})
