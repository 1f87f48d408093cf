"""A batch is answered once, wherever its first run ended; records that wait are taken when their account is bound."""

import threading
from datetime import timedelta

import pytest

from puhui.activities import erasing, exporting
from puhui.ingestion import batches, records
from puhui.ingestion.errors import BatchIdReused, BatchNotFound
from puhui.ingestion.model import Batch, Record, records_of_events
from puhui.ingestion.waiting import take_waiting
from puhui.kernel import ids
from puhui.kernel.errors import Unavailable
from puhui.partners.data_partners.api import Account
from puhui.partners.data_partners.errors import (
    AccountBoundElsewhere,
    BindingCodeInvalid,
    BindingExists,
    SignatureReplayed,
)
from puhui.partners.erasing import erase_member
from tests.contracts.ingestion.conftest import NOW, SENT, Side


def ingest(side: Side, *sent: Record, name: str = "b-1", hours: int = 0) -> Batch:
    return batches.ingest(side.partner, name, sent, tables=side.tables, now=SENT + timedelta(hours=hours))


def read(side: Side, name: str = "b-1", days: int = 0) -> Batch:
    return batches.get_batch(side.partner, name, tables=side.tables, now=SENT + timedelta(days=days))


def trips(side: Side, count: int) -> list[Record]:
    first = NOW - timedelta(hours=2 * count)
    return [
        side.record(f"trip-{n}", occurred_at=first + timedelta(hours=2 * n), ended_at=None)
        for n in range(count)
    ]


def account(side: Side) -> Account:
    found = side.tables.partners.account(side.member_ref)
    assert found is not None
    return found


def test_the_same_batch_again_gives_the_stored_answer(side: Side):
    first = ingest(side, *trips(side, 3))
    assert ingest(side, *trips(side, 3), hours=5) == first
    assert batches.batch_body(first)["totals"] == {
        "sent": 3, "credited": 3, "pending": 0, "duplicate": 0, "refused": 0, "unbound": 0,
    }  # fmt: skip
    with pytest.raises(BatchIdReused):
        ingest(side, *trips(side, 2))


@pytest.mark.parametrize("died_after", [0, 1, 2, 3])
def test_a_run_that_died_is_made_up_for_with_the_answer_it_would_have_given(
    side: Side, monkeypatch: pytest.MonkeyPatch, died_after: int
):
    taken, left = records.take_one, [died_after]

    def dies(*given: object, **more: object) -> object:
        if not left[0]:
            raise Unavailable
        left[0] -= 1
        return taken(*given, **more)  # type: ignore[arg-type]

    sent = [*trips(side, 3), side.record("wrong", quantity={"litres": 1})]
    monkeypatch.setattr(records, "take_one", dies)
    with pytest.raises(Unavailable):
        ingest(side, *sent)
    monkeypatch.setattr(records, "take_one", taken)
    with pytest.raises(BatchIdReused):
        ingest(side, *sent[:2])
    with pytest.raises(BatchNotFound):
        read(side)
    again = ingest(side, *sent, hours=1)
    assert [each.status for each in again.answer or ()] == ["credited"] * 3 + ["refused"]
    assert side.sound()


