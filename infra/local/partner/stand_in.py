"""What the partners of the stand-in know: their secrets, how they behave, and every order they were sent."""

import asyncio
import json
import random
import secrets
from collections import Counter
from collections.abc import Coroutine
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

from infra.local.partner import webhooks

DEMO_PARTNER = "demo-partner"
DEMO_SECRET = "whsec_cHVodWktbG9jYWwtZGVtby1wYXJ0bmVyLXNlY3JldCE="  # noqa: S105 of a stand-in, worth nothing

ISSUED, ACCEPTED, REFUSED, CANCELLED = "issued", "accepted", "refused", "cancelled"
# What becomes of an order that is seen for the first time.
DECISIONS = {
    "refuse": REFUSED,
    "later": ACCEPTED,
    "later_refuse": ACCEPTED,
    "twice": ACCEPTED,
    "silent": ACCEPTED,
}
FAILURES = ("fail_before", "fail_after", "drop_before", "drop_after")
UNREADABLE = ("garbage", "huge", "redirect")
MODES = ("issue", *DECISIONS, "slow", "fail", *FAILURES, *UNREADABLE)
CALLBACK_ATTEMPTS, CALLBACK_PAUSE_SECONDS = 6, 0.2


@dataclass
class Behaviour:
    """``mix``: mode to weight. ``seed`` makes each order's fate the same in every run, in whatever order they come."""

    mix: dict[str, int] = field(default_factory=lambda: {"issue": 1})
    delay_ms: int = 12_000  # of "slow"
    later_ms: int = 500  # of "later", "later_refuse" and "twice"
    cancellable: bool = False  # whether what was issued can be taken back; what was only accepted always can
    seed: int = 1
    stumbles: int = 0  # how many first attempts of each call fail, before the mix decides

    def mode(self, *about: object, attempt: int) -> str:
        """What happens this time."""
        chance = random.Random(":".join(map(str, (self.seed, *about, attempt))))  # noqa: S311 no secret
        mode = chance.choices(list(self.mix), list(self.mix.values()))[0]
        mode = "fail" if attempt <= self.stumbles else mode
        return chance.choice(FAILURES) if mode == "fail" else mode


@dataclass
class Order:
    """``callbacks``: the HTTP status of each answer sent later (0: nobody there)."""

    order_id: str
    partner: str
    status: str
    item: str = ""
    quantity: int = 0
    delivery: dict[str, str] = field(default_factory=dict)
    reference: str = ""
    voucher: str = ""
    reason: str = ""
    callback_url: str = ""
    attempts: int = 0
    cancellations: int = 0
    callbacks: list[int] = field(default_factory=list)

    def decide(self, status: str) -> None:
        """Give, or say no."""
        self.status = status
        if status == ISSUED:
            self.voucher = ",".join(
                f"PH-{secrets.token_hex(6).upper()}" for _ in range(max(1, self.quantity))
            )
        if status == REFUSED:
            self.reason = "SOLD_OUT"

    def answer(self) -> dict[str, Any]:
        """What the backend is told."""
        told = {"status": self.status, "reference": self.reference}
        told |= {"voucher": self.voucher} if self.status == ISSUED else {}
        return told | ({"reason": self.reason} if self.status == REFUSED else {})


@dataclass
class Partner:
    secrets: list[str]
    callback_base: str = ""
    behaviour: Behaviour = field(default_factory=Behaviour)


