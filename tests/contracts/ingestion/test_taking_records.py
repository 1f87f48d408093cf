"""What partners send becomes acts: once each, for whom they are bound to, and in one order of answers."""

from datetime import timedelta

import pytest

from puhui.ingestion.model import totals
from puhui.kernel import ids
from puhui.partners.data_partners import usecases
from puhui.partners.data_partners.errors import DataPartnerSuspended
from tests.contracts.ingestion.conftest import NOW, SENT, Side, active_partner


def test_a_record_is_credited_without_a_word_of_the_member(side: Side):
    (result,) = side.take(side.record())
    assert (result.item_no, result.status, result.code) == ("trip-1", "credited", "")
    assert result.activity_id
    assert side.balance().amounts["reduced_mg"] > 0
    assert side.sound()


def test_the_same_source_again_is_answered_as_the_first_time_and_another_one_with_duplicate(side: Side):
    first = side.take(side.record())
    assert side.take(side.record(), now=SENT + timedelta(hours=1)) == first
    (other,) = side.take(side.record(), source="batch:2")
    assert (other.status, other.activity_id) == ("duplicate", first[0].activity_id)
    before = side.balance()
    side.take(side.record(), source="file:9")
    assert side.balance() == before


def test_results_are_in_the_records_order_and_add_up(side: Side):
    records = [
        side.record("a"),
        side.record("b", behaviour="cycling"),
        side.record("c", member_ref="NOBODY"),
        side.record("d", quantity={"trips": 2}),
        side.record("a"),
        side.record("a", quantity={"trips": 2}),
        side.record("e", quantity={"litres": 1}),
        side.record("f", occurred_at=SENT + timedelta(days=1), ended_at=None),
    ]
    results = side.take(*records)
    assert [each.item_no for each in results] == [each.item_no for each in records]
    assert [(each.status, each.code) for each in results] == [
        ("credited", ""),
        ("refused", "PARTNER_MAY_NOT_SEND"),
        ("refused", "MEMBER_REF_UNKNOWN"),
        ("refused", "ACTS_OVERLAP"),
        ("duplicate", ""),
        ("refused", "RECORD_CHANGED"),
        ("refused", "QUANTITY_INVALID"),
        ("refused", "OCCURRED_IN_FUTURE"),
    ]
    counted = totals(results)
    assert counted.pop("sent") == sum(counted.values()) == 8


def test_a_record_with_other_content_is_refused(side: Side):
    side.take(side.record())
    (result,) = side.take(side.record(quantity={"trips": 2}), source="batch:2")
    assert (result.status, result.code) == ("refused", "RECORD_CHANGED")


def test_another_partners_alias_is_unknown(side: Side):
    bike = active_partner(side.tables.partners, "bike", {"guangdong-tanpuhui": ("subway_trip",)})
    side.partner = bike
    (result,) = side.take(side.record())
    assert result.code == "MEMBER_REF_UNKNOWN"
    assert side.register().member_ref != side.member_ref, (
        "the same card has another alias with another partner"
    )


def test_nothing_of_a_suspended_partner_is_taken(side: Side):
    side.partner = usecases.suspend(
        "metro", "operator-1", "complaints", partners=side.tables.partners, now=SENT
    )
    with pytest.raises(DataPartnerSuspended):
        side.take(side.record())


def test_a_sandbox_checks_and_answers_and_writes_nothing(side: Side):
    side.partner = active_partner(side.tables.partners, sandbox=True)
    (result,) = side.take(side.record())
    assert (result.status, result.activity_id) == ("credited", "")
    assert side.take(side.record()) == [result]
    assert side.take(side.record(), source="batch:2")[0].status == "duplicate"
    assert side.take(side.record(quantity={"trips": 2}))[0].code == "RECORD_CHANGED"
    assert side.take(side.record("b", quantity={"litres": 9}))[0].code == "QUANTITY_INVALID"
    assert side.balance().amounts == {}
    assert side.tables.activities.activities.days.latest(side.member_id, None, 1) == []


def test_unbinding_stops_records_at_once_and_they_do_not_reach_who_binds_next(side: Side):
    side.take(side.record())
    side.unbind(SENT)
    late = side.record("late", occurred_at=NOW - timedelta(hours=5), ended_at=NOW - timedelta(hours=4))
    assert side.take(late)[0].code == "BINDING_ENDED"
    another = ids.new_id(NOW - timedelta(days=60))
    side.bind(side.register(now=SENT).code, another)
    assert side.take(late)[0].code == "BINDING_ENDED"
    assert side.take(side.record(), source="batch:9")[0].code == "BINDING_ENDED"
    assert side.balance(another).amounts == {}
