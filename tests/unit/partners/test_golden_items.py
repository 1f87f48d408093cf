"""Every stored shape of the partners has a golden item."""

from datetime import UTC, datetime, timedelta

from puhui.partners.model import Partner, Secret
from puhui.partners.repository import PARTNER, Partners
from puhui.store.client import DynamoDB
from puhui.store.session import Session
from tests.support.golden import check, check_wire

AT = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
NEWEST = Secret("S2", AT, None, b"sealed-2")
OLDER = Secret("S1", AT - timedelta(days=9), AT + timedelta(days=1), b"sealed-1")
NAME = {"zh-CN": "影院", "en": "Cinema"}


def test_a_partner():
    value = Partner(
        "cinema", "carbon-88", NAME, "https://cinema.example", 60, ("T-1", "T-2"), (NEWEST, OLDER), 3
    )
    check("partners", "partner", PARTNER, value)


def test_that_a_secret_was_made():
    session = Session(DynamoDB())
    Partners(session._dynamodb, "partners").put_made(session, "cinema", NEWEST, "operator")
    check_wire("partners", "made", {"actions": list(session.actions)})
