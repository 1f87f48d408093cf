"""A hold of what issuance will give can promise more or less while it lasts; nobody writes over another's change."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from puhui.ledger import usecases
from puhui.ledger.audit import audit
from puhui.ledger.dynamo import Ledger
from puhui.ledger.errors import HoldResolved
from puhui.ledger.holds import Hold
from puhui.ledger.model import Leg, credits, member, points
from puhui.store.client import DynamoDB
from puhui.store.conditions import OptimisticLockFailed
from puhui.store.session import Session
from tests.support.ledger import post_hold, void_hold

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
ANNA, P = member("A" * 26), "ant-forest"


@pytest.fixture
def ledger(make_table: Callable[[str], str]) -> Ledger:
    return Ledger(DynamoDB(), make_table("ledger"))


def promise(mg: int) -> Hold:
    asset = credits(P, 2026)
    legs = (Leg(f"issuance:{P}", asset, -mg), Leg(ANNA, asset, mg))
    return Hold("H" * 26, ANNA, legs, NOW + timedelta(days=1), "act")


def opened(ledger: Ledger, mg: int) -> Hold:
    session = Session(ledger.dynamodb)
    usecases.add_with_holds(session, [], {}, opened=[promise(mg)], ledger=ledger, now=NOW)
    session.commit()
    held = ledger.hold(ANNA, "H" * 26)
    assert held is not None
    return held


def resize(ledger: Ledger, held: Hold, mg: int) -> None:
    session = Session(ledger.dynamodb)
    after = replace(held, legs=promise(mg).legs)
    usecases.add_with_holds(session, [], {}, resized=[(held, after)], ledger=ledger, now=NOW)
    session.commit()


def pending(ledger: Ledger) -> int:
    return ledger.balance(ANNA, P).amounts.get("pending_mg", 0)


@pytest.mark.parametrize("mg", [1, 99, 1_000])
def test_what_is_pending_follows_and_posting_gives_the_new_amount(ledger: Ledger, mg: int):
    resize(ledger, opened(ledger, 100), mg)
    assert pending(ledger) == mg
    assert audit(ledger).sound
    post_hold(ANNA, "H" * 26, ledger=ledger, now=NOW)
    assert (pending(ledger), ledger.balance(ANNA, P).credits_mg) == (0, mg)
    assert audit(ledger).sound


def test_whoever_read_an_older_amount_reads_again(ledger: Ledger):
    held = opened(ledger, 100)
    resize(ledger, held, 60)
    with pytest.raises(OptimisticLockFailed):
        resize(ledger, held, 80)
    assert pending(ledger) == 60


def test_a_hold_that_has_ended_does_not_change(ledger: Ledger):
    held = opened(ledger, 100)
    void_hold(ANNA, held.id, ledger=ledger, now=NOW)
    with pytest.raises(HoldResolved):
        resize(ledger, held, 80)
    assert pending(ledger) == 0


def test_a_hold_that_sets_something_aside_has_one_size(ledger: Ledger):
    legs = (Leg(ANNA, points(P), -5), Leg(f"retired:{P}", points(P), 5))
    held = Hold("H" * 26, ANNA, legs, NOW + timedelta(days=1))
    with pytest.raises(ValueError, match="sets something aside"):
        usecases.add_with_holds(Session(ledger.dynamodb), [], {}, opened=[held], ledger=ledger, now=NOW)
