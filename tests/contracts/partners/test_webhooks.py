"""Webhooks to data partners on a real table: each thing is told, whoever dies; a replay tells it again."""

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from puhui.kernel import clock
from puhui.partners import signing
from puhui.partners.errors import PartnerInvalid, PartnerUnavailable
from puhui.partners.model import Message, Reply
from puhui.partners.webhooks import model, usecases
from puhui.partners.webhooks.errors import SpanInvalid, WebhookNotFound
from puhui.partners.webhooks.repository import Webhooks
from puhui.store.client import DynamoDB
from puhui.store.sealing import Sealer
from puhui.store.session import Session
from tests.support.partner_receiver import holds

NOW = clock.from_text("2026-12-01T10:00:00+08:00")
URL = "https://metro.example/hooks"


@dataclass
class Line:
    """Both ends. ``answers``: what the partner says to one message after the other (None: nothing); then 204."""

    webhooks: Webhooks
    sealer: Sealer = field(default_factory=lambda: Sealer(bytes(range(32)), b"pepper"))
    answers: list[int | None] = field(default_factory=list)
    received: list[tuple[str, bytes]] = field(default_factory=list)
    now: datetime = NOW

    def register(self, url: str = URL) -> model.Endpoint:
        return usecases.put_endpoint("metro", url, webhooks=self.webhooks, sealer=self.sealer, now=self.now)[
            0
        ]

    def tell(self, n: int = 1, kind: str = model.FILE_DONE) -> model.Event:
        event = model.new_event("metro", kind, {"file_id": f"F{n}"}, self.now)
        session = Session(self.webhooks.dynamodb)
        self.webhooks.add(session, event)
        session.commit()
        return event

    def send(self, message: Message, headers: Mapping[str, str]) -> Reply:
        public = [each.public for each in self.endpoint().keys if each.lives(self.now)]
        assert all(holds([key], headers, message.body, self.now.timestamp()) for key in public)
        answer = self.answers.pop(0) if self.answers else 204
        if answer is None:
            raise PartnerUnavailable(reason="redirect")
        if 200 <= answer < 300:
            self.received.append((message.id, message.body))
        return Reply(answer, b"")

    def deliver(self) -> dict[str, int]:
        def one(partner_id: str, event_id: str) -> str:
            return usecases.send_event(
                partner_id,
                event_id,
                webhooks=self.webhooks,
                sealer=self.sealer,
                send=self.send,
                now=self.now,
            )

        return usecases.send_due(
            self.now, one, webhooks=self.webhooks, clock_seconds=lambda: 0, seconds_max=1
        )

    def endpoint(self) -> model.Endpoint:
        return usecases.find("metro", webhooks=self.webhooks)

    def event(self, event: model.Event) -> model.Event:
        found = self.webhooks.event("metro", event.id)
        assert found
        return found

    def later(self, **more: float) -> None:
        self.now += timedelta(**more)