class StandIn:
    """All partners and their orders; lives in one event loop and remembers nothing of an earlier start."""

    def __init__(self) -> None:
        self.partners = {DEMO_PARTNER: Partner([DEMO_SECRET])}
        self.orders: dict[tuple[str, str], Order] = {}
        self._tries: Counter[tuple[str, str, str]] = Counter()
        self._http: httpx.AsyncClient | None = None
        self._waiting: set[asyncio.Task[None]] = set()

    def reset(self) -> None:
        """Forget all orders, later answers and behaviours; partners stay."""
        for task in self._waiting:
            task.cancel()
        self.orders.clear()
        self._tries.clear()
        for partner in self.partners.values():
            partner.behaviour = Behaviour()

    def shown(self, partner: str) -> list[dict[str, Any]]:
        """Every order, of one partner if it is named."""
        return [asdict(order) for order in self.orders.values() if partner in ("", order.partner)]

    def count(self, name: str, said: dict[str, Any]) -> int:
        """How often this has been asked, also when nothing was remembered of it."""
        key = (name, said["order_id"], said["type"])
        self._tries[key] += 1
        return self._tries[key]

    def order(self, name: str, said: dict[str, Any], mode: str) -> Order:
        """The order; decided by ``mode`` when it is new."""
        key = (name, said["order_id"])
        if (known := self.orders.get(key)) is not None:
            return known
        order = self.orders[key] = Order(
            said["order_id"],
            name,
            ACCEPTED,
            said.get("item", ""),
            said.get("quantity", 0),
            said.get("delivery", {}),
            f"P-{secrets.token_hex(5).upper()}",
            callback_url=self._callback(name, said.get("callback_url", "")),
        )
        order.decide(DECISIONS.get(mode, ISSUED))
        if mode in ("later", "later_refuse", "twice"):
            after = self.partners[name].behaviour.later_ms / 1000
            status = REFUSED if mode == "later_refuse" else ISSUED
            self._start(self._later(order, status, after, 2 if mode == "twice" else 1))
        return order

    def cancel(self, name: str, order_id: str) -> tuple[int, dict[str, Any]]:
        """Call an order off. One that was never seen is refused from now on, should it still arrive."""
        order = self.orders.get((name, order_id))
        if order is None:
            self.orders[name, order_id] = Order(
                order_id, name, CANCELLED, reason="CANCELLED", cancellations=1
            )
            return 404, {"status": "unknown"}
        order.cancellations += 1
        if order.status == ISSUED and not self.partners[name].behaviour.cancellable:
            return 409, {"status": ISSUED}
        order.status, order.voucher, order.reason = CANCELLED, "", "CANCELLED"
        return 200, {"status": CANCELLED}

    def answer_now(self, order: Order, status: str, *, although_decided: bool) -> None:
        """Send a later answer at once. ``although_decided``: also where it contradicts what was given, as a partner does
        that is out of order itself."""
        if order.status == ACCEPTED:
            order.decide(status)
        told = order.answer()
        if order.status != status and although_decided:
            told = {"status": status, "reference": order.reference or "P-LATE"}
        self._start(self._send(order, told))

    async def _later(self, order: Order, status: str, after: float, times: int) -> None:
        await asyncio.sleep(after)
        if order.status == ACCEPTED:
            order.decide(status)
            await asyncio.gather(*(self._send(order, order.answer()) for _ in range(times)))

    async def _send(self, order: Order, told: dict[str, Any]) -> None:
        """Until it is taken: a partner repeats what got lost."""
        if not order.callback_url:
            return
        body = json.dumps({"type": "order.answered", "order_id": order.order_id, **told}).encode()
        if self._http is None:
            self._http = httpx.AsyncClient(timeout=10, trust_env=False)
        for attempt in range(CALLBACK_ATTEMPTS):
            headers = webhooks.signed(
                self.partners[order.partner].secrets, f"{order.order_id}-answer", body
            ) | {"content-type": "application/json"}
            try:
                status = (
                    await self._http.post(order.callback_url, content=body, headers=headers)
                ).status_code
            except httpx.HTTPError:
                status = 0
            order.callbacks.append(status)
            if 0 < status < 500 and status != 429:
                return
            await asyncio.sleep(CALLBACK_PAUSE_SECONDS * 2**attempt)

    def _callback(self, name: str, url: str) -> str:
        base = self.partners[name].callback_base
        return f"{base.rstrip('/')}{urlsplit(url).path}" if base and url else url

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)
