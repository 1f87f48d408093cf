"""Transfers, holds, statement and audit on a real table."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest

from puhui.kernel import ids
from puhui.kernel.errors import DomainError
from puhui.ledger import usecases
from puhui.ledger.audit import audit
from puhui.ledger.dynamo import Ledger
from puhui.ledger.errors import (
    HoldRanOut,
    HoldResolved,
    NotEnoughPoints,
    TransferIdReused,
)
from puhui.ledger.holds import Hold
from puhui.ledger.model import Leg, Transfer, credits, member, points
from puhui.store.client import DynamoDB
from puhui.store.cursors import CursorInvalid, Cursors
from tests.support.ledger import expire_hold, hold, post_hold, post_transfer, void_hold

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
TODAY = date(2026, 11, 20)
ME, P = member("M1"), "carbon-88"
PTS, CO2E = points(P), credits(P, 2026)
CURSORS = Cursors(b"k" * 32)


@pytest.fixture
def ledger(make_table: Callable[[str], str]) -> Ledger:
    return Ledger(DynamoDB(), make_table("ledger"))


def earn(ledger: Ledger, amount: int, lot: str = "2028-11", name: str = "") -> Transfer:
    legs = (Leg(f"issuance:{P}", PTS, -amount), Leg(ME, PTS, amount, lot))
    transfer_id = ids.derived_id(NOW, name) if name else ids.new_id(NOW)
    return post_transfer(Transfer(transfer_id, "credit", NOW, legs), ledger=ledger, now=NOW)


def spend(ledger: Ledger, amount: int, name: str = "") -> Transfer:
    legs = (Leg(ME, PTS, -amount), Leg(f"retired:{P}", PTS, amount))
    transfer_id = ids.derived_id(NOW, name) if name else ids.new_id(NOW)
    return post_transfer(Transfer(transfer_id, "redemption", NOW, legs), ledger=ledger, now=NOW)


def left(ledger: Ledger) -> int:
    return ledger.balance(ME, P).points(TODAY)


def test_the_same_transfer_again_is_the_first_and_another_under_its_id_an_error(ledger: Ledger):
    assert earn(ledger, 100, name="t") == earn(ledger, 100, name="t")
    with pytest.raises(TransferIdReused):
        earn(ledger, 200, name="t")
    assert left(ledger) == 100
    assert audit(ledger).sound


def test_a_payment_sent_again_is_the_first_although_the_balance_no_longer_holds_it(ledger: Ledger):
    earn(ledger, 100)
    assert spend(ledger, 80, name="s") == spend(ledger, 80, name="s")
    with pytest.raises(TransferIdReused):
        spend(ledger, 90, name="s")
    assert left(ledger) == 20


def test_ten_threads_that_post_one_transfer_post_it_once(ledger: Ledger):
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda _: earn(ledger, 100, name="t"), range(10)))
    assert left(ledger) == 100


def test_eight_threads_that_spend_one_balance_take_what_it_holds_and_no_more(ledger: Ledger):
    for month in range(1, 6):
        earn(ledger, 100, f"2027-{month:02}")

    def attempt(_: int) -> bool:
        try:
            spend(ledger, 150)
        except NotEnoughPoints:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(8))) == 3
    assert left(ledger) == 50
    assert audit(ledger).sound


def paying(amount: int, name: str = "H1") -> Hold:
    legs = (Leg(ME, PTS, -amount), Leg(f"retired:{P}", PTS, amount))
    return Hold(name, ME, legs, NOW + timedelta(minutes=10), "redemption-1")


@pytest.mark.parametrize(("end", "points_left"), [("post", 40), ("void", 100), ("expire", 100)])
def test_a_hold_ends_once_and_a_repetition_changes_nothing(ledger: Ledger, end: str, points_left: int):
    earn(ledger, 60, "2026-12")
    earn(ledger, 40, "2027-06")
    first = hold(paying(60), ledger=ledger, now=NOW)
    assert hold(paying(60), ledger=ledger, now=NOW) == first
    assert left(ledger) == 40
    assert audit(ledger).sound
    ends = {"post": post_hold, "void": void_hold, "expire": expire_hold}
    later = NOW + timedelta(minutes=11 if end == "expire" else 1)
    ended = ends[end](ME, "H1", ledger=ledger, now=later)
    assert ends[end](ME, "H1", ledger=ledger, now=later) == ended
    for other in ends.keys() - {end}:
        with pytest.raises(HoldResolved):
            ends[other](ME, "H1", ledger=ledger, now=later)
    assert left(ledger) == points_left
    if end != "post":
        assert ledger.balance(ME, P).lots == {"2026-12": 60, "2027-06": 40}
    assert audit(ledger).sound


def test_a_hold_cannot_be_posted_when_its_time_is_over(ledger: Ledger):
    earn(ledger, 100)
    hold(paying(60), ledger=ledger, now=NOW)
    with pytest.raises(HoldRanOut):
        post_hold(ME, "H1", ledger=ledger, now=NOW + timedelta(minutes=11))


def test_a_hold_of_more_than_there_is_is_refused(ledger: Ledger):
    earn(ledger, 50)
    with pytest.raises(NotEnoughPoints):
        hold(paying(60), ledger=ledger, now=NOW)
    assert left(ledger) == 50


def test_credits_that_are_to_come_are_pending_until_the_hold_ends(ledger: Ledger):
    legs = (Leg(f"issuance:{P}", CO2E, -200_000), Leg(ME, CO2E, 200_000))
    hold(Hold("H1", ME, legs, NOW + timedelta(days=7)), ledger=ledger, now=NOW)
    assert ledger.balance(ME, P).amounts == {"pending_mg": 200_000}
    post_hold(ME, "H1", ledger=ledger, now=NOW)
    assert ledger.balance(ME, P).amounts == {"pending_mg": 0, "credits_2026": 200_000, "reduced_mg": 200_000}
    assert audit(ledger).sound


def test_the_statement_comes_in_pages_newest_first_and_cursors_belong_to_their_account(ledger: Ledger):
    made = []
    for second in range(5):
        at = NOW + timedelta(seconds=second)
        legs = (Leg(f"issuance:{P}", PTS, -1), Leg(ME, PTS, 1, "2028-11"))
        made.append(Transfer(ids.new_id(at), "credit", at, legs))
        post_transfer(made[-1], ledger=ledger, now=NOW)
    shown, cursor = [], None
    while True:
        page = usecases.statement(ME, 2, cursor, ledger=ledger, cursors=CURSORS)
        shown += [transfer.id for transfer in page.items]
        cursor = page.cursor or cursor
        if page.cursor is None:
            break
    assert shown == [transfer.id for transfer in reversed(made)]
    with pytest.raises(CursorInvalid):
        usecases.statement(member("M2"), 2, cursor, ledger=ledger, cursors=CURSORS)


@pytest.mark.parametrize(
    ("entry", "expression"),
    [
        ("B#carbon-88", "SET points = points + :n"),
        ("B#carbon-88", "SET #l = #l + :n"),
        ("T#", "SET legs[1].amount = :n"),
    ],
)
def test_the_audit_finds_what_was_tampered_with(ledger: Ledger, entry: str, expression: str):
    transfer = earn(ledger, 100)
    assert audit(ledger).sound
    key = {"account": ME, "entry": entry if entry != "T#" else f"T#{transfer.id}"}
    names = {"#l": "lot_2028-11"} if "#l" in expression else None
    ledger.dynamodb.update(ledger.table, key, expression, {":n": 7}, names=names)
    try:
        report = audit(ledger)
    except (DomainError, ValueError):
        return  # a transfer whose legs no longer balance cannot even be read
    assert not report.sound
    assert report.differences
