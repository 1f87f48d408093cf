"""Orders and cancellations against the stand-in, over HTTP on a loopback port; patience is shortened."""

import asyncio
import gzip
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from infra.local.partner.stand_in import DEMO_PARTNER, DEMO_SECRET
from puhui.kernel import clock
from puhui.partners import client as client_module
from puhui.partners import usecases
from puhui.partners.api import (
    Answer,
    Order,
    Partner,
    PartnerUnavailable,
    Send,
    SignatureInvalid,
    later_answer,
    verify,
)
from puhui.partners.client import Client
from puhui.partners.model import Message
from tests.contracts.partners.conftest import Registry
from tests.support.partner_standin import PartnerStandin, partner_standin
from tests.support.wechat_standin import serving

QUICK = (1.0, 0.3, 0.6)


@pytest.fixture(scope="module")
def one_standin() -> Iterator[PartnerStandin]:
    with partner_standin() as standin:
        yield standin


@pytest.fixture
def standin(one_standin: PartnerStandin) -> PartnerStandin:
    one_standin.control("partners", partner=DEMO_PARTNER, secret=DEMO_SECRET)
    one_standin.control("reset")
    return one_standin


class Ours:
    """Our side: a registry with the demo partner."""

    def __init__(self, registry: Registry, url: str, send: Send) -> None:
        self.registry, self.send = registry, send
        registry.put(DEMO_PARTNER, url=f"{url}/_partner/{DEMO_PARTNER}")
        registry.add_secret(partner_id=DEMO_PARTNER, given=DEMO_SECRET, now=clock.now())

    @property
    def partner(self) -> Partner:
        return self.registry.find(DEMO_PARTNER)

    def issue(self, order_id: str = "ORDER1", **changes: Any) -> Answer:
        order = replace(Order(order_id, "carbon-88", "ticket", "T-1", 1, clock.now()), **changes)
        return usecases.issue_order(
            self.partner, order, partners=self.registry.partners, send=self.send, now=clock.now()
        )

    def cancel(self, order_id: str = "ORDER1", *, known: bool = False) -> str:
        return usecases.cancel_order(
            self.partner,
            order_id,
            known=known,
            partners=self.registry.partners,
            send=self.send,
            now=clock.now(),
        ).outcome


@pytest.fixture
def ours(make_registry: Callable[[], Registry], standin: PartnerStandin) -> Ours:
    return Ours(make_registry(), standin.url, Client("test", QUICK).send)


@pytest.fixture
def inbox() -> Iterator["Inbox"]:
    box = Inbox()
    with serving(box) as port:
        box.url = f"http://127.0.0.1:{port}/answer"
        yield box


class Inbox:
    """Where later answers arrive: an ASGI application that keeps them, and takes them unless told otherwise."""

    def __init__(self) -> None:
        self.url = ""
        self.status = 204
        self.came: list[tuple[dict[str, str], bytes]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = (await receive())["body"]
        self.came.append(({name.decode(): value.decode() for name, value in scope["headers"]}, body))
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def wait(self, count: int) -> None:
        """Until so many came."""
        until = time.monotonic() + 10
        while len(self.came) < count:
            assert time.monotonic() < until, self.came
            time.sleep(0.01)


def test_an_order_is_issued_once_however_often_it_is_asked_for(standin: PartnerStandin, ours: Ours):
    first = ours.issue()
    assert first.outcome == "issued"
    assert first.voucher.startswith("PH-")
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: ours.issue(), range(8))) == {first}
    order = standin.orders()["ORDER1"]
    assert (order["voucher"], order["attempts"], order["item"]) == (first.voucher, 9, "T-1")


def test_a_partner_refuses(standin: PartnerStandin, ours: Ours):
    standin.behave("refuse")
    assert ours.issue() == Answer("refused", reason="SOLD_OUT")
    standin.behave("issue")
    assert ours.issue().outcome == "refused"


@pytest.mark.parametrize("failure", ["fail_before", "drop_before"])
def test_a_failure_before_the_order_was_seen_leaves_nothing(
    standin: PartnerStandin, ours: Ours, failure: str
):
    standin.behave(failure)
    with pytest.raises(PartnerUnavailable):
        ours.issue()
    assert standin.orders() == {}
    standin.behave("issue")
    assert ours.issue().outcome == "issued"


