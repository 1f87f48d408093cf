"""What a partner says is read strictly: what cannot be read is no answer."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from puhui.kernel import clock
from puhui.partners.errors import AnswerInvalid
from puhui.partners.model import (
    Answer,
    Order,
    Partner,
    Reply,
    answer_to_cancellation,
    answer_to_order,
    cancellation_message,
    later_answer,
    order_message,
)

PARTNER = Partner("cinema", "carbon-88", {"zh-CN": "影院", "en": "Cinema"}, "https://cinema.example/p", 3600)
AT = clock.from_text("2026-11-21T08:30:00+08:00")
ORDER = Order(
    "01KAGZ3V9Q8M4T2X7C5R6N1P0D", "carbon-88", "ticket", "T-1", 2, AT, "https://puhui.example/answer"
)


def reply(status: int, said: Any) -> Reply:
    return Reply(status, said if isinstance(said, bytes) else json.dumps(said).encode())


def test_an_order_says_what_is_wanted_and_its_id_names_the_message():
    message = order_message(PARTNER, ORDER)
    assert (message.id, message.url) == (ORDER.id, "https://cinema.example/p/orders")
    assert json.loads(message.body) == {
        "type": "order.placed",
        "order_id": ORDER.id,
        "programme_id": "carbon-88",
        "reward_id": "ticket",
        "item": "T-1",
        "quantity": 2,
        "ordered_at": "2026-11-21T08:30:00+08:00",
        "callback_url": "https://puhui.example/answer",
    }
    assert order_message(PARTNER, ORDER).body == message.body


def test_a_cancellation_is_another_message_and_names_its_order_in_what_is_signed():
    message = cancellation_message(PARTNER, ORDER.id)
    assert message.id == f"{ORDER.id}-cancellation"
    assert message.url == f"https://cinema.example/p/orders/{ORDER.id}/cancellation"
    assert json.loads(message.body) == {"type": "order.cancelled", "order_id": ORDER.id}


@pytest.mark.parametrize(
    ("status", "said", "answer"),
    [
        (200, {"status": "issued", "reference": "R"}, Answer("issued", "R")),
        (201, {"status": "issued", "reference": "R", "voucher": "V 1"}, Answer("issued", "R", "V 1")),
        (201, {"status": "issued", "reference": "R", "more": [1.5]}, Answer("issued", "R")),
        (202, {"status": "accepted", "reference": "R", "voucher": "early"}, Answer("accepted", "R")),
        (409, {"status": "refused", "reason": "售罄"}, Answer("refused", reason="售罄")),
        (422, {"status": "refused"}, Answer("refused")),
        (422, {"status": "refused", "voucher": "V", "reference": "R"}, Answer("refused", "R")),
    ],
)
def test_the_answers_to_an_order(status: int, said: Any, answer: Answer):
    assert answer_to_order(reply(status, said)) == answer


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (200, {"status": "accepted", "reference": "R"}),
        (202, {"status": "issued", "reference": "R"}),
        (200, {"status": "refused"}),
        (409, {"status": "issued", "reference": "R"}),
        (404, {"status": "refused"}),
        (400, {"status": "refused"}),
        (500, {"status": "issued", "reference": "R"}),
        (204, b""),
        (201, {"status": "issued"}),
        (201, {"status": "issued", "reference": ""}),
        (201, {"status": "issued", "reference": 7}),
        (201, {"status": "issued", "reference": "R" * 129}),
        (201, {"status": "issued", "reference": "R", "voucher": 7}),
        (201, {"status": "issued", "reference": "R", "voucher": "V" * 4097}),
        (201, {"status": "issued", "reference": "R", "voucher": "\ud800"}),
        (201, {"status": "issued", "reference": "R", "voucher": "a\x00b"}),
        (422, {"status": "refused", "reason": "x" * 501}),
        (422, {"status": ["refused"]}),
        (201, ["issued"]),
        (201, "issued"),
        (201, None),
        (201, b"\xff\xfe"),
        (201, b"<html>"),
        (201, b"{" * 10_000),
        (201, b"[" * 100_000),
    ],
)
def test_what_cannot_be_read_is_no_answer(status: int, said: Any):
    assert answer_to_order(reply(status, said)) is None


@given(st.integers(100, 599), st.binary(max_size=200))
def test_no_bytes_are_an_answer_by_chance(status: int, body: bytes):
    assert answer_to_order(Reply(status, body)) is None


@pytest.mark.parametrize(
    ("status", "said", "outcome"),
    [
        (200, {"status": "cancelled"}, "cancelled"),
        (404, {"status": "unknown"}, "cancelled"),
        (404, b"<html>no such page", None),
        (404, {"error": "not found"}, None),
        (404, {"status": "cancelled"}, None),
        (200, {"status": "unknown"}, None),
        (409, {"status": "issued"}, "not_cancellable"),
        (409, {"status": "cancelled"}, None),
        (200, {"status": "issued"}, None),
        (200, b"", None),
        (202, {"status": "cancelled"}, None),
        (500, {"status": "cancelled"}, None),
    ],
)
def test_the_answers_to_a_cancellation(status: int, said: Any, outcome: str | None):
    answer = answer_to_cancellation(reply(status, said), known=False)
    assert (answer.outcome if answer else None) == outcome


def test_what_a_partner_has_told_us_of_it_cannot_have_never_heard_of():
    assert answer_to_cancellation(reply(404, {"status": "unknown"}), known=True) is None
    assert answer_to_cancellation(reply(200, {"status": "cancelled"}), known=True) == Answer("cancelled")


def test_a_later_answer_says_what_became_of_its_order():
    said = {
        "type": "order.answered",
        "order_id": ORDER.id,
        "status": "issued",
        "reference": "R",
        "voucher": "V",
    }
    assert later_answer(ORDER.id, json.dumps(said).encode()) == Answer("issued", "R", "V")
    said = {"type": "order.answered", "order_id": ORDER.id, "status": "refused", "reason": "sold out"}
    assert later_answer(ORDER.id, json.dumps(said).encode()) == Answer("refused", reason="sold out")


@pytest.mark.parametrize(
    "changes",
    [
        {"order_id": "01KAGZ3V9Q8M4T2X7C5R6N1P0E"},
        {"type": "order.placed"},
        {"type": None},
        {"status": "accepted"},
        {"status": "cancelled"},
        {"status": ["issued"]},
        {"reference": ""},
        {"voucher": 1},
    ],
)
def test_a_later_answer_of_another_order_or_of_no_meaning_is_refused(changes: dict[str, Any]):
    said = {"type": "order.answered", "order_id": ORDER.id, "status": "issued", "reference": "R"} | changes
    with pytest.raises(AnswerInvalid):
        later_answer(ORDER.id, json.dumps(said).encode())


def test_a_later_answer_that_is_no_object_is_refused():
    for body in (b"", b"[]", b"\xff", b"null"):
        with pytest.raises(AnswerInvalid):
            later_answer(ORDER.id, body)


def test_a_voucher_is_not_shown_by_accident():
    assert "V-1" not in repr(Answer("issued", "R", "V-1"))
    assert "V-1" not in repr(Reply(201, b"V-1"))
