"""Every shape that the ledger stores, as it is stored."""

from dataclasses import replace
from datetime import UTC, datetime

from puhui.ledger.dynamo import (
    ENTRUSTMENT,
    HOLD,
    LEG,
    Ledger,
    balance_from,
    hold_from,
    transfer_from,
    transfer_item,
)
from puhui.ledger.holds import Hold
from puhui.ledger.model import Balance, Change, Entrustment, Leg, Transfer
from puhui.store.client import DynamoDB
from puhui.store.session import Session
from tests.support import golden

AT = datetime(2026, 11, 30, 8, 30, tzinfo=UTC)
LEGS = (Leg("member:M1", "PTS:carbon-88", -60, "2026-12"), Leg("retired:carbon-88", "PTS:carbon-88", 60))


def test_a_transfer():
    transfer = Transfer("01TRANSFER", "redemption", AT, LEGS, "01REDEMPTION", "member:M1")
    golden.check_item(
        "ledger", "transfer", transfer, lambda each: transfer_item("member:M1", each, LEGS), transfer_from
    )


def test_a_hold():
    golden.check("ledger", "hold", HOLD, Hold("01HOLD", "member:M1", LEGS, AT, "01REDEMPTION", "posted"))


def test_a_transfer_and_a_hold_as_they_were_stored_at_first():
    item = {
        "account": "member:M1",
        "entry": "T#01TRANSFER",
        "kind": "redemption",
        "at": "2026-11-30T16:30:00+08:00",
        "legs": [["member:M1", "PTS:carbon-88", -60, "2026-12"], ["retired:carbon-88", "PTS:carbon-88", 60]],
        "ref": "01REDEMPTION",
        "hash": "h",
    }
    assert transfer_from(item) == Transfer("01TRANSFER", "redemption", AT, LEGS, "01REDEMPTION", "member:M1")
    held = {**item, "entry": "H#01HOLD", "state": "posted", "runs_out": item["at"]}
    assert hold_from(held) == Hold("01HOLD", "member:M1", LEGS, AT, "01REDEMPTION", "posted")
    resized = {**held, "legs": [LEG.item(leg) for leg in LEGS]}
    assert hold_from(resized) == hold_from(held)


def test_a_transfer_and_a_hold_that_did_not_say_their_shape():
    """Between the first shape and this one, fields had their names already."""
    item = {**transfer_item("member:M1", Transfer("01T", "redemption", AT, LEGS, "01R"), LEGS)}
    del item["shape"]
    assert transfer_from(item) == Transfer("01T", "redemption", AT, LEGS, "01R", "member:M1")


def test_an_entrustment():
    golden.check("ledger", "entrustment", ENTRUSTMENT, Entrustment(True, AT, "pooling-2"))


def test_a_balance():
    ledger, session = Ledger(DynamoDB(), "ledger"), Session(DynamoDB())
    change = Change(
        "member:M1",
        "carbon-88",
        {"points": -60, "pending_mg": 7},
        {"2027-01": 3},
        ("2026-12",),
        {"points": 60},
        4,
    )
    ledger._add_change(session, change)
    golden.check_wire("ledger", "balance_change", dict(session.actions[0]["Update"]))
    ledger._add_change(session, replace(change, version=0))
    new = session.actions[1]["Update"]["ConditionExpression"]
    assert new.endswith("attribute_not_exists(#v)")  # worked out from a balance that was not there
    ledger._add_change(session, replace(change, version=None))
    assert "#v" not in session.actions[2]["Update"]["ConditionExpression"]
    item = {"points": 5, "lot_2027-01": 5, "credits_2026": 9, "audit_shard": "03", "v": 4}
    assert balance_from("member:M1", "carbon-88", item) == Balance(
        "member:M1", "carbon-88", {"points": 5, "credits_2026": 9}, {"2027-01": 5}, 4
    )