@pytest.mark.parametrize("failure", ["fail_after", "drop_after", "slow", "garbage", "huge", "redirect"])
def test_an_answer_that_got_lost_is_had_by_asking_again(standin: PartnerStandin, ours: Ours, failure: str):
    standin.behave(failure, delay_ms=2_000)
    with pytest.raises(PartnerUnavailable):
        ours.issue()
    voucher = standin.orders()["ORDER1"]["voucher"]
    standin.behave("issue")
    assert ours.issue().voucher == voucher


def test_a_mix_of_everything_ends_with_one_answer_an_order(standin: PartnerStandin, ours: Ours):
    standin.behave(mix={"issue": 3, "refuse": 2, "fail": 4, "garbage": 1}, seed=7)

    def until_answered(order_id: str) -> Answer:
        for _ in range(40):
            try:
                return ours.issue(order_id)
            except PartnerUnavailable:
                continue
        raise AssertionError(order_id)

    with ThreadPoolExecutor(4) as pool:
        wanted = [f"ORDER{number}" for number in range(60)]
        answers = dict(zip(wanted, pool.map(until_answered, wanted), strict=True))
    given = standin.orders()
    assert {answer.outcome for answer in answers.values()} == {"issued", "refused"}
    assert {(name, answer.outcome, answer.voucher) for name, answer in answers.items()} == {
        (order["order_id"], order["status"], order["voucher"]) for order in given.values()
    }
    assert len({order["voucher"] for order in given.values() if order["voucher"]}) == sum(
        order["status"] == "issued" for order in given.values()
    )


def test_a_later_answer_comes_signed_and_is_believed(standin: PartnerStandin, ours: Ours, inbox: Inbox):
    standin.behave("twice", later_ms=0)
    accepted = ours.issue(callback_url=inbox.url)
    assert (accepted.outcome, accepted.voucher) == ("accepted", "")
    inbox.wait(2)
    ids = set()
    for headers, body in inbox.came:
        ids.add(verify(ours.partner, headers, body, clock.now(), partners=ours.registry.partners))
        assert later_answer("ORDER1", body).outcome == "issued"
    assert len(ids) == 1
    assert later_answer("ORDER1", body) == ours.issue(callback_url=inbox.url)


def test_a_later_answer_that_was_touched_is_not_believed(standin: PartnerStandin, ours: Ours, inbox: Inbox):
    standin.behave("later", later_ms=0)
    ours.issue(callback_url=inbox.url)
    inbox.wait(1)
    headers, body = inbox.came[0]
    partners, now = ours.registry.partners, clock.now()
    for given, said, at in (
        (headers, body.replace(b"issued", b"refused"), now),
        (headers | {"webhook-id": "other"}, body, now),
        (headers, body, now + timedelta(seconds=302)),
    ):
        with pytest.raises(SignatureInvalid):
            verify(ours.partner, given, said, at, partners=partners)


def test_a_partner_repeats_a_later_answer_until_it_is_taken(
    standin: PartnerStandin, ours: Ours, inbox: Inbox
):
    inbox.status = 503
    standin.behave("later_refuse", later_ms=0)
    ours.issue(callback_url=inbox.url)
    inbox.wait(1)
    inbox.status = 204
    inbox.wait(2)
    first, second = (body for _, body in inbox.came)
    assert first == second
    assert later_answer("ORDER1", second).outcome == ours.issue().outcome == "refused"


def test_a_silent_partner_answers_when_its_people_do(standin: PartnerStandin, ours: Ours, inbox: Inbox):
    standin.behave("silent")
    assert ours.issue(callback_url=inbox.url).outcome == "accepted"
    assert ours.issue(callback_url=inbox.url).outcome == "accepted"
    standin.control("answers", order_id="ORDER1", status="issued")
    inbox.wait(1)
    assert later_answer("ORDER1", inbox.came[0][1]).voucher == standin.orders()["ORDER1"]["voucher"]


def test_what_was_accepted_is_called_off_and_no_answer_follows(
    standin: PartnerStandin, ours: Ours, inbox: Inbox
):
    standin.behave("silent")
    ours.issue(callback_url=inbox.url)
    assert [ours.cancel(), ours.cancel()] == ["cancelled", "cancelled"]
    assert ours.issue(callback_url=inbox.url) == Answer("refused", reason="CANCELLED")
    assert standin.orders()["ORDER1"]["voucher"] == ""


def test_what_was_issued_is_called_off_where_the_partner_allows_it(standin: PartnerStandin, ours: Ours):
    voucher = ours.issue().voucher
    assert ours.cancel() == "not_cancellable"
    assert ours.issue().voucher == voucher
    standin.behave("issue", cancellable=True)
    assert ours.cancel() == "cancelled"
    assert standin.orders()["ORDER1"]["voucher"] == ""