@pytest.fixture
def line(make_table: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> Line:
    monkeypatch.setenv("STAGE", "test")
    return Line(Webhooks(DynamoDB(), make_table("partners")))


def test_what_happened_is_told_once_and_thin(line: Line):
    line.register()
    event = line.tell()
    assert line.deliver() == {"delivered": 1}
    assert line.deliver() == {}
    ((message_id, body),) = line.received
    assert message_id == event.id
    assert json.loads(body) == {
        "type": "file.done",
        "timestamp": clock.to_text(NOW),
        "data": {"file_id": "F1"},
    }


def test_both_keys_sign_for_a_day(line: Line):
    line.register()
    first = usecases.add_key(
        "metro", by="o", key="k", webhooks=line.webhooks, sealer=line.sealer, now=line.now
    )
    again = usecases.add_key(
        "metro", by="o", key="k", webhooks=line.webhooks, sealer=line.sealer, now=line.now
    )
    assert [key.id for key in first.keys] == [key.id for key in again.keys]
    assert len(first.keys) == 2
    line.tell()
    assert line.deliver() == {"delivered": 1}
    line.later(days=1)
    assert len(model.body(line.endpoint(), line.now)["public_keys"]) == 1
    line.tell(2)
    assert line.deliver() == {"delivered": 1}


def test_a_partner_that_stumbles_is_tried_again_in_time(line: Line):
    line.register()
    line.answers = [500, None, 429]
    event = line.tell()
    assert line.deliver() == {"failed": 1}
    assert line.endpoint().failing_since == line.now
    assert line.deliver() == {}
    line.later(seconds=6)
    assert line.deliver() == {"failed": 1}
    line.later(minutes=6)
    assert line.deliver() == {"failed": 1}
    line.later(minutes=29)
    assert line.deliver() == {}
    line.later(minutes=5)
    assert line.deliver() == {"delivered": 1}
    assert line.event(event).attempts == 4
    assert line.endpoint().failing_since is None


def test_a_sender_that_dies_leaves_it_to_the_next(line: Line):
    line.register()
    event = line.tell()

    def dies(_message: Message, _headers: Mapping[str, str]) -> Reply:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        usecases.send_event(
            "metro", event.id, webhooks=line.webhooks, sealer=line.sealer, send=dies, now=line.now
        )
    assert line.deliver() == {}
    line.later(seconds=61)
    assert line.deliver() == {"delivered": 1}


def test_two_senders_at_once_send_once(line: Line):
    line.register()
    event = line.tell()

    def twice(message: Message, headers: Mapping[str, str]) -> Reply:
        assert line.deliver() == {}
        return line.send(message, headers)

    usecases.send_event(
        "metro", event.id, webhooks=line.webhooks, sealer=line.sealer, send=twice, now=line.now
    )
    assert len(line.received) == 1


def test_gone_is_gone_until_an_operator_says_otherwise(line: Line):
    line.register()
    line.answers = [410]
    first, second = line.tell(1), line.tell(2)
    assert line.deliver() in ({"disabled": 1, "nothing": 1}, {"nothing": 1, "disabled": 1})
    assert {line.event(first).status, line.event(second).status} == {"given_up"}
    assert model.body(line.endpoint(), line.now)["reason_code"] == "GONE"
    assert line.register().status == "active"
    since, until = NOW - timedelta(hours=1), NOW + timedelta(seconds=1)
    assert usecases.replay("metro", since, until, webhooks=line.webhooks, now=line.now) == (2, until)
    assert line.deliver() == {"delivered": 2}


def test_an_endpoint_that_fails_for_days_is_disabled(line: Line):
    line.register()
    line.answers = [None] * 100
    line.tell(1)
    line.deliver()
    line.later(days=5)
    line.tell(2)
    line.deliver()
    assert (line.endpoint().status, line.endpoint().reason) == ("disabled", "FAILING")


def test_a_replay_has_a_span(line: Line):
    with pytest.raises(WebhookNotFound):
        usecases.replay("metro", NOW - timedelta(1), NOW, webhooks=line.webhooks, now=NOW)
    line.register()
    events = []
    for n in range(5):
        events.append(line.tell(n))
        line.later(minutes=1)
    assert line.deliver() == {"delivered": 5}
    line.received.clear()
    span = NOW + timedelta(minutes=1), NOW + timedelta(minutes=3)
    assert usecases.replay("metro", *span, webhooks=line.webhooks, now=line.now) == (2, span[1])
    assert usecases.replay("metro", *span, webhooks=line.webhooks, now=line.now) == (0, span[1])
    line.deliver()
    assert {message_id for message_id, _ in line.received} == {events[1].id, events[2].id}
    for first, last in ((NOW, NOW), (NOW, NOW - timedelta(1)), (NOW - timedelta(31), NOW)):
        with pytest.raises(SpanInvalid):
            usecases.replay("metro", first, last, webhooks=line.webhooks, now=line.now)


def test_a_long_span_is_replayed_in_turns(line: Line, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(usecases, "REPLAYED_MOST", 20)
    monkeypatch.setattr(usecases, "PAGE", 10)
    monkeypatch.setattr("puhui.partners.webhooks.repository.PAGE", 10)
    line.register()
    for n in range(45):
        line.tell(n)
        line.later(seconds=1)
    line.deliver()
    first, last, turns = NOW, line.now, 0
    while first < last:
        count, first = usecases.replay("metro", first, last, webhooks=line.webhooks, now=line.now)
        turns += 1
        assert count <= 30
    assert turns == 2
    line.received.clear()
    line.deliver()
    assert len({message_id for message_id, _ in line.received}) == 45


def test_what_a_stream_says_twice_is_told_once(line: Line):
    line.register()
    event = model.new_event("metro", model.ACT_CREDITED, {"activity_id": "R1"}, line.now)
    line.webhooks.add_once(event)
    line.deliver()
    line.webhooks.add_once(event)
    assert line.deliver() == {}
    assert len(line.received) == 1


def test_no_address_that_is_not_public(line: Line, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("STAGE", "prod")
    bad = ("http://metro.example", "https://10.0.0.1/x", "https://localhost", "https://a@metro.example")
    for url in bad:
        with pytest.raises(PartnerInvalid):
            line.register(url)


def test_private_keys_are_sealed(line: Line):
    endpoint = line.register()
    stored = line.webhooks.dynamodb.get(line.webhooks.table, {"owner": "webhook:metro", "entry": "endpoint"})
    opened = line.sealer.open(endpoint.keys[0].sealed, f"metro/{endpoint.keys[0].id}", "webhook key")
    assert opened.startswith(signing.PRIVATE_PREFIX)
    assert opened.removeprefix(signing.PRIVATE_PREFIX) not in str(stored)
    assert opened not in repr(endpoint)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_fails_each_message_is_delivered_or_waits_for_a_replay(line: Line, seed: int):
    chance = random.Random(seed)
    line.register()
    events = [line.tell(n) for n in range(20)]
    line.answers = [chance.choice([204, 500, None]) for _ in range(60)]
    for _ in range(200):
        if all(line.event(event).status != model.PENDING for event in events):
            break
        line.deliver()
        line.later(hours=3)
    usecases.replay("metro", NOW, NOW + timedelta(seconds=1), webhooks=line.webhooks, now=line.now)
    line.deliver()
    assert {message_id for message_id, _ in line.received} == {event.id for event in events}