def test_a_batch_that_comes_several_times_at_once_counts_once(side: Side):
    answers: list[Batch] = []
    sent = trips(side, 4)
    threads = [threading.Thread(target=lambda: answers.append(ingest(side, *sent))) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len({each.answer for each in answers}) == 1
    assert [each.status for each in answers[0].answer or ()] == ["credited"] * 4
    assert side.sound()


def test_records_wait_for_their_account_and_the_batch_still_adds_up(side: Side):
    side.unbind(NOW - timedelta(days=1))
    batch = ingest(side, *trips(side, 2))
    assert [(each.status, each.code) for each in batch.answer or ()] == [("unbound", "BINDING_AWAITED")] * 2
    assert ingest(side, *trips(side, 2), name="b-2").answer == tuple(
        each.__class__(each.item_no, "duplicate") for each in batch.answer or ()
    )
    assert take_waiting(account(side), tables=side.tables, now=SENT) == [], "it is bound to nobody"
    side.bind(side.register().code)
    for _ in range(2):  # the stream's record may come twice
        take_waiting(account(side), tables=side.tables, now=SENT + timedelta(days=1))
    assert [each.status for each in read(side, days=1).answer or ()] == ["credited"] * 2
    assert ingest(side, *trips(side, 2)) == batch, "the first answer stays the answer"
    assert side.sound()


def test_what_waited_too_long_ends_as_never_bound(side: Side):
    side.unbind(NOW - timedelta(days=1))
    ingest(side, *trips(side, 1))
    (late,) = read(side, days=7).answer or ()
    assert (late.status, late.code) == ("unbound", "NEVER_BOUND")
    side.bind(side.register(now=SENT + timedelta(days=8)).code, now=SENT + timedelta(days=8))
    assert take_waiting(account(side), tables=side.tables, now=SENT + timedelta(days=8)) == []
    assert side.balance().amounts == {}


def test_no_record_is_left_waiting_by_a_binding_at_the_same_moment(
    side: Side, monkeypatch: pytest.MonkeyPatch
):
    side.unbind(NOW - timedelta(days=1))
    code, seen = side.register().code, side.tables.ingestion.waiting

    def bound_meanwhile(member_ref: str, key: str) -> object:
        if not account(side).member_id:
            side.bind(code)
        return seen(member_ref, key)

    monkeypatch.setattr(side.tables.ingestion, "waiting", bound_meanwhile)
    (result,) = side.take(side.record())
    assert result.status == "credited"
    assert side.tables.ingestion.waiting_of(side.member_ref) == []


def test_an_account_has_one_member_and_a_member_one_account_of_a_partner(side: Side):
    other = ids.new_id(NOW - timedelta(days=60))
    with pytest.raises(AccountBoundElsewhere):
        side.bind(side.register().code, other)
    with pytest.raises(BindingExists):
        side.bind(side.register("card-2").code)
    old = side.register("card-2").code
    with pytest.raises(BindingCodeInvalid):
        side.bind(old, other, now=SENT + timedelta(minutes=10))
    binding, is_new = side.bind(side.register("card-2").code, other)
    assert is_new
    assert binding.member_ref != side.member_ref


def test_an_erased_member_leaves_the_account_to_nobody(side: Side):
    assert erase_member(side.member_id, SENT, partners=side.tables.partners) == {"bindings": 1}
    assert erase_member(side.member_id, SENT, partners=side.tables.partners) == {"bindings": 0}
    assert account(side).member_id == ""
    assert side.take(side.record())[0].code == "BINDING_ENDED"


def test_a_nonce_is_good_once_and_our_own_repeated_write_is_no_replay(side: Side):
    partners = side.tables.partners
    for _ in range(2):
        partners.use_nonce("metro", "nonce-1", SENT, "request-1")
    partners.use_nonce("bike", "nonce-1", SENT, "request-2")
    with pytest.raises(SignatureReplayed):
        partners.use_nonce("metro", "nonce-1", SENT, "request-3")


def test_events_are_records_under_the_events_id(side: Side):
    event = {
        "id": "trip-1",
        "source": "/data-partners/metro",
        "subject": side.member_ref,
        "time": "2026-11-20T12:00:00+08:00",
        "data": {
            "programme_id": "guangdong-tanpuhui",
            "behaviour": "subway_trip",
            "quantity": {"trips": 1},
            "ended_at": "2026-11-20T12:30:00+08:00",
        },
    }
    assert records_of_events("metro", [event]) == [side.record()]


def test_acts_that_partners_sent_are_exported_and_erased_with_their_member(side: Side):
    sent = ingest(side, *trips(side, 3)).answer or ()
    activities = side.tables.activities.activities
    exported = list(exporting.acts(side.member_id, activities=activities))
    assert {each["id"] for each in exported} == {each.activity_id for each in sent}
    outside = erasing.Outside(delete_files=lambda _: 0, stop=lambda _: None)
    erasing.erase_member(side.member_id, SENT, tables=side.tables.activities, outside=outside)
    for each in sent:
        assert activities.acts.find(side.member_id, each.activity_id) is None
    assert list(exporting.acts(side.member_id, activities=activities)) == []