def test_an_order_that_never_arrived_is_called_off_and_refused_when_it_does(
    standin: PartnerStandin, ours: Ours
):
    assert ours.cancel() == "cancelled"
    assert ours.issue().outcome == "refused"
    assert standin.orders()["ORDER1"]["voucher"] == ""


def test_an_order_that_the_partner_told_us_of_is_not_called_off_by_its_having_forgotten_it(
    standin: PartnerStandin, ours: Ours
):
    with pytest.raises(PartnerUnavailable) as raised:
        ours.cancel(known=True)
    assert raised.value.details["reason"] == "unreadable, http 404"


def test_a_wrong_address_calls_no_order_off(standin: PartnerStandin, ours: Ours):
    ours.registry.put(DEMO_PARTNER, url=f"{standin.url}/elsewhere")
    with pytest.raises(PartnerUnavailable) as raised:
        ours.cancel()
    assert raised.value.details["reason"] == "unreadable, http 404"


@pytest.mark.parametrize("failure", ["fail_before", "fail_after", "drop_after", "garbage", "redirect"])
def test_a_cancellation_that_got_no_answer_is_sent_again(standin: PartnerStandin, ours: Ours, failure: str):
    standin.behave("silent")
    ours.issue()
    standin.behave(failure)
    with pytest.raises(PartnerUnavailable):
        ours.cancel()
    standin.behave("issue")
    assert ours.cancel() == "cancelled"


def test_a_secret_changes_while_orders_go_on(standin: PartnerStandin, ours: Ours):
    fresh = ours.registry.add_secret(partner_id=DEMO_PARTNER, now=clock.now())
    assert ours.issue("BEFORE").outcome == "issued"
    standin.control("partners", partner=DEMO_PARTNER, secrets=[fresh])
    assert ours.issue("AFTER").outcome == "issued"


def test_a_partner_with_another_secret_gives_nothing(standin: PartnerStandin, ours: Ours):
    standin.control("partners", partner=DEMO_PARTNER, secret="whsec_" + "A" * 44)
    with pytest.raises(PartnerUnavailable) as raised:
        ours.issue()
    assert raised.value.details["reason"] == "unreadable, http 401"
    assert standin.orders() == {}


def test_a_partner_without_a_secret_is_not_asked(standin: PartnerStandin, ours: Ours):
    ours.registry.put("theatre", url=ours.partner.url)
    with pytest.raises(PartnerUnavailable):
        usecases.cancel_order(
            ours.registry.find("theatre"),
            "X",
            known=False,
            partners=ours.registry.partners,
            send=ours.send,
            now=clock.now(),
        )


# The client alone


def refused(client: Client, url: str) -> str:
    with pytest.raises(PartnerUnavailable) as raised:
        client.send(Message("M1", url, b"{}"), {})
    assert raised.value.__cause__ is None
    return str(raised.value.details["reason"])


class Server:
    """Answers every request with what it is told to, and counts what came."""

    def __init__(self) -> None:
        self.url = ""
        self.came = 0
        self.parts: list[bytes] = []
        self.headers: list[tuple[bytes, bytes]] = []
        self.pause = 0.0

    async def __call__(self, _scope: Any, receive: Any, send: Any) -> None:
        self.came += 1
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": self.headers})
        for part in self.parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
            await asyncio.sleep(self.pause)
        await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    with serving(made) as port:
        made.url = f"http://127.0.0.1:{port}/orders"
        yield made


def test_an_answer_of_64_kb_is_read_and_a_larger_one_is_not(server: Server):
    client = Client("test", QUICK)
    server.parts = [b"x" * 65_536]
    assert len(client.send(Message("M1", server.url, b"{}"), {}).body) == 65_536
    server.parts = [b"x" * 65_536, b"x"]
    assert refused(client, server.url) == "too large"


def test_an_endless_answer_ends(server: Server):
    server.parts, server.pause = [b"x"] * 1000, 0.05
    assert refused(Client("test", QUICK), server.url) == "too slow"


@contextmanager
def dripping(first: bytes, drip: bytes, before: bytes = b"") -> Iterator[str]:
    """A server that begins like this and goes on without end, after it gave one whole answer (``before``)."""
    listening = socket.create_server(("127.0.0.1", 0))

    def hear(taken: socket.socket) -> None:
        said = taken.recv(4096)
        while said.startswith(b"POST") and not said.endswith(b"{}"):  # head and body come by themselves
            said += taken.recv(4096)

    def serve() -> None:
        with suppress(OSError), listening.accept()[0] as taken:
            if before:
                hear(taken)
                taken.sendall(before)
            hear(taken)
            taken.sendall(first)
            while True:
                taken.sendall(drip)
                time.sleep(0.05)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/orders"
    finally:
        listening.close()
        thread.join(5)
        assert not thread.is_alive()


DRIPS = {
    "head": (b"HTTP/1.1 200 OK\r\nx-drip: ", b"x"),
    "heads": (b"HTTP/1.1 200 OK\r\n", b"x-drip: x\r\n"),
    "status": (b"HTTP/1.1 ", b"2"),
    "continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "length": (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"0"),
}


@pytest.mark.parametrize("drip", DRIPS)
def test_an_answer_that_drips_has_no_more_time_than_one_that_comes(drip: str):
    began = time.monotonic()
    with dripping(*DRIPS[drip]) as url:
        assert refused(Client("test", QUICK), url) == "too slow"
    assert time.monotonic() - began < 1.2


def test_nor_has_a_handshake_that_drips():
    began = time.monotonic()
    with dripping(b"\x16\x03\x03\x40\x00", b"x") as url:
        assert refused(Client("test", QUICK), url.replace("http:", "https:")) == "too slow"
    assert time.monotonic() - began < 1.2


def test_nor_has_the_second_answer_of_a_connection():
    client, began = Client("test", QUICK), time.monotonic()
    whole = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
    with dripping(*DRIPS["head"], before=whole) as url:
        assert client.send(Message("M1", url, b"{}"), {}).body == b"{}"
        assert refused(client, url) == "too slow"
    assert time.monotonic() - began < 1.5


def test_many_addresses_that_lead_nowhere_have_one_answers_time_together(monkeypatch: pytest.MonkeyPatch):
    tried: list[float] = []

    def connect(_address: Any, seconds: float, **_options: Any) -> socket.socket:
        tried.append(seconds)
        time.sleep(seconds)
        raise TimeoutError

    address = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("203.0.113.7", 443))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [address] * 30)
    monkeypatch.setattr(client_module, "create_connection", connect)
    began = time.monotonic()
    assert refused(Client("test", (0.25, 0.3, 0.6)), "https://cinema.example/orders") == "too slow"
    assert time.monotonic() - began < 1.2
    assert len(tried) == 3


def test_a_compressed_answer_is_not_unpacked(server: Server):
    server.parts = [gzip.compress(b"x" * 10_000_000)]
    server.headers = [(b"content-encoding", b"gzip")]
    assert len(Client("test", QUICK).send(Message("M1", server.url, b"{}"), {}).body) < 64_000


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001"])
def test_this_machine_is_not_reached_in_production_by_whatever_name(server: Server, host: str):
    for scheme in ("http", "https"):
        url = server.url.replace("127.0.0.1", host).replace("http:", f"{scheme}:")
        refused(Client("production", QUICK), url)
    assert server.came == 0


def test_a_name_that_resolves_to_this_machine_is_left_before_a_byte_is_sent(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _host, *rest, **more: real("127.0.0.1", *rest, **more))
    url = server.url.replace("http://127.0.0.1", "https://cinema.example")
    assert refused(Client("production", QUICK), url) == "ConnectionError"
    assert server.came == 0
    # The same name, resolved the same way, where the loopback is allowed: it gets as far as TLS.
    assert refused(Client("test", QUICK), url) == "SSLError"


def test_nobody_there():
    assert refused(Client("test", QUICK), "http://127.0.0.1:9/orders") == "ConnectionError"


def test_neither_vouchers_nor_secrets_are_logged(
    standin: PartnerStandin, ours: Ours, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    voucher = ours.issue("FINE").voucher
    standin.behave("huge")
    with pytest.raises(PartnerUnavailable) as raised:
        ours.issue("LOST")
    lost = standin.orders()["LOST"]["voucher"]
    said = caplog.text + repr(raised.value) + str(raised.value.details) + raised.value.text("en")
    for secret in (voucher, lost, DEMO_SECRET.removeprefix("whsec_")):
        assert secret not in said
    assert {"partner_message": "LOST", "reason": "too large"} in [
        json.loads(record.message) for record in caplog.records if record.name == "puhui.partners"
    ]
